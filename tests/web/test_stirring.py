"""A database that nobody writes is not asked; nothing that was written is missed."""

import os
from pathlib import Path

from flameblue.domain.clock import ManualClock
from flameblue.web.stirring import SETTLED_NS, Stirring


def stirring(folder: Path, clock: ManualClock) -> Stirring:
    log, base = folder / "base.sqlite3-wal", folder / "base.sqlite3"
    base.write_bytes(b"base")
    _at(base, clock.now_ns())
    return Stirring((log, base), clock.now_ns)


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
    assert all(Stirring((), clock.now_ns).has_stirred() for _ in range(3))
