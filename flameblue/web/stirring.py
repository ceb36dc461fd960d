"""Whether the database has been written: SQLite's files tell it without a query; a quiet night asks nothing.

The index of SQLite's write-ahead log counts the transactions, and counts one at the moment from which it can be read
(https://sqlite.org/walformat.html, section 2.1, "The WAL-Index Header"). The times of the other files change earlier:
frames are written before the disk has them.

Invariant: while SQLite holds the index, nobody here closes it. The system drops all locks that a process has on a file
as soon as the process closes any descriptor of it (https://sqlite.org/howtocorrupt.html, section 2.2), and two would
write at a time.
"""

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from django.db import connection

from flameblue.domain.limits import SECOND_NS

SETTLED_NS = (
    2 * SECOND_NS
)  # a commit may be read a while after its frames were written: the disk comes between
INDEX_FORMAT = 3_007_000
INDEX = struct.Struct("=III")  # in the machine's own order: format, unused, transactions
Stamp = tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Stirring:
    """`base`: the database's file; None: it lies elsewhere, and may always have been written."""

    base: Path | None
    now_ns: Callable[[], int]
    _seen: Stamp | tuple[int, int] = field(default=())

    def has_stirred(self) -> bool:
        """True where anything may have been written since this was asked last. Who asks then reads the database."""
        if self.base is None:
            return True
        transactions = transactions_of(_beside(self.base, "-shm"))
        if transactions is not None:
            has_moved, self._seen = transactions != self._seen, transactions
            return has_moved
        stamp = (_stamp(_beside(self.base, "-wal")), _stamp(self.base))
        is_settling = abs(self.now_ns() - max(at_ns for at_ns, _size in stamp)) < SETTLED_NS
        has_moved, self._seen = stamp != self._seen, stamp
        return has_moved or is_settling


def of_the_database(now_ns: Callable[[], int]) -> Stirring:
    """Of the file that SQLite writes; of none for a database in memory or on a server."""
    path = Path(str(connection.settings_dict["NAME"]))
    return Stirring(path if connection.vendor == "sqlite" and path.is_file() else None, now_ns)


def transactions_of(index: Path) -> tuple[int, int] | None:
    """Which file `index` is, and how many transactions it has counted: one that is made anew begins again.

    None where it is none of a format that is known.
    """
    try:
        with _opening:
            kept = _descriptor(index)
            which, head = os.fstat(kept).st_ino, os.pread(kept, INDEX.size, 0)
    except OSError:
        return None
    if len(head) < INDEX.size:
        return None
    version, _unused, transactions = INDEX.unpack(head)
    return (which, int(transactions)) if version == INDEX_FORMAT else None


_opening = Lock()
_open: dict[Path, int] = {}  # kept for the whole process


def _descriptor(index: Path) -> int:
    """Of the file that is `index` now. One that is deleted was left by all of its connections: it is closed."""
    kept = _open.get(index)
    if kept is not None and os.fstat(kept).st_nlink == 0:
        os.close(_open.pop(index))
        kept = None
    if kept is None:
        kept = _open[index] = os.open(index, os.O_RDONLY | os.O_CLOEXEC)
    elif not os.path.samestat(os.fstat(kept), index.stat()):
        raise FileNotFoundError(index)
    return kept


def _beside(base: Path, ending: str) -> Path:
    """A file that SQLite keeps with the database: its log or the index of it."""
    return base.with_name(base.name + ending)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
