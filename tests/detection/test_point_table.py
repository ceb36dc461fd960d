"""Rows of the point table: new, changed, retired; and how many there may be."""

import numpy as np
import pytest

from flameblue.detection.detector import Detector
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import POINTS_MAX
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import READING, Mark
from flameblue.domain.transitions import Level, Rule
from tests.detection.inputs import T0, Row, Rows, S, drive, every, one, rows_array, told, watched

HOT, SAFE = 720, 400


def test_a_new_limit_starts_runs_anew_and_keeps_the_level() -> None:
    detector = watched()
    drive(detector, every(10, [HOT] * 4), 2)
    assert drive(detector, [Rows(T0 + 35 * S, (Row(over_alarm=900, over_warning=800),))], 6) == []
    found = drive(detector, every(10, [HOT] * 7, start_s=40), 7)
    assert told(found) == [("OVER", "NORMAL", 100.0)]


def test_a_lower_limit_alarms_after_its_hold() -> None:
    detector = watched()
    drive(detector, [*every(10, [SAFE] * 4), Rows(T0 + 35 * S, (Row(over_warning=300, over_alarm=350),))], 2)
    assert told(drive(detector, every(10, [SAFE] * 4, start_s=40), 7)) == [("OVER", "ALARM", 70.0)]


def test_a_retired_point_goes_back_to_normal_in_the_order_of_the_rules() -> None:
    detector = watched()
    bits = Mark.REPORTED_ALARM | Mark.REPORTED_FAULT | Mark.SHIELDED | Mark.TIME_REPLACED
    drive(detector, [*every(10, [HOT] * 4, marks=bits), one(40, NO_VALUE, bits | Mark.SENSOR_OPEN)], 2)
    found = drive(detector, [Rows(T0 + 50 * S, (Row(flags=0),))], 7)
    assert [one.rule for one in found] == [
        Rule.OVER,
        Rule.SENSOR,
        Rule.REPORTED,
        Rule.REPORTED_FAULT,
        Rule.SHIELDED,
        Rule.CLOCK,
    ]
    assert {(one.level, one.index) for one in found} == {(Level.NORMAL, -1)}
    assert drive(detector, every(10, [HOT] * 4, start_s=60), 8) == []


def test_a_point_that_is_enabled_again_begins_anew() -> None:
    detector = watched()
    retire, enable = Rows(T0 + 35 * S, (Row(flags=0),)), Rows(T0 + 36 * S, (Row(),))
    drive(detector, [*every(10, [SAFE] * 3), retire, enable], 2)
    assert detector.latest(1) is None
    assert told(drive(detector, every(10, [HOT] * 4, start_s=-500), 8))[0][:2] == ("OVER", "ALARM")


def test_readings_of_points_that_are_not_known_are_passed_over() -> None:
    assert (
        drive(watched(), [one(0, HOT, point=0), one(0, HOT, point=77), one(0, HOT, point=4_000_000_000)], 2)
        == []
    )


def test_a_point_beyond_the_limit_is_refused_with_a_reason() -> None:
    with pytest.raises(BadInput, match=str(POINTS_MAX)):
        Detector().points(1, T0, rows_array([Row(POINTS_MAX)]))


def test_empty_batches_and_tables_say_nothing() -> None:
    detector = Detector()
    assert detector.points(1, T0, rows_array([])) == []
    assert detector.readings(2, T0, np.zeros(0, READING)) == []
    assert detector.tick(3, T0) == []
    assert detector.latest(-1) is None
    assert detector.latest(10_000) is None


def test_a_million_points_fit() -> None:
    count = 1_000_000
    rows = np.repeat(rows_array([Row()]), count)
    rows["point"] = np.arange(1, count + 1)
    detector = Detector()
    detector.points(1, T0, rows)
    readings = np.zeros(count, READING)
    readings["point"], readings["at_ns"], readings["value"] = rows["point"], T0, SAFE
    readings["marks"][-1] = Mark.SENSOR_OPEN
    found = detector.readings(2, T0, readings)
    assert [(one.point, one.rule) for one in found] == [(count, Rule.SENSOR)]
    assert detector.latest(count - 1) == (T0, SAFE)


def test_every_reading_of_a_full_batch_may_speak() -> None:
    """More transitions than one pass can hold are told in passes, none lost and none twice."""
    count = 5_000
    detector = watched(*(Row(point) for point in range(1, count + 1)))
    readings = np.zeros(count, READING)
    readings["point"], readings["at_ns"] = np.arange(1, count + 1), T0
    readings["value"], readings["marks"] = NO_VALUE, Mark.SENSOR_OPEN | Mark.REPORTED_ALARM | Mark.SHIELDED
    found = detector.readings(2, T0, readings)
    expected = [(i, rule) for i in range(count) for rule in (Rule.SENSOR, Rule.REPORTED, Rule.SHIELDED)]
    assert [(one.index, one.rule) for one in found] == expected


def test_a_new_row_lets_a_value_stand_still_from_its_first_reading_on() -> None:
    row = Row(frozen_ns=50 * S)
    inputs = [*every(10, [SAFE] * 5), Rows(T0 + 45 * S, (row,)), *every(10, [SAFE] * 6, start_s=50)]
    assert told(drive(watched(row), inputs, 2)) == [("SENSOR", "FAULT", 100.0)]
