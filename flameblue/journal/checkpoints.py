"""Moving the write-ahead log into the journal's file, beside the commits.

A checkpoint inside a commit costs its caller two syncs and megabytes of writing (performance.md, D: 8 ms and more at
the 99th percentile). Here a thread does it with its own connection: most of it while commits go on, the small rest
while they wait, so that the next commit can start the log at its beginning again. Invariant: the log grows no
further than `JOURNAL_LOG_BYTES` and what is committed during one such round, unless a reader keeps an old state open
or the disk fails; then the next round tries again. The file of the log keeps its size: room that a full disk can't
take.
"""

import logging
import sqlite3
import threading
from pathlib import Path

from flameblue.domain.limits import JOURNAL_LOG_BYTES

log = logging.getLogger("flameblue.journal")
LITTLE_BYTES = 1024 * 1024  # moved in a few milliseconds while commits wait
PASSES = 4  # each has less to move than the one before; a disk at its end does not get ahead
COMMIT_BYTES = 8 * 1024  # what a commit adds to the log beside its bodies: parts of pages, twice


def size_of_log(path: Path) -> int:
    """The bytes of the write-ahead log beside the journal at `path`; 0 where there is none."""
    beside = path.with_name(f"{path.name}-wal")
    return beside.stat().st_size if beside.exists() else 0


class Checkpoints:
    """The thread for the journal at `path`; `writing` is the lock that every commit holds."""

    def __init__(self, path: Path, writing: threading.Lock) -> None:
        self._path = path
        self._writing = writing
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1)
        self._db.execute("PRAGMA synchronous=FULL")
        self._due = threading.Event()
        self._pending = 0
        self.committed(size_of_log(path))  # what a killed process has left behind
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="journal-checkpoints", daemon=True)
        self._thread.start()

    def committed(self, body_bytes: int) -> None:
        """Counts a commit; wakes the thread when the log has become long."""
        self._pending += body_bytes + COMMIT_BYTES
        if self._pending >= JOURNAL_LOG_BYTES:
            self._due.set()

    def stop(self) -> None:
        """Waits for the round under way."""
        self._stopping = True
        self._due.set()
        self._thread.join()
        self._db.close()

    def move(self) -> bool:
        """One round; whether all of the log is in the file now."""
        try:
            self._pass_until_little_is_left()
            with self._writing:
                self._pending = 0
                done = self._pass()
        except sqlite3.Error as error:
            log.warning("The write-ahead log of %s can't be moved yet: %s.", self._path, error)
            done = False
        if not done:
            self._pending = max(self._pending, JOURNAL_LOG_BYTES // 2)
        return done

    def _pass_until_little_is_left(self) -> None:
        for _ in range(PASSES):
            self._pending = 0
            self._pass()
            if self._pending < LITTLE_BYTES:
                return

    def _pass(self) -> bool:
        _, frames, moved = self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return bool(frames == moved)

    def _run(self) -> None:
        while True:
            self._due.wait()
            if self._stopping:
                return
            self._due.clear()
            self.move()
