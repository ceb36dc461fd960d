"""The archive: the journal's readings as Parquet, a folder a day of arrival.

Invariants: a file's name is the range of offsets that it holds, `<first>-<last>.parquet`, so what is archived can
be read off the names and a crash repeats nothing; a file appears whole, by a rename after its sync.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flameblue.journal.record import Kind, Record, readings_of

READINGS_A_FILE = 500_000
COLUMNS = ("point", "at_ns", "value", "marks", "arrival_ns")


class Archive:
    """Collects records and writes them as files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for draft in folder.rglob("*.draft"):
            draft.unlink()
        self.cursor = max((last for _, last in map(offsets_of, files(folder))), default=0)
        self._waiting: list[Record] = []
        self._count = 0

    @property
    def collected(self) -> int:
        """The offset of the last record taken; what is after `cursor` is not in a file yet."""
        return self._waiting[-1].offset if self._waiting else self.cursor

    def append(self, records: Sequence[Record]) -> None:
        """Takes `records`, which follow on the last ones; writes a file when enough have come."""
        for record in records:
            assert record.offset > self.collected, f"{record.offset} comes after {self.collected}"
            self._waiting.append(record)
            if record.kind is Kind.READINGS:
                self._count += len(record.body)
        if self._count >= READINGS_A_FILE * 18:
            self.flush()

    def flush(self) -> None:
        """Writes what has been taken; afterwards `cursor` is the last record's offset."""
        if not self._waiting:
            return
        first, last = self._waiting[0].offset, self._waiting[-1].offset
        batches = [record for record in self._waiting if record.kind is Kind.READINGS]
        if batches:
            self._write(batches, first, last)
        self.cursor = last
        self._waiting, self._count = [], 0

    def _write(self, batches: Sequence[Record], first: int, last: int) -> None:
        readings = np.concatenate([readings_of(record) for record in batches])
        lengths = [len(readings_of(record)) for record in batches]
        arrival = np.repeat(np.array([record.arrival_ns for record in batches], np.int64), lengths)
        order = np.lexsort((readings["at_ns"], readings["point"]))
        table = pa.table(
            {name: np.ascontiguousarray(readings[name][order]) for name in COLUMNS[:-1]}
            | {"arrival_ns": arrival[order]}
        )
        day = datetime.fromtimestamp(batches[-1].arrival_ns / 1e9, UTC).strftime("%Y-%m-%d")
        target = self._folder / day / f"{first:016d}-{last:016d}.parquet"
        target.parent.mkdir(exist_ok=True)
        draft = target.with_suffix(".draft")
        pq.write_table(
            table,
            draft,
            compression="zstd",
            use_dictionary=False,
            column_encoding=dict.fromkeys(("point", "at_ns", "value", "arrival_ns"), "DELTA_BINARY_PACKED"),
        )
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(target)

    def drop_oldest(self) -> bool:
        """Removes the oldest file when the disk fills; False when there is none."""
        found = files(self._folder)
        if not found:
            return False
        found[0].unlink()
        return True


def files(folder: Path) -> list[Path]:
    """The archive's files, oldest first."""
    return sorted(folder.glob("*/*.parquet"), key=offsets_of)


def offsets_of(path: Path) -> tuple[int, int]:
    """The first and the last offset in the file."""
    first, last = path.stem.split("-")
    return int(first), int(last)
