"""The embedded journal keeps the contract, and what only it promises."""

import sqlite3
import threading
from pathlib import Path

import pytest

from flameblue.domain.errors import JournalCorrupt, WorldFailed
from flameblue.domain.limits import JOURNAL_LOG_BYTES
from flameblue.journal.checkpoints import Checkpoints
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.log import Journal
from tests.contracts.journal_contract import Backend, JournalContract, draft, everything


def changed(path: Path, statement: str, *values: object) -> None:
    """Changes the file behind the journal's back."""
    with sqlite3.connect(path) as db:
        assert db.execute(statement, values).rowcount == 1
    db.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


class TestEmbeddedJournal(JournalContract):
    @pytest.fixture
    def opened(self, path: Path) -> Backend:
        def damage(offset: int) -> None:
            changed(
                path,
                "UPDATE record SET body = CAST(x'fe' || substr(body, 2) AS BLOB) WHERE offset = ?",
                offset,
            )

        def shrink(size: int) -> Journal:
            return EmbeddedJournal(path, bytes_max=size)

        return Backend(
            write=lambda: EmbeddedJournal(path),
            read=lambda: EmbeddedJournal(path, reader_only=True),
            damage=damage,
            shrink=shrink,
        )


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE record SET arrival_ns = arrival_ns + 1 WHERE offset = ?",
        "UPDATE record SET kind = kind + 1 WHERE offset = ?",
        "UPDATE record SET body = substr(body, 2) WHERE offset = ?",
        "DELETE FROM record WHERE offset = ?",
    ],
)
def test_every_part_of_a_record_is_checked(path: Path, damage: str) -> None:
    journal = EmbeddedJournal(path)
    journal.append([draft(n) for n in range(1, 6)])
    journal.close()
    changed(path, damage, 3)
    journal = EmbeddedJournal(path, reader_only=True)
    assert [record.offset for record in journal.read(0, 10)] == [1, 2]
    with pytest.raises(JournalCorrupt, match="Record 3") as caught:
        journal.read(2, 10)
    assert caught.value.offset == 3
    assert [record.offset for record in journal.read(3, 10)] == [4, 5]
    journal.close()


def test_a_page_of_rubbish_is_a_damaged_record_too(path: Path) -> None:
    journal = EmbeddedJournal(path)
    for n in range(1, 41):
        journal.append([draft(n, 2_000)])
    journal.close()
    with sqlite3.connect(path) as db:
        (size,) = db.execute("PRAGMA page_size").fetchone()
    db.close()
    with path.open("r+b") as file:
        file.seek(10 * size)
        file.write(b"\xa5" * size)
    journal = EmbeddedJournal(path, reader_only=True)
    found, damaged, after = [], [], 0
    while after < 40:
        try:
            records = journal.read(after, 100)
        except JournalCorrupt as error:
            damaged.append(error.offset)
            after = error.offset
            continue
        found += [record.offset for record in records]
        after = records[-1].offset
    assert damaged
    assert sorted(found + damaged) == list(range(1, 41))
    assert 30 < len(found) < 40
    journal.close()


def test_a_second_writer_is_refused_and_readers_are_not(path: Path) -> None:
    first = EmbeddedJournal(path)
    with pytest.raises(WorldFailed, match="Another process writes"):
        EmbeddedJournal(path)
    EmbeddedJournal(path, reader_only=True).close()
    first.close()
    EmbeddedJournal(path).close()


def test_a_reader_of_no_journal_is_told_so(path: Path) -> None:
    with pytest.raises(WorldFailed, match="can't be opened"):
        EmbeddedJournal(path, reader_only=True)
    assert not path.exists()


def test_a_file_that_is_no_journal_is_refused(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(WorldFailed, match="can't be used"):
        EmbeddedJournal(path)


def test_every_commit_is_synced(path: Path) -> None:
    journal = EmbeddedJournal(path)
    answers = [
        journal._writer.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
    ]
    assert answers == ["wal", 2]
    assert journal._writer.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
    journal.close()


def test_the_write_ahead_log_starts_again_instead_of_growing(path: Path) -> None:
    journal = EmbeddedJournal(path)
    log = path.with_name(path.name + "-wal")
    checkpoints = Checkpoints(path, threading.Lock())
    for n in range(1, 6):
        journal.append([draft(n, 400_000)])
    size = log.stat().st_size
    for round_ in range(1, 6):
        assert checkpoints.move()
        for n in range(1, 6):
            journal.append([draft(5 * round_ + n, 400_000)])
    assert log.stat().st_size == pytest.approx(size, rel=0.05)
    checkpoints.stop()
    journal.close()


def test_a_reader_that_holds_an_old_state_only_delays_the_checkpoint(path: Path) -> None:
    journal = EmbeddedJournal(path)
    journal.append([draft(1)])
    slow = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    slow.execute("BEGIN")
    slow.execute("SELECT max(offset) FROM record").fetchone()
    checkpoints = Checkpoints(path, threading.Lock())
    journal.append([draft(2, 400_000)])
    assert not checkpoints.move()
    assert journal.append([draft(3)]) == [3]
    slow.close()
    assert checkpoints.move()
    checkpoints.stop()
    journal.close()


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set as soon as a log has been moved."""
    event = threading.Event()
    really = Checkpoints.move

    def move(self: Checkpoints) -> bool:
        done = really(self)
        event.set()
        return done

    monkeypatch.setattr(Checkpoints, "move", move)
    return event


def test_a_long_log_is_moved_without_being_asked(path: Path, moved: threading.Event) -> None:
    journal = EmbeddedJournal(path)
    journal.append([draft(1, 1_000_000)])
    assert not moved.is_set()
    for n in range(JOURNAL_LOG_BYTES // 1_000_000 + 1):
        journal.append([draft(n, 1_000_000)])
    assert moved.wait(30)
    journal.close()


def test_a_long_log_that_a_killed_process_left_is_moved_at_the_start(
    path: Path, tmp_path: Path, moved: threading.Event
) -> None:
    journal = EmbeddedJournal(path)
    for n in range(JOURNAL_LOG_BYTES // 1_000_000):
        journal.append([draft(n, 1_000_000)])
    assert not moved.is_set()
    journal.append([draft(99, 1_000_000)])
    left = tmp_path / "left.sqlite3"
    for suffix in ("", "-wal"):
        left.with_name(left.name + suffix).write_bytes(path.with_name(path.name + suffix).read_bytes())
    journal.close()
    moved.clear()
    again = EmbeddedJournal(left)
    assert moved.wait(30)
    again.close()


def test_the_order_on_disk_survives_a_copy_while_it_is_written(path: Path, tmp_path: Path) -> None:
    """SQLite's own backup of a live journal is a journal."""
    journal = EmbeddedJournal(path)
    journal.append([draft(n) for n in range(1, 30)])
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    target = sqlite3.connect(tmp_path / "copy.sqlite3")
    source.backup(target)
    source.close()
    target.close()
    copy = EmbeddedJournal(tmp_path / "copy.sqlite3")
    assert everything(copy) == everything(journal)
    copy.close()
    journal.close()
