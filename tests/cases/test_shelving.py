"""A shelving holds back what it was made for, and nothing else."""

from datetime import timedelta

import pytest

from flameblue.cases import actions
from flameblue.cases.models import Case, State
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Point
from tests.cases.bench import Bench, another_room, give_row


@pytest.fixture
def shelved(bench: Bench) -> Bench:
    """An alarm that Bolat has taken, and shelved for three days."""
    bench.alarm(bench.cast.tb)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    shelve(bench)
    bench.wait(600)
    return bench


def shelve(bench: Bench) -> None:
    until = bench.now + timedelta(hours=72)
    assert actions.shelve(bench.case().pk, bench.cast.bolat, "the electrician comes", until, bench.now)


def is_heard(bench: Bench, kind: str, why: str) -> None:
    """The newest event ended the shelving, took the case from whoever had it and climbs its ladder."""
    assert [event for event in bench.kinds() if event != "untaken"][-2:] == ["unshelved", kind]
    assert bench.last("unshelved").data["reason"] == why
    told = bench.last(kind).data
    assert (told["announces"], "shelved" in told, bench.case().shelved_until) == (True, False, None)
    assert bench.case().state == State.OPEN
    bench.pass_time(60)
    assert "duty_voice" in bench.steps()


def stays_shelved(bench: Bench) -> None:
    assert "unshelved" not in bench.kinds()
    assert bench.case().shelved_until is not None
    bench.pass_time(1200, every_s=60)
    assert bench.steps() == []


def test_an_alarm_in_another_room_breaks_through(shelved: Bench) -> None:
    shelved.alarm(another_room(shelved.cast)[0], Level.ALARM, 140.0)
    is_heard(shelved, "joined", "another_alarm")


def test_another_point_in_the_same_room_breaks_through(shelved: Bench) -> None:
    shelved.alarm(beside(shelved), Level.ALARM, 90.0)
    is_heard(shelved, "raised", "another_alarm")


def test_another_rule_of_the_same_point_breaks_through(shelved: Bench) -> None:
    shelved.alarm(shelved.cast.tb, Level.ALARM, 90.0, rule=Rule.REPORTED)
    is_heard(shelved, "raised", "another_alarm")


def test_a_warning_that_becomes_an_alarm_breaks_through_beside_the_shelved_alarm(bench: Bench) -> None:
    other, _ = another_room(bench.cast)
    bench.alarm(bench.cast.tb)
    bench.alarm(other, Level.WARNING, 62.0)
    shelve(bench)
    bench.alarm(other, Level.ALARM)
    is_heard(bench, "raised", "another_alarm")


def test_the_same_point_that_goes_up_and_down_stays_shelved(shelved: Bench) -> None:
    for idle_s in (30, 7200):
        shelved.alarm(shelved.cast.tb, Level.NORMAL, 50.0)
        shelved.wait(idle_s)
        shelved.alarm(shelved.cast.tb, Level.ALARM)
    shelved.alarm(shelved.cast.tb, Level.WARNING, 65.0)
    shelved.alarm(shelved.cast.tb, Level.ALARM)
    stays_shelved(shelved)


def test_a_point_that_was_shelved_while_it_was_down_for_a_moment_stays_shelved(bench: Bench) -> None:
    other, _ = another_room(bench.cast)
    for point in (bench.cast.tb, other):
        bench.alarm(point)
    bench.alarm(other, Level.NORMAL, 50.0)
    shelve(bench)
    bench.wait(30)
    bench.alarm(other, Level.ALARM)
    stays_shelved(bench)


def test_a_point_that_had_been_back_for_long_when_the_case_was_shelved_breaks_through(bench: Bench) -> None:
    for point in (bench.cast.tb, beside(bench)):
        bench.alarm(point)
    bench.alarm(bench.cast.tb, Level.NORMAL, 50.0)
    bench.wait(3600)
    shelve(bench)
    bench.alarm(bench.cast.tb, Level.ALARM)
    is_heard(bench, "raised", "another_alarm")


