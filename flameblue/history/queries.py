"""Bounded questions to the long memory: the Parquet files, and the journal's tail after them, as one.

Invariants: every answer is bounded, and so is the memory that it takes; late readings are in their place, for the
order is device time; a file that goes or comes during a question (the archive works on) is neither missed nor
counted twice; a damaged file is left out and logged, not an end to all questions.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from flameblue.domain.errors import BadInput, WorldFailed
from flameblue.domain.limits import BACKLOG_NS_MAX, CHART_POINTS_MAX, CLOCK_AHEAD_NS_MAX
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import UNCOUNTED, Readings
from flameblue.history import hours
from flameblue.history.archive import day_of, files, offsets_of, reached
from flameblue.history.tail import Tail
from flameblue.journal.log import Journal

log = logging.getLogger("flameblue.history")
RAW_MAX = 1_000_000
POINTS_MAX = 10_000
BUCKETS_MAX = 1_000_000  # of all points of one question
TRIES = 4  # the archive changes its files a few times a day
WANTED = """
    FROM read_parquet($files)
    WHERE point IN ({points}) AND at_ns BETWEEN $from_ns AND $to_ns AND (marks & {uncounted}) = 0
"""
RAW = "SELECT point, at_ns, value" + WANTED + "LIMIT {most}"
SERIES = (
    """
    SELECT point, (at_ns - $from_ns) // $width_ns AS bucket,
           min(at_ns) AS at_ns, min(value) AS low, max(value) AS high
    """
    + WANTED
    + "AND value <> {no_value} GROUP BY ALL"
)
SAMPLE = np.dtype([("point", "<i8"), ("at_ns", "<i8"), ("value", "<i4")])
OF_HOURS = "AND point IN ({points}) AND at_ns // {hour_ns} BETWEEN $first AND $last"
ROLLED = """
    SELECT * FROM read_parquet($files) WHERE point IN ({points}) AND hour BETWEEN $first AND $last
"""
BUCKET = np.dtype([("point", "<i8"), ("bucket", "<i8"), ("at_ns", "<i8"), ("low", "<i4"), ("high", "<i4")])
Rows = NDArray[Any]


class Series(NamedTuple):
    """One point over time: the first reading's time of each bucket, its lowest and highest value (steps)."""

    at_ns: NDArray[Any]
    low: NDArray[Any]
    high: NDArray[Any]


