"""The embedded journal: one SQLite file (WAL, `synchronous=FULL`), a batch a row, a check sum a row.

Invariants: a commit returns after the write-ahead log is synced; offsets are dense, also over a retention that took
everything that it could; one process writes, held to it by a lock file; a reader never waits for a commit nor a
commit for a reader; the write-ahead log is moved into the file outside a commit, and its size is bounded
(`checkpoints.py`).
"""

import fcntl
import itertools
import logging
import sqlite3
import struct
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from flameblue.domain.errors import JournalCorrupt, JournalFull, WorldFailed
from flameblue.domain.limits import JOURNAL_AGE_NS_MAX, JOURNAL_BYTES_MAX
from flameblue.domain.points import NEVER_NS
from flameblue.journal.checkpoints import Checkpoints
from flameblue.journal.record import Draft, Kind, Record

log = logging.getLogger("flameblue.journal")
SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    offset INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    arrival_ns INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
"""
ROWS_AFTER = """
    SELECT offset, kind, arrival_ns, crc, body FROM record WHERE offset > ? ORDER BY offset LIMIT ?
"""
OLDEST = "SELECT offset, arrival_ns FROM record WHERE offset <= ? ORDER BY offset LIMIT ?"
HEAD = struct.Struct("<Bq")
BUSY_S = 20.0
KINDS = frozenset(map(int, Kind))
READ_BYTES_MAX = 32 * 1024 * 1024  # of one answer; the next read goes on
RETAIN_STEP = 32  # records × 1.2 MB ≈ 40 MB whose pages are freed while commits wait
RETAIN_MAX = 20_000  # records of one call; the next call goes on

Row = tuple[int, int, int, int, bytes]


def is_written(path: Path) -> bool:
    """Whether a process holds the journal at `path` to write it."""
    lock = path.with_suffix(".lock")
    if not lock.exists():
        return False
    with lock.open("ab") as probe:
        return not is_ours(probe)


def is_ours(lock: BinaryIO) -> bool:
    """Takes the lock for as long as the file is open; False where another process has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def check_sum(kind: int, arrival_ns: int, body: bytes) -> int:
    """CRC-32 over all of a record but its offset."""
    return zlib.crc32(body, zlib.crc32(HEAD.pack(kind, arrival_ns)))


def bounded(rows: Iterable[Row]) -> Iterator[Row]:
    """The first rows, until their bodies are `READ_BYTES_MAX`."""
    size = 0
    for row in rows:
        yield row
        size += len(row[-1])
        if size >= READ_BYTES_MAX:
            return


