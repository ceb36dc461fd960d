"""The stage of asking keeps a poller a line, as the registry has them, and says what comes of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import ASKED_TOLD_EVERY_S
from flameblue.intake.asking.addresses import LineAddress
from flameblue.intake.asking.blocks import Block
from flameblue.intake.asking.modbus import MODBUS
from flameblue.intake.reception import Intake
from flameblue.profiles.loader import Profile, Shelf
from flameblue.runtime import asking
from flameblue.runtime.asking import FILE, Asking
from flameblue.runtime.health import Health
from tests.intake.asking.models import model, point
from tests.intake.asking.units import IMEI, know_units
from tests.intake.asking.world import OthersFirst
from tests.intake.valley import MemorySink, intake

GATEWAY, OTHER = "tcp://192.0.2.7:502", "tcp://192.0.2.8:502"


class Line:
    """A line whose devices answer with their number at once; it notes who was asked and how often it was opened."""

    manner = MODBUS
    peer = ""
    silence_s = 0.0
    open_again_s_max = 60.0
    made: dict[str, "Line"]

    def __init__(self, where: LineAddress) -> None:
        self.made[str(where)] = self
        self.asked: list[int] = []
        self.opened = 0
        self.is_gone = False
        self.fault: Exception | None = None

    async def open(self) -> None:
        self.opened += 1
        if self.is_gone:
            raise WorldFailed("The gateway is not reached.")

    def is_open(self) -> bool:
        return not self.is_gone

    def mark(self, block: Block) -> Block:
        return block

    async def read(self, unit: int, block: Block, _timeout_s: float) -> tuple[int, ...]:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        self.asked.append(unit)
        return (unit,) * block.words

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> dict[str, Line]:
    """The lines that the stage has made, by their address."""
    Line.made = {}
    monkeypatch.setattr(asking, "ClientLine", Line)
    return Line.made


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def desk(tmp_path: Path, sink: MemorySink, clock: ManualClock) -> Iterator[Intake]:
    taken_in = intake(tmp_path, sink, clock)
    yield taken_in
    taken_in.quarantine.close()


@pytest.fixture
def relay(desk: Intake, tmp_path: Path) -> Profile:
    folder = tmp_path / "profiles"
    folder.mkdir()
    found = model(folder, point("ir", "address: 0"), every=10)
    desk.shelf = Shelf(folder)
    return found


class Stage:
    """The stage in a time that is told: its pauses, and its pollers', end when `passes` is called."""

    def __init__(self, desk: Intake, folder: Path, clock: ManualClock) -> None:
        self.health = Health(folder / "health.json", clock)
        self.asking = Asking(desk, self.health, folder, sleep=self._sleep)
        self._clock = clock
        self._tick = asyncio.Event()
        self._file = folder / FILE

    async def _sleep(self, _seconds: float) -> None:
        await self._tick.wait()

    async def passes(self, seconds: float = 1.0) -> None:
        self._clock.advance(seconds)
        before, self._tick = self._tick, asyncio.Event()
        before.set()
        for _ in range(100):
            await OthersFirst()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                await self.passes(0.5)

    async def told(self) -> dict[str, Any]:
        """What the pages read, written after now."""
        found: dict[str, Any] = {"at_ns": 0}
        since_ns = self._clock.now_ns()

        def is_new() -> bool:  # one that was begun before may come to disk later
            if self._file.exists():
                found.update(json.loads(self._file.read_text(encoding="utf-8")))
            return bool(found["at_ns"] > since_ns)

        await self.passes(ASKED_TOLD_EVERY_S)
        await self.until(is_new)
        return found


