"""Transitions open, join and raise cases."""

import pytest

from flameblue.cases import actions
from flameblue.cases.actions import Change, CursorMoved
from flameblue.cases.models import Alarm, AppliedTransition, Case, CaseEvent
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Point
from tests.cases.bench import Bench, Said, another_room


def test_an_alarm_opens_a_case_and_its_event_says_exactly_where(bench: Bench) -> None:
    bench.read(bench.cast.ib, 38.0)
    (number,) = bench.alarm(bench.cast.tb)
    case, event = bench.case(), CaseEvent.objects.get(number=number)
    assert (case.number, case.family, case.state, case.level) == (4001, "heat", "open", Level.ALARM)
    assert (event.kind, event.at) == ("opened", bench.now)
    expected = {
        "site": "禾木",
        "signature": "禾木消防站",
        "premises": "松林客栈",
        "panel": "2号箱",
        "circuit": "203房暖气",
        "isolator": "3号开关",
        "place": "203房",
        "phase": "B",
        "quantity": "temperature_c",
        "unit": "°C",
        "value": 82.0,
        "limit": 70.0,
        "level": "alarm",
        "rule": "over",
        "load_a": 38.0,
        "new": "case",
        "announces": True,
    }
    assert {key: event.data[key] for key in expected} == expected
    assert [step["id"] for step in event.data["steps"]] == ["owner", "desk", "duty_sms"]


@pytest.mark.parametrize(
    ("phases", "own", "told"),
    [
        ({"A": 58.0, "B": 60.0, "C": 61.0}, "B", ("B", 60.0)),
        ({"A": 58.0, "B": 60.0, "C": 61.0}, "", ("C", 61.0)),
        ({"B": 60.0}, "B", (None, None)),
        ({"": 60.0, "C": 61.0}, "C", (None, None)),
    ],
    ids=["the alarm's own", "the one that carries most", "one alone", "not all are named"],
)
def test_of_several_phases_one_is_told_beside_their_sum(
    phases: dict[str, float], own: str, told: tuple[str | None, float | None], bench: Bench
) -> None:
    point, circuit = bench.cast.tb, bench.cast.ib.circuit
    Point.objects.filter(pk=point.pk).update(phase=own)
    bench.cast.ib.delete()
    for phase, value in phases.items():
        current = Point.objects.create(
            device=point.device, circuit=circuit, key=f"i{phase}", quantity="current_a", phase=phase
        )
        bench.read(current, value)
    bench.alarm(point)
    data = bench.last().data
    assert data["load_a"] == sum(phases.values())
    assert (data.get("load_phase"), data.get("load_phase_a")) == told


