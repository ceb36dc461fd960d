"""A database that nobody writes is not asked; nothing that was written is missed."""

import os
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.web.stirring import SETTLED_NS, Stirring


def stirring(folder: Path, clock: ManualClock) -> Stirring:
    base = folder / "base.sqlite3"
    base.write_bytes(b"base")
    _at(base, clock.now_ns())
    return Stirring(base, clock.now_ns)


def _at(path: Path, at_ns: int) -> None:
    os.utime(path, ns=(at_ns, at_ns))


def test_what_is_not_written_is_not_asked(tmp_path: Path, clock: ManualClock) -> None:
    it = stirring(tmp_path, clock)
    clock.advance(3)
    assert it.has_stirred()
    assert not it.has_stirred()


def test_each_write_is_seen(tmp_path: Path, clock: ManualClock) -> None:
    it = stirring(tmp_path, clock)
    clock.advance(3)
    it.has_stirred()
    (tmp_path / "base.sqlite3-wal").write_bytes(b"a frame")
    _at(tmp_path / "base.sqlite3-wal", clock.now_ns())
    clock.advance(3)
    assert [it.has_stirred(), it.has_stirred()] == [True, False]


def test_what_was_written_is_asked_for_until_it_can_be_read(tmp_path: Path, clock: ManualClock) -> None:
    it = stirring(tmp_path, clock)
    for _ in range(3):
        assert it.has_stirred(), "the frames are written, the commit may be on its way to the disk"
    clock.advance(2 * SETTLED_NS / 1e9)
    assert not it.has_stirred()


def test_a_database_elsewhere_may_always_have_been_written(clock: ManualClock) -> None:
    assert all(Stirring(None, clock.now_ns).has_stirred() for _ in range(3))


@contextmanager
def written(path: Path) -> Iterator[sqlite3.Connection]:
    """A database with a log, by the connection that writes it."""
    base = sqlite3.connect(path, isolation_level=None)
    try:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE events (number INTEGER)")
        yield base
    finally:
        base.close()


def newest(path: Path) -> int:
    base = sqlite3.connect(path)
    try:
        return int(base.execute("SELECT count(*) FROM events").fetchone()[0])
    finally:
        base.close()


def test_a_transaction_is_told_once_and_when_it_can_be_read(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "base.sqlite3"
    with written(path) as base:
        it = Stirring(path, clock.now_ns)
        assert [it.has_stirred(), it.has_stirred()] == [True, False]
        for number in range(1, 300):
            base.execute("BEGIN")
            base.execute("INSERT INTO events VALUES (?)", [number])
            assert not it.has_stirred(), "nothing can be read yet"
            base.execute("COMMIT")
            assert it.has_stirred()
            assert newest(path) == number
            assert not it.has_stirred(), "who reads writes nothing"


ANOTHER_WRITES = """
import sqlite3, sys
base = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0.1)
base.execute("INSERT INTO events VALUES (7)")
"""


def written_by_another(path: Path) -> bool:
    """Whether another process could write: the locks of this one hold against no connection of its own process."""
    run = [sys.executable, "-c", ANOTHER_WRITES, str(path)]
    return subprocess.run(run, capture_output=True, check=False).returncode == 0


def test_who_looks_leaves_the_locks_of_its_process_alone(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "base.sqlite3"
    with written(path) as base:
        it, later = Stirring(path, clock.now_ns), Stirring(path, clock.now_ns)
        it.has_stirred()
        base.execute("BEGIN IMMEDIATE")
        for one in (it, it, later):
            one.has_stirred()
            assert not written_by_another(path), "two write at a time: the commit of one is lost"
        base.execute("COMMIT")
        assert written_by_another(path)
        assert it.has_stirred()


def test_an_index_that_is_made_anew_is_looked_at(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "base.sqlite3"
    with written(path):
        it = Stirring(path, clock.now_ns)
        it.has_stirred()
    for number in range(1, 4):
        it.has_stirred()
        again = sqlite3.connect(path, isolation_level=None)
        again.execute("INSERT INTO events VALUES (1)")
        assert it.has_stirred()
        assert not it.has_stirred()
        again.execute("BEGIN IMMEDIATE")
        it.has_stirred()
        assert not written_by_another(path)
        again.execute("COMMIT")
        assert newest(path) == number
        again.close()


def test_an_index_that_is_made_anew_and_has_counted_as_many_hides_no_transaction(
    tmp_path: Path, clock: ManualClock
) -> None:
    path = tmp_path / "base.sqlite3"
    with written(path):
        it = Stirring(path, clock.now_ns)
    for _ in range(3):  # nobody looks while it is away
        again = sqlite3.connect(path, isolation_level=None)
        again.execute("INSERT INTO events VALUES (1)")
        assert [it.has_stirred(), it.has_stirred()] == [True, False]
        again.close()


def test_a_folder_that_may_not_be_read_any_more_ends_nothing(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "gone").write_bytes(b"no folder")
    gone = tmp_path / "gone" / "base.sqlite3"
    clock.advance(3)
    it = Stirring(gone, clock.now_ns)
    assert [it.has_stirred(), it.has_stirred()] == [True, False]


def test_a_log_that_is_emptied_or_begun_anew_hides_no_transaction(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "base.sqlite3"
    with written(path) as base:
        it = Stirring(path, clock.now_ns)
        for mode in ("PASSIVE", "FULL", "RESTART", "TRUNCATE") * 3:
            it.has_stirred()
            base.execute("INSERT INTO events VALUES (1)")
            assert it.has_stirred()
            base.execute(f"PRAGMA wal_checkpoint({mode})")
            it.has_stirred()
            base.execute("INSERT INTO events VALUES (2)")
            assert it.has_stirred()


def test_a_database_that_the_last_connection_left_is_watched_by_its_times(
    tmp_path: Path, clock: ManualClock
) -> None:
    path = tmp_path / "base.sqlite3"
    with written(path):
        it = Stirring(path, clock.now_ns)
        it.has_stirred()
    assert not path.with_name("base.sqlite3-shm").exists()
    assert it.has_stirred()
    _at(path, clock.now_ns())
    clock.advance(3)
    assert [it.has_stirred(), it.has_stirred()] == [True, False]
    again = sqlite3.connect(path)
    again.execute("INSERT INTO events VALUES (1)")
    again.commit()
    assert it.has_stirred()
    again.close()


@pytest.mark.parametrize("head", [b"", b"short", struct.pack("=III", 3_007_001, 0, 5)])
def test_an_index_that_is_not_known_is_not_believed(head: bytes, tmp_path: Path, clock: ManualClock) -> None:
    it = stirring(tmp_path, clock)
    (tmp_path / "base.sqlite3-shm").write_bytes(head)
    clock.advance(3)
    assert [it.has_stirred(), it.has_stirred()] == [True, False]
    (tmp_path / "base.sqlite3-wal").write_bytes(b"a frame")
    assert it.has_stirred()
