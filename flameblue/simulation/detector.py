"""One detector: what it measures and keeps until it is acknowledged, and how it speaks MQTT 3.1.1.

Promises: a sample leaves the outbox only after its PUBACK, so a broken line loses nothing (it may repeat);
the oldest goes first; a full outbox drops the oldest and counts it.
"""

import asyncio
import json
import logging
import socket
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import aiomqtt

from flameblue.simulation.world import Measured

log = logging.getLogger("flameblue.simulation")
# paho logs every lost connection as an error of its own; the line's story is told here.
QUIET = logging.getLogger("flameblue.simulation.paho")
QUIET.setLevel(logging.CRITICAL)

INTERVAL_S = 10.0  # as profile flameblue-efm8 promises
OUTBOX_MAX = 2_000  # × about 200 bytes; 5 hours at one each 10 s
SAMPLES_PER_MESSAGE = 60  # × 11 values ≈ 9 KB
KEEP_ALIVE_S = 30
ACKNOWLEDGED_WITHIN_S = 10.0
BACK_OFF_S = (0.5, 8.0)
PHASES = "abc"

Sample = dict[str, Any]


@dataclass
class Counts:
    """What all detectors did together."""

    connected: int = 0
    broken: int = 0  # connections that ended or did not come about
    samples: int = 0
    acknowledged: int = 0
    dropped: int = 0


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

    def head(self) -> list[Sample]:
        """The oldest samples, as many as fit one message."""
        return [self.samples[place] for place in range(min(len(self.samples), SAMPLES_PER_MESSAGE))]

    def acknowledged(self, sent: list[Sample]) -> None:
        """`sent` are safe at the other end; those that were dropped meanwhile are no longer here."""
        for sample in sent:
            if self.samples and self.samples[0] is sample:
                self.samples.popleft()
        self.counts.acknowledged += len(sent)
        if not self.samples:
            self.filled.clear()


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect to."""

    host: str
    port: int


class Line(aiomqtt.Client):
    """A connection that can also break, as a radio link does: without a word."""

    def drop(self) -> None:
        """Ends the connection without DISCONNECT; the other end sees it close and publishes the will."""
        link = self._client.socket()
        if isinstance(link, socket.socket):
            link.shutdown(socket.SHUT_RDWR)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As ever; and a line that had broken while nobody was sending is no news to asyncio's log."""
        await super().__aexit__(kind, error, trace)
        if self._disconnected.done() and not self._disconnected.cancelled():
            self._disconnected.exception()


class Detector:
    """The detector of one circuit. `power` is cleared while it is dark."""

    def __init__(self, name: str, credential: str, counts: Counts) -> None:
        self.name = name
        self.outbox = Outbox(counts)
        self.power = asyncio.Event()
        self.power.set()
        self._credential = credential
        self._counts = counts

    async def speak(self, address: Address, first_connected: asyncio.Event) -> None:
        """Connects and sends what is in the outbox, for ever; comes back after every break."""
        pause_s, most_s = BACK_OFF_S
        while True:
            await self.power.wait()
            try:
                async with self._line(address) as line:
                    self._counts.connected += 1
                    first_connected.set()
                    pause_s = BACK_OFF_S[0]
                    await self._send(line)
            except (aiomqtt.MqttError, OSError) as error:
                log.debug("%s: %s", self.name, error)
            self._counts.broken += 1
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, most_s)

    def lose_power(self) -> None:
        """What is in memory is gone, and the line with it."""
        self.power.clear()
        self.outbox.samples.clear()
        self.outbox.filled.set()  # wakes `_send`, which looks at the power

    def _line(self, address: Address) -> Line:
        return Line(
            address.host,
            address.port,
            username=self.name,
            password=self._credential,
            identifier=self.name,
            keepalive=KEEP_ALIVE_S,
            will=aiomqtt.Will(f"flameblue/v1/{self.name}/lost", b"1", qos=1),
            timeout=ACKNOWLEDGED_WITHIN_S,
            logger=QUIET,
        )

    async def _send(self, line: Line) -> None:
        topic = f"flameblue/v1/{self.name}/readings"
        while True:
            await self.outbox.filled.wait()
            if not self.power.is_set():
                line.drop()
                return
            sent = self.outbox.head()
            await line.publish(topic, encoded(sent), qos=1)
            self.outbox.acknowledged(sent)


def encoded(samples: list[Sample]) -> bytes:
    """One object, or an array of them, as Flameblue's own format has it."""
    content = samples[0] if len(samples) == 1 else samples
    return json.dumps(content, separators=(",", ":")).encode()


def sample_of(measured: Measured, number: int, at_ms: int) -> Sample:
    """What detector `number` sends at `at_ms` by the true time; its own clock may be off."""
    values = {"ir": round(float(measured.leak_ma[number]), 1)}
    for place, phase in enumerate(PHASES):
        values[f"t{phase}"] = round(float(measured.temperature_c[number, place]), 1)
        values[f"i{phase}"] = round(float(measured.current_a[number, place]), 3)
        values[f"u{phase}"] = round(float(measured.voltage_v[number, place]), 1)
    values["amb"] = round(float(measured.ambient_c[number]), 1)
    return {"t": at_ms + round(float(measured.clock_ahead_s[number]) * 1_000), "v": values}
