"""One device's line: its socket, what it has sent and not been answered, and until when it must speak.

Back-pressure: with INFLIGHT_PER_CONNECTION_MAX frames unanswered, or a peer that does not read its answers,
the socket is not read; TCP tells the device. A line that sends much and no reading rests (rest.py).
"""

import asyncio
import socket
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Protocol

from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import CONNECT_WITHIN_S, INCOMPLETE_S, INFLIGHT_PER_CONNECTION_MAX, KIB
from flameblue.intake.directory import Admission, DeviceEntry, Directory
from flameblue.intake.protocol import Session
from flameblue.intake.protocols.mqtt.packets import Terms
from flameblue.intake.rest import Fruit, Pace
from flameblue.intake.sessions import DeviceSession

SEND_BUFFER_BYTES = 32 * KIB  # of the kernel, a connection; it would grow to megabytes for who does not read
RECEIVE_BUFFER_BYTES = 64 * KIB  # likewise, for whom we do not read
_TCP_KEEP_ALIVE = (("TCP_KEEPIDLE", 120), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 4))


class Ending(Enum):
    """Why a line ends, which decides whether its device counts as lost."""

    PEER = auto()  # it closed, or the network did
    GOODBYE = auto()  # it said that it would
    EXPIRED = auto()  # it did not speak in time
    BROKEN = auto()  # it broke the protocol
    OURS = auto()  # refused, taken over, no longer admitted, or we could not make its readings durable


class Desk(Protocol):
    """Who looks after the lines. `buffer`: where they read into, one after the other."""

    buffer: memoryview

    def opened(self, line: "Line") -> bool: ...

    def heard(self, line: "Line") -> None: ...

    def relieved(self, line: "Line") -> None: ...

    def ended(self, line: "Line") -> None: ...


@dataclass(slots=True, eq=False)
class Answer:
    """What becomes of some frames of a line once all that they brought is durable."""

    line: "Line"
    frames: int = 0
    topics: int = 0  # that they subscribed to, or no longer
    kib: int = 0  # of their payloads
    ends: Ending | None = None  # they were the line's last ones
    in_quarantine: bool = False  # something of the frames is, so the answer waits for it
    data: bytearray = field(default_factory=bytearray)  # goes to the peer
    settled: list[int] = field(default_factory=list)  # packet ids of the peer's that are done with
    received: list[tuple[int, int]] = field(default_factory=list)  # QoS 2 messages that are now on disk

    def weight(self) -> int:
        """How much work they were, in frames."""
        return self.frames + self.topics + self.kib


