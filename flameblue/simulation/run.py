"""The false valley in real time: the world goes on, the detectors measure and speak, people do things.

World time runs `speed` times as fast as the clock; the times in the messages are those of the clock.
Scheduled faults count from the first connection, so that a slow start of the other end hides nothing.
"""

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from flameblue.domain.clock import Clock
from flameblue.simulation.commands import Commands, obey
from flameblue.simulation.device import Counts, Surroundings, Told, told
from flameblue.simulation.fleet import fleet
from flameblue.simulation.line_faults import LineFaults
from flameblue.simulation.measuring import INTERVAL_S, sample_of
from flameblue.simulation.places import Wishes
from flameblue.simulation.scenarios import Due
from flameblue.simulation.world import LOAD_TEST_S, Measured, World

log = logging.getLogger("flameblue.simulation")
TURN_S = 0.25  # how often the world is looked after
BACKLOG_EVERY_S = 60.0
REPORT_EVERY_S = 60.0
NS_PER_S, NS_PER_MS = 1_000_000_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Course:
    """How the world is run.

    `commands` None: nobody does anything. `alive`: a file whose time says until when the valley has run. `lines`: the
    faults of lines by kind. `told`: hears what was acknowledged or answered.
    """

    speed: float = 1.0
    backlog_s: float = 7_200.0
    alive: Path | None = None
    commands: Path | None = None
    faults: tuple[Due, ...] = ()
    lines: Mapping[str, LineFaults] = field(default_factory=dict)
    told: Told | None = None


async def run(world: World, wishes: Wishes, course: Course, clock: Clock) -> Counts:
    """Runs until it is cancelled. `world` should stand at the begin of its backlog."""
    valley = Running(world, wishes, course, clock)
    await valley.send_backlog()
    async with asyncio.TaskGroup() as group:
        group.create_task(valley.go_on())
        group.create_task(valley.report())
        for speaker in valley.speakers:
            group.create_task(speaker.speak(valley.connected))
    return valley.counts


def backlog_s(wanted_s: float, alive: Path | None, clock: Clock) -> float:
    """As much backlog as is wanted, but nothing from before the end of an earlier run: it was sent then."""
    if alive is None or not alive.exists():
        return wanted_s
    return max(0.0, min(wanted_s, clock.now_ns() / NS_PER_S - alive.stat().st_mtime))


class Running:
    """A world under way."""

    def __init__(self, world: World, wishes: Wishes, course: Course, clock: Clock) -> None:
        self.counts = Counts()
        self.connected = asyncio.Event()
        self._before = Counts()
        around = Surroundings(self.counts, clock, course.lines, world.plan.seed, course.told)
        found = fleet(world.plan, wishes, around)
        self.detectors, self.speakers = found.devices, found.speakers
        self._world, self._course, self._clock = world, course, clock
        self._commands = None if course.commands is None else Commands(course.commands)
        self._waiting = sorted(course.faults, key=lambda due: due.after_s)
        self._measured = world.measured()
        count = len(self.detectors)
        self._next_s = [INTERVAL_S * number / count for number in range(count)]

    async def send_backlog(self) -> None:
        """Puts the last `backlog_s` into every outbox, one sample a minute; the world ends at its now."""
        count = int(self._course.backlog_s // BACKLOG_EVERY_S)
        now_ns = self._clock.now_ns()
        for left in range(count, 0, -1):
            self._world.advance(self._world.now_s + BACKLOG_EVERY_S)
            at_ms = (now_ns - round(left * BACKLOG_EVERY_S * NS_PER_S)) // NS_PER_MS
            measured = self._world.measured()
            for number, detector in enumerate(self.detectors):
                detector.take(sample_of(measured, number, at_ms))
            await asyncio.sleep(0)

    async def go_on(self) -> None:
        """The world and its people, for ever."""
        began_s, world_began_s = self._clock.monotonic_s(), self._world.now_s
        connected_s: float | None = None
        while True:
            now_s = self._clock.monotonic_s()
            self._world.advance(world_began_s + (now_s - began_s) * self._course.speed)
            if connected_s is None and self.connected.is_set():
                connected_s = now_s
                self._before = replace(self.counts)
                log.info("connected; the scenario begins")
            self._happen(None if connected_s is None else now_s - connected_s)
            self._measured = self._world.measured()
            self._look_after_power(self._measured)
            self.measure(now_s - began_s)
            if self._course.alive is not None:
                self._course.alive.touch()
            await asyncio.sleep(TURN_S)

    async def report(self) -> None:
        """One line a minute."""
        while True:
            await asyncio.sleep(REPORT_EVERY_S)
            log.info("%s", told(self.counts, self._before, len(self._world.present)))

    def _happen(self, elapsed_s: float | None) -> None:
        while elapsed_s is not None and self._waiting and self._waiting[0].after_s <= elapsed_s:
            due = self._waiting.pop(0)
            self._world.inject(due.fault)
            log.info("a fault begins: %s", _named(due.fault))
        for command in self._commands.fresh() if self._commands else ():
            obey(self._world, command, LOAD_TEST_S * max(1.0, self._course.speed))

    def _look_after_power(self, measured: Measured) -> None:
        for number, detector in enumerate(self.detectors):
            dark = bool(measured.dark[number])
            if dark and not detector.is_dark():
                detector.lose_power()
            elif not dark and detector.is_dark():
                detector.gain_power()

    def measure(self, elapsed_s: float) -> None:
        """Each detector at its own time within the interval; one that was held up does not catch up."""
        at_ms = self._clock.now_ns() // NS_PER_MS
        for number, detector in enumerate(self.detectors):
            if elapsed_s < self._next_s[number]:
                continue
            self._next_s[number] += INTERVAL_S * max(1, -(-(elapsed_s - self._next_s[number]) // INTERVAL_S))
            if not detector.is_dark():
                detector.take(sample_of(self._measured, number, at_ms))


def _named(fault: object) -> str:
    """What kind of fault it is, and where."""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(fault).__name__).lower()
    where = [str(getattr(fault, part, "")) for part in ("site", "premises", "circuit")]
    return ", ".join([kind, *filter(None, where)])
