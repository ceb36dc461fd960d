"""A detector that speaks MQTT 3.1.1 by itself: profile flameblue-efm8."""

import json
import logging
import socket
from collections.abc import Sequence
from types import TracebackType

import aiomqtt

from flameblue.simulation.bad_line import relayed
from flameblue.simulation.device import Address, Reporting, Surroundings
from flameblue.simulation.measuring import Sample

# paho logs every lost connection as an error of its own; the line's story is told here.
QUIET = logging.getLogger("flameblue.simulation.paho")
QUIET.setLevel(logging.CRITICAL)

KIND = "mqtt"
SAMPLES_PER_MESSAGE = 60  # × 11 values ≈ 9 KB
KEEP_ALIVE_S = 30
ACKNOWLEDGED_WITHIN_S = 10.0


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


class Detector(Reporting):
    """The detector of one circuit."""

    def __init__(self, name: str, credential: str, address: Address, around: Surroundings) -> None:
        super().__init__(name, around)
        self._credential = credential
        self._address = address

    async def converse(self) -> None:
        """Connects and sends what is in the outbox until the line ends, or the power."""
        async with (
            relayed(self._address, self.name, KIND, self.around) as address,
            self._line(address) as line,
        ):
            self.arrived()
            await self._send(line)

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
            sent = self.outbox.head(SAMPLES_PER_MESSAGE)
            self.sending(sent)
            await line.publish(topic, encoded(sent), qos=1)
            self.acknowledged(sent)


def encoded(samples: Sequence[Sample]) -> bytes:
    """One object, or an array of them, as Flameblue's own format has it."""
    content = samples[0] if len(samples) == 1 else samples
    return json.dumps(content, separators=(",", ":")).encode()
