"""The 9th, the 19th and the 29th."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flameblue.inspections import calendar

DAYS = st.dates(date(2001, 1, 1), date(2098, 12, 31))


@pytest.mark.parametrize(
    ("year", "month", "last"), [(2026, 1, 29), (2026, 2, 28), (2028, 2, 29), (2100, 2, 28), (2026, 4, 29)]
)
def test_three_days_a_month_and_in_february_the_last_day(year: int, month: int, last: int) -> None:
    assert [day.day for day in calendar.due_days(year, month)] == [9, 19, last]


@settings(deadline=None)
@given(DAYS)
def test_each_day_lies_in_exactly_one_round(day: date) -> None:
    due = calendar.round_of(day)
    assert calendar.is_due_day(due)
    assert calendar.is_open(due, day)
    assert not calendar.is_over(due, day)
    following = calendar.next_round(due)
    assert due <= day < following
    assert calendar.is_over(due, following)
    assert not calendar.is_open(following, day)
    assert not any(calendar.is_due_day(due + timedelta(days=n)) for n in range(1, (following - due).days))


@pytest.mark.parametrize(
    ("day", "due"),
    [((2026, 1, 8), (2025, 12, 29)), ((2026, 1, 9), (2026, 1, 9)), ((2026, 3, 1), (2026, 2, 28))],
)
def test_a_round_goes_on_till_the_eve_of_the_next(
    day: tuple[int, int, int], due: tuple[int, int, int]
) -> None:
    assert calendar.round_of(date(*day)) == date(*due)
