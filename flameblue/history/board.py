"""The board: the latest reading of every point, in one memory-mapped file. One writer, many readers.

Invariants: a record is written between an odd and an even sequence number and carries a check of all its fields, so
a reader takes it whole or tries again, on any processor, and what a crash left half-written is no reading; every
block of the file is allocated, so a full disk stops its growth and never the writer; it grows into a new file of
the next generation, and the old one says that it is superseded; a late reading does not replace a newer one, unless
nothing newer has come for `STUCK_NS`: a clock that was set back must not freeze the board.
"""

import logging
import mmap
import os
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flameblue.domain.limits import POINTS_MAX, SECOND_NS
from flameblue.domain.readings import Mark, Readings

log = logging.getLogger("flameblue.history")
MAGIC = 0x3230_4452_414F_4246  # "FBOARD02"
HEADER = np.dtype([("magic", "<u8"), ("generation", "<u4"), ("superseded", "<u4"), ("_", "V48")])
SLOT = np.dtype(
    [
        ("sequence", "<u4"),  # 0: no reading yet; odd: being written
        ("check", "<u4"),
        ("at_ns", "<i8"),
        ("arrival_ns", "<i8"),  # when the point was heard last
        ("taken_ns", "<i8"),  # when the reading shown here arrived
        ("value", "<i4"),
        ("marks", "<u2"),
        ("_", "<u2"),
    ]
)
FIELDS = ("at_ns", "arrival_ns", "taken_ns", "value", "marks")
SLOTS_MIN = 1_024
SLOTS_MAX = 4 * POINTS_MAX  # ids are never used again, so they run ahead of the number of points
FOREIGN = int(Mark.FOREIGN)
STUCK_NS = 600 * SECOND_NS
READ_TRIES = 200
PAUSE_S = 0.001

Slots = NDArray[Any]


class Latest(NamedTuple):
    """The newest reading of a point and when it was heard last. Nanoseconds; the value in the quantity's steps."""

    at_ns: int
    arrival_ns: int
    value: int
    marks: int


