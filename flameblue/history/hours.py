"""Roll-ups: what a day of arrival says of each point and hour of device time, so that a year is asked in one blink.

Invariants: a roll-up's name is the range of offsets whose readings it holds, `<first>-<last>.hours.parquet`, in the
folder of their day; it is a plain summary of the day's files, so hours from roll-ups and hours from files add up to
the same; it stays when the files of its day have gone to make room.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from flameblue.domain.limits import SECOND_NS
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import UNCOUNTED

log = logging.getLogger("flameblue.history")
HOUR_NS = 3_600 * SECOND_NS
NAME = re.compile(r"(\d{16,19})-(\d{16,19})\.hours\.parquet")
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "512MB",
    "temp_directory": "",
    "autoinstall_known_extensions": False,  # nothing is ever fetched
    "autoload_known_extensions": False,
}
HOUR = np.dtype(
    [
        *(
            ("point", "<i8"),
            ("hour", "<i8"),
            ("at_ns", "<i8"),
            ("end_ns", "<i8"),
            ("low", "<i4"),
            ("high", "<i4"),
        ),
        *(("total", "<i8"), ("counted", "<i8")),
    ]
)
NUMBERS = ("point", "hour", "at_ns", "end_ns", "low", "high", "total", "counted")
BY_HOUR = f"""
    SELECT point::BIGINT AS point, at_ns // {HOUR_NS} AS hour, min(at_ns) AS at_ns, max(at_ns) AS end_ns,
           min(value) AS low, max(value) AS high, sum(value::BIGINT)::BIGINT AS total, count(*) AS counted
    FROM read_parquet($files)
    WHERE (marks & {int(UNCOUNTED)}) = 0 AND value <> {NO_VALUE} {{wanted}} GROUP BY ALL
"""
Rows = np.ndarray[Any, Any]


def name_of(first: int, last: int) -> str:
    return f"{first:016d}-{last:016d}.hours.parquet"


def range_of(path: Path) -> tuple[int, int]:
    """The first and the last offset that a roll-up holds."""
    found = NAME.fullmatch(path.name)
    assert found is not None, path
    return int(found[1]), int(found[2])


def listed(folder: Path) -> list[tuple[str, str]]:
    """(day, name) of all that stands in the folders of the days, in order. A folder that goes meanwhile has nothing."""
    found: list[tuple[str, str]] = []
    for day in _names(folder):
        found += ((day, name) for name in _names(folder / day))
    return sorted(found)


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def roll_ups(folder: Path, listing: Iterable[tuple[str, str]] | None = None) -> list[Path]:
    """The roll-ups in the archive `folder`, without one inside the range of another: a crash left it."""
    known = listed(folder) if listing is None else listing
    found = [folder / day / name for day, name in known if NAME.fullmatch(name)]
    kept: list[Path] = []
    for path in sorted(found, key=lambda path: (path.parent.name, range_of(path)[0], -range_of(path)[1])):
        if not kept or kept[-1].parent != path.parent or not _inside(range_of(path), range_of(kept[-1])):
            kept.append(path)
    return kept


def split(rolled: Iterable[Path], ranges: dict[Path, tuple[int, int]]) -> tuple[list[Path], list[Path]]:
    """The roll-ups that count, and the files (with their `ranges`) that none of those holds.

    A roll-up counts where it holds a file of its day wholly or not at all; else the files are read.
    """
    by_day: dict[Path, list[Path]] = {}
    for path in ranges:
        by_day.setdefault(path.parent, []).append(path)
    counting, held = [], set()
    for path in rolled:
        whole = range_of(path)
        near = [file for file in by_day.get(path.parent, []) if _touches(ranges[file], whole)]
        if all(_inside(ranges[file], whole) for file in near):
            counting.append(path)
            held.update(near)
    return counting, [path for path in ranges if path not in held]


def summary(paths: Sequence[Path]) -> pa.Table:
    """The readings of the files `paths` by point and hour, in order."""
    with duckdb.connect(config=SETTINGS) as asked:
        asked.execute(BY_HOUR.format(wanted=""), {"files": [str(path) for path in paths]})
        columns = asked.fetchnumpy()
    order = np.lexsort((columns["hour"], columns["point"]))
    return pa.table({name: np.ascontiguousarray(columns[name][order]) for name in NUMBERS})


def added(rows: Rows) -> Rows:
    """One row a point and hour, of what several sources say of it, in order."""
    if not len(rows):
        return rows
    ordered = rows[np.lexsort((rows["hour"], rows["point"]))]
    new = (np.diff(ordered["point"]) != 0) | (np.diff(ordered["hour"]) != 0)
    starts = np.flatnonzero(np.append(True, new))
    found = ordered[starts]
    joins = (
        ("at_ns", np.minimum),
        ("end_ns", np.maximum),
        ("low", np.minimum),
        ("high", np.maximum),
        ("total", np.add),
        ("counted", np.add),
    )
    for name, joined in joins:
        found[name] = joined.reduceat(ordered[name], starts)
    return found


def _inside(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _touches(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
