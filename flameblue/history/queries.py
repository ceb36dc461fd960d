"""Bounded questions to the long memory: the Parquet files, and the journal's tail after them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import CHART_POINTS_MAX
from flameblue.domain.readings import READING, Mark, Readings
from flameblue.history.archive import files, offsets_of
from flameblue.journal.log import Journal
from flameblue.journal.record import Kind, readings_of

RECORDS_A_READ = 1_000
RAW_MAX = 1_000_000
ARCHIVED = """
    SELECT point, at_ns, value, marks FROM read_parquet(?)
    WHERE list_contains(?, point) AND at_ns BETWEEN ? AND ?
"""


class Series(NamedTuple):
    """One point over time: the first reading's time of each bucket, its lowest and highest value (steps)."""

    at_ns: NDArray[Any]
    low: NDArray[Any]
    high: NDArray[Any]


class Memory:
    """The archive's folder and the journal, asked as one."""

    def __init__(self, archive: Path, journal: Journal) -> None:
        self._archive = archive
        self._journal = journal

    def series(
        self, points: Sequence[int], from_ns: int, to_ns: int, *, buckets_max: int = CHART_POINTS_MAX
    ) -> dict[int, Series]:
        """The readings of `points` between two times, at most `buckets_max` buckets a point."""
        width_ns = max(1, -(-(to_ns - from_ns + 1) // buckets_max))
        found = {}
        for point, (at_ns, value) in self.raw(points, from_ns, to_ns).items():
            bucket = (at_ns - from_ns) // width_ns
            starts = np.flatnonzero(np.diff(bucket, prepend=-1))
            low, high = (np.asarray(f.reduceat(value, starts)) for f in (np.minimum, np.maximum))
            found[point] = Series(at_ns[starts], low, high)
        return found

    def raw(
        self, points: Sequence[int], from_ns: int, to_ns: int
    ) -> Mapping[int, tuple[NDArray[Any], NDArray[Any]]]:
        """(device times, values) of each of `points` in order of time, retained readings left out.

        BadInput when they are more than `RAW_MAX`. A point without readings is absent.
        """
        paths = files(self._archive)
        after = max((offsets_of(path)[1] for path in paths), default=0)
        rows = np.concatenate(
            [_archived(paths, points, from_ns, to_ns), _tail(self._journal, after, points, from_ns, to_ns)]
        )
        if len(rows) > RAW_MAX:
            raise BadInput(f"{len(rows)} readings asked for, at most {RAW_MAX}: ask for a shorter time.")
        rows = rows[(rows["marks"] & int(Mark.RETAINED)) == 0]
        rows = rows[np.lexsort((rows["at_ns"], rows["point"]))]
        found = {}
        for point in sorted(set(points)):
            low, high = np.searchsorted(rows["point"], [point, point + 1])
            if high > low:
                found[point] = (rows["at_ns"][low:high].copy(), rows["value"][low:high].copy())
        return found


def _archived(paths: Sequence[Path], points: Sequence[int], from_ns: int, to_ns: int) -> Readings:
    if not paths:
        return np.empty(0, READING)
    with duckdb.connect() as asked:
        columns = asked.execute(
            ARCHIVED, [[str(path) for path in paths], [int(point) for point in points], from_ns, to_ns]
        ).fetchnumpy()
    rows = np.empty(len(columns["point"]), READING)
    for name in rows.dtype.names or ():
        rows[name] = columns[name]
    return rows


def _tail(journal: Journal, after: int, points: Sequence[int], from_ns: int, to_ns: int) -> Readings:
    wanted = np.asarray(sorted(points), dtype="<u4")
    parts = [np.empty(0, READING)]
    while records := journal.read(after, RECORDS_A_READ):
        after = records[-1].offset
        for record in records:
            if record.kind is Kind.READINGS:
                readings = readings_of(record)
                at_ns = readings["at_ns"]
                parts.append(
                    readings[np.isin(readings["point"], wanted) & (at_ns >= from_ns) & (at_ns <= to_ns)]
                )
    return np.concatenate(parts)
