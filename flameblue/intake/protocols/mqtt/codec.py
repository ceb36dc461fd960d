"""MQTT 3.1.1 and 5, the server's side of one connection, without I/O: what a device may say.

Invariants: any split of the bytes gives the same frames; no bytes raise; at most one packet within its limit,
a few topic aliases and the packet ids in flight are held; the first frame is Connect or Unacceptable or Broken,
and after the latter two nothing comes. Our answers are in answers.py.
Source: OASIS MQTT Version 3.1.1 and 5.0 (sections in brackets).
"""

from collections.abc import Callable, Iterable

from flameblue.domain.limits import (
    CONNECT_BYTES_MAX,
    INFLIGHT_PER_CONNECTION_MAX,
    PACKET_BYTES_MAX,
    TOPIC_ALIASES_MAX,
)
from flameblue.intake.protocol import Broken
from flameblue.intake.protocols.mqtt import answers, codes, packets
from flameblue.intake.protocols.mqtt.codes import (
    CONNECT,
    DISCONNECT,
    PINGREQ,
    PUBACK,
    PUBLISH,
    PUBREL,
    SUBSCRIBE,
    UNSUBSCRIBE,
    V5,
)
from flameblue.intake.protocols.mqtt.fields import LENGTH_BYTES_MAX, Fields, ProtocolError, topic
from flameblue.intake.protocols.mqtt.packets import (
    Connect,
    Disconnect,
    Frame,
    Ping,
    Publish,
    PublishOnce,
    Terms,
    Unacceptable,
)
from flameblue.intake.protocols.mqtt.properties import Name

TLS_HELLO = 0x16
FLAGS = {PUBREL: 2, SUBSCRIBE: 2, UNSUBSCRIBE: 2}  # [2.2.2]; of all others 0
READERS: dict[int, Callable[[Fields, int], Frame]] = {
    PUBACK: packets.acknowledged,
    PUBREL: packets.release,
    SUBSCRIBE: packets.subscribe,
    UNSUBSCRIBE: packets.unsubscribe,
}


