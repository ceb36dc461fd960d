""" "It is safe now" while a reading says otherwise: seen and on record, never accepted in silence."""

from dataclasses import replace
from typing import Any

import pytest

from flameblue.cases import actions, contrary
from flameblue.cases.contrary import Present, contradicts
from flameblue.cases.models import State
from flameblue.cases.outcome import Outcome
from flameblue.cases.presents import Readings
from flameblue.domain.clock import to_ns
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Point
from flameblue.history.board import Latest
from tests.cases.bench import Bench, give_row

HOT = Present(Rule.OVER, Level.ALARM, value=820, limit=600, is_live=True)


@pytest.mark.parametrize(
    ("changes", "is_contrary"),
    [
        ({}, True),
        ({"value": 600}, True),
        ({"value": 599}, False),
        ({"level": Level.NORMAL}, True),
        ({"is_live": False}, False),
        ({"value": NO_VALUE}, False),
        ({"limit": None}, False),
        ({"rule": Rule.UNDER}, False),
        ({"rule": Rule.UNDER, "value": 600}, True),
        ({"rule": Rule.PHASE_LOSS, "value": 0}, True),
        ({"rule": Rule.REPORTED, "value": NO_VALUE}, True),
        ({"rule": Rule.REPORTED, "level": Level.NORMAL}, False),
        ({"rule": Rule.SILENCE}, False),
        ({"rule": Rule.SENSOR}, False),
        ({"rule": Rule.LATE}, False),
    ],
)
def test_only_a_live_value_at_or_beyond_its_limit_contradicts(
    changes: dict[str, Any], is_contrary: bool
) -> None:
    assert contradicts(replace(HOT, **changes)) is is_contrary


def test_a_current_contradicts_who_says_that_the_circuit_is_off() -> None:
    assert contrary.still_flows(5_000, 200, is_live=True)
    assert contrary.still_flows(-5_000, 200, is_live=True)
    assert not contrary.still_flows(200, 200, is_live=True)
    assert not contrary.still_flows(5_000, 200, is_live=False)
    assert not contrary.still_flows(NO_VALUE, 200, is_live=True)


def newest(board: dict[int, Latest]) -> Readings:
    """The board's readings of the points that are asked for."""
    return lambda asked: {point: board[point] for point in asked if point in board}


def reads(bench: Bench, values: dict[Point, float]) -> Readings:
    """What the board knows while the points read `values`."""
    at_ns = to_ns(bench.now)
    return newest(
        {
            point.pk: Latest(at_ns, at_ns, QUANTITIES[point.quantity].steps(value), 0)
            for point, value in values.items()
        }
    )


def says_repaired(bench: Bench, values: dict[Point, float], *, seen: bool = False) -> Outcome:
    """Bolat says that it is repaired, while the points read `values`."""
    said = actions.Repair("overload", "took the heater away", seen)
    return actions.say_repaired(bench.case().pk, bench.cast.bolat, said, bench.now, reads(bench, values))


def says_safe(bench: Bench, how: str, values: dict[Point, float], *, seen: bool = False) -> Outcome:
    """Bolat says that it is safe by `how`, while the points read `values`."""
    said = actions.Safe(how, seen)
    return actions.say_safe(bench.case().pk, bench.cast.bolat, said, bench.now, reads(bench, values))


@pytest.fixture
def hot(bench: Bench) -> Bench:
    """A case of a hot terminal on phase B under 22 A, taken by Bolat."""
    for point in (bench.cast.tb, bench.cast.ib):
        give_row(point)
    bench.read(bench.cast.ib, 22.0)
    bench.alarm(bench.cast.tb)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    return bench


def test_it_is_not_safe_while_a_live_reading_says_otherwise(hot: Bench) -> None:
    outcome = says_safe(hot, "other", {hot.cast.tb: 82.0})
    assert outcome.reason == "readings_say_otherwise"
    assert hot.case().state == State.TAKEN
    assert "made_safe" not in hot.kinds()


def test_who_has_seen_it_is_believed_and_the_reading_is_on_record(hot: Bench) -> None:
    assert says_safe(hot, "other", {hot.cast.tb: 82.0}, seen=True)
    assert hot.case().state == State.MADE_SAFE
    (said,) = hot.last("made_safe").data["contrary"]
    assert (said["place"], said["phase"], said["value"]) == ("203房", "B", 82.0)
    assert (said["limit"], said["limit_level"]) == (70.0, "alarm")


