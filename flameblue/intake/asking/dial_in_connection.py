"""One connection of a 4G unit (DTU): its registration, then one question at a time and what of its bytes answers it.

Promises: what came before a question, and what does not look like its answer, never becomes part of one; whoever says
too much that nobody asked for is cut off.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from flameblue.domain.limits import DIAL_IN_NOISE_BYTES_MAX
from flameblue.intake.asking.round_trips import Failure, NoAnswer
from flameblue.intake.lines import watch_the_peer
from flameblue.intake.protocols.dlt645.codec import FRAME_BYTES_MAX

HELD_BYTES_MAX = 2 * FRAME_BYTES_MAX  # a frame of DL/T 645 has 271 bytes at most, one of Modbus 256
T = TypeVar("T")


class Desk(Protocol):
    """Who looks after the connections. `buffer`: where they read into, one after the other."""

    buffer: memoryview
    counts: Callable[[str], None]
    now_s: Callable[[], float]

    def opened(self, connection: "Connection") -> bool: ...

    def spoke(self, connection: "Connection", said: bytes) -> None: ...

    def ended(self, connection: "Connection") -> None: ...


class Asked(Generic[T]):
    """A question that waits. `find`: the answer among the bytes so far, None; it may raise NoAnswer."""

    def __init__(self, find: Callable[[bytes], T | None]) -> None:
        self._find = find
        self.answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def hear(self, held: bytes) -> bool:
        """Whether the answer, or that there is none, is in `held`."""
        if self.answer.done():
            return False
        try:
            found = self._find(held)
        except NoAnswer as why:
            self.answer.set_exception(why)
            return True
        if found is not None:
            self.answer.set_result(found)
        return found is not None

    def end(self) -> None:
        """The connection is gone."""
        if not self.answer.done():
            self.answer.set_exception(NoAnswer(Failure.LINE_LOST, "the unit's connection was lost"))


class Connection(asyncio.BufferedProtocol):
    """One connection, before and after its registration."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._transport: asyncio.Transport | None = None
        self._asked: Asked[Any] | None = None
        self._held = bytearray()
        self.imei = ""
        self.peer = ""
        self.noise_bytes = 0  # since the last sweep
        self.bytes_heard = 0  # since the last question
        self.began_s = self.heard_s = desk.now_s()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if isinstance(peer, tuple) else ""
        watch_the_peer(transport.get_extra_info("socket"))
        if not self._desk.opened(self):
            self.close()

    def get_buffer(self, _sizehint: int) -> memoryview:
        return self._desk.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(self._desk.buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """`data` came from the unit."""
        if self._transport is None:
            return
        self.heard_s = self._desk.now_s()
        self.bytes_heard += len(data)
        self.noise_bytes += len(data)
        if not self.imei:
            self._held += data
            self._desk.spoke(self, bytes(self._held))
        elif self._asked is not None:
            self._held += data
            if self._asked.hear(bytes(self._held)):
                self.noise_bytes = 0
            del self._held[:-HELD_BYTES_MAX]
        if self.noise_bytes > DIAL_IN_NOISE_BYTES_MAX:
            self._desk.counts("dial_in_garbage")
            self.close()

    def said(self) -> bytes:
        """What came before its registration was found."""
        return bytes(self._held)

    def is_open(self) -> bool:
        """Whether it stands, as far as is known."""
        return self._transport is not None

    def register(self, imei: str) -> None:
        """From now on it is the unit with this IMEI; what it said so far is done with."""
        self.imei = imei
        self._held.clear()

    async def ask(self, request: bytes, find: Callable[[bytes], T | None], timeout_s: float) -> T:
        """What `find` finds among the bytes that come after `request`. Raises NoAnswer."""
        if self._transport is None:
            raise NoAnswer(Failure.LINE_LOST, "the connection is lost")
        self._held.clear()
        self.bytes_heard = 0
        asked: Asked[T] = Asked(find)
        self._asked = asked
        self._transport.write(request)
        try:
            async with asyncio.timeout(timeout_s):
                return await asked.answer
        except TimeoutError:
            if self.bytes_heard:
                why = f"{self.bytes_heard} bytes within {timeout_s:g} s, and no answer in them"
                raise NoAnswer(Failure.GARBLED, why) from None
            raise NoAnswer(Failure.TIME_OUT, f"no answer within {timeout_s:g} s") from None
        finally:
            self._asked = None

    def close(self) -> None:
        """At once; whoever waits for an answer is told."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
        if self._asked is not None:
            self._asked.end()

    def connection_lost(self, _error: Exception | None, /) -> None:
        self.close()
        self._desk.ended(self)
