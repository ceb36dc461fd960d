"""LATE: what was beyond the alarm limit and nobody knew is told once, in the past tense."""

import pytest

from flameblue.domain.points import NO_LIMIT
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level, Rule
from tests.detection.inputs import Batch, Gap, Row, S, drive, every, one, told, watched

HOT, SAFE = 720, 400


def late(at_s: float, value: int = HOT, marks: int = 0, *, arrival_s: float = 100.5) -> Batch:
    return one(at_s, value, marks, arrival_s=arrival_s)


def after(values: list[int], *inputs: Batch, row: Row | None = None) -> list[tuple[str, str, float]]:
    detector = watched(row or Row())
    drive(detector, every(10, values), 2)
    return [item for item in told(drive(detector, inputs, 2 + len(values))) if item[0] == "LATE"]


def test_a_late_reading_beyond_the_alarm_limit_is_told() -> None:
    detector = watched()
    drive(detector, every(10, [SAFE] * 11), 2)
    found = drive(detector, [late(55)], 13)
    assert told(found) == [("LATE", "ALARM", 55.0)]
    assert (found[0].before, found[0].value, found[0].limit) == (Level.NORMAL, HOT, 700)


def test_it_is_told_once_an_hour() -> None:
    second, third = late(45), late(-300, arrival_s=100)
    assert after([SAFE] * 11, late(55), second, third) == [("LATE", "ALARM", 55.0)]
    detector = watched(Row(silence_ns=10_000_000_000_000))
    drive(detector, [one(0, SAFE), late(-50, arrival_s=1)], 2)
    assert drive(detector, [one(3_600, SAFE), late(-60, arrival_s=3_600.9)], 4) == []
    assert told(drive(detector, [late(-70, arrival_s=3_601)], 6)) == [("LATE", "ALARM", -70.0)]


@pytest.mark.parametrize("value", [SAFE, 699, NO_VALUE, 5_000])
def test_a_late_reading_that_is_not_beyond_it_is_history_only(value: int) -> None:
    assert after([SAFE] * 11, late(55, value)) == []


def test_what_a_run_on_time_has_shown_is_not_told_again() -> None:
    values = [HOT] * 4 + [SAFE] * 7
    assert after(values, late(25)) == []
    assert after(values, late(-5)) == [("LATE", "ALARM", -5.0)]


def test_nothing_is_told_while_the_alarm_lasts() -> None:
    assert after([HOT] * 11, late(-500)) == []


def test_a_late_alarm_bit_of_the_device_is_told_too() -> None:
    assert after([SAFE] * 11, late(55, SAFE, Mark.REPORTED_ALARM)) == [("LATE", "ALARM", 55.0)]


def test_a_bit_that_was_seen_in_time_is_not_told_again() -> None:
    detector = watched()
    seen = every(10, [SAFE] * 3, marks=Mark.REPORTED_ALARM) + every(10, [SAFE] * 3, start_s=30)
    drive(detector, seen, 2)
    found = drive(detector, [one(10, SAFE, Mark.REPORTED_ALARM, arrival_s=52)], 8)
    assert [one for one in found if one.rule == Rule.LATE] == []


def test_under_has_its_late_readings_too() -> None:
    row = Row(over_warning=NO_LIMIT, over_alarm=NO_LIMIT, under_warning=1980, under_alarm=1760)
    assert after([2_200] * 11, late(55, 1_700), row=row) == [("LATE", "ALARM", 55.0)]


def test_the_hour_is_one_of_listening() -> None:
    detector = watched(Row(silence_ns=100_000 * S))
    drive(detector, [one(0, SAFE), late(-50, arrival_s=1), Gap(3_600 * S), one(3_602, SAFE)], 2)
    assert drive(detector, [late(-70, arrival_s=3_603)], 6) == []