class EmbeddedJournal:
    """One file at `path`. `reader_only` opens what another process writes; WorldFailed when it can't be opened.

    `after`: the offset that an empty one goes on from.
    """

    def __init__(
        self, path: Path, *, reader_only: bool = False, bytes_max: int = JOURNAL_BYTES_MAX, after: int = 0
    ) -> None:
        self._path = path
        self._bytes_max = bytes_max
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._checkpoints: Checkpoints | None = None
        with ExitStack() as opened:
            if not reader_only:
                self._hold_alone(opened)
                self._writer = self._connected(opened, "rwc")
                self._prepare()
            self._reader = self._connected(opened, "ro")
            self._reader_only = reader_only
            self._end = self._read_end() or after
            if not reader_only:
                self._checkpoints = Checkpoints(path, self._writing)
                opened.callback(self._checkpoints.stop)
            self._opened = opened.pop_all()

    def append(self, drafts: Sequence[Draft]) -> list[int]:
        assert not self._reader_only
        with self._writing:
            start = self._end + 1
            rows = [
                (start + i, int(d.kind), d.arrival_ns, check_sum(d.kind, d.arrival_ns, d.body), d.body)
                for i, d in enumerate(drafts)
            ]
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                self._writer.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?)", rows)
                self._writer.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise JournalFull(f"The journal {self._path} can't be written: {error}.") from error
            self._end += len(rows)
        if self._checkpoints is not None:
            self._checkpoints.committed(sum(len(draft.body) for draft in drafts))
        return [row[0] for row in rows]

    def read(self, after: int, records_max: int) -> list[Record]:
        rows, failure = self._rows(after, records_max)
        records: list[Record] = []
        try:
            for row in rows:
                records.append(self._checked(row, records[-1].offset if records else after))
            if failure is not None:
                raise failure
        except JournalCorrupt:
            if not records:
                raise
        return records

    def first(self) -> int:
        return self._oldest() or self.end() + 1

    def end(self) -> int:
        return self._read_end() if self._reader_only else self._end

    def retain(self, cursor: int, now_ns: int) -> int:
        gone = 0
        while gone < RETAIN_MAX:
            before_ns = NEVER_NS if self.size_bytes() > self._bytes_max else now_ns - JOURNAL_AGE_NS_MAX
            with self._writing:
                dropped = self._drop_some(min(cursor, self._end - 1), before_ns)
            gone += dropped
            if dropped < RETAIN_STEP:
                break
        return gone

    def size_bytes(self) -> int:
        free = self._ask("PRAGMA freelist_count")
        return (self._ask("PRAGMA page_count") - free) * self._ask("PRAGMA page_size")

    def close(self) -> None:
        self._opened.close()

    def _hold_alone(self, opened: ExitStack) -> None:
        held = opened.enter_context(self._path.with_suffix(".lock").open("ab"))
        if not is_ours(held):
            raise WorldFailed(f"Another process writes the journal {self._path}.")

    def _connected(self, opened: ExitStack, mode: str) -> sqlite3.Connection:
        address = f"{self._path.absolute().as_uri()}?mode={mode}"
        try:
            db = sqlite3.connect(
                address, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_S
            )
        except sqlite3.Error as error:
            raise self._failed("opened", error) from error
        opened.callback(db.close)
        return db

    def _prepare(self) -> None:
        try:
            self._writer.execute("PRAGMA journal_mode=WAL")
            self._writer.execute("PRAGMA synchronous=FULL")
            self._writer.execute("PRAGMA wal_autocheckpoint=0")
            self._writer.executescript(SCHEMA)
        except sqlite3.Error as error:
            raise self._failed("used", error) from error

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def _rows(self, after: int, records_max: int) -> tuple[list[Row], JournalCorrupt | None]:
        """The rows as they are, and where SQLite itself could not go on."""
        rows: list[Row] = []
        with self._reading:
            try:
                rows.extend(bounded(self._reader.execute(ROWS_AFTER, (after, records_max))))
            except sqlite3.OperationalError as error:
                raise self._failed("read", error) from error
            except sqlite3.DatabaseError:
                return rows, self._damaged((rows[-1][0] if rows else after) + 1)
        return rows, None

    def _checked(self, row: Row, before: int) -> Record:
        """The record in `row`, which follows on `before`."""
        offset, kind, arrival_ns, crc, body = row
        if offset != before + 1 and before >= self._oldest():
            raise self._damaged(before + 1)
        if check_sum(kind, arrival_ns, body) != crc or kind not in KINDS:
            raise self._damaged(offset)
        return Record(offset, Kind(kind), arrival_ns, body)

    def _drop_some(self, cursor: int, before_ns: int) -> int:
        """Drops the oldest records until one that arrived at `before_ns` or later: never one from between others.

        None go where even that can't be written: the next call tries again.
        """
        try:
            rows = self._writer.execute(OLDEST, (cursor, RETAIN_STEP)).fetchall()
            old = list(itertools.takewhile(lambda row: row[1] < before_ns, rows))
            if old:
                self._writer.execute("DELETE FROM record WHERE offset <= ?", (old[-1][0],))
        except sqlite3.Error as error:
            log.warning("The journal %s can't be shortened: %s.", self._path, error)
            return 0
        if self._checkpoints is not None:
            self._checkpoints.committed(0)
        return len(old)

    def _oldest(self) -> int:
        return self._ask("SELECT coalesce(min(offset), 0) FROM record")

    def _read_end(self) -> int:
        return self._ask("SELECT coalesce(max(offset), 0) FROM record")

    def _ask(self, question: str) -> int:
        with self._reading:
            try:
                (answer,) = self._reader.execute(question).fetchone()
            except sqlite3.Error as error:
                raise self._failed("read", error) from error
        return int(answer)

    def _failed(self, done: str, error: sqlite3.Error) -> WorldFailed:
        return WorldFailed(f"The journal {self._path} can't be {done}: {error}.")

    def _damaged(self, offset: int) -> JournalCorrupt:
        return JournalCorrupt(f"Record {offset} of {self._path} is damaged.", offset=offset)