def test_a_value_between_its_limits_is_not_safe_yet_and_one_below_both_is(hot: Bench) -> None:
    assert not says_safe(hot, "other", {hot.cast.tb: 65.0})
    assert says_safe(hot, "other", {hot.cast.tb: 40.0})
    assert "contrary" not in hot.last("made_safe").data


def test_switched_off_is_contradicted_by_a_current_and_unplugged_is_not(hot: Bench) -> None:
    values = {hot.cast.tb: 40.0, hot.cast.ib: 22.0}
    assert says_safe(hot, "switched_off", values).reason == "readings_say_otherwise"
    assert says_safe(hot, "zero_current", values).reason == "readings_say_otherwise"
    assert says_safe(hot, "unplugged", values)


def test_a_circuit_without_current_is_switched_off(hot: Bench) -> None:
    assert says_safe(hot, "switched_off", {hot.cast.tb: 40.0, hot.cast.ib: 0.0})


def test_an_old_reading_contradicts_nobody(hot: Bench) -> None:
    hot.wait(60)
    at_ns = to_ns(hot.now) - 60 * 10**9
    board = {hot.cast.tb.pk: Latest(at_ns, at_ns, 820, 0)}
    said = actions.Safe("switched_off")
    assert actions.say_safe(hot.case().pk, hot.cast.bolat, said, hot.now, newest(board))


def test_who_comes_second_is_told_that_it_was_done(hot: Bench) -> None:
    says_safe(hot, "other", {hot.cast.tb: 40.0})
    assert says_safe(hot, "other", {hot.cast.tb: 82.0}).reason == "already"


def test_it_is_not_repaired_while_a_live_reading_says_otherwise(hot: Bench) -> None:
    assert says_repaired(hot, {hot.cast.tb: 82.0}).reason == "readings_say_otherwise"
    assert hot.case().state == State.TAKEN
    hot.pass_time(900)
    assert "rang_again" in hot.kinds()


def test_who_has_seen_it_is_believed_of_a_repair_too(hot: Bench) -> None:
    assert says_repaired(hot, {hot.cast.tb: 82.0}, seen=True)
    assert hot.case().state == State.REPAIRED
    (said,) = hot.last("repaired").data["contrary"]
    assert (said["value"], said["limit"], said["limit_level"]) == (82.0, 70.0, "alarm")


def test_a_repair_is_taken_where_the_value_is_back_whatever_the_circuit_carries(hot: Bench) -> None:
    assert says_repaired(hot, {hot.cast.tb: 40.0, hot.cast.ib: 22.0})
    assert "contrary" not in hot.last("repaired").data


def test_a_repair_of_what_was_made_safe_is_not_asked_again(hot: Bench) -> None:
    assert says_safe(hot, "other", {hot.cast.tb: 82.0}, seen=True)
    assert says_repaired(hot, {hot.cast.tb: 82.0})


def test_a_repair_is_refused_for_what_is_missing_or_for_nobody_s_case_as_before(hot: Bench) -> None:
    said = actions.Repair("overload", " ")
    board = reads(hot, {hot.cast.tb: 82.0})
    case = hot.case().pk
    assert actions.say_repaired(case, hot.cast.bolat, said, hot.now, board).reason == "action_missing"
    assert actions.give_back(case, hot.cast.bolat, hot.now)
    assert says_repaired(hot, {hot.cast.tb: 82.0}).reason == "wrong_state"


@pytest.mark.parametrize(("value", "kept"), [(82.0, [82.0]), (40.0, [])])
def test_a_leader_closes_without_proof_and_what_said_otherwise_is_on_record(
    hot: Bench, value: float, kept: list[float]
) -> None:
    assert actions.close(
        hot.case().pk,
        hot.cast.chen,
        hot.now,
        cause="probe",
        action="a new probe",
        without_proof_reason="the old one is dead",
        latest=reads(hot, {hot.cast.tb: value}),
    )
    assert [said["value"] for said in hot.last("closed").data.get("contrary", [])] == kept
