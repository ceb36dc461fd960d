"""The archive: no crash and no full disk leaves a duplicate or a gap."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flameblue.domain.limits import SECOND_NS
from flameblue.domain.readings import READING, Reading
from flameblue.history import archive as module
from flameblue.history.archive import Archive, day_of, files, offsets_of
from flameblue.journal.record import Draft, Record, tick_draft
from tests.history.journals import START_NS, many, samples

FILE_READINGS = 30


class Crash(BaseException):
    """The process dies here: no handler of the product may see it as an error."""


@pytest.fixture(autouse=True)
def _small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILE_BYTES", FILE_READINGS * READING.itemsize)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "history"


def numbered(drafts: list[Draft], first: int = 1) -> list[Record]:
    return [Record(first + n, one.kind, one.arrival_ns, one.body) for n, one in enumerate(drafts)]


def follow(archive: Archive, records: list[Record]) -> None:
    """What the stage does: takes what is not collected yet, and writes the rest in the end."""
    for record in records:
        if record.offset > archive.collected:
            archive.append([record])
    archive.flush()


def archived(folder: Path) -> list[Reading]:
    rows: list[Reading] = []
    for path in files(folder):
        table = pq.read_table(path).to_pydict()
        rows += [Reading(*row) for row in zip(*(table[name] for name in READING.names or ()), strict=True)]
    return sorted(rows)


def test_what_is_taken_is_in_the_files_and_the_names_say_how_far(folder: Path) -> None:
    records = numbered(many(33))
    archive = Archive(folder)
    archive.append(records[:25])
    assert (archive.collected, archive.cursor) == (25, 25)
    archive.append(records[25:])
    assert (archive.collected, archive.cursor) == (33, 25)
    archive.flush()
    archive.flush()
    assert archive.cursor == 33
    assert [offsets_of(path) for path in files(folder)] == [(1, 25), (26, 33)]
    assert archived(folder) == sorted(samples(records))
    assert Archive(folder).cursor == 33


def test_a_file_is_sorted_and_small_and_knows_the_arrival(folder: Path) -> None:
    records = numbered(many(30))
    follow(Archive(folder), records)
    table = pq.read_table(files(folder)[-1]).to_pydict()
    assert list(table) == ["point", "at_ns", "value", "marks", "arrival_ns"]
    assert table["arrival_ns"] == table["at_ns"]
    assert list(zip(table["point"], table["at_ns"], strict=True)) == sorted(
        zip(table["point"], table["at_ns"], strict=True)
    )
    column = pq.ParquetFile(files(folder)[-1]).metadata.row_group(0).column(1)
    assert (column.compression, "DELTA_BINARY_PACKED" in column.encodings) == ("ZSTD", True)


def test_a_file_holds_one_day_of_arrival(folder: Path) -> None:
    records = numbered(many(9, step_s=25))
    follow(Archive(folder), records)
    assert [path.parent.name for path in files(folder)] == ["2026-01-08", "2026-01-09"]
    assert archived(folder) == sorted(samples(records))


def test_ticks_alone_make_no_file(folder: Path) -> None:
    archive = Archive(folder)
    archive.append(numbered([tick_draft(START_NS + n * SECOND_NS) for n in range(5)]))
    archive.flush()
    assert (archive.cursor, files(folder)) == (5, [])


def days(count: int) -> list[Record]:
    """Three files or so on each of `count` days, then one record of the day after."""
    drafts = [one for day in range(count) for one in many(25, day * 86_400, step_s=1)]
    return numbered([*drafts, *many(1, count * 86_400)])


def test_a_day_that_is_over_becomes_one_file(folder: Path) -> None:
    records = days(3)
    follow(Archive(folder), records)
    found = files(folder)
    assert [path.parent.name for path in found] == ["2026-01-08", "2026-01-09", "2026-01-10", "2026-01-11"]
    assert [offsets_of(path) for path in found] == [(1, 25), (26, 50), (51, 75), (76, 76)]
    assert archived(folder) == sorted(samples(records))


def test_a_day_too_large_for_memory_stays_several_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READINGS_MERGED_MAX", 2 * FILE_READINGS)
    records = days(1)
    follow(Archive(folder), records)
    assert [offsets_of(path) for path in files(folder)] == [(1, 20), (21, 25), (26, 26)]
    assert archived(folder) == sorted(samples(records))


def at_each_step(monkeypatch: pytest.MonkeyPatch, stumble: Callable[[str], None]) -> None:
    """Calls `stumble` before and after every step that changes the disk."""

    def wrapped(name: str, really: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **named: object) -> object:
            stumble(f"before {name}")
            result = really(*arguments, **named)
            stumble(f"after {name}")
            return result

        return step

    monkeypatch.setattr(os, "fsync", wrapped("fsync", os.fsync))
    monkeypatch.setattr(pq, "write_table", wrapped("write", pq.write_table))
    for name in ("replace", "unlink", "mkdir"):
        monkeypatch.setattr(Path, name, wrapped(name, getattr(Path, name)))


def run_until(number: int, folder: Path, records: list[Record], error: type[BaseException]) -> str | None:
    """Follows `records` with a failure at the step `number`; which step that was, None: there is none such."""
    steps: list[str] = []

    def stumble(step: str) -> None:
        steps.append(step)
        if len(steps) == number + 1:
            raise error(errno.ENOSPC, "No space left on device") if error is OSError else error()

    with pytest.MonkeyPatch.context() as patch:
        at_each_step(patch, stumble)
        try:
            follow(Archive(folder), records)
        except error:
            return steps[number]
    return steps[number] if number < len(steps) else None


def test_a_crash_at_any_step_leaves_no_duplicate_and_no_gap(tmp_path: Path) -> None:
    records = days(2)
    expected = sorted(samples(records))
    seen = set()
    for number in range(1_000):
        folder = tmp_path / str(number)
        where = run_until(number, folder, records, Crash)
        if where is None:
            break
        seen.add(where)
        before = archived(folder)
        assert len(before) == len(set(before)), where
        follow(Archive(folder), records)
        assert archived(folder) == expected, where
        assert list(folder.rglob("*.draft")) == [], where
    assert seen == {
        f"{when} {what}"
        for when in ("before", "after")
        for what in ("fsync", "write", "replace", "unlink", "mkdir")
    }


def test_a_full_disk_at_any_step_is_got_over_in_the_same_process(tmp_path: Path) -> None:
    records = days(2)
    expected = sorted(samples(records))
    for number in range(1_000):
        folder = tmp_path / str(number)
        steps = 0

        def stumble(step: str, number: int = number) -> None:
            nonlocal steps
            steps += 1
            if steps == number + 1:
                raise OSError(errno.ENOSPC, "No space left on device")

        archive = Archive(folder)
        with pytest.MonkeyPatch.context() as patch:
            at_each_step(patch, stumble)
            for _ in range(2):
                try:
                    follow(archive, records)
                except OSError:
                    continue
                break
        assert archived(folder) == expected, number
        assert archive.cursor == records[-1].offset
        if steps <= number:
            return
    pytest.fail("more steps than expected")


def test_the_folder_is_synced_before_the_journal_may_forget(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(folder)
    synced: list[str] = []
    really = os.fsync

    def fsync(descriptor: int) -> None:
        assert archive.cursor == 0
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        really(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    follow(archive, numbered(many(3)))
    assert synced == ["history", f"{1:016d}-{3:016d}.draft", "2026-01-08"]


def test_a_disk_that_never_takes_a_file_is_told_before_memory_is_full(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*arguments: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    archive = Archive(folder)
    monkeypatch.setattr(pq, "write_table", no_room)
    monkeypatch.setattr(module, "WAITING_BYTES_MAX", 4 * FILE_READINGS * READING.itemsize)
    records = numbered(many(60))
    for record in records[:39]:
        archive.append([record])
    with pytest.raises(OSError, match="No space"):
        archive.append(records[39:])
    assert (archive.collected, archive.cursor) == (60, 0)


def test_a_full_disk_loses_the_oldest_file_first_and_the_newest_never(folder: Path) -> None:
    records = numbered(many(35))
    archive = Archive(folder)
    for n in range(0, 35, 10):
        archive.append(records[n : n + 10])
        archive.flush()
    assert [archive.drop_oldest() for _ in range(5)] == [True, True, True, False, False]
    assert [offsets_of(path) for path in files(folder)] == [(31, 35)]
    assert Archive(folder).cursor == 35


def test_a_damaged_file_stays_alone_and_stops_nothing(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    records = days(1)
    archive = Archive(folder)
    archive.append(records[:10])
    files(folder)[0].write_bytes(b"rubbish")
    follow(archive, records)
    assert [offsets_of(path) for path in files(folder)] == [(1, 10), (11, 20), (21, 25), (26, 26)]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_days_are_days_of_utc() -> None:
    assert day_of(START_NS) == "2026-01-08"
    assert day_of(START_NS + 100 * SECOND_NS - 1) == "2026-01-08"
    assert day_of(START_NS + 100 * SECOND_NS) == "2026-01-09"
    assert day_of(0) == "1970-01-01"


def test_what_others_put_into_the_folder_is_passed_over(folder: Path) -> None:
    archive = Archive(folder)
    follow(archive, numbered(many(3)))
    (there,) = files(folder)
    for name in ("copy.parquet", "1-2-3.parquet", there.stem + " (2).parquet"):
        there.with_name(name).write_bytes(there.read_bytes())
    assert files(folder) == [there]
    assert Archive(folder).cursor == archive.cursor
