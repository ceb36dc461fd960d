"""MQTT 3.1.1, the server's side of one connection, without I/O: what a device may say, and our answers.

Invariants: any split of the bytes gives the same frames; no bytes raise; at most one packet within its limit
is held; the first frame is Connect or Unacceptable or Broken, and after the latter two nothing comes.
Source: OASIS MQTT Version 3.1.1 (sections in brackets). Not served: QoS 2, sessions over a connection's end,
subscriptions (answered with failure).
"""

from collections.abc import Iterable
from typing import NamedTuple

from flameblue.domain.limits import CONNECT_BYTES_MAX, PACKET_BYTES_MAX, TOPIC_BYTES_MAX
from flameblue.intake.protocol import Broken

CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 8, 10, 12, 14
LEVEL = 4  # [3.1.2.2] MQTT 3.1.1
ACCEPTED, WRONG_LEVEL, WRONG_CLIENT_ID, UNAVAILABLE, WRONG_CREDENTIAL, NOT_ALLOWED = range(6)  # [3.2.2.3]
SUBSCRIPTION_FAILED = 0x80  # [3.9.3]
PING_ANSWER = b"\xd0\x00"
LENGTH_BYTES_MAX = 4  # [2.2.3]
TLS_HELLO = 0x16


class ProtocolError(Exception):
    """The bytes are not what MQTT 3.1.1 allows, or more than we allow."""

    def __init__(self, reason: str, *, oversized: bool = False) -> None:
        super().__init__(reason)
        self.oversized = oversized


class Will(NamedTuple):
    """What the device asked to be said when its connection is lost."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


class Connect(NamedTuple):
    """A client presents itself. `keep_alive_s` 0: it promises nothing. `user` None: it names nobody."""

    client_id: str
    user: str | None
    password: bytes | None
    keep_alive_s: int
    clean: bool
    will: Will | None


class Unacceptable(NamedTuple):
    """A CONNECT that must be answered with `code` and the end of the connection."""

    code: int
    reason: str


class Publish(NamedTuple):
    """A message. `packet_id` 0: QoS 0, no answer."""

    topic: str
    payload: bytes
    packet_id: int
    retain: bool
    duplicate: bool


class Subscribe(NamedTuple):
    """The client would like to receive `topics`."""

    packet_id: int
    topics: tuple[str, ...]


class Unsubscribe(NamedTuple):
    """The client no longer wants to receive."""

    packet_id: int


class Ping(NamedTuple):
    """The client is alive."""


class Disconnect(NamedTuple):
    """The client goes on purpose: its will is void."""


Frame = Connect | Unacceptable | Publish | Subscribe | Unsubscribe | Ping | Disconnect | Broken


class Session:
    """One connection's packets."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._needed = 0  # bytes that `_held` must have before looking at it again is worth while
        self._connected = False
        self._over = False

    def held_bytes(self) -> int:
        """Bytes of the packet that is not complete yet."""
        return len(self._held)

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
            frames.append(Broken(str(error), error.oversized))
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
            raise ProtocolError(f"a packet of {length} bytes; at most {allowed} are taken", oversized=True)

    def _frame(self, head: int, body: bytes) -> Frame:
        kind, flags = head >> 4, head & 0x0F
        if kind == PUBLISH:
            return _publish(flags, body)
        if flags != (2 if kind in (SUBSCRIBE, UNSUBSCRIBE) else 0):  # [2.2.2]
            raise ProtocolError(f"flags {flags} in a packet of type {kind}")
        if kind == CONNECT:
            return self._connect(body)
        if kind == PINGREQ and not body:
            return Ping()
        if kind == SUBSCRIBE:
            return _subscribe(body)
        if kind == UNSUBSCRIBE:
            return _unsubscribe(body)
        if kind == DISCONNECT and not body:
            self._over = True
            return Disconnect()
        raise ProtocolError(f"an unexpected packet of type {kind} with {len(body)} bytes")

    def _connect(self, body: bytes) -> Connect | Unacceptable:
        if self._connected:
            raise ProtocolError("a second CONNECT")  # [3.1.0-2]
        frame = _connect(_Fields(body))
        self._connected = True
        self._over = isinstance(frame, Unacceptable)
        return frame


