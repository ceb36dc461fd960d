"""When a point has passed its test."""

from datetime import datetime, timedelta

import pytest

from flameblue.commissioning.judging import Facts, Verdict, verdict

BEGAN = datetime.fromisoformat("2026-01-15T10:00:00+08:00")


def after(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def judged(
    seen: float | None, entered: float | None, now: float, *, within: float | None = 30.0, until: float = 600
) -> tuple[Verdict, float | None]:
    times = [None if one is None else after(one) for one in (seen, entered)]
    return verdict(Facts(BEGAN, after(until), within, *times, step_s=10.0), after(now))


@pytest.mark.parametrize(
    ("seen", "entered", "expected"),
    [
        (5, 35, (Verdict.PASSED, 30.0)),
        (5, 35.4, (Verdict.LATE, 30.4)),
        (5, 45, (Verdict.LATE, 40.0)),  # one reading more than the clause's time
        (5, 45.1, (Verdict.FAILED, 40.1)),
        (None, 12, (Verdict.PASSED, 12.0)),  # the device said it itself
        (5, 5, (Verdict.PASSED, 0.0)),
        (5, 4, (Verdict.PASSED, 0.0)),
    ],
)
def test_the_seconds_run_from_the_value_to_the_alarm(
    seen: float | None, entered: float, expected: tuple[Verdict, float]
) -> None:
    verdict_, seconds = judged(seen, entered, 100)
    assert (verdict_, pytest.approx(seconds)) == expected


def test_what_reports_once_an_hour_does_not_pass_however_soon_its_one_reading_alarms() -> None:
    for took in (0.0, 3_630.0):
        facts = Facts(BEGAN, after(7_200), 30.0, after(5), after(5 + took), step_s=3_600.0)
        assert verdict(facts, after(7_000)) == (Verdict.FAILED, took)


@pytest.mark.parametrize(
    ("waited", "took", "expected"),
    [
        (60.0, 30.0, Verdict.PASSED),
        (60.1, 30.0, Verdict.FAILED),
        (3_600.0, 0.0, Verdict.FAILED),
        (5.0, 31.0, Verdict.LATE),  # our own look at the end of the hold
        (5.0, 31.1, Verdict.FAILED),
    ],
)
def test_what_speaks_on_change_must_have_spoken_within_a_minute(
    waited: float, took: float, expected: Verdict
) -> None:
    facts = Facts(BEGAN, after(600), 30.0, after(waited), after(waited + took), 0.0, waited)
    assert verdict(facts, after(500)) == (expected, pytest.approx(took))


def test_how_long_a_person_took_is_not_held_against_what_reports_often() -> None:
    facts = Facts(BEGAN, after(600), 30.0, after(120), after(150), 10.0, 120.0)
    assert verdict(facts, after(500)) == (Verdict.PASSED, 30.0)


def test_without_an_alarm_it_is_waited_for_until_the_end() -> None:
    assert judged(5, None, 599) == (Verdict.UNDER_WAY, None)
    assert judged(5, None, 600) == (Verdict.FAILED, None)
    assert judged(None, None, 29, until=29) == (Verdict.BROKEN_OFF, None)


def test_where_a_value_is_enough_it_passes_with_it_and_fails_without() -> None:
    assert judged(3, None, 4, within=None) == (Verdict.PASSED, None)
    assert judged(None, None, 4, within=None) == (Verdict.UNDER_WAY, None)
    assert judged(None, None, 600, within=None) == (Verdict.FAILED, None)