class Board:
    """The file at `path`; the slot of a point is its id. `writable` for the one writer (and its threads)."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        self._path = path
        self._writable = writable
        self._lock = threading.Lock()
        self._header: NDArray[Any] = np.zeros(1, HEADER)
        self._slots: Slots = np.empty(0, SLOT)
        self._map: mmap.mmap | None = None
        if not writable:
            self._open()
        elif not path.exists() or not self._open():
            self._replace(np.zeros(SLOTS_MIN, SLOT))
        else:
            self._forget_torn()

    def update(self, readings: Readings, arrival_ns: int) -> None:
        """Takes what is newer than what the board has, of readings that arrived at `arrival_ns`."""
        with self._lock:
            newest = newest_of(self._fitting(readings))
            if not len(newest):
                return
            points = newest["point"].astype(np.int64)
            old = self._slots[points]
            fresh = old.copy()
            fresh["arrival_ns"] = arrival_ns
            stuck = np.abs(arrival_ns - old["taken_ns"]) > STUCK_NS
            taken = (old["sequence"] == 0) | (newest["at_ns"] > old["at_ns"]) | stuck
            fresh["taken_ns"][taken] = arrival_ns
            for name in ("at_ns", "value", "marks"):
                fresh[name][taken] = newest[name][taken]
            self._write(points, fresh)

    def latest(self, point: int) -> Latest | None:
        """The newest reading of `point`, or None where none has come."""
        found = self._whole(slice(point, point + 1))
        if not len(found) or not found["sequence"][0]:
            return None
        one = found[0]
        return Latest(int(one["at_ns"]), int(one["arrival_ns"]), int(one["value"]), int(one["marks"]))

    def all(self) -> Slots:
        """A copy of all slots, indexed by point id; a slot with sequence 0 has no reading."""
        return self._whole(slice(None))

    def arrivals(self) -> NDArray[np.int64]:
        """When each point was heard last, indexed by point id; 0: never.

        One field, read as it stands: it is written as a whole, and half a record was heard too.
        """
        with self._lock:
            self._follow()
            heard: NDArray[np.int64] = self._slots["arrival_ns"].astype(np.int64)
            return heard

    def close(self) -> None:
        self._header, self._slots = np.zeros(1, HEADER), np.empty(0, SLOT)
        if self._map is not None:
            self._map.close()
            self._map = None

    def _whole(self, wanted: slice) -> Slots:
        """A copy of `wanted` without a torn record: one that stays torn (its writer died) is no reading."""
        if self._writable:
            with self._lock:
                return self._slots[wanted].copy()
        self._follow()
        slots = self._slots[wanted]
        found = slots.copy()
        for tries in range(READ_TRIES):
            torn = np.flatnonzero(~is_whole(found) | (found["sequence"] != slots["sequence"]))
            if not len(torn):
                return found
            if tries:
                time.sleep(PAUSE_S)
            found[torn] = slots[torn]
        found[~is_whole(found)] = np.zeros((), SLOT)
        return found

    def _write(self, points: NDArray[Any], fresh: Slots) -> None:
        odd = self._slots["sequence"][points] | np.uint32(1)
        fresh["sequence"] = odd + np.uint32(1)
        fresh["check"] = check_of(fresh)
        self._slots["sequence"][points] = odd
        for name in (*FIELDS, "check"):
            self._slots[name][points] = fresh[name]
        self._slots["sequence"][points] = fresh["sequence"]

    def _fitting(self, readings: Readings) -> Readings:
        """The points' own that the file has a slot for, after it has grown for the others if it can."""
        own = readings["marks"] & FOREIGN == 0
        readings = readings[own & (readings["point"] < SLOTS_MAX)]
        if not len(readings):
            return readings
        highest = int(readings["point"].max())
        if highest >= len(self._slots):
            self._grow(highest)
        return readings[readings["point"] < len(self._slots)]

    def _grow(self, point: int) -> None:
        slots = max(len(self._slots), SLOTS_MIN)
        while slots <= point:
            slots *= 2
        grown = np.zeros(slots, SLOT)
        grown[: len(self._slots)] = self._slots
        try:
            self._replace(grown)
        except OSError as error:
            log.warning("The board %s can't grow to %d points: %s.", self._path, len(grown), error)

    def _replace(self, slots: Slots) -> None:
        """A new file with `slots`, which readers of the old one are sent to."""
        header = np.zeros(1, HEADER)
        header["magic"], header["generation"] = MAGIC, self._header["generation"] + 1
        draft = self._path.with_suffix(".draft")
        try:
            with draft.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, HEADER.itemsize + slots.nbytes)
                file.write(header.tobytes() + slots.tobytes())
            draft.replace(self._path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        old = self._header
        self._open()
        old["superseded"] = 1

    def _open(self) -> bool:
        """Maps the file; False, and there are no slots, when it is not a board."""
        self._header, self._slots, self._map = np.zeros(1, HEADER), np.empty(0, SLOT), None
        with self._path.open("r+b" if self._writable else "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < HEADER.itemsize + SLOT.itemsize:
                return False
            access = mmap.ACCESS_WRITE if self._writable else mmap.ACCESS_READ
            mapped = mmap.mmap(file.fileno(), 0, access=access)
        header = np.frombuffer(mapped, HEADER, 1)
        if header["magic"][0] != MAGIC:
            return False
        count = (size - HEADER.itemsize) // SLOT.itemsize
        self._header, self._map = header, mapped
        self._slots = np.frombuffer(mapped, SLOT, count, HEADER.itemsize)
        return True

    def _follow(self) -> None:
        if self._header["superseded"][0] or self._header["magic"][0] != MAGIC:
            self._open()

    def _forget_torn(self) -> None:
        """What a crash left half-written is no reading; the journal's replay brings it again."""
        torn = np.flatnonzero(~is_whole(self._slots))
        self._slots[torn] = np.zeros((), SLOT)


def newest_of(readings: Readings) -> Readings:
    """The newest reading of each point; of two with the same time the later one."""
    if not len(readings):
        return readings
    ordered = readings[np.lexsort((readings["at_ns"], readings["point"]))]
    last = np.append(ordered["point"][1:] != ordered["point"][:-1], True)
    newest: Readings = ordered[last]
    return newest


def check_of(slots: Slots) -> NDArray[np.uint32]:
    """32 bits that depend on every field and on the sequence number."""
    mixed = slots["sequence"].astype(np.uint64)
    for name in FIELDS:
        mixed = (mixed ^ slots[name].astype(np.int64).view(np.uint64)) * np.uint64(0x9E37_79B9_7F4A_7C15)
        mixed ^= mixed >> np.uint64(29)
    check: NDArray[np.uint32] = (mixed >> np.uint64(32)).astype(np.uint32)
    return check


def is_whole(slots: Slots) -> NDArray[np.bool_]:
    """Which of `slots` are not half-written."""
    sequence = slots["sequence"]
    return np.asarray((sequence == 0) | ((sequence % 2 == 0) & (slots["check"] == check_of(slots))))
