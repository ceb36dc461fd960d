"""The embedded journal: one SQLite file (WAL, `synchronous=FULL`), a batch a row, a check sum a row.

Invariants: a commit returns after the write-ahead log is synced; offsets are dense.
"""

import sqlite3
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path

from flameblue.domain.errors import JournalCorrupt, JournalFull
from flameblue.domain.limits import JOURNAL_AGE_NS_MAX, JOURNAL_BYTES_MAX
from flameblue.journal.record import Draft, Kind, Record

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    offset INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    arrival_ns INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
"""
RETAIN_STEP = 1_000


def check_sum(kind: int, arrival_ns: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(b"%d %d" % (kind, arrival_ns)))


class EmbeddedJournal:
    """One file at `path`. `reader_only` opens what another process writes."""

    def __init__(self, path: Path, *, reader_only: bool = False) -> None:
        self._path = path
        self._lock = threading.Lock()
        address = f"file:{path}?mode=ro" if reader_only else str(path)
        self._db = sqlite3.connect(
            address, uri=reader_only, isolation_level=None, check_same_thread=False, timeout=20
        )
        if not reader_only:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(SCHEMA)
        self._end = self._read_end()
        self._reader_only = reader_only

    def append(self, drafts: Sequence[Draft]) -> list[int]:
        with self._lock:
            start = self._end + 1
            rows = [
                (start + i, int(d.kind), d.arrival_ns, check_sum(d.kind, d.arrival_ns, d.body), d.body)
                for i, d in enumerate(drafts)
            ]
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?)", rows)
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise JournalFull(f"The journal {self._path} can't be written: {error}.") from error
            self._end += len(rows)
            return [row[0] for row in rows]

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def read(self, after: int, records_max: int) -> list[Record]:
        with self._lock:
            rows = self._db.execute(
                "SELECT offset, kind, arrival_ns, crc, body FROM record"
                " WHERE offset > ? ORDER BY offset LIMIT ?",
                (after, records_max),
            ).fetchall()
        records: list[Record] = []
        for offset, kind, arrival_ns, crc, body in rows:
            if check_sum(kind, arrival_ns, body) != crc:
                if records:
                    break
                raise JournalCorrupt(f"Record {offset} of {self._path} is damaged.", offset=offset)
            records.append(Record(offset, Kind(kind), arrival_ns, body))
        return records

    def first(self) -> int:
        with self._lock:
            (first,) = self._db.execute("SELECT min(offset) FROM record").fetchone()
        return self.end() + 1 if first is None else int(first)

    def end(self) -> int:
        if self._reader_only:
            with self._lock:
                return self._read_end()
        return self._end

    def _read_end(self) -> int:
        (end,) = self._db.execute("SELECT max(offset) FROM record").fetchone()
        return int(end or 0)

    def retain(self, cursor: int, now_ns: int) -> int:
        gone = 0
        with self._lock:
            while True:
                too_big = self._size() > JOURNAL_BYTES_MAX
                oldest = now_ns - JOURNAL_AGE_NS_MAX
                changed = self._db.execute(
                    "DELETE FROM record WHERE offset IN (SELECT offset FROM record WHERE offset < ? AND "
                    "(? OR arrival_ns < ?) ORDER BY offset LIMIT ?)",
                    (cursor, too_big, oldest, RETAIN_STEP),
                ).rowcount
                gone += changed
                if changed < RETAIN_STEP:
                    return gone

    def _size(self) -> int:
        (pages,) = self._db.execute("PRAGMA page_count").fetchone()
        (free,) = self._db.execute("PRAGMA freelist_count").fetchone()
        (size,) = self._db.execute("PRAGMA page_size").fetchone()
        return int((pages - free) * size)

    def size_bytes(self) -> int:
        with self._lock:
            return self._size()

    def close(self) -> None:
        self._db.close()
