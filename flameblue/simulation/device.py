"""What the simulated devices of every kind have in common: power, a memory, a line that comes back.

Promises: a sample leaves the outbox only after it was acknowledged, so a broken line loses nothing (it may repeat);
the oldest goes first; a full outbox drops the oldest and counts it; what was acknowledged is told once.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiomqtt
import httpx

from flameblue.domain.clock import Clock, SystemClock
from flameblue.simulation.line_faults import NO_FAULTS, LineFaults
from flameblue.simulation.measuring import Sample

log = logging.getLogger("flameblue.simulation")
OUTBOX_MAX = 2_000  # × about 200 bytes; 5 hours at one each 10 s
BACK_OFF_S = (0.5, 8.0)
BROKEN = (OSError, EOFError, aiomqtt.MqttError, httpx.HTTPError)  # a line that ended, whoever ended it

# Device, time in ms, values by the registry's keys, how often it was sent, for want of an acknowledgement.
Told = Callable[[str, int, Mapping[str, Any], int], None]


class LineLost(OSError):
    """The line broke, or the other end does not do what the protocol asks of it."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect to, or where to listen."""

    host: str
    port: int


@dataclass
class Counts:
    """What all devices did together."""

    connected: int = 0
    broken: int = 0  # connections that ended or did not come about
    samples: int = 0
    acknowledged: int = 0
    dropped: int = 0
    answered: int = 0  # questions, by devices that are asked
    repeated: int = 0  # frames and messages that were sent again since nobody acknowledged them
    spoilt: int = 0  # frames that a bad line changed on purpose


def told(counts: Counts, before: Counts, faults: int) -> str:
    """`counts` as a sentence. `before`: as they were once it was connected; what broke until then is the start's."""
    said = [
        f"{counts.samples:,} samples measured",
        f"{counts.acknowledged:,} acknowledged",
        *([f"{counts.answered:,} questions answered"] if counts.answered else []),
        *([f"{counts.repeated:,} sent again"] if counts.repeated else []),
        *([f"{counts.spoilt:,} frames spoilt on purpose"] if counts.spoilt else []),
        *([f"{counts.dropped:,} samples dropped, the outbox was full"] if counts.dropped else []),
    ]
    broken = counts.broken - before.broken
    if broken:
        said.append(f"{broken:,} connections ended or did not come about")
    return f"The valley so far: {', '.join(said)}. Faults present: {faults}."


@dataclass(frozen=True)
class Surroundings:
    """What all devices share. `told`: hears what was acknowledged, or answered. `faults`: of lines, by kind."""

    counts: Counts = field(default_factory=Counts)
    clock: Clock = field(default_factory=SystemClock)
    faults: Mapping[str, LineFaults] = field(default_factory=dict)
    seed: int = 1
    told: Told | None = None

    def faults_of(self, kind: str) -> LineFaults:
        """Those of a kind's lines; none where nothing is said of them."""
        return self.faults.get(kind, NO_FAULTS)

    def tell(self, name: str, at_ms: int, values: Mapping[str, Any], times: int = 1) -> None:
        """To whoever listens."""
        if self.told is not None:
            self.told(name, at_ms, values, times)


@dataclass
class Outbox:
    """Samples that nobody has acknowledged yet."""

    counts: Counts
    samples: deque[Sample] = field(default_factory=deque)
    filled: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, sample: Sample) -> None:
        """At the end; beyond OUTBOX_MAX the oldest goes."""
        self.samples.append(sample)
        self.counts.samples += 1
        if len(self.samples) > OUTBOX_MAX:
            self.samples.popleft()
            self.counts.dropped += 1
        self.filled.set()

    def head(self, most: int) -> list[Sample]:
        """The oldest samples, at most as many as fit one message."""
        return [self.samples[place] for place in range(min(len(self.samples), most))]

    def acknowledged(self, sent: Sequence[Sample]) -> None:
        """`sent` are safe at the other end; those that were dropped meanwhile are no longer here."""
        for sample in sent:
            if self.samples and self.samples[0] is sample:
                self.samples.popleft()
        self.counts.acknowledged += len(sent)
        if not self.samples:
            self.filled.clear()


class Device(Protocol):
    """The detector of one circuit, of whatever kind."""

    name: str

    def take(self, sample: Sample) -> None:
        """It has measured this."""

    def is_dark(self) -> bool:
        """Whether it has no power."""

    def lose_power(self) -> None:
        """What is in memory is gone, and the line with it."""

    def gain_power(self) -> None:
        """It starts anew."""


class Speaker(Protocol):
    """Whoever has a line of its own: a device, or what stands before several."""

    async def speak(self, connected: asyncio.Event) -> None:
        """For ever; `connected` is set when the other end is there."""


class Dialling(ABC):
    """Connects to the other end for ever, with growing pauses. `power` is cleared while it is dark."""

    def __init__(self, name: str, around: Surroundings) -> None:
        self.name = name
        self.around = around
        self.power = asyncio.Event()
        self.power.set()
        self._pause_s = BACK_OFF_S[0]

    async def speak(self, connected: asyncio.Event) -> None:
        """Comes back after every break."""
        self._connected = connected
        while True:
            await self.power.wait()
            try:
                await self.converse()
            except* BROKEN as errors:
                log.debug("%s: %s", self.name, errors.exceptions)
            self.around.counts.broken += 1
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(2 * self._pause_s, BACK_OFF_S[1])

    def arrived(self) -> None:
        """The other end is there."""
        self.around.counts.connected += 1
        self._connected.set()
        self._pause_s = BACK_OFF_S[0]

    def is_dark(self) -> bool:
        """Whether it has no power."""
        return not self.power.is_set()

    @abstractmethod
    async def converse(self) -> None:
        """One connection, from its beginning to its end; says `arrived`."""


class Reporting(Dialling):
    """A device that says by itself what it has measured."""

    def __init__(self, name: str, around: Surroundings) -> None:
        super().__init__(name, around)
        self.outbox = Outbox(around.counts)
        self._times: Counter[int] = Counter()  # by the sample's own time

    def take(self, sample: Sample) -> None:
        """Kept until it is acknowledged."""
        self.outbox.add(sample)

    def lose_power(self) -> None:
        """What is in memory is gone, and the line with it."""
        self.power.clear()
        self.outbox.samples.clear()
        self._times.clear()
        self.outbox.filled.set()  # wakes whoever waits for a sample, and looks at the power then

    def gain_power(self) -> None:
        """With an empty memory."""
        self.outbox.filled.clear()
        self.power.set()

    def sending(self, sent: Sequence[Sample]) -> None:
        """In a new message, or on a new line: the other end may have them already and not be able to know it."""
        self._times.update(sample["t"] for sample in sent)

    def acknowledged(self, sent: Sequence[Sample]) -> None:
        """The other end has `sent`."""
        self.outbox.acknowledged(sent)
        for sample in sent:
            self.around.tell(self.name, *self.as_sent(sample), self._times.pop(sample["t"], 1))

    def as_sent(self, sample: Sample) -> tuple[int, Mapping[str, Any]]:
        """Time and values of `sample` as this kind's messages have them."""
        return sample["t"], sample["v"]
