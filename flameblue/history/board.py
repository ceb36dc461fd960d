"""The board: the latest reading of every point, in one memory-mapped file. One writer, many readers.

Invariants: a record is written between an odd and an even sequence number, so a reader never takes a torn one; the
file grows by doubling into a new file that replaces the old one, and readers see the change by its inode; a late
reading never replaces a newer one.
"""

import mmap
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flameblue.domain.readings import Readings

SLOT = np.dtype(
    [
        ("sequence", "<u8"),
        ("at_ns", "<i8"),
        ("arrival_ns", "<i8"),
        ("value", "<i4"),
        ("marks", "<u2"),
        ("_", "<u2"),
    ]
)
SLOTS_MIN = 1_024
READ_TRIES = 100


class Latest(NamedTuple):
    """The newest reading of a point. Times in nanoseconds, the value in the quantity's steps."""

    at_ns: int
    arrival_ns: int
    value: int
    marks: int


class Board:
    """The file at `path`; the slot of a point is its id. `writable` for the one writer."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        self._path = path
        self._writable = writable
        self._slots: NDArray[Any] = np.empty(0, SLOT)
        if writable and not path.exists():
            self._make(SLOTS_MIN)
        self._open()

    def update(self, readings: Readings, arrival_ns: int) -> None:
        """Takes what is newer than what the board has."""
        if not len(readings):
            return
        self._grow(int(readings["point"].max()))
        slots = self._slots
        order = np.argsort(readings["at_ns"], kind="stable")
        newest = {int(readings["point"][i]): int(i) for i in order}
        for point, i in newest.items():
            slot = slots[point]
            if slot["sequence"] and readings["at_ns"][i] <= slot["at_ns"]:
                slot["arrival_ns"] = max(int(slot["arrival_ns"]), arrival_ns)
                continue
            slot["sequence"] += 1
            slot["at_ns"] = readings["at_ns"][i]
            slot["arrival_ns"] = arrival_ns
            slot["value"] = readings["value"][i]
            slot["marks"] = readings["marks"][i]
            slot["sequence"] += 1

    def latest(self, point: int) -> Latest | None:
        """The newest reading of `point`, or None where none has come."""
        self._follow()
        if point >= len(self._slots):
            return None
        for _ in range(READ_TRIES):
            slot = self._slots[point].copy()
            if slot["sequence"] == 0:
                return None
            if slot["sequence"] % 2 == 0 and slot["sequence"] == self._slots[point]["sequence"]:
                return Latest(
                    int(slot["at_ns"]), int(slot["arrival_ns"]), int(slot["value"]), int(slot["marks"])
                )
        return None

    def all(self) -> NDArray[Any]:
        """A copy of all slots, indexed by point id; a slot with sequence 0 has no reading."""
        self._follow()
        return np.array(self._slots)

    def close(self) -> None:
        self._slots = np.empty(0, SLOT)
        self._map.close()

    def _make(self, slots: int) -> None:
        draft = self._path.with_suffix(".draft")
        with draft.open("wb") as file:
            file.truncate(slots * SLOT.itemsize)
        draft.replace(self._path)

    def _open(self) -> None:
        with self._path.open("r+b" if self._writable else "rb") as file:
            self._inode = os.fstat(file.fileno()).st_ino
            access = mmap.ACCESS_WRITE if self._writable else mmap.ACCESS_READ
            self._map = mmap.mmap(file.fileno(), 0, access=access)
        self._slots = np.frombuffer(self._map, dtype=SLOT)

    def _grow(self, point: int) -> None:
        slots = len(self._slots)
        if point < slots:
            return
        while slots <= point:
            slots *= 2
        old = np.array(self._slots)
        draft = self._path.with_suffix(".draft")
        grown = np.zeros(slots, SLOT)
        grown[: len(old)] = old
        draft.write_bytes(grown.tobytes())
        draft.replace(self._path)
        self._open()

    def _follow(self) -> None:
        if not self._writable and self._path.stat().st_ino != self._inode:
            self._open()
