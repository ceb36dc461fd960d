"""Writes that fail: every write of the journal, the database and the files is counted, and one of them fails.

A write is what the machine may refuse: a statement that changes rows, a commit, a sync, a rename, a Parquet file.
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from django.db import OperationalError, connection

from flameblue.history import archive
from flameblue.journal import embedded

CHANGES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class Writes:
    """Counts writes by kind; the one numbered `failing` (from 1; 0: none) fails, and no other."""

    def __init__(self, failing: int = 0) -> None:
        self.failing = failing
        self.made: list[str] = []
        self.counting = False

    @property
    def failed(self) -> str:
        """The kind of the write that has failed; empty where none has."""
        return self.made[self.failing - 1] if 0 < self.failing <= len(self.made) else ""

    def one(self, kind: str, error: Callable[[], Exception]) -> None:
        """A write is about to be made."""
        if not self.counting:
            return
        self.made.append(kind)
        if len(self.made) == self.failing:
            raise error()

    @contextmanager
    def break_one(self) -> Iterator[None]:
        """All that writes does so through this counter, within the block."""
        with ExitStack() as stack:
            stack.enter_context(connection.execute_wrapper(self._statement))
            stack.enter_context(
                mock.patch.object(connection, "_commit", self._before_commit(connection._commit))
            )
            stack.enter_context(mock.patch.object(embedded.sqlite3, "connect", self._connect))
            stack.enter_context(mock.patch.object(os, "fsync", self._before("sync", os.fsync)))
            stack.enter_context(mock.patch.object(Path, "replace", self._before("rename", Path.replace)))
            write_table = self._before("parquet", archive.pq.write_table)
            stack.enter_context(mock.patch.object(archive.pq, "write_table", write_table))
            self.counting = True
            try:
                yield
            finally:
                self.counting = False

    def _statement(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(CHANGES):
            self.one("database", lambda: OperationalError("disk I/O error"))
        return execute(sql, params, many, context)

    def _before_commit(self, commit: Callable[[], Any]) -> Callable[[], Any]:
        def tried() -> Any:
            self.one("database commit", lambda: OperationalError("disk I/O error"))
            return commit()

        return tried

    def _before(self, kind: str, write: Callable[..., Any]) -> Callable[..., Any]:
        def tried(*arguments: Any, **named: Any) -> Any:
            self.one(kind, lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
            return write(*arguments, **named)

        return tried

    def _connect(self, *arguments: Any, **named: Any) -> sqlite3.Connection:
        counter = self

        class Journal(sqlite3.Connection):
            def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
                if sql.lstrip().upper().startswith((*CHANGES, "COMMIT")):
                    counter.one("journal", lambda: sqlite3.OperationalError("disk I/O error"))
                return super().execute(sql, *more)

            def executemany(self, sql: str, *more: Any) -> sqlite3.Cursor:
                counter.one("journal", lambda: sqlite3.OperationalError("disk I/O error"))
                return super().executemany(sql, *more)

        return REAL_CONNECT(*arguments, factory=Journal, **named)


REAL_CONNECT = sqlite3.connect
