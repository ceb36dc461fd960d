"""Whatever a device's clock does, what is beyond the alarm limit is told in a bounded time of arrival."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flameblue.domain.limits import BACKLOG_NS_MAX, CLOCK_AHEAD_NS_MAX
from flameblue.domain.points import ENABLED, ON_CHANGE
from flameblue.domain.readings import Mark, Reading
from flameblue.domain.transitions import Level, Rule, Transition, Why
from tests.detection.inputs import T0, Batch, Input, Row, S, drive, every, one, told, watched

HOT, SAFE = 800, 400
YEAR_NS = 365 * 86_400 * S
Times = Callable[[int, int], int]  # (number of the reading, its arrival) → device time

CLOCKS: dict[str, Times] = {
    "right": lambda _, arrival_ns: arrival_ns,
    "set back by an hour": lambda _, arrival_ns: arrival_ns - 3_600 * S,
    "five seconds ahead": lambda _, arrival_ns: arrival_ns + CLOCK_AHEAD_NS_MAX,
    "standing still": lambda _, __: T0,
    "standing still in 1970": lambda _, __: 0,
    "to and fro": lambda i, arrival_ns: arrival_ns - (i % 2) * 3_600 * S,
    "to and fro, standing still": lambda i, _: T0 - (i % 2) * 3_600 * S,
    "backwards": lambda i, _: T0 - i * 10 * S,
    "three steps forward, two back": lambda i, arrival_ns: arrival_ns + (0, 2, 4, -20, -10)[i % 5] * S,
    "far ahead, growing": lambda i, arrival_ns: arrival_ns + i * 100 * S,
    "once far ahead": lambda i, arrival_ns: arrival_ns + (YEAR_NS if i == 0 else 0),
    "half as fast": lambda i, _: T0 + i * 5 * S,
    "ten times too fast": lambda i, _: T0 + i * 100 * S,
}


def bound_ns(row: Row) -> int:
    """Of arrival time, from the first reading beyond the alarm limit to ALARM at the latest."""
    return row.alarm_hold_ns + 2 * row.gap_ns + row.interval_ns


def decoded(point: int, at_ns: int, arrival_ns: int, value: int) -> Reading:
    """As intake hands it over: a time that can't be is replaced by arrival time."""
    if at_ns > arrival_ns + CLOCK_AHEAD_NS_MAX or at_ns < arrival_ns - BACKLOG_NS_MAX:
        return Reading(point, arrival_ns, value, Mark.TIME_REPLACED)
    return Reading(point, at_ns, value, 0)


def level_after(transitions: list[Transition], rule: Rule = Rule.OVER) -> Level:
    return next((one.level for one in reversed(transitions) if one.rule == rule), Level.NORMAL)


