"""What time brings: steps, ringing again, shelving, held-back silences."""

from datetime import timedelta

import pytest

from flameblue.cases import actions, policy
from flameblue.cases.actions import NextCall
from flameblue.cases.models import CaseEvent
from flameblue.domain.transitions import Level, Rule
from tests.cases.bench import Bench, another_cabin, another_room


def test_without_receipt_or_answer_everybody_is_called_in_turn(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    bench.pass_time(50)
    assert bench.steps() == []
    bench.pass_time(10)
    assert bench.steps() == ["second", "duty_voice"]
    bench.pass_time(120)
    assert bench.steps()[2:] == ["leader"]
    bench.pass_time(420)
    assert bench.steps()[3:] == ["owner_again", "next_station"]
    event = bench.last("escalated")
    assert (event.data["step"], event.data["place"], event.data["value"]) == ("next_station", "203房", 82.0)
    assert event.data["steps"][0]["channel"] == "voice"
    bench.pass_time(7200)
    assert bench.steps()[5:] == ["owner_third"]


@pytest.mark.parametrize("taken", [False, True])
def test_a_clock_that_is_set_back_keeps_nobody_from_being_called(bench: Bench, *, taken: bool) -> None:
    """Decision 0001: what waits a minute does not wait an hour because somebody has set the clock."""
    bench.alarm(bench.cast.tb)
    bench.pass_time(30)
    if taken:
        actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    bench.now -= timedelta(hours=1)
    bench.pass_time(890)
    assert bench.steps() == (
        [] if taken else ["second", "duty_voice", "leader", "owner_again", "next_station"]
    )
    assert bench.kinds().count("rang_again") == 0
    bench.pass_time(20)
    assert bench.kinds().count("rang_again") == (1 if taken else 0)
    assert bench.case().announced_at <= bench.now


def test_a_clock_that_is_set_back_keeps_no_silence_from_being_told(bench: Bench) -> None:
    bench.silent(bench.cast.tb, bench.cast.ir, bench.cast.ib)
    bench.now -= timedelta(hours=1)
    known = policy.current()
    bench.pass_time(max(known.silence_grace_s, known.incident.settle_s) + 10)
    assert bench.kinds() == ["suspected", "opened"]


def test_a_receipt_spares_the_second_contact_until_no_answer_comes(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    bench.delivered.add(bench.case().pk)
    bench.pass_time(170)
    assert bench.steps() == ["duty_voice"]
    bench.pass_time(10)
    assert bench.steps()[1:] == ["leader", "second_unanswered"]


def test_the_owners_answer_stops_the_owners_repeats_only(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    actions.owner_acknowledge(bench.case().pk, bench.cast.ailin, bench.now)
    bench.pass_time(1200)
    assert bench.steps() == ["duty_voice", "leader", "next_station"]


def test_taking_stops_the_ladder(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    bench.pass_time(600)
    assert bench.steps() == []


def test_taken_and_still_above_the_limit_rings_again(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    bench.pass_time(890)
    assert bench.kinds() == ["opened", "taken"]
    bench.pass_time(10)
    assert bench.kinds()[2:] == ["untaken", "rang_again"]
    assert bench.last().data["taken_by"] == "Bolat"
    assert bench.last().data["announces"]
    assert (bench.case().state, bench.case().announced_at) == ("open", bench.now)
    bench.pass_time(60)
    assert bench.steps() == ["second", "duty_voice"]


def test_taken_and_back_below_the_limit_does_not_ring(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    bench.alarm(bench.cast.tb, Level.NORMAL, 50.0)
    bench.pass_time(1800)
    assert bench.kinds() == ["opened", "taken", "returned"]


def test_a_warning_calls_nobody_by_voice_and_its_sms_may_wait(bench: Bench) -> None:
    bench.alarm(bench.cast.tb, Level.WARNING, 62.0)
    assert [(s["id"], s["waits_for_morning"], s["sound"]) for s in bench.last().data["steps"]] == [
        ("owner", True, False),
        ("desk", False, False),
    ]
    bench.pass_time(7200, every_s=60)
    assert bench.steps() == []


def test_a_worse_level_climbs_its_own_ladder_from_the_start(bench: Bench) -> None:
    bench.alarm(bench.cast.tb, Level.WARNING, 62.0)
    bench.pass_time(600)
    bench.alarm(bench.cast.tb, Level.ALARM)
    bench.pass_time(60)
    assert bench.steps() == ["second", "duty_voice"]


def test_made_safe_ends_the_ladder(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    actions.made_safe(bench.case().pk, bench.cast.ailin, "switched_off", bench.now)
    bench.pass_time(1200)
    assert bench.steps() == []


def test_shelving_keeps_notices_back_and_at_its_end_the_alarm_announces_itself_anew(bench: Bench) -> None:
    bench.alarm(bench.cast.tb, Level.WARNING, 62.0)
    until = bench.now.replace(hour=4)
    assert actions.shelve(bench.case().pk, bench.cast.bolat, " ", until, bench.now).reason == "text_missing"
    assert (
        actions.shelve(bench.case().pk, bench.cast.bolat, "works", bench.now, bench.now).reason
        == "not_in_the_future"
    )
    assert actions.shelve(bench.case().pk, bench.cast.bolat, "works", until, bench.now)
    bench.wait(600)
    other, _ = another_room(bench.cast)
    bench.alarm(other, Level.WARNING, 62.0)
    joined = bench.last("joined")
    assert (joined.data["shelved"], joined.data["announces"]) == (True, False)
    bench.wait(3000)
    assert actions.unshelve_due(bench.now) == 1
    event = bench.last("unshelved")
    assert (event.data["announces"], event.data["new"]) == (True, "reason_ended")
    assert bench.case().announced_at == bench.now
    assert bench.isa(bench.cast.tb) == "unacknowledged"
    assert actions.unshelve_due(bench.now) == 0


def test_a_shelved_case_whose_values_are_back_ends_quietly(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    actions.shelve(bench.case().pk, bench.cast.bolat, "works", bench.now.replace(hour=4), bench.now)
    bench.alarm(bench.cast.tb, Level.NORMAL, 40.0)
    bench.wait(3600)
    actions.unshelve_due(bench.now)
    assert not bench.last("unshelved").data["announces"]


def test_nobody_is_called_for_a_shelved_case_until_a_worse_level_breaks_through(bench: Bench) -> None:
    bench.alarm(bench.cast.tb, Level.WARNING, 62.0)
    actions.shelve(bench.case().pk, bench.cast.bolat, "works", bench.now.replace(hour=9), bench.now)
    bench.pass_time(600)
    bench.alarm(bench.cast.tb, Level.ALARM)
    assert bench.kinds()[-2:] == ["unshelved", "raised"]
    assert bench.last("raised").data["announces"]
    assert bench.case().shelved_until is None
    bench.pass_time(60)
    assert "duty_voice" in bench.steps()


def test_a_shelved_alarm_is_not_escalated(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    actions.shelve(bench.case().pk, bench.cast.bolat, "works", bench.now.replace(hour=9), bench.now)
    bench.pass_time(1200)
    assert bench.steps() == []


def test_a_silence_is_announced_after_the_grace(bench: Bench) -> None:
    bench.silent(bench.cast.tb, bench.cast.ir, bench.cast.ib)
    assert bench.kinds() == ["suspected"]
    assert not bench.last().data["announces"]
    bench.pass_time(50)
    assert bench.kinds() == ["suspected"]
    bench.pass_time(10)
    assert bench.kinds() == ["suspected", "opened"]
    assert (bench.last().data["announces"], bench.last().data["device"]) == (True, "D0217")
    bench.pass_time(60)
    assert bench.kinds() == ["suspected", "opened"]


def test_a_silence_that_ends_within_the_grace_ends_without_a_word_to_anybody(bench: Bench) -> None:
    bench.silent(bench.cast.tb, bench.cast.ir)
    bench.wait(30)
    bench.heard(bench.cast.tb)
    assert bench.kinds() == ["suspected"]
    bench.heard(bench.cast.ir)
    assert bench.kinds() == ["suspected", "returned", "closed"]
    assert not any(event["announces"] for event in (bench.last().data, bench.last("returned").data))
    bench.pass_time(600)
    assert bench.steps() == []


def test_each_case_has_its_own_ladder(bench: Bench) -> None:
    _, voltage = another_cabin(bench.cast, "白桦客栈")
    bench.alarm(bench.cast.tb)
    bench.pass_time(30)
    bench.alarm(voltage, value=20.0, rule=Rule.UNDER)
    bench.pass_time(30)
    assert [event["premises"] for event in _escalated(bench)] == ["松林客栈"] * 2
    bench.pass_time(30)
    assert [event["premises"] for event in _escalated(bench)] == ["松林客栈"] * 2 + ["白桦客栈"] * 2


def _escalated(bench: Bench) -> list[dict[str, object]]:
    return [event.data for event in CaseEvent.objects.filter(kind="escalated").order_by("number")]


def test_the_next_call_is_the_one_that_is_then_made(bench: Bench) -> None:
    """Whatever is said to come next comes next, at the very second that was said."""
    bench.alarm(bench.cast.tb)
    seen = 0
    while (call := actions.next_call(bench.case(), receipt=False)) is not None:
        step, at = call.step, call.at
        bench.wait((at - bench.now).total_seconds() - 1)
        assert bench.escalate() == 0
        bench.wait(1)
        before = set(bench.case().steps_taken)
        assert bench.escalate() > 0
        assert step in set(bench.case().steps_taken) - before
        seen += 1
    assert seen == 5  # after 60 s two at once, then 180, 300, 600 and 900
    bench.pass_time(7_200, every_s=60)
    assert bench.escalate() == 0


def test_nobody_else_is_called_for_what_is_taken_shelved_or_told_to_the_owner(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    case = bench.case()
    at = case.announced_at + timedelta(seconds=60)
    assert actions.next_call(case, receipt=False) == NextCall("second", at, "second", "sms")
    assert actions.next_call(case, receipt=True) == NextCall("duty_voice", at, "duty", "voice")
    actions.take(case.pk, bench.cast.bolat, bench.now)
    assert actions.next_call(bench.case(), receipt=False) is None
