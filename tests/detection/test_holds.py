"""OVER and UNDER: runs, holds, hysteresis, ticks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flameblue.domain.points import ENABLED, NO_LIMIT, ON_CHANGE
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark, Reading
from flameblue.domain.transitions import Rule, Why
from tests.detection.inputs import T0, Batch, Gap, Input, Row, S, Tick, drive, every, one, told, watched

HOT, WARM, SAFE = 720, 600, 400


def test_a_condition_that_is_true_from_the_first_reading_alarms() -> None:
    found = drive(watched(), every(10, [HOT] * 4), 2)
    assert told(found) == [("OVER", "ALARM", 30.0)]
    assert (found[0].value, found[0].limit, found[0].why) == (HOT, 700, 0)


def test_each_level_has_its_own_run() -> None:
    found = drive(watched(), every(10, [WARM] * 6 + [HOT] + [WARM] + [HOT] * 4), 2)
    assert told(found) == [("OVER", "WARNING", 30.0), ("OVER", "ALARM", 110.0)]


def test_a_gap_in_device_time_starts_the_run_anew() -> None:
    inputs = [one(0, HOT), one(10, HOT), one(27, HOT), one(37, HOT), one(47, HOT), one(57, HOT)]
    assert told(drive(watched(), inputs, 2)) == [("OVER", "ALARM", 57.0)]


def test_a_gap_before_a_reading_that_says_nothing_is_not_forgotten() -> None:
    inputs = [one(0, HOT), one(17, NO_VALUE), one(27, HOT), one(33, HOT)]
    assert told(drive(watched(), inputs, 2)) == []


def test_an_outage_of_the_link_does_not_start_the_run_anew() -> None:
    at_once = [one(10 * i, HOT, arrival_s=80) for i in range(4)]
    assert told(drive(watched(), at_once, 2)) == [("OVER", "ALARM", 30.0)]


def test_a_level_is_left_when_its_own_clear_run_has_lasted() -> None:
    values = [HOT] * 4 + [600] * 7 + [SAFE] * 7
    found = drive(watched(), every(10, values), 2)
    assert told(found) == [("OVER", "ALARM", 30.0), ("OVER", "WARNING", 100.0), ("OVER", "NORMAL", 170.0)]


def test_a_value_within_the_hysteresis_keeps_the_level() -> None:
    found = drive(watched(), every(10, [HOT] * 4 + [660] * 30), 2)
    assert told(found) == [("OVER", "ALARM", 30.0)]


def test_one_reading_beyond_the_alarm_limit_alarms_a_slow_point() -> None:
    row = Row(interval_ns=600 * S, gap_ns=901 * S, silence_ns=1_800 * S)
    found = drive(watched(row), [one(0, SAFE), one(600, HOT)], 2)
    assert told(found) == [("OVER", "ALARM", 600.0)]
    assert found[0].why == Why.ONE_READING


@pytest.mark.parametrize(
    ("value", "marks"), [(5_000, 0), (NO_VALUE, 0), (HOT, Mark.SENSOR_OPEN), (HOT, Mark.RETAINED)]
)
def test_a_slow_point_is_not_alarmed_by_a_reading_that_does_not_count(value: int, marks: int) -> None:
    row = Row(interval_ns=600 * S, gap_ns=901 * S)
    found = drive(watched(row), [one(0, SAFE), one(600, value, marks)], 2)
    assert [one for one in found if one.rule == Rule.OVER] == []


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_outlier_never_alarms_a_point_that_reports_within_its_hold(data: st.DataObject) -> None:
    """Steps up to the gap, links that delay, ticks in between, as many outliers as you like: each stands alone."""
    on_change = data.draw(st.booleans())
    row = Row(flags=ENABLED | (ON_CHANGE if on_change else 0))
    at_ns, now_ns, lone = T0, T0, False
    inputs: list[Input] = []
    for _ in range(data.draw(st.integers(5, 40))):
        at_ns += data.draw(st.integers(1, row.gap_ns))
        now_ns = max(now_ns, at_ns + data.draw(st.integers(0, row.gap_ns))) if now_ns < at_ns else now_ns + 1
        while inputs and now_ns - inputs[-1].arrival_ns > row.gap_ns:
            now_ns = inputs[-1].arrival_ns + row.gap_ns
        lone = not lone and data.draw(st.booleans())
        inputs.append(Batch(now_ns, (Reading(1, at_ns, 3_000 if lone else SAFE, 0),)))
    found = drive(watched(row), inputs, 2)
    assert [one for one in found if one.rule in (Rule.OVER, Rule.LATE)] == []


def test_a_tick_ends_a_hold_only_when_the_next_reading_is_overdue() -> None:
    detector = watched()
    drive(detector, [one(0, HOT), one(10, HOT), one(20, HOT)], 2)
    assert drive(detector, [Tick(T0 + 36 * S)], 5) == []
    found = drive(detector, [Tick(T0 + 37 * S)], 6)
    assert told(found) == [("OVER", "ALARM", 37.0)]
    assert (found[0].index, found[0].value, found[0].why) == (-1, HOT, Why.BY_TICK)


def test_silence_is_no_evidence_of_safety() -> None:
    row = Row(silence_ns=10_000 * S)
    detector = watched(row)
    drive(detector, every(10, [HOT] * 4 + [SAFE]), 2)
    assert drive(detector, [Tick(T0 + t * S) for t in range(41, 2_000, 60)], 7) == []


def test_a_point_that_reports_on_change_enters_and_leaves_by_ticks() -> None:
    row = Row(flags=ENABLED | ON_CHANGE, silence_ns=10_000 * S)
    inputs: list[Input] = [one(0, HOT), *(Tick(T0 + t * S) for t in range(1, 100))]
    inputs += [one(100, SAFE), *(Tick(T0 + t * S) for t in range(101, 170))]
    assert told(drive(watched(row), inputs, 2)) == [("OVER", "ALARM", 30.0), ("OVER", "NORMAL", 160.0)]


def test_a_point_that_reports_on_change_leaves_one_level_by_a_tick() -> None:
    row = Row(flags=ENABLED | ON_CHANGE, silence_ns=10_000 * S)
    inputs = [one(0, HOT), Tick(T0 + 30 * S), one(40, 600), Tick(T0 + 99 * S), Tick(T0 + 100 * S)]
    assert told(drive(watched(row), inputs, 2)) == [("OVER", "ALARM", 30.0), ("OVER", "WARNING", 100.0)]


def test_what_a_point_on_change_has_not_said_has_lasted_in_a_backlog_too() -> None:
    row = Row(flags=ENABLED | ON_CHANGE)
    backlog = Batch(T0 + 900 * S, (Reading(1, T0, HOT, 0), Reading(1, T0 + 500 * S, SAFE, 0)))
    found = drive(watched(row), [backlog, Tick(T0 + 960 * S)], 2)
    assert [item for item in told(found) if item[0] == "OVER"] == [
        ("OVER", "ALARM", 500.0),
        ("OVER", "NORMAL", 560.0),
    ]


def test_under_is_over_the_other_way_round() -> None:
    row = Row(
        over_warning=NO_LIMIT, over_alarm=NO_LIMIT, under_warning=1980, under_alarm=1760, under_hysteresis=30
    )
    found = drive(watched(row), every(10, [2_200, 1_760, 1_760, 1_760, 1_760] + [1_800] * 7 + [2_011] * 7), 2)
    assert told(found) == [("UNDER", "ALARM", 40.0), ("UNDER", "WARNING", 110.0), ("UNDER", "NORMAL", 180.0)]
    assert [one.limit for one in found] == [1760, 1760, 1980]


def test_a_broken_sensor_hides_no_alarm() -> None:
    inputs = every(10, [HOT] * 4) + every(10, [NO_VALUE] * 30, start_s=40, marks=Mark.SENSOR_OPEN)
    found = drive(watched(), inputs, 2)
    assert [(one.rule.name, one.level.name) for one in found] == [("OVER", "ALARM"), ("SENSOR", "FAULT")]


def test_a_sensor_that_was_broken_meanwhile_is_no_evidence_of_safety() -> None:
    inputs = every(10, [HOT] * 4 + [SAFE]) + every(10, [NO_VALUE] * 6, start_s=50, marks=Mark.SENSOR_OPEN)
    found = drive(watched(), [*inputs, *every(10, [SAFE] * 7, start_s=110)], 2)
    assert [item for item in told(found) if item[0] == "OVER"][-1] == ("OVER", "NORMAL", 170.0)


def test_a_pause_of_our_own_lets_no_hold_pass() -> None:
    detector = watched()
    drive(detector, [one(0, HOT), one(10, HOT)], 2)
    drive(detector, [Gap(600 * S)], 4)
    assert drive(detector, [Tick(T0 + 626 * S)], 5) == []
    assert told(drive(detector, [Tick(T0 + 631 * S)], 6)) == [("OVER", "ALARM", 31.0)]
