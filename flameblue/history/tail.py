"""The journal's tail: the readings that are not in the archive yet, kept in memory and read on from where it was.

Invariant: bounded. Where archiving has stopped for so long that more than `TAIL_RECORDS_MAX` records wait, the older
ones are not seen until they are archived; what is asked about a running case is at the end.
"""

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flameblue.domain.readings import READING, Readings
from flameblue.journal.log import Journal, read_past_damage
from flameblue.journal.record import Kind, Record, readings_of

log = logging.getLogger("flameblue.history")
RECORDS_A_READ = 1_000
TAIL_RECORDS_MAX = 100_000  # a quarter of an hour of 100 batches a second
TAIL_READINGS_MAX = 4_000_000  # × 26 B = 104 MB


class Tail:
    """What `journal` has after an offset. Not for two threads at once."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._start = self._reached = 0
        self._readings: Readings = np.empty(0, READING)
        self._offsets: NDArray[Any] = np.empty(0, np.int64)

    def after(self, offset: int) -> Readings:
        """The readings of the records after `offset`, in their order."""
        end = self._journal.end()
        start = max(offset, end - TAIL_RECORDS_MAX)
        if start > offset and self._start <= offset:
            log.warning("The archive is %d records behind; the oldest of them are not seen.", end - offset)
        if start < self._start or end < self._reached:
            self._start = self._reached = 0
            self._keep(slice(0, 0))
        self._start = start
        self._read_on(max(self._reached, start))
        self._keep(slice(int(np.searchsorted(self._offsets, start, "right")), None))
        return self._readings

    def _read_on(self, after: int) -> None:
        records: list[Record] = []
        waiting = 0
        while found := read_past_damage(self._journal, after, RECORDS_A_READ):
            after = found[-1].offset
            batches = [record for record in found if record.kind is Kind.READINGS and record.body]
            waiting += sum(len(record.body) for record in batches)
            records += batches
            if waiting >= TAIL_READINGS_MAX * READING.itemsize:
                self._take(records)
                records, waiting = [], 0
        self._take(records)
        self._reached = after

    def _take(self, records: list[Record]) -> None:
        parts = [readings_of(record) for record in records]
        offsets = np.repeat([record.offset for record in records], [len(part) for part in parts])
        self._readings = np.concatenate([self._readings, *parts])
        self._offsets = np.concatenate([self._offsets, offsets.astype(np.int64)])
        self._keep(slice(-TAIL_READINGS_MAX, None))

    def _keep(self, kept: slice) -> None:
        self._readings, self._offsets = self._readings[kept], self._offsets[kept]
