"""A month or a year, by the calendar of a place. Pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

WRITTEN = re.compile(r"(20\d\d)(?:-(0[1-9]|1[0-2]))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """`month` 0: the whole year."""

    year: int
    month: int = 0

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}" if self.month else str(self.year)

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month or 1, 1)

    @property
    def end(self) -> date:
        """The day after its last one."""
        return self.later.first

    @property
    def later(self) -> "Period":
        if not self.month:
            return Period(self.year + 1)
        return Period(self.year, self.month + 1) if self.month < 12 else Period(self.year + 1, 1)

    @property
    def earlier(self) -> "Period":
        if not self.month:
            return Period(self.year - 1)
        return Period(self.year, self.month - 1) if self.month > 1 else Period(self.year - 1, 12)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From when (included) to when (not included) it is this period in `zone`."""
        first, end = self.first, self.end
        return (
            datetime(first.year, first.month, first.day, tzinfo=zone),
            datetime(end.year, end.month, end.day, tzinfo=zone),
        )


def day_of(at: datetime, time_zone: str) -> date:
    """The day it is in `time_zone` (a name) at `at`."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def month_of(at: datetime, zone: ZoneInfo) -> Period:
    """The month that `at` is in."""
    local = at.astimezone(zone)
    return Period(local.year, local.month)


def read(text: str) -> Period | None:
    """`2026-01` or `2026`; None: neither."""
    found = WRITTEN.fullmatch(text)
    return Period(int(found[1]), int(found[2] or 0)) if found else None
