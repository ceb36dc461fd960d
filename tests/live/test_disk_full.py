"""A really full disk: nothing acknowledged is lost, nothing is acknowledged that was not written, and it goes on."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from flameblue.domain.errors import JournalFull
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.readings import READING, Reading, readings_array
from flameblue.history.archive import Archive, files
from flameblue.history.board import SLOTS_MIN, Board
from flameblue.journal.commit import Committer
from flameblue.journal.disk import Disk, Room
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.log import Journal
from flameblue.journal.record import Draft, Record, gap_of, readings_draft, readings_of
from tests.live.small_disk import MIB, fill, small_disk

pytestmark = pytest.mark.live
NOW_NS = 1_768_000_000 * SECOND_NS
WITHIN_S = 60.0
READINGS = 1_000  # × 18 B a record


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 24 * MIB) as folder:
        yield folder


def draft(number: int, at_ns: int = NOW_NS) -> Draft:
    rows = np.zeros(READINGS, READING)
    rows["point"], rows["value"], rows["at_ns"] = number, number, at_ns
    return readings_draft(at_ns, rows)


def numbers(journal: Journal) -> dict[int, int]:
    """Offset → the number of the draft, of every record of readings."""
    found: dict[int, int] = {}
    after = 0
    while records := journal.read(after, 100):
        after = records[-1].offset
        found |= {r.offset: int(readings_of(r)["point"][0]) for r in records if len(r.body) > 100}
    return found


def send_until_refused(committer: Committer, first: int) -> dict[int, int]:
    """Offset → number of what was acknowledged, until the first that was not."""
    acknowledged: dict[int, int] = {}
    for number in range(first, first + 10_000):
        future = committer.submit(draft(number, NOW_NS + number * SECOND_NS))
        try:
            acknowledged[future.result(WITHIN_S)] = number
        except JournalFull:
            return acknowledged
    raise AssertionError("the disk never filled")


def test_all_that_was_acknowledged_is_there_and_it_goes_on_when_there_is_room(folder: Path) -> None:
    path = folder / "journal.sqlite3"
    journal = EmbeddedJournal(path)
    committer = Committer(journal)
    acknowledged = send_until_refused(committer, 1)
    assert len(acknowledged) > 200
    assert committer.refusals == 1
    assert numbers(journal) == acknowledged
    for number in range(20_000, 20_005):
        with pytest.raises(JournalFull):
            committer.submit(draft(number)).result(WITHIN_S)
    assert numbers(journal) == acknowledged
    committer.stop()
    journal.close()

    copy = EmbeddedJournal(path, reader_only=True)
    assert numbers(copy) == acknowledged
    copy.close()


def test_it_goes_on_by_itself_when_there_is_room_again(folder: Path) -> None:
    journal = EmbeddedJournal(folder / "journal.sqlite3")
    committer = Committer(journal)
    others = fill(folder, leave=6 * MIB)
    acknowledged = send_until_refused(committer, 1)
    others.unlink()
    last = max(acknowledged.values(), default=0)
    future = committer.submit(draft(30_000, NOW_NS + (last + 600) * SECOND_NS))
    offset = future.result(WITHIN_S)
    assert gap_of(journal.read(offset - 2, 1)[0]) == 600 * SECOND_NS
    assert numbers(journal) == {**acknowledged, offset: 30_000}
    committer.stop()
    journal.close()


def test_a_journal_that_was_killed_on_a_full_disk_opens_with_all_that_was_acknowledged(folder: Path) -> None:
    """The files as they are at the moment of a kill: copied from under the writer."""
    path = folder / "journal.sqlite3"
    journal = EmbeddedJournal(path)
    committer = Committer(journal)
    acknowledged = send_until_refused(committer, 1)
    for suffix in ("", "-wal"):
        target = folder.parent / f"copy.sqlite3{suffix}"
        target.write_bytes(path.with_name(path.name + suffix).read_bytes())
    committer.stop()
    journal.close()
    copy = EmbeddedJournal(folder.parent / "copy.sqlite3")
    found = numbers(copy)
    assert {offset: found.get(offset) for offset in acknowledged} == acknowledged
    assert set(found) - set(acknowledged) <= {max(acknowledged) + 1}
    copy.close()


def test_history_goes_before_the_reserve_and_the_reserve_before_acknowledging(folder: Path) -> None:
    journal = EmbeddedJournal(folder / "journal.sqlite3")
    disk = Disk(folder)
    archive = Archive(folder / "history")
    committer = Committer(journal, may_write=disk.may_write)
    assert disk.make_room(archive.drop_oldest) is Room.OK
    rng = np.random.default_rng(7)
    for number in range(1, 5):
        rows = np.zeros(100_000, READING)
        rows["point"], rows["value"] = number, rng.integers(-(2**31), 2**31, 100_000)
        archive.append([Record(number, *_parts(readings_draft(NOW_NS, rows)))])
        archive.flush()
    kept = len(files(folder / "history"))
    fill(folder, leave=disk.low_bytes - MIB // 2)
    assert disk.make_room(archive.drop_oldest) in (Room.LOW, Room.OK)
    assert len(files(folder / "history")) == kept - 1
    assert committer.submit(draft(1)).result(WITHIN_S) == 1
    fill(folder)
    assert disk.make_room(archive.drop_oldest) is Room.LOW
    assert committer.submit(draft(2)).result(WITHIN_S) == 2
    while archive.drop_oldest():
        pass
    fill(folder)
    assert disk.make_room(archive.drop_oldest) is Room.FULL
    assert disk.free_bytes() >= disk.reserve_bytes
    with pytest.raises(JournalFull, match="kept for cases and notices"):
        committer.submit(draft(3)).result(WITHIN_S)
    assert disk.free_bytes() >= disk.reserve_bytes
    (folder / "others.bin").unlink()
    assert disk.make_room(archive.drop_oldest) is Room.OK
    assert committer.submit(draft(4)).result(WITHIN_S) == 3
    committer.stop()
    journal.close()


def _parts(one: Draft) -> tuple[object, ...]:
    return one.kind, one.arrival_ns, one.body


def test_the_board_lives_through_a_full_disk(folder: Path) -> None:
    """Writing into a hole of a mapped file on a full disk would kill the process."""
    board = Board(folder / "board.bin", writable=True)
    fill(folder)
    for point in range(SLOTS_MIN):
        board.update(readings_array([Reading(point, NOW_NS, point, 0)]), NOW_NS)
    board.update(readings_array([Reading(10**6, NOW_NS, 1, 0)]), NOW_NS)
    assert board.latest(10**6) is None
    found = board.latest(SLOTS_MIN - 1)
    assert found is not None
    assert found.value == SLOTS_MIN - 1
    board.close()


def test_the_archive_leaves_nothing_half_written(folder: Path) -> None:
    archive = Archive(folder / "history")
    fill(folder, leave=64 * 1024)
    rows = np.zeros(100_000, READING)
    rows["value"] = np.random.default_rng(7).integers(-(2**31), 2**31, 100_000)
    archive.append([Record(1, *_parts(readings_draft(NOW_NS, rows)))])
    with pytest.raises(OSError, match="No space left"):
        archive.flush()
    assert [path for path in (folder / "history").rglob("*") if path.is_file()] == []
    (folder / "others.bin").unlink()
    archive.flush()
    assert archive.cursor == 1