@pytest.fixture
async def stage(
    desk: Intake, tmp_path: Path, clock: ManualClock, lines: dict[str, Line]
) -> AsyncIterator[Stage]:
    made = Stage(desk, tmp_path, clock)
    task = asyncio.create_task(made.asking.run())
    yield made
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_lines_come_change_and_go_without_disturbing_the_others(
    stage: Stage, desk: Intake, relay: Profile, lines: dict[str, Line], sink: MemorySink
) -> None:
    know_units(desk, relay, {"a": f"{GATEWAY}?unit=1"})
    await stage.until(lambda: list(lines) == [GATEWAY])
    know_units(desk, relay, {"a": f"{GATEWAY}?unit=1", "b": f"{OTHER}?unit=1", "c": f"{GATEWAY}?unit=3"})
    await stage.until(lambda: 3 in lines[GATEWAY].asked and OTHER in lines and 1 in lines[OTHER].asked)
    know_units(desk, relay, {"b": f"{OTHER}?unit=1", "c": f"{GATEWAY}?unit=4"})
    await stage.until(lambda: 4 in lines[GATEWAY].asked)
    know_units(desk, relay, {"c": f"{GATEWAY}?unit=4"})
    await stage.until(lambda: stage.asking.counters()["asking_lines"] == 1)
    asked, before = list(lines[GATEWAY].asked), list(lines[OTHER].asked)
    for _ in range(20):
        await stage.passes(10)
    assert lines[OTHER].asked == before, "it is nobody's line any more"
    assert lines[GATEWAY].asked[len(asked) :] == [4] * (len(lines[GATEWAY].asked) - len(asked))
    assert len(lines[GATEWAY].asked) >= len(asked) + 19
    assert (lines[GATEWAY].opened, lines[OTHER].opened) == (1, 1), "no line was opened anew"


async def test_what_the_pages_show_says_how_each_device_answers(
    stage: Stage, desk: Intake, relay: Profile, lines: dict[str, Line], clock: ManualClock
) -> None:
    since_ns = clock.now_ns()
    know_units(desk, relay, {"a": f"{GATEWAY}?unit=1", "b": "", "c": f"dtu:{IMEI}?unit=1"})
    await stage.until(lambda: GATEWAY in lines and bool(lines[GATEWAY].asked))
    told = await stage.told()
    assert told["devices"]["a"]["line"] == GATEWAY
    assert told["devices"]["a"]["answered"] >= 1
    assert told["devices"]["a"]["last_failure"] is None
    assert told["devices"]["a"]["since_ns"] >= since_ns
    assert told["devices"]["b"] == {"not_asked": "no_address"}
    assert told["devices"]["c"] == {"not_asked": "no_dial_in"}
    assert told["lines"][GATEWAY]["is_open"]
    know_units(desk, relay, {})
    await stage.until(lambda: not stage.asking.counters()["asking_lines"])
    told = await stage.told()
    assert (told["lines"], told["devices"]) == ({}, {})


async def test_a_line_that_can_not_be_opened_is_told_once_in_words(
    stage: Stage, desk: Intake, relay: Profile, lines: dict[str, Line], caplog: pytest.LogCaptureFixture
) -> None:
    know_units(desk, relay, {"a": f"{GATEWAY}?unit=1", "b": f"{OTHER}?unit=1"})
    await stage.until(lambda: len(lines) == 2)
    lines[GATEWAY].is_gone = True
    for _ in range(20):
        await stage.passes(10)
    assert lines[GATEWAY].opened > 4
    assert len([one for one in caplog.messages if "not reached" in one]) == 1
    told = await stage.told()
    assert told["lines"][GATEWAY]["trouble"] == "The gateway is not reached."
    assert len(lines[OTHER].asked) >= 15, "the other is asked as before"
    lines[GATEWAY].is_gone = False
    await stage.passes(60)
    await stage.passes(60)
    assert (await stage.told())["lines"][GATEWAY]["trouble"] == ""


async def test_a_line_that_fails_is_started_again_alone(
    stage: Stage, desk: Intake, relay: Profile, lines: dict[str, Line]
) -> None:
    know_units(desk, relay, {"a": f"{GATEWAY}?unit=1", "b": f"{OTHER}?unit=1"})
    await stage.until(lambda: len(lines) == 2 and bool(lines[GATEWAY].asked))
    lines[GATEWAY].fault = AssertionError("a fault of ours")
    await stage.until(lambda: stage.health.failures["asking"] == 1)
    before = len(lines[GATEWAY].asked)
    await stage.until(lambda: len(lines[GATEWAY].asked) > before)
    assert (lines[GATEWAY].opened, lines[OTHER].opened) == (2, 1)
