"""A simulated line with simulated devices: time is a ManualClock's, and ends when a test has seen enough."""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import WorldFailed
from flameblue.intake.asking import rtu_answers
from flameblue.intake.asking.addresses import AskedDevice
from flameblue.intake.asking.blocks import Block
from flameblue.intake.asking.modbus import MODBUS
from flameblue.intake.asking.poller import Poller
from flameblue.intake.asking.round_trips import Failure, NoAnswer
from flameblue.intake.directory import Directory
from flameblue.intake.reception import Intake
from flameblue.profiles.loader import Profile, Shelf
from tests.intake.asking.models import entry

BITS = 10  # of a character on the line: 8N1
REQUEST_BYTES = 8
SILENCE_CHARACTERS = 3.5  # before each frame, MODBUS over Serial Line V1.02, 2.5.1.1


class Ended(Exception):
    """The simulated time is over."""


class OthersFirst:
    """Lets the other tasks of the event loop go on once."""

    def __await__(self) -> Any:
        yield


def exchange_s(words: int, baud: int) -> float:
    """How long a read of so many registers keeps a line busy, both frames and the silences before them."""
    characters = REQUEST_BYTES + 5 + 2 * words + 2 * SILENCE_CHARACTERS
    return characters * BITS / baud


class SimulatedLine:
    """Devices by unit: their registers by address, or why they do not answer."""

    manner = MODBUS
    peer = ""
    silence_s = 0.0  # it is part of `exchange_s`
    open_again_s_max = 60.0

    def __init__(
        self, clock: ManualClock, devices: dict[int, Any], *, baud: int = 9600, until_s: float
    ) -> None:
        self.clock = clock
        self.devices = devices
        self.baud = baud
        self.until_s = until_s
        self.asked: list[tuple[float, int, Block]] = []
        self.busy_s = 0.0
        self.opened = 0
        self.refuses = 0  # so many times it can't be opened
        self.broken = True
        self.is_rtu = False  # whether an answer bears no more than its function and length

    async def open(self) -> None:
        if self.clock.monotonic_s() >= self.until_s:
            raise Ended
        if self.refuses:
            self.refuses -= 1
            raise WorldFailed("The line is not reached.")
        self.opened += 1
        self.broken = False

    def is_open(self) -> bool:
        return not self.broken and self.clock.monotonic_s() < self.until_s

    def mark(self, block: Block) -> Hashable:
        return rtu_answers.mark(block) if self.is_rtu else block

    async def read(self, unit: int, block: Block, timeout_s: float) -> tuple[int, ...]:
        self.asked.append((self.clock.monotonic_s(), unit, block))
        await OthersFirst()
        device = self.devices.get(unit, Failure.TIME_OUT)
        if device is Failure.LINE_LOST:
            self.broken = True
        if isinstance(device, Failure):
            self.clock.advance(timeout_s if device is Failure.TIME_OUT else 0.01)
            raise NoAnswer(device, f"unit {unit}: {device.value}")
        busy_s = exchange_s(block.words, self.baud)
        self.busy_s += busy_s
        self.clock.advance(busy_s)
        if not all(address in device for address in range(block.address, block.end)):
            raise NoAnswer(Failure.REFUSED, f"{block}: exception 2, Illegal Data Address")
        return tuple(device[address] for address in range(block.address, block.end))

    def close(self) -> None:
        self.broken = True


def know(desk: Intake, folder: Path, profile: Profile, names: Sequence[str]) -> None:
    """The directory and the shelf of `desk`: devices of the one model in `folder`, their points numbered on."""
    count = len(profile.points)
    entries = {name: entry(name, profile, 1 + place * count) for place, name in enumerate(names)}
    desk.directory = Directory(entries)
    desk.shelf = Shelf(folder)


async def run(desk: Intake, line: SimulatedLine, units: Mapping[str, int]) -> Poller[Any, Any]:
    """Asks until the line's time is over, and lets what was read become durable."""

    async def sleep(seconds: float) -> None:
        line.clock.advance(seconds)
        for _ in range(10):
            await OthersFirst()

    poller = Poller(desk, line, [AskedDevice(name, unit) for name, unit in units.items()], sleep)
    with pytest.raises(ExceptionGroup) as caught:
        await poller.serve()
    assert caught.group_contains(Ended)
    return poller