def hot_stream(row: Row, times: Times, *, decode: bool, calm: int) -> list[Input]:
    """`calm` safe readings, then hot ones at the promised interval for the bound."""
    inputs: list[Input] = []
    for i in range(calm + bound_ns(row) // row.interval_ns + 1):
        arrival_ns = T0 + i * row.interval_ns
        value = HOT if i >= calm else SAFE
        make = decoded if decode else lambda point, at_ns, _, value: Reading(point, at_ns, value, 0)
        inputs.append(Batch(arrival_ns, (make(1, times(i, arrival_ns), arrival_ns, value),)))
    return inputs


@pytest.mark.parametrize("decode", [False, True], ids=["raw", "decoded"])
@pytest.mark.parametrize("interval_s", [1, 10, 60, 600])
@pytest.mark.parametrize("clock", CLOCKS)
def test_an_alarm_is_told_within_the_bound(clock: str, interval_s: int, decode: bool) -> None:
    row = Row(interval_ns=interval_s * S, gap_ns=(interval_s * 3 // 2 + 1) * S, silence_ns=3_000 * S)
    for calm in (0, 1, 7):
        inputs = hot_stream(row, CLOCKS[clock], decode=decode, calm=calm)
        assert level_after(drive(watched(row), inputs, 2)) == Level.ALARM, calm


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_clock_at_all_makes_a_point_deaf(data: st.DataObject) -> None:
    """Arrival steps up to the promised interval, device times as an adversary would have them."""
    interval_ns = data.draw(st.sampled_from((1, 10, 45))) * S
    row = Row(
        interval_ns=interval_ns,
        gap_ns=data.draw(st.sampled_from((interval_ns, interval_ns * 3 // 2 + S))),
        alarm_hold_ns=data.draw(st.sampled_from((0, 10, 30))) * S,
    )
    near = st.sampled_from((0, 1, S, -S, 4 * S, -10 * S, -17 * S, -3_600 * S))
    far = st.integers(-100 * YEAR_NS, 100 * YEAR_NS)
    now_ns, last_ns, hot_since_ns = T0, T0, None
    calm = data.draw(st.integers(0, 6))
    inputs: list[Input] = []
    while hot_since_ns is None or now_ns - hot_since_ns < bound_ns(row):
        now_ns += data.draw(st.integers(interval_ns // 2, interval_ns))
        base_ns = data.draw(st.sampled_from((now_ns, last_ns)))
        last_ns = base_ns + data.draw(st.one_of(near, near, far))
        hot = len(inputs) >= calm
        hot_since_ns = now_ns if hot and hot_since_ns is None else hot_since_ns
        value = (
            data.draw(st.sampled_from((700, 701, HOT))) if hot else data.draw(st.sampled_from((SAFE, 560)))
        )
        inputs.append(Batch(now_ns, (Reading(1, last_ns, value, 0),)))
    assert level_after(drive(watched(row), inputs, 2)) == Level.ALARM


def test_a_clock_that_stands_still_is_a_fault_and_arrival_time_is_taken() -> None:
    detector = watched()
    found = drive(detector, [one(0, SAFE + i, arrival_s=10 * i) for i in range(5)], 2)
    assert told(found) == [("CLOCK", "FAULT", 30.0)]
    assert detector.latest(1) == (T0 + 40 * S, SAFE + 4)


def test_the_clock_is_good_again_ten_minutes_after_the_last_sign() -> None:
    detector = watched()
    drive(detector, [one(0, SAFE), one(10, SAFE, Mark.TIME_REPLACED)], 2)
    found = drive(detector, [*every(10, [SAFE] * 59, start_s=20), one(609.9, SAFE), one(610, SAFE)], 4)
    assert told(found) == [("CLOCK", "NORMAL", 610.0)]


def test_a_clock_that_is_set_back_makes_nobody_deaf_who_reports_changes_alone() -> None:
    """A transmitter's clock is set back by 20 minutes. Its first fire passes for an old one, the next is live."""
    hourly = Row(interval_ns=3_600 * S, gap_ns=9_000 * S, flags=ENABLED | ON_CHANGE)
    detector = watched(hourly)
    drive(detector, [one(0, SAFE)], 2)
    found = drive(detector, [one(-1_180, SAFE, Mark.REPORTED_ALARM, arrival_s=20)], 3)
    assert told(found) == [("LATE", "ALARM", -1_180.0)]
    drive(detector, [one(-1_170, SAFE, arrival_s=30)], 4)
    found = drive(detector, [one(-878, SAFE, Mark.REPORTED_ALARM, arrival_s=322)], 5)
    assert ("REPORTED", "ALARM", 322.0) in told(found)
    assert ("CLOCK", "FAULT", 322.0) in told(found)


def test_who_says_the_same_once_more_every_few_minutes_has_no_bad_clock() -> None:
    """As a platform does that repeats the last change with its time."""
    hourly = Row(interval_ns=3_600 * S, gap_ns=9_000 * S, silence_ns=9_000 * S, flags=ENABLED | ON_CHANGE)
    detector = watched(hourly)
    assert drive(detector, [one(0, SAFE, arrival_s=400 * i) for i in range(20)], 2) == []


def test_a_burst_that_is_sent_once_more_is_no_clock_fault() -> None:
    detector = watched()
    drive(detector, every(10, [SAFE, SAFE + 1, SAFE + 2]), 2)
    again = [one(10 * i, SAFE + i, arrival_s=80 + i / 10) for i in range(3)]
    assert drive(detector, [*again, one(81, SAFE)], 5) == []


def test_a_reading_of_the_same_time_that_says_something_else_counts() -> None:
    row = Row(interval_ns=600 * S, gap_ns=901 * S)
    batch = Batch(T0, (Reading(1, T0, SAFE, 0), Reading(1, T0, HOT, 0)))
    found = drive(watched(row), [batch], 2)
    assert [(one.level, one.why, one.index) for one in found] == [(Level.ALARM, Why.ONE_READING, 1)]


def test_the_same_once_more_is_a_duplicate() -> None:
    row = Row(alarm_hold_ns=0, warning_hold_ns=0)
    detector = watched(row)
    drive(detector, [one(0, SAFE)], 2)
    assert drive(detector, [one(0, SAFE), one(0, SAFE, arrival_s=5)], 3) == []


def test_a_device_that_reports_more_slowly_than_promised_is_still_heard_and_returns_to_normal() -> None:
    found = drive(watched(), every(20, [HOT] * 5 + [SAFE] * 6), 2)
    assert told(found) == [("OVER", "ALARM", 80.0), ("OVER", "NORMAL", 200.0)]
    assert [one.why for one in found] == [Why.BY_ARRIVAL, Why.BY_ARRIVAL]


def test_old_readings_are_no_evidence_of_safety() -> None:
    """A device sends what it had kept, all of it safe, between readings of the present that are not."""
    detector = watched()
    drive(detector, every(10, [HOT] * 4), 2)
    inputs: list[Input] = []
    for i in range(4, 40):
        old = [Reading(1, T0 - (4_000 - 60 * i - j) * S, SAFE, 0) for j in range(3)]
        inputs.append(Batch(T0 + 10 * i * S, (Reading(1, T0 + 10 * i * S, HOT, 0), *old)))
    assert drive(detector, inputs, 6) == []


def test_an_old_reading_that_is_not_safe_breaks_the_row_that_leaves() -> None:
    """Here 52.0 °C: safe for the alarm, within the warning's hysteresis."""
    slow = every(20, [HOT] * 5 + [SAFE] * 10)
    inputs = [*slow[:8], one(-7_000, 520, arrival_s=150), *slow[8:]]
    assert told(drive(watched(), inputs, 2)) == [
        ("OVER", "ALARM", 80.0),
        ("OVER", "WARNING", 200.0),
        ("OVER", "NORMAL", 260.0),
    ]


def test_nothing_has_lasted_across_a_change_of_the_time_base() -> None:
    row = Row(flags=ENABLED | ON_CHANGE)
    inputs = [one(-1_000, HOT, arrival_s=0), one(5, SAFE, Mark.TIME_REPLACED)]
    assert told(drive(watched(row), inputs, 2)) == [("CLOCK", "FAULT", 5.0)]
