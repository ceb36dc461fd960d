"""Who is on duty. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ShiftFacts:
    """A person's duty at a station, from `starts_at` until before `ends_at`; None: always, for ever."""

    person: int
    station: int
    role: str  # a value of people.models.Shift.Role
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def on_duty(shifts: Iterable[ShiftFacts], station: int, role: str, now: datetime) -> list[int]:
    """The persons on duty at `station` in `role`, each once; whoever came last stands first.

    Those who have always been on duty stand last, in the order given; [] when nobody is on duty.
    """
    found = [
        shift
        for shift in shifts
        if shift.station == station
        and shift.role == role
        and (shift.starts_at is None or shift.starts_at <= now)
        and (shift.ends_at is None or now < shift.ends_at)
    ]
    found.sort(key=lambda shift: shift.starts_at or ALWAYS, reverse=True)
    return list(dict.fromkeys(shift.person for shift in found))
