"""The archive: the journal's readings as Parquet, a folder a day of arrival, in the end a file a day.

Invariants: a file's name is the range of offsets that it holds, `<first>-<last>.parquet`, so what is archived can
be read off the names and a crash repeats nothing; a file appears whole, by a rename after its sync, and its folder
is synced before `cursor` moves, for the journal forgets what `cursor` has passed; a file holds one day of arrival
(UTC), the one its folder is named after; a file inside the range of another has been merged into it and counts no
more. Values are the integers of the journal, delta-encoded (performance.md, E: 1.15 bytes a reading).
"""

import logging
import os
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flameblue.domain.limits import SECOND_NS
from flameblue.domain.readings import READING
from flameblue.history import hours
from flameblue.journal.record import Kind, Record, readings_of

log = logging.getLogger("flameblue.history")
READINGS_A_FILE = 500_000  # × 18 B = 9 MB that wait in memory and are read from the journal by every question
FILE_BYTES = READINGS_A_FILE * READING.itemsize
WAITING_BYTES_MAX = 8 * FILE_BYTES  # what a failing disk may keep in memory
READINGS_MERGED_MAX = (
    4_000_000  # × 30 B × 3 = 360 MB while a day's files become one; a larger day stays several
)
ROWS_A_GROUP = 100_000  # the step in which a question skips what it does not need
NAME = re.compile(r"\d{16,19}-\d{16,19}\.parquet")
NUMBERS = ("point", "at_ns", "value", "arrival_ns")


class Archive:
    """Collects records and writes them as files in `folder`. One thread uses it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for draft in folder.rglob("*.draft"):
            draft.unlink()
        for path in merged_away(folder):
            path.unlink()
        self.cursor = reached(files(folder))
        self._waiting: list[Record] = []
        self._bytes = 0
        self._flush_at = FILE_BYTES

    @property
    def collected(self) -> int:
        """The offset of the last record taken; what is after `cursor` is not in a file yet."""
        return self._waiting[-1].offset if self._waiting else self.cursor

    def append(self, records: Sequence[Record]) -> None:
        """Takes `records`, which follow on the last ones; writes a file when enough have come, or a new day.

        A disk that can't take the file is logged and tried again with the next one; OSError when too much waits.
        """
        for record in records:
            assert record.offset > self.collected, f"{record.offset} comes after {self.collected}"
            if self._waiting and day_of(record.arrival_ns) != day_of(self._waiting[-1].arrival_ns):
                self.flush()
                self.merge_days(before=day_of(record.arrival_ns))
            self._waiting.append(record)
            if record.kind is Kind.READINGS:
                self._bytes += len(record.body)
        if self._bytes >= self._flush_at:
            self.try_to_flush()

    def flush(self) -> None:
        """Writes what has been taken; afterwards `cursor` is the last record's offset."""
        if not self._waiting:
            return
        first, last = self._waiting[0].offset, self._waiting[-1].offset
        batches = [record for record in self._waiting if record.kind is Kind.READINGS and record.body]
        if batches:
            target = self._folder / day_of(batches[-1].arrival_ns) / name_of(first, last)
            write(table_of(batches), target)
        self.cursor = last
        self._waiting, self._bytes, self._flush_at = [], 0, FILE_BYTES

    def try_to_flush(self) -> None:
        """Writes what has been taken, or keeps it for later; OSError when more waits than memory should hold."""
        try:
            self.flush()
        except OSError as error:
            if self._bytes >= WAITING_BYTES_MAX:
                raise
            log.warning("The archive %s can't be written yet: %s.", self._folder, error)
            self._flush_at = self._bytes + FILE_BYTES

    def merge_days(self, before: str) -> int:
        """Makes one file of each day's files, for the days before the day `before`, and a roll-up; how many files went.

        A day that can't be merged, for want of room or for a damaged file, stays as it is.
        """
        gone = 0
        days = sorted(folder for folder in self._folder.iterdir() if folder.is_dir() and folder.name < before)
        whole = []
        for folder in days:
            try:
                gone += merge(folder)
                whole.append(folder)
            except (OSError, pa.ArrowException) as error:
                log.warning("The files in %s can't be made one yet: %s.", folder, error)
        self._roll_up(whole)
        return gone

    def _roll_up(self, days: Sequence[Path]) -> None:
        """A roll-up of each day that has none of all its files, the newest first, until one fails."""
        by_day: dict[Path, list[Path]] = {}
        for path in files(self._folder):
            by_day.setdefault(path.parent, []).append(path)
        try:
            for folder in sorted(set(days) & set(by_day), reverse=True):
                roll_up(folder, by_day[folder])
        except (OSError, duckdb.Error) as error:
            log.warning("The hours of a day in %s can't be written yet: %s.", self._folder, error)

    def drop_oldest(self) -> bool:
        """Removes the oldest file when the disk fills; False when only the newest is left: its name is needed."""
        found = files(self._folder)
        if len(found) < 2:
            return False
        found[0].unlink()
        return True


