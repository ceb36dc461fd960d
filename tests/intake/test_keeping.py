"""What goes into quarantine is gathered: one write at a time, repeats counted, payloads cut."""

import asyncio
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import QUARANTINE_SAMPLE_BYTES_MAX
from flameblue.intake import keeping
from flameblue.intake.keeping import Item, Keeper
from flameblue.intake.quarantine import Quarantine, Quarantined, Unknown
from flameblue.intake.reasons import Reason


class Disk:
    """Notes each write; it takes as long as `may_write` is not set."""

    def __init__(self) -> None:
        self.writes: list[list[Item]] = []
        self.failure: Exception | None = None
        self.begun = threading.Event()
        self.may_write = threading.Event()
        self.may_write.set()

    def add(self, items: Iterable[Item]) -> None:
        self.writes.append(list(items))
        self.begun.set()
        self.may_write.wait(10)
        if self.failure is not None:
            raise self.failure


def message(device: str = "D1", payload: bytes = b"x", at_ns: int = 1) -> Quarantined:
    return Quarantined(device, "t", Reason.MALFORMED, "", payload, at_ns)


async def test_one_write_is_under_way_and_the_rest_goes_together() -> None:
    disk = Disk()
    disk.may_write.clear()
    keeper = Keeper(disk.add)
    first = keeper.keep([message()])
    assert await asyncio.to_thread(disk.begun.wait, 10)
    others = [keeper.keep([message(f"D{number}")]) for number in range(2, 50)]
    disk.may_write.set()
    assert await first is None
    assert not others[0].done()
    await keeper.flush()
    assert {future.result() for future in others} == {None}
    assert [len(write) for write in disk.writes] == [1, 48]


async def test_what_comes_soon_after_waits_for_company(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    keeper = Keeper(disk.add)
    await keeper.keep([message()])
    monkeypatch.setattr(keeping, "QUARANTINE_WAITING_MAX", 3)
    for number in (2, 3):
        keeper.keep([message(f"D{number}")])
    assert len(disk.writes) == 1
    full = keeper.keep([message("D4")])
    await keeper.room()
    assert full.done()
    assert [len(write) for write in disk.writes] == [1, 3]


async def test_repeats_are_one_row_with_their_count_and_first_time(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "quarantine.sqlite3")
    keeper = Keeper(quarantine.add)
    large = b"y" * (3 * QUARANTINE_SAMPLE_BYTES_MAX)
    await keeper.keep([message(at_ns=5), message(at_ns=7), message(at_ns=9, payload=large)])
    keeper.keep([Unknown("D9", "c", "p", "", "t", b"", at_ns) for at_ns in (3, 4)])
    keeper.keep([message(at_ns=11)])
    await keeper.flush()
    (row,) = quarantine.rows()
    assert (row.count, row.first_ns, row.last_ns, row.payload_bytes) == (4, 5, 11, 1)
    (unknown,) = quarantine.unknown_devices()
    assert (unknown.count, unknown.first_ns, unknown.last_ns) == (2, 3, 4)
    quarantine.close()


async def test_a_payload_is_cut_while_it_waits_and_its_length_is_kept() -> None:
    disk = Disk()
    await Keeper(disk.add).keep([message(payload=b"y" * 100_000)])
    ((kept,),) = disk.writes
    assert (len(kept.payload), kept.payload_bytes) == (QUARANTINE_SAMPLE_BYTES_MAX, 100_000)


async def test_a_failed_write_is_told_and_the_next_one_is_tried() -> None:
    disk = Disk()
    disk.failure = WorldFailed("full")
    keeper = Keeper(disk.add)
    assert await keeper.keep([message()]) is disk.failure
    disk.failure = None
    again = keeper.keep([message()])
    await keeper.flush()
    assert again.result() is None


async def test_a_fault_of_ours_is_raised_where_it_is_waited_for() -> None:
    disk = Disk()
    disk.failure = AssertionError("we are wrong")
    with pytest.raises(AssertionError):
        await Keeper(disk.add).keep([message()])


async def test_who_waits_for_a_writer_that_is_cancelled_does_not_wait_for_ever() -> None:
    disk = Disk()
    disk.may_write.clear()
    keeper = Keeper(disk.add)
    under_way = keeper.keep([message()])
    assert await asyncio.to_thread(disk.begun.wait, 10)
    waiting = keeper.keep([message("D2")])
    assert keeper._writer is not None
    keeper._writer.cancel()
    async with asyncio.timeout(10):
        await keeper.flush()
    disk.may_write.set()
    assert under_way.cancelled()
    assert waiting.cancelled()
