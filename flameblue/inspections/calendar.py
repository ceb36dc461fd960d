"""The rounds of the 9th, 19th and 29th (逢九必查): when one is due, how long it is open. Pure.

Invariants: three rounds a month; in a February without a 29th the last day takes its place; a round is open from its
day to the day before the next one, then it is over and stays as it was.
"""

import calendar
from datetime import date, timedelta

DAYS = (9, 19, 29)


def due_days(year: int, month: int) -> list[date]:
    """The days of a month on which a round begins."""
    last = calendar.monthrange(year, month)[1]
    return [date(year, month, min(day, last)) for day in DAYS]


def is_due_day(day: date) -> bool:
    """A round begins on `day`."""
    return day in due_days(day.year, day.month)


def round_of(day: date) -> date:
    """The day on which the round began that is open on `day`."""
    begun = [due for due in due_days(day.year, day.month) if due <= day]
    if begun:
        return begun[-1]
    before = day.replace(day=1) - timedelta(days=1)
    return due_days(before.year, before.month)[-1]


def next_round(due_on: date) -> date:
    """The day on which the round after that of `due_on` begins."""
    later = [due for due in due_days(due_on.year, due_on.month) if due > due_on]
    if later:
        return later[0]
    after = (due_on.replace(day=28) + timedelta(days=4)).replace(day=1)
    return due_days(after.year, after.month)[0]


def is_open(due_on: date, today: date) -> bool:
    """The round of `due_on` takes checks on the day `today`."""
    return due_on <= today < next_round(due_on)


def is_over(due_on: date, today: date) -> bool:
    """It takes none any more: what was missed is missed."""
    return today >= next_round(due_on)
