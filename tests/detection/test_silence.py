"""SILENCE: deadlines in listening time, by arrival alone."""

import pytest

from flameblue.domain.points import NEVER_NS
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Why
from tests.detection.inputs import T0, Connection, Gap, Row, Rows, S, Tick, drive, every, one, told, watched


def at(seconds: float) -> int:
    return T0 + round(seconds * S)


def test_a_point_is_silent_when_its_deadline_is_over_and_not_before() -> None:
    detector = watched()
    drive(detector, [one(0, 400)], 2)
    assert drive(detector, [Tick(at(90))], 3) == []
    assert told(drive(detector, [Tick(at(90) + 1)], 4)) == [("SILENCE", "FAULT", 90 + 1e-9)]
    assert drive(detector, [Tick(at(5_000))], 5) == []


def test_a_new_point_that_never_reports_is_silent_too() -> None:
    assert told(drive(watched(), [Tick(at(89)), Tick(at(90))], 2)) == [("SILENCE", "FAULT", 90.0)]


def test_other_points_readings_pass_the_time_too() -> None:
    detector = watched(Row(1), Row(700))
    found = drive(detector, [one(0, 400), *every(10, [400] * 12, start_s=0)], 2)
    assert told(found) == [("SILENCE", "FAULT", 90.0)]
    assert found[0].point == 700


@pytest.mark.parametrize("at_s", [100, -3_600, 0])
def test_any_reading_ends_silence_and_moves_the_deadline(at_s: float) -> None:
    detector = watched()
    drive(detector, [one(0, 400), Tick(at(91))], 2)
    found = drive(detector, [one(at_s, 400, arrival_s=100)], 4)
    assert [(one.rule.name, one.level.name) for one in found] == [("SILENCE", "NORMAL")]
    assert drive(detector, [Tick(at(190))], 5) == []
    assert len(drive(detector, [Tick(at(191))], 6)) == 1


def test_a_retained_reading_is_no_sign_of_life_but_the_newest_value() -> None:
    detector = watched()
    found = drive(detector, [one(0, 400), one(50, 777, Mark.RETAINED), Tick(at(91))], 2)
    assert told(found) == [("SILENCE", "FAULT", 91.0)]
    assert detector.latest(1) == (at(50), 777)


def test_a_pause_of_our_own_is_no_silence() -> None:
    detector = watched()
    found = drive(detector, [one(0, 400), Tick(at(40)), Gap(600 * S), Tick(at(690))], 2)
    assert found == []
    assert told(drive(detector, [Tick(at(691))], 6)) == [("SILENCE", "FAULT", 91.0)]


def test_our_clock_set_back_makes_no_point_deaf_or_silent() -> None:
    detector = watched()
    found = drive(detector, [one(0, 400), Gap(-3_600 * S), Tick(at(90 - 3_600)), Tick(at(91 - 3_600))], 2)
    assert [(one.rule.name, one.arrival_ns) for one in found] == [("SILENCE", at(91 - 3_600))]


def test_a_lost_connection_starts_a_short_hold_not_an_alarm() -> None:
    detector = watched(Row(lost_hold_ns=20 * S))
    drive(detector, [one(0, 400), Connection(at(30), (1,), lost=True)], 2)
    assert drive(detector, [Tick(at(50))], 4) == []
    found = drive(detector, [Tick(at(51))], 5)
    assert told(found) == [("SILENCE", "FAULT", 51.0)]
    assert found[0].why == Why.CONNECTION_LOST


def test_a_lost_connection_never_lengthens_the_deadline() -> None:
    detector = watched()
    drive(detector, [one(0, 400), Connection(at(80), (1,), lost=True)], 2)
    found = drive(detector, [Tick(at(91))], 4)
    assert [one.why for one in found] == [0]


def test_a_connection_that_is_back_in_time_ends_the_short_hold() -> None:
    detector = watched(Row(lost_hold_ns=20 * S))
    lost, back = Connection(at(30), (1,), lost=True), Connection(at(40), (1, 99), lost=False)
    assert drive(detector, [one(0, 400), lost, back, Tick(at(130))], 2) == []
    assert told(drive(detector, [Tick(at(131))], 6)) == [("SILENCE", "FAULT", 131.0)]


def test_an_expected_silence_is_none_and_ends_one() -> None:
    detector = watched()
    drive(detector, [one(0, 400), Tick(at(91))], 2)
    found = drive(detector, [Rows(at(100), (Row(silence_ns=NEVER_NS),)), Tick(at(100_000))], 4)
    assert told(found) == [("SILENCE", "NORMAL", 100.0)]
    assert found[0].index == -1


def test_eight_thousand_points_fall_silent_at_once_and_each_is_told() -> None:
    detector = watched(*(Row(point) for point in range(1, 9_001)))
    found = drive(detector, [Tick(at(600))], 2)
    assert [one.point for one in found] == list(range(1, 9_001))