class Line(asyncio.BufferedProtocol):
    """One connection. Whoever reads `frames` answers them with `answered`, in order."""

    def __init__(self, desk: Desk, codec: Session) -> None:
        self._desk = desk
        self._codec = codec
        self._transport: asyncio.Transport | None = None
        self._unanswered = 0
        self._reading = True
        self._peer_reads = True
        self._welcomed = False  # the first answer was sent
        self._deliveries = 0  # how often bytes came
        self._stuck = (0, 0.0)  # a frame was incomplete after so many of them, first seen then
        self._leaving = False  # all is said; only the peer's end is awaited
        self.resting = False
        self.frames: deque[Any] = deque()
        self.owed: deque[tuple[Answer, asyncio.Future[WorldFailed | None]]] = deque()  # waits for quarantine
        self.fruit = Fruit()
        self.pace = Pace()
        self.queued = False  # waits in the desk's queue
        self.closed = False  # nothing more will come
        self.ending = Ending.PEER
        self.end_with: Ending | None = None  # what has been said ends the line, once the answers are sent
        self.speak_by_s = 0.0  # monotonic
        self.patience_s = 0.0  # how long it may be quiet
        self.peer = ""
        self.client_id = ""
        self.has_will = False
        self.terms = Terms()
        self.session: DeviceSession | None = None
        self.admission: Admission | None = None
        self.certified: str | None = None  # the name in a verified certificate; None: it has shown none
        self.entry: DeviceEntry | None = None
        self.checked: Directory | None = None  # the directory that `entry` was last looked up in

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if isinstance(peer, tuple) else ""
        watch_the_peer(transport.get_extra_info("socket"))
        if not self._desk.opened(self):
            self.closed = True
            transport.abort()

    def get_buffer(self, _sizehint: int) -> memoryview:
        return self._desk.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(self._desk.buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """`data` came from the peer."""
        if self._leaving:
            return
        self.fruit.heard_bytes += len(data)
        self._deliveries += 1
        frames = self._codec.feed(data)
        if frames:
            self.said(*frames)

    def give_up(self, now_s: float) -> None:
        """A frame that has been incomplete for INCOMPLETE_S without a byte more is waited for no longer."""
        if not self._codec.held_bytes() or self._leaving:
            return
        deliveries, since_s = self._stuck
        if deliveries != self._deliveries:
            self._stuck = (self._deliveries, now_s)
        elif now_s - since_s >= INCOMPLETE_S:
            self._stuck = (0, now_s)
            if frames := self._codec.give_up():
                self.said(*frames)

    def said(self, *frames: Any) -> None:
        """`frames` are to be answered."""
        self.frames.extend(frames)
        self._unanswered += len(frames)
        self._listen()
        self._desk.heard(self)

    def secured(self, transport: asyncio.Transport, certified: str | None) -> None:
        """From now on the line goes over TLS; `certified` is whom its certificate names."""
        self._transport = transport
        self.certified = certified

    def connection_lost(self, _error: Exception | None, /) -> None:
        if not self.closed:
            self.closed = True
            if not self._leaving:
                self.frames.extend(self._codec.give_up())
            self._desk.ended(self)
        self._transport = None

    def pause_writing(self) -> None:
        self._peer_reads = False
        self._listen()

    def resume_writing(self) -> None:
        self._peer_reads = True
        self._listen()
        self._desk.relieved(self)

    def answered(self, answer: Answer) -> None:
        """What the frames of `answer` brought is durable."""
        self._unanswered -= answer.frames
        self._codec.settle(answer.settled)
        if self.session is not None:
            for packet_id, what in answer.received:
                self.session.note_received(packet_id, what)
        if answer.data:
            self.write(bytes(answer.data))
            self._welcomed = True
        self._listen()

    def write(self, data: bytes) -> None:
        """Sends `data` where the line is still open."""
        if self._transport is not None and self._is_open():
            self._transport.write(data)

    def welcome(self) -> None:
        """What ends it may be said to it before any answer was."""
        self._welcomed = True

    def takes_more(self) -> bool:
        """Whether it was welcomed, is open, and its peer reads."""
        return self._welcomed and self._peer_reads and self._is_open()

    def waits_for_us(self) -> bool:
        """It can't be blamed for being quiet: we are not reading."""
        return (self._unanswered > 0 or self.resting) and self._peer_reads

    def rest(self) -> None:
        """It is not read until `wake`."""
        self.resting = True
        self._listen()

    def wake(self) -> None:
        """It is read again."""
        self.resting = False
        self._listen()

    def end(self, ending: Ending) -> None:
        """Sends what is under way, then closes. The first ending counts."""
        if self._transport is not None and self._is_open():
            self.ending = ending
            self._transport.close()

    def leave(self, ending: Ending) -> None:
        """As `end`, but hears the peer out: bytes that nobody reads would reset the line and our last word with it."""
        if self._transport is None or not self._is_open() or not self._transport.can_write_eof():
            self.end(ending)
            return
        self.ending = ending
        self._leaving = True
        self._transport.write_eof()
        if not self._reading:
            self._transport.resume_reading()

    def has_presented_itself(self) -> bool:
        """Whether a device that is known was believed on it."""
        return self.entry is not None

    def heard_s(self) -> float:
        """When it was last heard, once it has presented itself."""
        return self.speak_by_s - self.patience_s

    def is_leaving(self) -> bool:
        """All is said; it is heard out until its peer ends it, or the desk."""
        return self._leaving

    def dismiss(self, farewell: bytes, ending: Ending, *, hear_out: bool = False) -> None:
        """Says `farewell`, where that needs no waiting, and closes at once or (`hear_out`) as `leave` does."""
        if farewell and self._welcomed and self._is_open():
            self.write(farewell)
            if self._transport is not None and not self._transport.get_write_buffer_size():
                (self.leave if hear_out else self.end)(ending)
                return
        self.abort(ending)

    def send_away(self, farewell: bytes, now_s: float) -> None:
        """Ends for a reason of ours. Who spoke lately may have more on its way and is heard out for a while: closing
        over unread bytes would take back what it was told. A line that lies dead is not kept for that."""
        if self._leaving:
            return
        lately = now_s - self.heard_s() < CONNECT_WITHIN_S
        self.dismiss(farewell, Ending.OURS, hear_out=lately)
        self.patience_s, self.speak_by_s = 0.0, now_s + CONNECT_WITHIN_S

    def abort(self, ending: Ending) -> None:
        """Closes at once."""
        if self._transport is not None:
            if self._is_open():
                self.ending = ending
            self._transport.abort()

    def _is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing() and not self._leaving

    def _listen(self) -> None:
        """Reads the socket, or not, as the limits say."""
        room = self._unanswered < INFLIGHT_PER_CONNECTION_MAX
        reading = self._peer_reads and room and not self.resting
        if self._transport is None or reading == self._reading or not self._is_open():
            return
        self._reading = reading
        if reading:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()


def watch_the_peer(connection: Any) -> None:
    """TCP keep-alive finds a half-open line even where no MQTT keep-alive was promised; answers are small."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _TCP_KEEP_ALIVE:
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