class Hours(NamedTuple):
    """One point by the hour: since 1970, the first and last reading's time, lowest, highest, sum, how many."""

    hour: NDArray[Any]
    at_ns: NDArray[Any]
    end_ns: NDArray[Any]
    low: NDArray[Any]
    high: NDArray[Any]
    total: NDArray[Any]
    counted: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Question:
    """Which points, between which device times (both included), in buckets of which width."""

    points: tuple[int, ...]
    from_ns: int
    to_ns: int
    width_ns: int = 1

    def sql(self, template: str) -> str:
        numbers = ", ".join(str(point) for point in self.points)
        return template.format(
            points=numbers,
            uncounted=int(UNCOUNTED),
            no_value=NO_VALUE,
            most=RAW_MAX + 1,
            hour_ns=hours.HOUR_NS,
        )

    def parameters(self, template: str, paths: Sequence[Path]) -> dict[str, Any]:
        given = {"from_ns": self.from_ns, "to_ns": self.to_ns, "width_ns": self.width_ns}
        given |= {"first": self.from_ns // hours.HOUR_NS, "last": self.to_ns // hours.HOUR_NS}
        used = {name: value for name, value in given.items() if f"${name}" in template}
        return used | {"files": [str(path) for path in paths]}

    def of(self, readings: Readings) -> Rows:
        """The readings that are asked for."""
        at_ns = readings["at_ns"]
        wanted = (at_ns >= self.from_ns) & (at_ns <= self.to_ns)
        wanted &= (readings["marks"] & int(UNCOUNTED)) == 0
        few = readings[wanted]
        return _as_rows(few[np.isin(few["point"], self.points)], SAMPLE)

    def concerns(self, path: Path) -> bool:
        """Whether the file may have some: device time is near arrival time, and a folder is a day of that."""
        first = day_of(max(0, self.from_ns - CLOCK_AHEAD_NS_MAX))
        last = day_of(min(self.to_ns + BACKLOG_NS_MAX, 2**62))
        return first <= path.parent.name <= last


class Memory:
    """The archive's folder and the journal, asked as one. Any thread may ask; one is answered at a time."""

    def __init__(self, archive: Path, journal: Journal) -> None:
        self._archive = archive
        self._tail = Tail(journal)
        self._lock = threading.Lock()
        self._asked: duckdb.DuckDBPyConnection | None = None

    def read_on(self) -> None:
        """Reads what is new in the journal, so that the next question need not: it is much after a start."""
        with self._lock:
            self._tail.after(reached(files(self._archive)))

    def series(
        self, points: Sequence[int], from_ns: int, to_ns: int, *, buckets_max: int = CHART_POINTS_MAX
    ) -> dict[int, Series]:
        """The values of `points` between two times, at most `buckets_max` buckets a point.

        Readings without a value and retained ones are left out; a point without readings is absent. BadInput for
        more than `BUCKETS_MAX` buckets of all points together.
        """
        width_ns = max(1, -(-(to_ns - from_ns + 1) // buckets_max))
        question = _question(points, from_ns, to_ns, width_ns)
        if len(question.points) * buckets_max > BUCKETS_MAX:
            raise BadInput(f"{len(question.points)} points asked for, at most {BUCKETS_MAX // buckets_max}.")
        archived, tail = self._both(question, SERIES, BUCKET)
        fresh = np.empty(len(tail), BUCKET)
        for name, source in (("point", "point"), ("at_ns", "at_ns"), ("low", "value"), ("high", "value")):
            fresh[name] = tail[source]
        fresh["bucket"] = (tail["at_ns"] - from_ns) // width_ns
        buckets = _one_each(np.concatenate([archived, fresh[fresh["low"] != NO_VALUE]]))
        return {
            point: Series(rows["at_ns"].copy(), rows["low"].copy(), rows["high"].copy())
            for point, rows in _by_point(buckets)
        }

    def hours(self, points: Sequence[int], from_ns: int, to_ns: int) -> dict[int, Hours]:
        """The whole hours of device time that lie in, or reach into, a time; fast for a year, since days are rolled up.

        Readings without a value and retained ones are left out; a point without readings is absent. BadInput for
        more than `BUCKETS_MAX` hours of all points together.
        """
        first, last = from_ns // hours.HOUR_NS, to_ns // hours.HOUR_NS
        question = _question(points, first * hours.HOUR_NS, (last + 1) * hours.HOUR_NS - 1)
        if len(question.points) * (last - first + 1) > BUCKETS_MAX:
            raise BadInput(
                f"{len(question.points)} points asked for over {last - first + 1} hours: too many."
            )
        if not question.points or last < first:
            return {}
        with self._lock:
            for _ in range(TRIES):
                listing = hours.listed(self._archive)
                paths, rolled = files(self._archive, listing), hours.roll_ups(self._archive, listing)
                tail = _tail_hours(question, self._tail.after(reached(paths)))
                found = [*self._hours_of(question, paths, rolled), tail]
                if hours.listed(self._archive) == listing:
                    break
        rows = hours.added(np.concatenate(found))
        return {point: Hours(*(few[name].copy() for name in Hours._fields)) for point, few in _by_point(rows)}

    def long_series(
        self, points: Sequence[int], from_ns: int, to_ns: int, *, buckets_max: int = CHART_POINTS_MAX
    ) -> dict[int, Series]:
        """As `series`, in buckets of whole hours of device time: a few at either end may reach beyond the time."""
        first, last = from_ns // hours.HOUR_NS, to_ns // hours.HOUR_NS
        wide = max(1, -(-(last - first + 1) // buckets_max))
        by_hour = self.hours(points, from_ns, to_ns)
        made = {}
        for point, one in by_hour.items():
            starts = np.flatnonzero(np.diff((one.hour - first) // wide, prepend=-1))
            made[point] = Series(
                np.minimum.reduceat(one.at_ns, starts),
                np.minimum.reduceat(one.low, starts),
                np.maximum.reduceat(one.high, starts),
            )
        return made

    def _hours_of(self, question: Question, paths: list[Path], rolled: list[Path]) -> list[Rows]:
        """What the archive says of the question's hours: from roll-ups, and from the files that none holds."""
        near = {path: offsets_of(path) for path in paths if question.concerns(path)}
        counting, raw = hours.split([path for path in rolled if question.concerns(path)], near)
        return [
            _as_rows(self._archived(question, ROLLED, counting), hours.HOUR),
            _as_rows(self._archived(question, hours.BY_HOUR.format(wanted=OF_HOURS), raw), hours.HOUR),
        ]

    def raw(
        self, points: Sequence[int], from_ns: int, to_ns: int
    ) -> Mapping[int, tuple[NDArray[Any], NDArray[Any]]]:
        """(device times, values) of each of `points` in order of time, retained readings left out.

        BadInput when they are more than `RAW_MAX`. A point without readings is absent.
        """
        rows = np.concatenate(self._both(_question(points, from_ns, to_ns), RAW, SAMPLE))
        if len(rows) > RAW_MAX:
            raise BadInput(f"More than {RAW_MAX} readings asked for: ask for a shorter time.")
        rows = rows[np.lexsort((rows["at_ns"], rows["point"]))]
        return {point: (few["at_ns"].copy(), few["value"].copy()) for point, few in _by_point(rows)}

    def _both(self, question: Question, template: str, shape: "np.dtype[Any]") -> tuple[Rows, Rows]:
        """What the files say in `shape`, and the samples of the tail after them."""
        if not question.points or question.to_ns < question.from_ns:
            return np.empty(0, shape), np.empty(0, SAMPLE)
        with self._lock:
            for _ in range(TRIES):
                paths = files(self._archive)
                concerned = [path for path in paths if question.concerns(path)]
                archived = self._archived(question, template, concerned)
                tail = question.of(self._tail.after(reached(paths)))
                if files(self._archive) == paths:
                    break
        return _as_rows(archived, shape), tail

    def _archived(self, question: Question, template: str, paths: Sequence[Path]) -> Mapping[str, Rows]:
        if not paths:
            return {}
        if self._asked is None:
            self._asked = duckdb.connect(config=hours.SETTINGS)
        try:
            asked = self._asked.execute(question.sql(template), question.parameters(template, paths))
            return asked.fetchnumpy()
        except duckdb.Error as error:
            good = [path for path in paths if _is_good(path)]
            if len(good) == len(paths):
                raise WorldFailed(f"The archive {self._archive} can't be asked: {error}.") from error
            log.warning("%d files of %s are left out: %s", len(paths) - len(good), self._archive, error)
            return self._archived(question, template, good)


def _question(points: Sequence[int], from_ns: int, to_ns: int, width_ns: int = 1) -> Question:
    numbers = tuple(sorted({int(point) for point in points}))
    if len(numbers) > POINTS_MAX:
        raise BadInput(f"{len(numbers)} points asked for, at most {POINTS_MAX}.")
    return Question(numbers, from_ns, to_ns, width_ns)


def _as_rows(columns: Any, shape: "np.dtype[Any]") -> Rows:
    """Columns by name, or wider rows, as rows of `shape`; none: no rows."""
    length = len(columns["point"]) if len(columns) else 0
    rows = np.empty(length, shape)
    for name in (shape.names or ()) if length else ():
        rows[name] = columns[name]
    return rows


def _tail_hours(question: Question, readings: Readings) -> Rows:
    """The readings of the tail that are asked for, as hours that are yet to be added up."""
    samples = question.of(readings)
    samples = samples[samples["value"] != NO_VALUE]
    rows = np.empty(len(samples), hours.HOUR)
    for name in ("point", "at_ns"):
        rows[name] = samples[name]
    rows["hour"] = samples["at_ns"] // hours.HOUR_NS
    for name in ("low", "high", "total"):
        rows[name] = samples["value"]
    rows["end_ns"], rows["counted"] = rows["at_ns"], 1
    return rows


def _one_each(buckets: Rows) -> Rows:
    """One row a point and bucket, of what the files and the tail say of it, in order."""
    if not len(buckets):
        return buckets
    ordered = buckets[np.lexsort((buckets["bucket"], buckets["point"]))]
    new = (np.diff(ordered["point"]) != 0) | (np.diff(ordered["bucket"]) != 0)
    starts = np.flatnonzero(np.append(True, new))
    found = ordered[starts]
    for name, joined in (("at_ns", np.minimum), ("low", np.minimum), ("high", np.maximum)):
        found[name] = joined.reduceat(ordered[name], starts)
    return found


def _by_point(rows: Rows) -> list[tuple[int, Rows]]:
    """The rows of each point, which are sorted by point."""
    points, starts = np.unique(rows["point"], return_index=True)
    parts = np.split(rows, starts[1:])
    return [(int(point), part) for point, part in zip(points, parts, strict=False)]


def _is_good(path: Path) -> bool:
    try:
        pq.read_table(path)
    except (OSError, pa.ArrowException):
        return False
    return True
