"""A filling disk, step by step, with a disk that is only numbers."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from flameblue.domain.limits import GIB, MIB
from flameblue.journal.disk import Disk, Reserve, Room, usage_of


@dataclass
class FakeDisk:
    """`used` by others; the reserve is counted as what the file in `folder` really has."""

    folder: Path
    total: int
    used: int
    history: int = 0
    file_bytes: int = 10 * MIB

    def usage(self) -> tuple[int, int]:
        reserve = self.folder / "reserve.bin"
        held = reserve.stat().st_size if reserve.exists() else 0
        return max(0, self.total - self.used - held - self.history * self.file_bytes), self.total

    def drop_oldest(self) -> bool:
        if not self.history:
            return False
        self.history -= 1
        return True


@pytest.fixture
def fake(tmp_path: Path) -> FakeDisk:
    return FakeDisk(tmp_path, total=10 * GIB, used=0)


@pytest.fixture
def disk(fake: FakeDisk) -> Disk:
    return Disk(fake.folder, fake.usage)


def leave(fake: FakeDisk, free: int) -> None:
    """Others take all but `free`."""
    fake.used += fake.usage()[0] - free


def test_an_empty_disk_holds_the_reserve(disk: Disk, fake: FakeDisk) -> None:
    assert disk.make_room(fake.drop_oldest) is Room.OK
    assert (fake.folder / "reserve.bin").stat().st_size == 64 * MIB
    assert disk.free_bytes() == 10 * GIB - 64 * MIB


def test_a_filling_disk_gives_up_history_then_the_reserve_then_acknowledging(
    disk: Disk, fake: FakeDisk
) -> None:
    fake.history = 3
    assert disk.make_room(fake.drop_oldest) is Room.OK
    leave(fake, 500 * MIB)
    assert [disk.make_room(fake.drop_oldest) for _ in range(2)] == [Room.LOW, Room.OK]
    assert fake.history == 1
    leave(fake, 100 * MIB)
    assert disk.make_room(fake.drop_oldest) is Room.LOW
    assert disk.make_room(fake.drop_oldest) is Room.LOW
    assert (fake.history, disk.may_write()) == (0, True)
    assert Reserve(fake.folder / "reserve.bin", 64 * MIB).held()
    leave(fake, 40 * MIB)
    assert disk.make_room(fake.drop_oldest) is Room.FULL
    assert not disk.may_write()
    assert not (fake.folder / "reserve.bin").exists()
    assert disk.free_bytes() == 104 * MIB


def test_a_disk_that_is_suddenly_full_loses_history_before_the_reserve(disk: Disk, fake: FakeDisk) -> None:
    fake.history = 20
    disk.make_room(fake.drop_oldest)
    leave(fake, 5 * MIB)
    assert disk.make_room(fake.drop_oldest) is Room.LOW
    assert fake.history == 14
    assert disk.may_write()


def test_full_stays_full_until_there_is_real_room(disk: Disk, fake: FakeDisk) -> None:
    disk.make_room(fake.drop_oldest)
    leave(fake, 40 * MIB)
    disk.make_room(fake.drop_oldest)
    seen = []
    for free in (200, 500, 511, 512, 700):
        leave(fake, free * MIB)
        seen.append(disk.make_room(fake.drop_oldest))
    assert seen == [Room.FULL, Room.FULL, Room.FULL, Room.LOW, Room.OK]
    assert disk.may_write()


def test_a_start_on_a_full_disk_is_full_and_on_a_low_one_low(fake: FakeDisk) -> None:
    for free, room in ((100 * MIB, Room.FULL), (400 * MIB, Room.LOW), (GIB, Room.OK)):
        (fake.folder / "reserve.bin").unlink(missing_ok=True)
        leave(fake, free)
        assert Disk(fake.folder, fake.usage).make_room(fake.drop_oldest) is room


def test_a_small_disk_has_a_small_reserve(tmp_path: Path) -> None:
    fake = FakeDisk(tmp_path, total=64 * MIB, used=0)
    disk = Disk(tmp_path, fake.usage)
    assert (disk.low_bytes, disk.full_bytes, disk.reserve_bytes) == (16 * MIB, 2 * MIB, 2 * MIB)
    assert disk.make_room(fake.drop_oldest) is Room.OK


def test_a_reserve_that_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve.bin", 2**62)
    assert not reserve.take()
    assert list(tmp_path.iterdir()) == []


def test_a_reserve_takes_real_blocks(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve.bin", 4 * MIB)
    assert reserve.take()
    assert (tmp_path / "reserve.bin").stat().st_blocks * 512 >= 4 * MIB
    assert reserve.held()
    reserve.give_up()
    assert not reserve.held()


def test_the_real_disk_has_numbers(tmp_path: Path) -> None:
    free, total = usage_of(tmp_path)
    assert 0 < free <= total