def test_late_data_of_an_alarm_elsewhere_rings_nobody(shelved: Bench) -> None:
    shelved.alarm(another_room(shelved.cast)[0], Level.ALARM, 140.0, rule=Rule.LATE, ago_s=300.0)
    stays_shelved(shelved)


@pytest.mark.parametrize("state", [State.MADE_SAFE, State.REPAIRED])
def test_who_handles_the_case_ends_its_shelving_and_a_relapse_is_heard(shelved: Bench, state: State) -> None:
    case, by = shelved.case().pk, shelved.cast.bolat
    if state == State.MADE_SAFE:
        assert actions.made_safe(case, by, "switched_off", shelved.now)
    else:
        assert actions.repaired(case, by, "loose_terminal", "tightened", shelved.now)
    found = shelved.case()
    assert (found.shelved_until, found.shelved_level, found.shelve_reason) == (None, None, "")
    assert shelved.isa(shelved.cast.tb) == "acknowledged"
    shelved.alarm(shelved.cast.tb, Level.NORMAL, 20.0)
    shelved.wait(7200)
    shelved.alarm(shelved.cast.tb, Level.ALARM, 150.0)
    assert (shelved.last().kind, shelved.last().data["announces"]) == ("reopened", True)
    shelved.pass_time(60)
    assert "duty_voice" in shelved.steps()


def test_a_case_that_was_shelved_after_it_was_handled_is_heard_when_it_comes_back(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    actions.made_safe(bench.case().pk, bench.cast.bolat, "switched_off", bench.now)
    bench.alarm(bench.cast.tb, Level.NORMAL, 20.0)
    shelve(bench)
    Case.objects.update(shelved_level=Level.ALARM)  # as of a case that is shelved while it is still hot
    bench.wait(7200)
    bench.alarm(bench.cast.tb)
    is_heard(bench, "reopened", "reopened")


def test_what_the_readings_prove_is_shelved_no_longer(bench: Bench) -> None:
    bench.read(bench.cast.ib, 38.0)
    bench.alarm(bench.cast.tb)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    bench.alarm(bench.cast.tb, Level.NORMAL, 50.0)
    shelve(bench)
    for _ in range(40):
        bench.wait(60)
        bench.read(bench.cast.tb, 50.0, for_s=50)
        bench.read(bench.cast.ib, 36.0, for_s=50)
        bench.look()
    assert (bench.case().state, bench.case().shelved_until) == (State.PROVEN, None)


def test_a_load_that_is_back_on_a_value_still_beyond_breaks_through(bench: Bench) -> None:
    bench.read(bench.cast.ib, 38.0)
    bench.alarm(bench.cast.tb)
    for current in (0.0, 36.0):
        bench.wait(60)
        bench.read(bench.cast.ib, current, for_s=50)
        if current:
            shelve(bench)
        bench.look()
    is_heard(bench, "reopened", "reopened")


def test_a_trouble_of_the_system_that_is_worse_breaks_through_and_one_like_it_does_not(bench: Bench) -> None:
    actions.open_system_case("disk", "nearly full", bench.now)
    shelve(bench)
    actions.open_system_case("sms line", "down", bench.now)
    assert (bench.last().kind, bench.last().data["announces"]) == ("joined", False)
    actions.open_system_case("voice line", "down", bench.now, Level.ALARM)
    assert bench.kinds()[-2:] == ["unshelved", "joined"]
    assert (bench.last().data["announces"], bench.case().shelved_until) == (True, None)


def test_a_system_case_in_which_all_is_well_is_shelved_no_longer(bench: Bench) -> None:
    actions.open_system_case("disk", "nearly full", bench.now)
    shelve(bench)
    actions.system_cleared("disk", bench.now)
    assert (bench.case().state, bench.case().shelved_until) == (State.PROVEN, None)
    actions.open_system_case("disk", "nearly full again", bench.now)
    assert (bench.last().kind, bench.last().data["announces"]) == ("reopened", True)


def beside(bench: Bench) -> Point:
    """Another temperature of the same circuit and room."""
    tb = bench.cast.tb
    known = {"device": tb.device, "circuit": tb.circuit, "quantity": tb.quantity, "place": tb.place}
    return give_row(Point.objects.create(key="tc", phase="C", **known))
