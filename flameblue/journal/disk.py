"""How much room is left on the disk of the data folder, and a reserve for the worst night.

In this order (DESIGN.md, 3): the disk is low: archiving stops and the oldest history goes; it is full: the reserve
is given up, and the journal takes no more, so that cases and notices have it. Invariant: once full, it counts as
full until it is no longer low; nothing flickers at the edge.
"""

import os
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from flameblue.domain.limits import DISK_LOW_BYTES, RESERVE_BYTES

SMALL_DISK_PART = 4  # of a small disk at most this part has to be free
FULL_PART = 8  # of what counts as low

Usage = tuple[int, int]  # bytes free for us, bytes in all


class Room(Enum):
    """What the disk has left."""

    OK = "ok"
    LOW = "low"  # archiving stops, the oldest history goes
    FULL = "full"  # the reserve is given up; nothing more is acknowledged


def usage_of(folder: Path) -> Usage:
    """The (free, total) bytes of the file system that `folder` is on."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize


class Reserve:
    """A file that holds room: blocks that are really there, not a hole."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size

    def held(self) -> bool:
        return self._path.exists() and self._path.stat().st_size >= self._size

    def take(self) -> bool:
        """Holds the room; False, and nothing is held, when the disk has too little."""
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
        except OSError:
            self.give_up()
            return False
        return True

    def give_up(self) -> None:
        self._path.unlink(missing_ok=True)


class Disk:
    """The disk under `folder`. One thread calls `make_room`; any thread may ask `room` and `may_write`."""

    def __init__(self, folder: Path, usage: Callable[[], Usage] | None = None) -> None:
        self._usage = usage or (lambda: usage_of(folder))
        _, total = self._usage()
        self.low_bytes = min(DISK_LOW_BYTES, total // SMALL_DISK_PART)
        self.full_bytes = self.low_bytes // FULL_PART
        self.reserve_bytes = min(RESERVE_BYTES, self.full_bytes)
        self._reserve = Reserve(folder / "reserve.bin", self.reserve_bytes)
        self.room = Room.OK

    def free_bytes(self) -> int:
        """Free now, the reserve not counted."""
        return self._usage()[0]

    def may_write(self) -> bool:
        """Whether the journal may take more."""
        return self.room is not Room.FULL

    def make_room(self, drop_oldest: Callable[[], bool]) -> Room:
        """Looks, and gives up what may go; `drop_oldest` removes a file of history, False: there is none.

        A low disk loses one file a call, a full one as many as it takes. Call it every few seconds.
        """
        free = self.free_bytes()
        if free < self.low_bytes:
            free = self._without_history(free, drop_oldest)
        self.room = self._judged(free)
        return self.room

    def _without_history(self, free: int, drop_oldest: Callable[[], bool]) -> int:
        while drop_oldest():
            free = self.free_bytes()
            if free >= self.full_bytes:
                break
        return free

    def _judged(self, free: int) -> Room:
        if not self._reserve.held():
            needed = self.low_bytes if self.room is Room.FULL else self.full_bytes + self.reserve_bytes
            if free < needed or not self._reserve.take():
                return Room.FULL
            free -= self.reserve_bytes
        if free < self.full_bytes:
            self._reserve.give_up()
            return Room.FULL
        return Room.LOW if free < self.low_bytes else Room.OK