def test_the_same_transitions_again_do_nothing(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    change, now = bench.log[0]
    before = list(CaseEvent.objects.values_list("number", "kind"))
    again = Change(change.transitions, before=change.after, after=change.after + 1)
    assert actions.apply(again, bench.latest, now) == []
    assert list(CaseEvent.objects.values_list("number", "kind")) == before
    assert (Case.objects.count(), AppliedTransition.objects.count()) == (1, 1)


def test_a_cursor_that_somebody_moved_is_an_error_and_nothing_is_applied(bench: Bench) -> None:
    actions.move_cursor(0, 7)
    with pytest.raises(CursorMoved, match="is at 7, not at 0"):
        bench.alarm(bench.cast.tb)
    assert (actions.cursor(), Case.objects.count(), CaseEvent.objects.count()) == (7, 0, 0)


def test_a_failure_in_the_middle_moves_no_cursor_so_applying_again_is_safe(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: int) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(bench, "latest", fails)
        with pytest.raises(OSError, match="the disk is gone"):
            bench.alarm(bench.cast.tb)
    assert (actions.cursor(), Case.objects.count(), AppliedTransition.objects.count()) == (0, 0, 0)
    change, now = bench.log[0]
    assert len(actions.apply(change, bench.latest, now)) == 1
    assert actions.cursor() == 1


def test_a_second_room_takes_a_taken_case_away_and_is_named(bench: Bench) -> None:
    other, _ = another_room(bench.cast)
    bench.alarm(bench.cast.tb)
    assert actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    bench.wait(600)
    bench.alarm(other, value=88.0)
    case = bench.case()
    assert bench.kinds() == ["opened", "taken", "untaken", "joined"]
    assert (case.state, case.taken_by, case.announced_at) == ("open", None, bench.now)
    joined = bench.last("joined")
    assert (joined.data["new"], joined.data["place"], joined.data["value"]) == ("place", "204房", 88.0)
    assert joined.data["announces"]
    assert bench.last("untaken").data["taken_by"] == "Bolat"


def test_a_worse_level_takes_a_taken_case_away(bench: Bench) -> None:
    bench.alarm(bench.cast.tb, Level.WARNING, 62.0)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    actions.owner_acknowledge(bench.case().pk, bench.cast.ailin, bench.now)
    bench.wait(720)
    bench.alarm(bench.cast.tb, Level.ALARM, 82.0)
    case, raised = bench.case(), bench.last()
    assert (raised.kind, raised.data["new"]) == ("raised", "level")
    assert (raised.data["rise"], raised.data["rise_s"]) == (20.0, 720.0)
    assert (case.state, case.level, case.owner_answered_at) == ("open", Level.ALARM, None)


def test_another_phase_of_the_same_circuit_is_noted_and_tells_nobody(bench: Bench) -> None:
    other, _ = another_room(bench.cast)
    other.circuit, other.place = bench.cast.circuit, "203房"
    other.save()
    bench.alarm(bench.cast.tb)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    bench.alarm(other)
    assert bench.kinds() == ["opened", "taken", "noted"]
    assert bench.case().state == "taken"
    assert not bench.last().data["announces"]


def test_another_phase_at_a_worse_level_is_news(bench: Bench) -> None:
    other, _ = another_room(bench.cast)
    other.circuit, other.place = bench.cast.circuit, "203房"
    other.save()
    bench.alarm(bench.cast.tb, Level.WARNING, 62.0)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    bench.alarm(other)
    assert bench.kinds()[-2:] == ["untaken", "raised"]


def test_an_alarm_that_flaps_is_noted_and_one_that_comes_back_later_is_told_again(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    bench.wait(60)
    bench.alarm(bench.cast.tb, Level.NORMAL, 60.0)
    bench.wait(60)
    bench.alarm(bench.cast.tb)
    assert bench.kinds() == ["opened", "returned", "noted"]
    bench.alarm(bench.cast.tb, Level.NORMAL, 60.0)
    bench.wait(3600)
    bench.alarm(bench.cast.tb)
    assert bench.kinds()[-2:] == ["returned", "raised"]
    assert bench.last().data["announces"]


def test_families_and_premises_have_cases_of_their_own(bench: Bench) -> None:
    bench.say(Said(bench.cast.tb, Level.ALARM), Said(bench.cast.ir, Level.ALARM, 380.0))
    assert sorted(Case.objects.values_list("number", "family")) == [(4001, "heat"), (4002, "leakage")]
    assert bench.kinds() == ["opened", "opened"]


def test_a_late_reading_is_told_in_the_past_and_rings_nobody(bench: Bench) -> None:
    bench.alarm(bench.cast.tb, rule=Rule.LATE, ago_s=7200.0)
    case, event = bench.case(), bench.last()
    assert (bench.kinds(), case.level, event.data["new"]) == (["late"], Level.ALARM, "past")
    assert [step["id"] for step in event.data["steps"]] == ["owner", "desk"]
    assert bench.isa(bench.cast.tb, Rule.LATE) == "latched"
    bench.pass_time(1200)
    assert bench.steps() == []


def test_a_late_reading_of_a_taken_case_leaves_it_taken(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    bench.alarm(bench.cast.tb, rule=Rule.LATE, ago_s=7200.0)
    assert (bench.kinds(), bench.case().state) == (["opened", "taken", "late"], "taken")


def test_case_events_are_append_only(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    event = bench.last()
    with pytest.raises(AssertionError, match="append-only"):
        event.save()
    with pytest.raises(AssertionError, match="append-only"):
        event.delete()


def test_alarms_have_the_states_of_isa_18_2(bench: Bench) -> None:
    tb, case = bench.cast.tb, None
    bench.alarm(tb)
    assert bench.isa(tb) == "unacknowledged"
    bench.alarm(tb, Level.NORMAL, 50.0)
    assert bench.isa(tb) == "returned_unacknowledged"
    case = bench.case()
    actions.take(case.pk, bench.cast.bolat, bench.now)
    assert bench.isa(tb) == "normal"
    bench.alarm(tb)
    assert bench.isa(tb) == "acknowledged"
    actions.shelve(case.pk, bench.cast.bolat, "works", bench.now.replace(hour=9), bench.now)
    assert bench.isa(tb) == "shelved"
    tb.retired = True
    tb.save()
    bench.alarm(tb, Level.NORMAL, 50.0)
    assert bench.isa(tb) == "out_of_service"
    assert Alarm.objects.count() == 1
