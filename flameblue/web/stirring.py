"""Whether the database may have been written: SQLite's files tell it without a query; a quiet night asks nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection

from flameblue.domain.limits import SECOND_NS

SETTLED_NS = (
    2 * SECOND_NS
)  # a commit may be read a while after its frames were written: the disk comes between
Stamp = tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Stirring:
    """`paths`: the files of the database; none: it lies elsewhere, and may always have been written."""

    paths: Sequence[Path]
    now_ns: Callable[[], int]
    _seen: Stamp = field(default=())

    def has_stirred(self) -> bool:
        """True where anything may have been written since this was asked last. Who asks then reads the database."""
        if not self.paths:
            return True
        stamp = tuple(_stamp(path) for path in self.paths)
        is_settling = abs(self.now_ns() - max(at_ns for at_ns, _size in stamp)) < SETTLED_NS
        has_moved, self._seen = stamp != self._seen, stamp
        return has_moved or is_settling


def files() -> tuple[Path, ...]:
    """The files that SQLite writes, the log first; none for a database in memory or on a server."""
    path = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor != "sqlite" or not path.is_file():
        return ()
    return (path.with_name(f"{path.name}-wal"), path)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