class Session:
    """One connection's packets."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._needed = 0  # bytes that `_held` must have before looking at it again is worth while
        self._version = 0  # 0: nobody has presented himself
        self._terms = Terms()
        self._connected = False
        self._over = False
        self._read_publish = packets.publish
        self._aliases: dict[int, str] = {}
        self._unsettled: set[int] = set()
        self._counts = False  # how many messages are in flight

    def held_bytes(self) -> int:
        """Bytes of the packet that is not complete yet."""
        return len(self._held)

    def give_up(self) -> list[Frame]:
        """Nothing: half a packet is waited for as long as the line may be quiet."""
        return []

    def settle(self, packet_ids: Iterable[int]) -> None:
        """The client was sent PUBACK or PUBCOMP for these; of MQTT 5 only so many may be without [5.0: 4.9]."""
        if self._unsettled:
            self._unsettled.difference_update(packet_ids)

    def feed(self, data: bytes) -> list[Frame]:
        """The packets that `data` completes, in order; the last one may be Broken."""
        if self._over:
            return []
        if self._held:
            self._held += data
            if len(self._held) < self._needed:
                return []
            data = bytes(self._held)
            self._held.clear()
        frames: list[Frame] = []
        at = 0
        try:
            while not self._over and (start := self._start(data, at)):
                stop = at + self._needed
                frames.append(self._frame(data[at], data[start:stop]))
                at = stop
        except ProtocolError as error:
            self._over = True
            frames.append(Broken(str(error), error.oversized, self._farewell(error)))
        if not self._over:
            self._held += data[at:]
        return frames

    def _start(self, data: bytes, at: int) -> int:
        """Where the body of the packet at `at` starts; 0: it is not complete. `_needed`: its whole length."""
        end = len(data)
        if at >= end:
            return 0
        if not self._connected:
            _check_first(data[at])
        length = shift = 0
        for place in range(at + 1, min(at + 1 + LENGTH_BYTES_MAX, end)):
            byte = data[place]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                self._check_length(length)
                self._needed = place + 1 - at + length
                return place + 1 if at + self._needed <= end else 0
        if end - at > LENGTH_BYTES_MAX:
            raise ProtocolError("the remaining length has more than four bytes")
        self._needed = end - at + 1
        return 0

    def _check_length(self, length: int) -> None:
        allowed = PACKET_BYTES_MAX if self._connected else CONNECT_BYTES_MAX
        if length > allowed:
            size = f"a packet of {length} bytes; at most {allowed} are taken"
            raise ProtocolError(size, codes.TOO_LARGE, oversized=True)

    def _frame(self, head: int, body: bytes) -> Frame:
        kind, flags = head >> 4, head & 0x0F
        if kind == PUBLISH:
            return self._read_publish(flags, body)
        if flags != FLAGS.get(kind, 0):
            raise ProtocolError(f"flags {flags} in a packet of type {kind}")
        if kind == CONNECT:
            return self._connect(body)
        if kind == PINGREQ and not body:
            return Ping()
        if kind in READERS:
            return READERS[kind](Fields(body), self._version)
        if kind == DISCONNECT and (not body or self._version == V5):
            return self._disconnect(body)
        raise ProtocolError(f"an unexpected packet of type {kind} with {len(body)} bytes", codes.PROTOCOL)

    def _connect(self, body: bytes) -> Frame:
        if self._connected:
            raise ProtocolError("a second CONNECT", codes.PROTOCOL)  # [3.1.0-2]
        fields = Fields(body)
        frame: Connect | Unacceptable | int = packets.protocol_level(fields)
        if isinstance(frame, int):
            self._version = frame
            frame = packets.connect(fields, frame)
        if isinstance(frame, Unacceptable):
            self._over = True
            return frame
        self._connected, self._terms = True, frame.terms
        if self._version == V5:
            self._read_publish = self._publish_5
            self._counts = frame.clean  # who comes back sends his whole backlog at once: paho does
        return frame

    def _publish_5(self, flags: int, body: bytes) -> Publish:
        sent, packet_id, found, payload = packets.publish_5(flags, body)
        name = self._topic(sent, found[Name.ALIAS]) if Name.ALIAS in found else topic(sent)
        if packet_id and self._counts:
            self._count(packet_id)
        kind = PublishOnce if flags & 4 else Publish
        return kind(name, payload, packet_id, bool(flags & 1), bool(flags & 8))

    def _topic(self, sent: bytes, alias: int) -> str:
        """The topic of a message with an alias, which `sent` introduces or, where it is empty, makes use of."""
        if not 0 < alias <= TOPIC_ALIASES_MAX:
            raise ProtocolError(f"a topic alias {alias}; 1 to {TOPIC_ALIASES_MAX} exist", codes.ALIAS_INVALID)
        if sent:
            self._aliases[alias] = topic(sent)
        if alias not in self._aliases:
            raise ProtocolError(f"a topic alias {alias} that was not introduced", codes.PROTOCOL)
        return self._aliases[alias]

    def _count(self, packet_id: int) -> None:
        self._unsettled.add(packet_id)
        if len(self._unsettled) > INFLIGHT_PER_CONNECTION_MAX:
            reason = f"more than {INFLIGHT_PER_CONNECTION_MAX} messages in flight"
            raise ProtocolError(reason, codes.RECEIVE_MAX_EXCEEDED)

    def _disconnect(self, body: bytes) -> Disconnect:
        frame = packets.disconnect(Fields(body), self._version)
        if frame.session_s and not self._terms.session_s:  # [5.0: 3.14.2-2]
            raise ProtocolError("DISCONNECT prolongs a session that CONNECT did not ask for", codes.PROTOCOL)
        self._over = True
        return frame

    def _farewell(self, error: ProtocolError) -> bytes:
        """What the client is told before the end; in MQTT 3.1.1 there is nothing to be said."""
        if self._connected:
            return answers.disconnect(self._terms, error.code, str(error))
        if self._version != V5:
            return b""
        reason = "" if error.code == codes.TOO_LARGE else str(error)
        return answers.refusal(self._version, error.code, reason)


def _check_first(head: int) -> None:
    if head == TLS_HELLO:
        reason = "the first packet is not CONNECT but looks like TLS: this is the plain port"
        raise ProtocolError(reason, codes.PROTOCOL)
    if head >> 4 != CONNECT:
        raise ProtocolError("the first packet is not CONNECT", codes.PROTOCOL)  # [3.1.0-1]
