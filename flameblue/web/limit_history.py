"""The limits of points as they were: what the point table's outbox has carried, as lines that begin and end.

Invariant: what is not known is not drawn; before the oldest change that was looked at there is no line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from flameblue.domain.clock import to_datetime, to_ns
from flameblue.domain.limits import LIMIT_HISTORY_BYTES_MAX
from flameblue.domain.points import ENABLED, NO_LIMIT, NO_LOWER_LIMIT, POINT, PointRows
from flameblue.domain.quantities import QUANTITIES, Quantity
from flameblue.fleet.models import Point, PointChange

FIELDS = ("over_warning", "over_alarm", "under_warning", "under_alarm")
Change = tuple[int, PointRows]  # when, and the rows that held from then on


@dataclass(frozen=True, slots=True)
class LimitStep:
    """One limit between two times, in the quantity's unit. `kind`: warning or alarm."""

    field: str
    value: float
    from_ns: int
    to_ns: int

    @property
    def kind(self) -> str:
        return self.field.partition("_")[2]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of some points as they were within a window: what every chart draws of them."""

    changes: Sequence[Change]
    window: tuple[int, int]

    @classmethod
    def of(cls, points: Sequence[Point], window: tuple[int, int]) -> "Limits":
        """What the outbox tells of `points`."""
        return cls(changes_of(points, to_datetime(window[1]), window[0]), window)

    def steps(self, points: Sequence[Point]) -> list[tuple[int, LimitStep]]:
        """The limits of those of them that one chart shows, each with its point."""
        return [
            (point.pk, step)
            for point in points
            for step in steps(self.changes, point.pk, QUANTITIES[point.quantity], self.window)
        ]

    def unknown_until(self, firsts: Mapping[int, int]) -> int | None:
        """Before when not all limits of the points that were read are known; None: they are."""
        return unknown_until(self.changes, firsts, self.window)


def steps(
    changes: Sequence[Change], point: int, quantity: Quantity, window: tuple[int, int]
) -> list[LimitStep]:
    """The limits of `point` within `window`; `changes` are in order of time. A retired point has none."""
    rows = [(at_ns, row) for at_ns, some in changes for row in some[some["point"] == point]]
    found: list[LimitStep] = []
    for field in FIELDS:
        known = [(at_ns, _value(row, field, quantity)) for at_ns, row in rows]
        ends = [at_ns for at_ns, _ in known[1:]] + [window[1]]
        for (at_ns, value), end_ns in zip(known, ends, strict=False):
            begin_ns, end_ns = max(at_ns, window[0]), min(end_ns, window[1])
            if value is None or begin_ns >= end_ns:
                continue
            last = found[-1] if found else None
            if last and (last.field, last.value, last.to_ns) == (field, value, begin_ns):
                found[-1] = LimitStep(field, value, last.from_ns, end_ns)
            else:
                found.append(LimitStep(field, value, begin_ns, end_ns))
    return found


def changes_of(points: Sequence[Point], until: datetime, from_ns: int) -> list[Change]:
    """The changes of `points` up to `until`, from the one that held at `from_ns` on, in order of time.

    Looks at LIMIT_HISTORY_BYTES_MAX of the outbox at most, the newest first. A point that none of them names has
    had its present row since before the oldest of them, if nothing has changed it after `until` either: that is
    asked at `from_ns`, so that a chart up to now, drawn every ten seconds, does not look through all that is older.
    """
    missing = {point.pk: point for point in points}
    found: list[Change] = []
    seen, at_ns, is_asked = 0, to_ns(until), False
    entries = PointChange.objects.filter(created_at__lte=until).exclude(rows=b"").order_by("-id")
    for created_at, packed in entries.values_list("created_at", "rows").iterator(chunk_size=8):
        at_ns, rows = to_ns(created_at), np.frombuffer(bytes(packed), POINT)
        ours = rows[np.isin(rows["point"], [point.pk for point in points])]
        if len(ours):
            found.append((at_ns, ours))
        if at_ns <= from_ns:
            for number in ours["point"]:
                missing.pop(int(number), None)
            if not is_asked:
                found, is_asked = found + _held(missing, found, until, at_ns), True
        seen += len(packed)
        if not missing or seen >= LIMIT_HISTORY_BYTES_MAX:
            break
    if not is_asked:
        found += _held(missing, found, until, at_ns)
    return found[::-1]


def at(changes: Sequence[Change], point: int, at_ns: int) -> np.void | None:
    """The row of `point` that held at a time; None: not known."""
    rows = [row for since_ns, some in changes if since_ns <= at_ns for row in some[some["point"] == point]]
    return rows[-1] if rows else None


def unknown_until(
    changes: Sequence[Change], firsts: Mapping[int, int], window: tuple[int, int]
) -> int | None:
    """The time within `window` before which the limits of one of the points are not known, though it was read.

    `firsts`: the first reading of each point that has one. None: they are known for all that was read.
    """
    known = {
        point: next((at_ns for at_ns, some in changes if (some["point"] == point).any()), window[1])
        for point in firsts
    }
    late = [min(known[point], window[1]) for point, first_ns in firsts.items() if first_ns < known[point]]
    return max(late, default=None)


def _held(missing: dict[int, Point], found: Sequence[Change], until: datetime, since_ns: int) -> list[Change]:
    """The rows of those of `missing` that have had them since `since_ns`; these are missing no more."""
    named = {int(number) for _, rows in found for number in rows["point"]}
    same = _unchanged({number for number in missing if number not in named}, until)
    rows = [bytes(missing.pop(number).row) for number in sorted(same)]
    packed = b"".join(row for row in rows if row)
    return [(since_ns, np.frombuffer(packed, POINT))] if packed else []


def _unchanged(points: set[int], since: datetime) -> set[int]:
    """Those of `points` that nothing has changed since then; none where that is too much to look at."""
    seen = 0
    entries = PointChange.objects.filter(created_at__gt=since).exclude(rows=b"").order_by("id")
    for packed in entries.values_list("rows", flat=True).iterator(chunk_size=8) if points else ():
        points = points - {int(number) for number in np.frombuffer(bytes(packed), POINT)["point"]}
        seen += len(packed)
        if seen >= LIMIT_HISTORY_BYTES_MAX:
            return set()
        if not points:
            break
    return points


def _value(row: np.void, field: str, quantity: Quantity) -> float | None:
    value = int(row[field])
    if not int(row["flags"]) & ENABLED or value in (NO_LIMIT, NO_LOWER_LIMIT):
        return None
    return quantity.value(value)
