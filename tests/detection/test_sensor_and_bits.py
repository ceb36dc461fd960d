"""SENSOR, the device's own bits, and its tests."""

import pytest

from flameblue.domain.points import ENABLED, ON_CHANGE
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level, Rule, Transition, Why
from tests.detection.inputs import NO_LIMITS, T0, Input, Row, S, Tick, drive, every, one, told, watched

HOT, SAFE, GARBAGE = 720, 400, 5_000


def of(rule: Rule, transitions: list[Transition]) -> list[tuple[str, float]]:
    return [(level, at_s) for name, level, at_s in told(transitions) if name == rule.name]


@pytest.mark.parametrize(
    ("mark", "why"), [(Mark.SENSOR_OPEN, Why.SENSOR_OPEN), (Mark.SENSOR_SHORT, Why.SENSOR_SHORT)]
)
def test_a_broken_wire_is_told_at_once_and_ends_after_the_clear_hold(mark: Mark, why: Why) -> None:
    found = drive(watched(), [one(0, NO_VALUE, mark), *every(10, [SAFE] * 7, start_s=10)], 2)
    assert told(found) == [("SENSOR", "FAULT", 0.0), ("SENSOR", "NORMAL", 70.0)]
    assert found[0].why == why


def test_one_garbled_sample_is_no_fault() -> None:
    row = Row(alarm_hold_ns=0, warning_hold_ns=0)
    assert drive(watched(row), every(10, [SAFE, GARBAGE, SAFE, GARBAGE, SAFE]), 2) == []


def test_implausible_values_that_last_are_a_fault() -> None:
    found = drive(watched(), every(10, [SAFE] + [GARBAGE] * 4), 2)
    assert told(found) == [("SENSOR", "FAULT", 40.0)]
    assert (found[0].why, found[0].value) == (Why.IMPLAUSIBLE, GARBAGE)


def test_a_frozen_value_is_a_fault_until_it_moves() -> None:
    found = drive(watched(Row(frozen_ns=50 * S)), every(10, [SAFE] * 8 + [SAFE + 1]), 2)
    assert told(found) == [("SENSOR", "FAULT", 50.0), ("SENSOR", "NORMAL", 80.0)]
    assert found[0].why == Why.FROZEN


def test_a_gap_does_not_mend_a_frozen_sensor() -> None:
    inputs = every(10, [SAFE] * 6) + every(10, [SAFE] * 3, start_s=80)
    assert told(drive(watched(Row(frozen_ns=50 * S)), inputs, 2)) == [("SENSOR", "FAULT", 50.0)]


@pytest.mark.parametrize(
    ("mark", "rule", "level"),
    [
        (Mark.REPORTED_WARNING, Rule.REPORTED, "WARNING"),
        (Mark.REPORTED_ALARM, Rule.REPORTED, "ALARM"),
        (Mark.REPORTED_FAULT, Rule.REPORTED_FAULT, "FAULT"),
        (Mark.SHIELDED, Rule.SHIELDED, "FAULT"),
        (Mark.TEST, Rule.TEST, "WARNING"),
    ],
)
def test_the_devices_own_bits_count_at_once(mark: Mark, rule: Rule, level: str) -> None:
    found = drive(watched(), [one(0, SAFE, mark), one(10, SAFE, mark), one(20, SAFE)], 2)
    assert of(rule, found) == [(level, 0.0), ("NORMAL", 20.0)]


def test_a_disagreement_with_our_limit_is_shown() -> None:
    found = drive(watched(), [one(0, SAFE, Mark.REPORTED_ALARM)], 2)
    assert (found[0].why, found[0].value, found[0].limit) == (Why.DEVICE_DISAGREES, SAFE, 700)


@pytest.mark.parametrize("value", [NO_VALUE, GARBAGE, 700])
def test_where_there_is_nothing_to_compare_or_both_agree_nothing_is_shown(value: int) -> None:
    assert drive(watched(), [one(0, value, Mark.REPORTED_ALARM)], 2)[0].why == 0


