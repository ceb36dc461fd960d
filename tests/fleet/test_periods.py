"""Months and years by the calendar of a place."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flameblue.fleet.periods import Period, month_of, read

PERIODS = st.builds(Period, st.integers(2001, 2098), st.integers(0, 12))


@settings(deadline=None)
@given(PERIODS)
def test_what_is_written_is_read(period: Period) -> None:
    assert read(str(period)) == period


@pytest.mark.parametrize(
    "text", ["", "2026-13", "2026-0", "2026-1", "26-01", "2026-01-01", "２０２６", "1999"]
)
def test_anything_else_is_none(text: str) -> None:
    assert read(text) is None


@settings(deadline=None)
@given(PERIODS)
def test_periods_follow_each_other_without_a_gap(period: Period) -> None:
    assert period.later.earlier == period
    assert period.end == period.later.first
    zone = ZoneInfo("Asia/Shanghai")
    assert period.bounds(zone)[1] == period.later.bounds(zone)[0]


def test_a_month_begins_by_the_calendar_of_the_place() -> None:
    at = datetime.fromisoformat("2026-01-31T16:30:00+00:00")
    assert month_of(at, ZoneInfo("Asia/Shanghai")) == Period(2026, 2)
    assert month_of(at, ZoneInfo("Europe/Berlin")) == Period(2026, 1)
    assert Period(2025, 12).end == date(2026, 1, 1)
