"""When a recorded reading is sent, and which time it bears."""

from pathlib import Path

import pytest

from flameblue.domain.errors import BadInput
from flameblue.simulation.recording import Moment, Recording, Wanted
from flameblue.simulation.replaying import Course, schedule

NOW_MS = 1_800_000_000_000
DAY_MS = 86_400_000


def recording(span_ms: int) -> Recording:
    return Recording(Path("m.csv"), Wanted(), rows=2, first_ms=1_000, last_ms=1_000 + span_ms)


def at(after_ms: int) -> Moment:
    return Moment(1_000 + after_ms, {})


def test_at_speed_one_readings_are_sent_and_dated_as_they_were_taken() -> None:
    when = schedule(recording(60_000), Course(speed=1), NOW_MS)
    assert when(at(0)) == (NOW_MS, 0.0)
    assert when(at(45_000)) == (NOW_MS + 45_000, 45.0)


def test_at_speed_sixty_durations_stay_and_the_last_reading_bears_the_time_of_its_sending() -> None:
    when = schedule(recording(3_600_000), Course(speed=60), NOW_MS)
    assert when(at(3_600_000)) == (NOW_MS + 60_000, 60.0)
    at_ms, after_s = when(at(1_800_000))
    assert after_s == 30.0
    assert at_ms == NOW_MS + 60_000 - 1_800_000


@pytest.mark.parametrize("speed", [0.0, 1.0, 7.5, 1_000.0])
def test_no_reading_is_ahead_of_the_time_of_its_sending(speed: float) -> None:
    when = schedule(recording(DAY_MS), Course(speed=speed), NOW_MS)
    for part in range(0, DAY_MS + 1, DAY_MS // 7):
        at_ms, after_s = when(at(part))
        assert at_ms <= NOW_MS + after_s * 1_000


def test_at_once_all_is_backlog_that_ends_now() -> None:
    when = schedule(recording(DAY_MS), Course(speed=0), NOW_MS)
    assert when(at(0)) == (NOW_MS - DAY_MS, 0.0)
    assert when(at(DAY_MS)) == (NOW_MS, 0.0)


def test_squeezed_times_run_with_the_speed() -> None:
    when = schedule(recording(30 * DAY_MS), Course(speed=1_000, squeezed=True), NOW_MS)
    assert when(at(DAY_MS)) == (NOW_MS + 86_400, 86.4)


def test_a_recording_beyond_the_backlog_is_refused_with_the_way_out() -> None:
    with pytest.raises(BadInput, match=r"lasts 30\.0 days; times of up to 7 days ago .* --from and --until"):
        schedule(recording(30 * DAY_MS), Course(speed=1_000), NOW_MS)
    schedule(recording(30 * DAY_MS), Course(speed=1), NOW_MS)


def test_squeezing_without_a_speed_is_refused() -> None:
    with pytest.raises(BadInput, match="needs --speed"):
        schedule(recording(1_000), Course(speed=0, squeezed=True), NOW_MS)