class _Fields:
    """Takes the fields of a body one after the other; what is missing is a ProtocolError."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def more(self) -> bool:
        return self._at < len(self._body)

    def number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def binary(self) -> bytes:
        return self._take(self.number(2))

    def text(self) -> str:
        return _text(self.binary())

    def end(self) -> None:
        if self.more():
            raise ProtocolError(f"{len(self._body) - self._at} bytes too many in a packet")

    def _take(self, size: int) -> bytes:
        taken = self._body[self._at : self._at + size]
        if len(taken) != size:
            raise ProtocolError("a packet ends in the middle of a field")
        self._at += size
        return taken


def reply(frame: Frame, code: int = ACCEPTED) -> bytes:
    """Our answer to `frame`; empty where there is none. `code`: the return code for a Connect."""
    match frame:
        case Publish(packet_id=number):
            return puback(number) if number else b""
        case Connect():
            return bytes((0x20, 2, 0, code))  # session present = 0: we keep none
        case Unacceptable(code=own):
            return bytes((0x20, 2, 0, own))
        case Subscribe(packet_id=number, topics=topics):
            body = number.to_bytes(2, "big") + bytes([SUBSCRIPTION_FAILED] * len(topics))
            return b"\x90" + encoded_length(len(body)) + body
        case Unsubscribe(packet_id=number):
            return b"\xb0\x02" + number.to_bytes(2, "big")
        case Ping():
            return PING_ANSWER
    return b""


def puback(packet_id: int) -> bytes:
    """PUBACK [3.4]."""
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


def pubacks(packet_ids: Iterable[int]) -> bytes:
    """The PUBACKs of many publishes, in their order."""
    return b"".join([puback(packet_id) for packet_id in packet_ids])


def encoded_length(length: int) -> bytes:
    """The remaining length as it travels [2.2.3]."""
    encoded = bytearray()
    while True:
        length, low = divmod(length, 128)
        encoded.append(low | (0x80 if length else 0))
        if not length:
            return bytes(encoded)


def _check_first(head: int) -> None:
    if head == TLS_HELLO:
        raise ProtocolError("the first packet is not CONNECT but looks like TLS: this is the plain port")
    if head >> 4 != CONNECT:
        raise ProtocolError("the first packet is not CONNECT")  # [3.1.0-1]


def _connect(fields: _Fields) -> Connect | Unacceptable:
    name, level = fields.binary(), fields.number(1)
    if name != b"MQTT" or level != LEVEL:
        return Unacceptable(WRONG_LEVEL, f"{name[:6]!r} level {level}; MQTT 3.1.1 (level 4) is spoken here")
    flags, keep_alive_s = fields.number(1), fields.number(2)
    has_user, has_password, has_will = flags & 0x80, flags & 0x40, flags & 0x04
    qos, retain = flags >> 3 & 3, bool(flags & 0x20)
    if flags & 0x01 or qos == 3 or (not has_will and (qos or retain)) or (has_password and not has_user):
        raise ProtocolError(f"CONNECT with the flags {flags:#04x}")  # [3.1.2-3, -11, -13 … -15, -22]
    client_id = fields.text()
    will = Will(_topic(fields.binary()), fields.binary(), qos, retain) if has_will else None
    user = fields.text() if has_user else None
    password = fields.binary() if has_password else None
    fields.end()
    if not client_id and not flags & 0x02:
        return Unacceptable(WRONG_CLIENT_ID, "an empty client id needs a clean session")  # [3.1.3-8]
    return Connect(client_id, user, password, keep_alive_s, bool(flags & 0x02), will)


def _publish(flags: int, body: bytes) -> Publish:
    qos = flags >> 1 & 3
    if qos > 1:
        raise ProtocolError("QoS 2 is not served; use QoS 1" if qos == 2 else "QoS 3 does not exist")
    at = 2 + int.from_bytes(body[:2], "big")
    topic = _topic(body[2:at])
    packet_id = 0
    if qos:
        packet_id = int.from_bytes(body[at : at + 2], "big")
        at += 2
        if not packet_id:
            raise ProtocolError("a QoS 1 message without a packet id")  # [2.3.1-1]
    if len(body) < at:
        raise ProtocolError("a packet ends in the middle of a field")
    return Publish(topic, body[at:], packet_id, bool(flags & 1), bool(flags & 8))


def _subscribe(body: bytes) -> Subscribe:
    fields = _Fields(body)
    packet_id = _packet_id(fields)
    topics = []
    while fields.more():
        topics.append(fields.text())
        if fields.number(1) > 2:
            raise ProtocolError("SUBSCRIBE with a QoS that does not exist")  # [3.8.3-4]
    if not topics:
        raise ProtocolError("SUBSCRIBE without a topic")  # [3.8.3-3]
    return Subscribe(packet_id, tuple(topics))


def _unsubscribe(body: bytes) -> Unsubscribe:
    fields = _Fields(body)
    packet_id = _packet_id(fields)
    if not fields.more():
        raise ProtocolError("UNSUBSCRIBE without a topic")  # [3.10.3-2]
    while fields.more():
        fields.text()
    return Unsubscribe(packet_id)


def _packet_id(fields: _Fields) -> int:
    packet_id = fields.number(2)
    if not packet_id:
        raise ProtocolError("a packet without a packet id")  # [2.3.1-1]
    return packet_id


def _topic(data: bytes) -> str:
    """The name of a topic to publish to [3.3.2.1, 4.7.3]."""
    if len(data) > TOPIC_BYTES_MAX:
        raise ProtocolError(
            f"a topic of {len(data)} bytes; at most {TOPIC_BYTES_MAX} are taken", oversized=True
        )
    topic = _text(data)
    if not topic or "+" in topic or "#" in topic:
        raise ProtocolError("a message to no topic, or to one with a wildcard")
    return topic


def _text(data: bytes) -> str:
    """UTF-8 without surrogates and without U+0000 [1.5.3]."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProtocolError("a text that is not UTF-8") from error
    if "\0" in text:
        raise ProtocolError("a text with a null character")
    return text
