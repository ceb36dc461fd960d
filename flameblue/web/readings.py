"""The readings of points for pages and the API: the latest from the board, the past from the archive.

The core writes these files; here they are only read. What is not there yet is "no reading", not an error.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from flameblue.domain.limits import CHART_POINTS_MAX
from flameblue.domain.points import POINT
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.readings import Mark
from flameblue.fleet.models import Point
from flameblue.history.board import Board, Latest
from flameblue.history.hours import HOUR_NS
from flameblue.history.queries import Hours, Memory
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.web.charts import Trace

BROKEN = Mark.SENSOR_OPEN | Mark.SENSOR_SHORT
SUMMARIES_AT_ONCE = 1_000  # points × 744 hours of a month: within the bound of one question


def latest(points: Sequence[int]) -> dict[int, Latest]:
    """The newest reading of each of `points` that has one."""
    with _board() as board:
        found = ((point, board.latest(point)) for point in points) if board is not None else ()
        return {point: reading for point, reading in found if reading is not None}


def arrivals() -> NDArray[np.int64]:
    """When each point was heard last, indexed by point id; 0: never."""
    with _board() as board:
        return np.zeros(0, np.int64) if board is None else board.arrivals()


def sending_states_only(points: Sequence[int]) -> set[int]:
    """Those of `points` whose newest reading is a device's own state without a value; a broken sensor is none."""
    found = latest(points)
    return {point for point, one in found.items() if one.value == NO_VALUE and not one.marks & BROKEN}


@contextmanager
def _board() -> Iterator[Board | None]:
    """The latest values, for reading; None before the core has made them."""
    path: Path = settings.CONFIG.data / "board.bin"
    if not path.exists():
        yield None
        return
    board = Board(path, writable=False)
    try:
        yield board
    finally:
        board.close()


@contextmanager
def memory() -> Iterator[Memory | None]:
    """The archive and the journal, for reading; None before the core has made them."""
    path: Path = settings.CONFIG.data / "journal.sqlite3"
    if not path.exists():
        yield None
        return
    journal = EmbeddedJournal(path, reader_only=True)
    try:
        yield Memory(settings.CONFIG.data / "history", journal)
    finally:
        journal.close()


def hours(points: Sequence[int], from_ns: int, to_ns: int) -> dict[int, Hours]:
    """The readings of `points` by the hour. BadInput and WorldFailed as `traces`."""
    with memory() as known:
        return {} if known is None else known.hours(points, from_ns, to_ns)


class Summary(NamedTuple):
    """One point over a time: how many readings, and in the quantity's steps the lowest, mean and highest."""

    counted: int
    low: int
    mean: float
    high: int


def summaries(points: Sequence[int], from_ns: int, to_ns: int) -> dict[int, Summary]:
    """The whole hours from the first to the last of a time, as one; absent: no reading.

    The mean is of the readings, each with the same weight. BadInput and WorldFailed as `traces`.
    """
    found: dict[int, Summary] = {}
    for few in batched(points, SUMMARIES_AT_ONCE):
        for point, one in hours(few, from_ns, to_ns).items():
            counted = int(one.counted.sum())
            mean = float(one.total.sum()) / counted
            found[point] = Summary(counted, int(one.low.min()), mean, int(one.high.max()))
    return found


def batched(points: Sequence[int], most: int) -> Iterator[Sequence[int]]:
    """`points` in parts of at most `most`."""
    for begin in range(0, len(points), most):
        yield points[begin : begin + most]


def width_ns(from_ns: int, to_ns: int, buckets_max: int) -> int:
    """How wide a bucket of `traces` is; from an hour on it is a whole number of hours."""
    width = max(1, -(-(to_ns - from_ns + 1) // buckets_max))
    return -(-width // HOUR_NS) * HOUR_NS if width >= HOUR_NS else width


def traces(
    points: Sequence[Point], from_ns: int, to_ns: int, buckets_max: int = CHART_POINTS_MAX
) -> dict[int, Trace]:
    """The readings of `points` between two times, in each quantity's unit, at most one bucket a pixel.

    BadInput where they are too many to be looked at; WorldFailed where a file can't be read.
    """
    with memory() as known:
        if known is None:
            return {}
        is_long = width_ns(from_ns, to_ns, buckets_max) >= HOUR_NS
        ask = known.long_series if is_long else known.series
        found = ask([point.id for point in points], from_ns, to_ns, buckets_max=buckets_max)
    quantities = {point.id: QUANTITIES[point.quantity] for point in points}
    traced = {}
    for point, one in found.items():
        good = np.asarray(one.low) != NO_VALUE
        scale = quantities[point].steps_per_unit
        traced[point] = Trace(
            at_ns=[int(at) for at in np.asarray(one.at_ns)[good]],
            low=[float(value) for value in np.asarray(one.low)[good] / scale],
            high=[float(value) for value in np.asarray(one.high)[good] / scale],
        )
    return traced


def interval_ns(point: Point) -> int:
    """The promised interval between two readings; 0 where none is known."""
    return _of_row(point, "interval_ns")


def gap_ns(point: Point) -> int:
    """The gap beyond which a chart's line breaks; 0: never."""
    return _of_row(point, "gap_ns")


def _of_row(point: Point, name: str) -> int:
    """A field of what detection knows of `point`; 0 where it knows nothing yet."""
    return int(np.frombuffer(point.row, dtype=POINT)[0][name]) if point.row else 0
