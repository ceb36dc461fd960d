"""A device at the other end of a line, without a socket: what it is sent can be waited for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from flameblue.intake.lines import Line
from flameblue.intake.listener import Endpoint, Listener
from flameblue.intake.protocols.mqtt.codec import Session
from flameblue.intake.reception import Intake
from tests.intake import mqtt5_packets
from tests.intake.mqtt_packets import ACCEPTED, Client
from tests.intake.valley import CREDENTIAL, settings

PATIENCE_S = 10.0


class _Socket:
    def setsockopt(self, *_: Any) -> None:
        """The peer has no kernel."""


class Peer(asyncio.Transport):
    """One connection to `listener`."""

    def __init__(self, listener: Endpoint, codec: Any = None) -> None:
        super().__init__(extra={"peername": ("10.0.0.7", 5), "socket": _Socket()})
        self.sent_to_it = bytearray()
        self.reading = True  # whether the listener reads what we send
        self.unread_bytes = 0  # what the kernel would not take from the listener
        self._changed = asyncio.Event()
        self._closing = False
        self.over_tcp = False  # whether the listener can end its half of the connection
        self.told_the_end = False
        self.line = Line(listener, codec or Session())
        self.line.connection_made(self)

    def send(self, *packets: bytes) -> None:
        self.line.data_received(b"".join(packets))

    def vanish(self) -> None:
        """The network is gone, without a word."""
        self.line.connection_lost(None)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits until `condition()`, looked at whenever something was sent or closed."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def receives(self, expected: bytes) -> None:
        """Waits for exactly `expected` and forgets it."""
        await self.until(lambda: len(self.sent_to_it) >= len(expected) or self._closing)
        assert bytes(self.sent_to_it[: len(expected)]) == expected
        del self.sent_to_it[: len(expected)]

    async def next_packet(self) -> bytes:
        """Waits for one whole packet and takes it; shorter than 128 bytes, as all that we send here."""
        await self.until(lambda: len(self.sent_to_it) > 1 and len(self.sent_to_it) >= 2 + self.sent_to_it[1])
        packet = bytes(self.sent_to_it[: 2 + self.sent_to_it[1]])
        del self.sent_to_it[: len(packet)]
        return packet

    async def is_closed(self) -> None:
        await self.until(lambda: self._closing)

    def write(self, data: Any) -> None:
        self.sent_to_it += data
        self._changed.set()

    def is_closing(self) -> bool:
        return self._closing

    def can_write_eof(self) -> bool:
        return self.over_tcp

    def write_eof(self) -> None:
        self.told_the_end = True
        self._changed.set()

    def get_write_buffer_size(self) -> int:
        return self.unread_bytes

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._changed.set()
            asyncio.get_running_loop().call_soon(self.line.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def pause_reading(self) -> None:
        self.reading = False
        self._changed.set()

    def resume_reading(self) -> None:
        self.reading = True
        self._changed.set()


def client(**changes: Any) -> Client:
    """D0217 as it presents itself."""
    return Client(**{"user": "D0217", "password": CREDENTIAL, **changes})


async def connected(listener: Listener, **changes: Any) -> Peer:
    """A peer that was let in."""
    peer = Peer(listener)
    peer.send(client(**changes).connect())
    await peer.receives(ACCEPTED)
    return peer


@asynccontextmanager
async def serving(intake: Intake) -> AsyncIterator[Listener]:
    """A listener without ports, for peers without sockets."""
    listener = Listener(intake, settings())
    task = asyncio.create_task(listener.serve())
    await listener.started.wait()
    try:
        yield listener
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def connected_5(listener: Listener, *arguments: Any, present: bool = False, **more: Any) -> Peer:
    """A peer of MQTT 5 that was let in, with a session that went on or without."""
    peer = Peer(listener)
    peer.send(mqtt5_packets.connect(*arguments, **more))
    said = await peer.next_packet()
    assert (said[0], said[2], said[3]) == (0x20, present, 0)
    return peer
