"""Readings of the long memory as evidence looks at them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flameblue.cases.evidence import Clear, Trace, summed
from flameblue.domain.limits import BACKLOG_NS_MAX, SECOND_NS
from flameblue.domain.points import NEVER_NS, NO_LIMIT, NO_LOWER_LIMIT, ON_CHANGE, POINT
from flameblue.domain.transitions import Rule
from flameblue.fleet.models import Point

# (point ids, from_ns, to_ns) → per point the device times and values between, in order of time; a point
# without readings may be absent. Late readings are in their place; retained ones are left out.
ReadingsQuery = Callable[[Sequence[int], int, int], Mapping[int, tuple[NDArray[Any], NDArray[Any]]]]


class Heard(NamedTuple):
    """A point's newest reading: its device time, and when the point was heard last, by our own clock."""

    at_ns: int
    arrival_ns: int


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of readings; `heard` None: never."""

    raw: ReadingsQuery
    heard: Callable[[int], Heard | None]


GAP_UNKNOWN_NS = 60 * SECOND_NS  # of a point that detection does not know (yet)


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of device time that is looked at, up to now.

    A clock that lags is looked at as far back as it lags: no clock makes a point's repair unprovable.
    """

    past: Past
    now_ns: int
    length_s: float

    def trace(self, point: Point) -> Trace:
        """The point's readings in the window and one gap before it."""
        return self.traces([point])[0]

    def traces(self, points: Sequence[Point]) -> list[Trace]:
        """One trace a point, in their order."""
        gaps = [gap_ns(point) for point in points]
        heard = [self.past.heard(point.pk) for point in points]
        lag_ns = max((one.arrival_ns - one.at_ns for one in heard if one is not None), default=0)
        lag_ns = min(max(lag_ns, 0), BACKLOG_NS_MAX)
        begin = self.now_ns - round(self.length_s * SECOND_NS) - max(gaps, default=0) - lag_ns
        found = self.past.raw([point.pk for point in points], begin, self.now_ns)
        empty = (np.empty(0, np.int64), np.empty(0, np.int32))
        traces = []
        for point, gap, one in zip(points, gaps, heard, strict=True):
            at_ns, value = found.get(point.pk, empty)
            heard_ns = None if one is None else one.arrival_ns
            traces.append(Trace(np.asarray(at_ns, np.int64), np.asarray(value, np.int32), gap, heard_ns))
        return traces

    def load(self, points: Sequence[Point]) -> Trace:
        """The sum of the currents that `points` measure."""
        return summed(self.traces(points) if points else [])


def row_of(point: Point) -> Any | None:
    """The point as detection knows it, or None."""
    data = bytes(point.row)
    return np.frombuffer(data, POINT)[0] if len(data) == POINT.itemsize else None


def gap_ns(point: Point) -> int:
    """The pause between two readings beyond which nothing is known. A point that reports on change is known
    for as long as its silence would not be."""
    row = row_of(point)
    if row is None:
        return GAP_UNKNOWN_NS
    if int(row["flags"]) & ON_CHANGE and int(row["silence_ns"]) != NEVER_NS:
        return int(row["silence_ns"])
    return int(row["gap_ns"])


def clear_of(point: Point, rule: int, limit: int) -> Clear:
    """The safe side of the clear limit: the warning limit (else the alarm's) and its hysteresis.

    `limit` is the one that the alarm was raised at: it stands in where the point has none now.
    """
    row = row_of(point)
    if rule in {Rule.UNDER, Rule.PHASE_LOSS}:
        lower = [int(row[name]) for name in ("under_warning", "under_alarm")] if row is not None else []
        known = [each for each in lower if each != NO_LOWER_LIMIT] or [limit]
        hysteresis = int(row["under_hysteresis"]) if row is not None else 0
        return Clear(above=max(known) + hysteresis) if known[0] not in {NO_LIMIT, NO_LOWER_LIMIT} else Clear()
    upper = [int(row[name]) for name in ("over_warning", "over_alarm")] if row is not None else []
    if rule in {Rule.OVER, Rule.LATE}:
        upper = [each for each in upper if each != NO_LIMIT] or [limit]
    known = [each for each in upper if each not in {NO_LIMIT, NO_LOWER_LIMIT}]
    hysteresis = int(row["over_hysteresis"]) if row is not None else 0
    return Clear(below=min(known) - hysteresis) if known else Clear()