def day_of(arrival_ns: int) -> str:
    """The UTC day, as folders are named."""
    return datetime.fromtimestamp(arrival_ns // SECOND_NS, UTC).strftime("%Y-%m-%d")


def name_of(first: int, last: int) -> str:
    return f"{first:016d}-{last:016d}.parquet"


def offsets_of(path: Path) -> tuple[int, int]:
    """The first and the last offset in the file."""
    first, last = path.stem.split("-")
    return int(first), int(last)


def reached(paths: Iterable[Path]) -> int:
    """The last offset that the files hold; 0 where there are none."""
    return max((offsets_of(path)[1] for path in paths), default=0)


def files(folder: Path, listing: Iterable[tuple[str, str]] | None = None) -> list[Path]:
    """The archive's files, oldest first, without those that have been merged into another."""
    found = _in_order(folder, hours.listed(folder) if listing is None else listing)
    gone = set(_inside_others(found))
    return [path for path in found if path not in gone]


def merged_away(folder: Path) -> list[Path]:
    """The files inside the range of another: a crash came between the merged file and their end."""
    return _inside_others(_in_order(folder, hours.listed(folder)))


def _inside_others(found: Iterable[Path]) -> list[Path]:
    gone, so_far = [], 0
    for path in found:
        last = offsets_of(path)[1]
        if last <= so_far:
            gone.append(path)
        so_far = max(so_far, last)
    return gone


def _in_order(folder: Path, listing: Iterable[tuple[str, str]]) -> list[Path]:
    """By first offset; of two with the same the longer range comes first. What others have put here is passed over."""
    ours = [folder / day / name for day, name in listing if NAME.fullmatch(name)]
    return sorted(ours, key=lambda path: (offsets_of(path)[0], -offsets_of(path)[1]))


def table_of(batches: Sequence[Record]) -> pa.Table:
    """The readings of `batches` by point and time: neighbours are alike, so they pack well and are found fast."""
    parts = [readings_of(record) for record in batches]
    readings = np.concatenate(parts)
    arrivals = np.array([record.arrival_ns for record in batches], np.int64)
    arrival = np.repeat(arrivals, [len(part) for part in parts])
    order = np.lexsort((readings["at_ns"], readings["point"]))
    columns = {
        name: np.ascontiguousarray(readings[name][order]) for name in ("point", "at_ns", "value", "marks")
    }
    return pa.table(columns | {"arrival_ns": arrival[order]})


def roll_up(folder: Path, paths: Sequence[Path]) -> None:
    """Writes the roll-up of the day `folder`, which has the files `paths`, unless it has one of them all."""
    ranges = [offsets_of(path) for path in paths]
    first, last = min(ranges)[0], max(last for _, last in ranges)
    old = [path for path in folder.iterdir() if hours.NAME.fullmatch(path.name)]
    if any(begin <= first and last <= end for begin, end in map(hours.range_of, old)):
        return
    write(hours.summary(paths), folder / hours.name_of(first, last), hours.NUMBERS)
    for path in old:
        begin, end = hours.range_of(path)
        if first <= begin and end <= last:
            path.unlink()


def write(table: pa.Table, target: Path, numbers: Sequence[str] = NUMBERS) -> None:
    """Writes `target` whole and durably, or leaves nothing (OSError)."""
    if not target.parent.exists():
        target.parent.mkdir()
        _sync(target.parent.parent)
    draft = target.with_suffix(".draft")
    try:
        pq.write_table(
            table,
            draft,
            row_group_size=ROWS_A_GROUP,
            compression="zstd",
            use_dictionary=False,
            column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
        )
        _sync(draft)
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync(target.parent)


def merge(folder: Path) -> int:
    """Makes the files of one day one, or as few as `READINGS_MERGED_MAX` allows; how many files went."""
    gone = 0
    for group in _groups(files(folder.parent), folder):
        table = pa.concat_tables([pq.read_table(path) for path in group])
        first, last = offsets_of(group[0])[0], offsets_of(group[-1])[1]
        write(table.sort_by([("point", "ascending"), ("at_ns", "ascending")]), folder / name_of(first, last))
        for path in group:
            path.unlink()
        gone += len(group)
    return gone


def _groups(paths: Iterable[Path], folder: Path) -> list[list[Path]]:
    """Neighbours in `folder` that become one file: no file of another day lies between them."""
    groups: list[list[Path]] = []
    size = 0
    for before, path in pairwise([Path(), *paths]):
        if path.parent != folder:
            continue
        rows = pq.read_metadata(path).num_rows
        if groups and before.parent == folder and size + rows <= READINGS_MERGED_MAX:
            groups[-1].append(path)
            size += rows
        else:
            groups.append([path])
            size = rows
    return [group for group in groups if len(group) > 1]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