def test_without_a_limit_of_ours_there_is_no_disagreement() -> None:
    found = drive(watched(Row(**NO_LIMITS)), [one(0, SAFE, Mark.REPORTED_ALARM)], 2)
    assert (found[0].why, found[0].limit) == (0, NO_VALUE)


def by_test(values: list[int], start_s: float = 0, marks: int = 0) -> list[Input]:
    return every(10, values, start_s=start_s, marks=marks | Mark.TEST)


def test_what_a_test_enters_says_so_and_ends_with_the_test() -> None:
    found = drive(watched(), [*by_test([HOT] * 4), one(40, SAFE)], 2)
    assert told(found) == [
        ("TEST", "WARNING", 0.0),
        ("OVER", "ALARM", 30.0),
        ("OVER", "NORMAL", 40.0),
        ("TEST", "NORMAL", 40.0),
    ]
    assert all(one.why & Why.TEST for one in found)


def test_what_is_still_true_after_the_test_is_entered_anew_as_real() -> None:
    found = drive(watched(), [*by_test([HOT] * 4), one(40, HOT)], 2)
    real = [one for one in found if one.rule == Rule.OVER][-1]
    assert (real.before, real.level, real.why) == (Level.NORMAL, Level.ALARM, 0)


def test_a_fire_soon_after_a_test_is_real() -> None:
    """The level that the test had entered is not kept: what comes after it has its own hold and its own case."""
    found = drive(watched(), [*by_test([HOT] * 4), one(40, SAFE), *every(10, [HOT] * 4, start_s=50)], 2)
    real = [one for one in found if one.rule == Rule.OVER][-1]
    assert (real.level, real.why, real.at_ns) == (Level.ALARM, 0, T0 + 80 * S)


def test_a_test_takes_down_nothing_that_is_real() -> None:
    found = drive(watched(), [*every(10, [HOT] * 4), *by_test([SAFE] * 30, start_s=40), one(340, SAFE)], 2)
    assert of(Rule.OVER, found) == [("ALARM", 30.0)]


def test_a_test_is_no_evidence_of_safety_afterwards() -> None:
    inputs = [*every(10, [HOT] * 4), *by_test([SAFE] * 30, start_s=40), *every(10, [SAFE] * 7, start_s=340)]
    assert of(Rule.OVER, drive(watched(), inputs, 2)) == [("ALARM", 30.0), ("NORMAL", 400.0)]


def test_the_devices_alarm_bit_of_a_test_is_real_when_it_stays() -> None:
    found = drive(
        watched(), [*by_test([SAFE], marks=Mark.REPORTED_ALARM), one(10, SAFE, Mark.REPORTED_ALARM)], 2
    )
    real = [one for one in found if one.rule == Rule.REPORTED][-1]
    assert (real.before, real.level, real.why) == (Level.NORMAL, Level.ALARM, Why.DEVICE_DISAGREES)


def test_one_garbled_sample_after_a_test_confirms_nothing() -> None:
    found = drive(
        watched(), [*by_test([NO_VALUE], marks=Mark.SENSOR_OPEN), one(10, GARBAGE), one(20, SAFE)], 2
    )
    assert of(Rule.SENSOR, found) == [("FAULT", 0.0), ("NORMAL", 20.0)]


def test_a_tick_confirms_nothing_that_a_test_has_entered() -> None:
    row = Row(flags=ENABLED | ON_CHANGE, alarm_hold_ns=0)
    inputs = [*by_test([HOT]), one(10, NO_VALUE), Tick(T0 + 20 * S), one(25, SAFE)]
    found = drive(watched(row), inputs, 2)
    assert of(Rule.OVER, found) == [("ALARM", 0.0), ("NORMAL", 25.0)]
    assert all(one.why & Why.TEST for one in found)
