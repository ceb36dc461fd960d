"""What a client may say, as values, and how their bytes are read; the fixed header is the codec's.

Source: OASIS MQTT Version 3.1.1 and 5.0 (sections in brackets). The functions for both take the protocol level.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flameblue.domain.limits import SESSION_S_MAX, SUBSCRIBE_TOPICS_MAX
from flameblue.intake.protocol import Broken
from flameblue.intake.protocols.mqtt import codes, properties
from flameblue.intake.protocols.mqtt.codes import V3, V5
from flameblue.intake.protocols.mqtt.fields import Fields, ProtocolError, topic
from flameblue.intake.protocols.mqtt.properties import Name

RECEIVE_MAX = 65_535  # where the client names none [5.0: 3.1.2.11.3]
PACKET_BYTES_UNBOUNDED = 2**32 - 1
NO_PROPERTIES: Mapping[int, Any] = {}
CLIENT_PACKET_BYTES_MIN = 64  # our longest CONNACK has 56


class Will(NamedTuple):
    """What the device asked to be said when its connection is lost."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


class Terms(NamedTuple):
    """On what a client wants to talk. `session_s`: how long we are to remember it after the connection's end."""

    version: int = V3
    session_s: int = 0
    receive_max: int = RECEIVE_MAX
    packet_bytes_max: int = PACKET_BYTES_UNBOUNDED


class Connect(NamedTuple):
    """A client presents itself. `keep_alive_s` 0: it promises nothing. `user` None: it names nobody."""

    client_id: str
    user: str | None
    password: bytes | None
    keep_alive_s: int
    clean: bool
    will: Will | None
    terms: Terms = Terms()


class Unacceptable(NamedTuple):
    """A CONNECT that must be answered with `code`, as MQTT 3.1.1 does, and the end of the connection."""

    code: int
    reason: str


class Publish(NamedTuple):
    """A message. `packet_id` 0: QoS 0, no answer."""

    topic: str
    payload: bytes
    packet_id: int
    retain: bool
    duplicate: bool


class PublishOnce(Publish):
    """A QoS 2 message: answered with PUBREC, released with PUBREL, answered with PUBCOMP."""

    __slots__ = ()


class Release(NamedTuple):
    """PUBREL: the client has our PUBREC and will not send the message again."""

    packet_id: int


class Acknowledged(NamedTuple):
    """PUBACK: the client has the message that we sent under this id, and may have refused it."""

    packet_id: int


class Subscribe(NamedTuple):
    """The client would like to receive what matches `filters`, each with the QoS that it would like."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]


class Unsubscribe(NamedTuple):
    """The client no longer wants to receive what matches `filters`."""

    packet_id: int
    filters: tuple[str, ...]


class Ping(NamedTuple):
    """The client is alive."""


class Disconnect(NamedTuple):
    """The client goes on purpose; its will is void unless `will`. `session_s` None: as it said in CONNECT."""

    will: bool = False
    session_s: int | None = None


Frame = (
    Connect
    | Unacceptable
    | Publish
    | Release
    | Acknowledged
    | Subscribe
    | Unsubscribe
    | Ping
    | Disconnect
    | Broken
)


def protocol_level(fields: Fields) -> int | Unacceptable:
    """The protocol level with which a CONNECT begins, where we speak it."""
    name, level = fields.binary(), fields.number(1)
    if name == b"MQTT" and level in (V3, V5):
        return level
    reason = f"{name[:6]!r} level {level}; MQTT 3.1.1 (level 4) and 5 (level 5) are spoken here"
    return Unacceptable(codes.WRONG_LEVEL, reason)


def connect(fields: Fields, version: int) -> Connect | Unacceptable:
    """What follows the protocol level in a CONNECT [3.1]."""
    flags, keep_alive_s = fields.number(1), fields.number(2)
    has_user, has_password, has_will = flags & 0x80, flags & 0x40, flags & 0x04
    qos, retain, clean = flags >> 3 & 3, bool(flags & 0x20), bool(flags & 0x02)
    lonely_password = version == V3 and has_password and not has_user
    if flags & 0x01 or qos == 3 or (not has_will and (qos or retain)) or lonely_password:
        raise ProtocolError(f"CONNECT with the flags {flags:#04x}")  # [3.1.2-3, -11, -13 … -15, -22]
    terms = _terms(fields) if version == V5 else Terms(V3, 0 if clean else SESSION_S_MAX)
    client_id = fields.text()
    if has_will and version == V5:
        properties.read(fields, properties.WILL)
    will = Will(topic(fields.binary()), fields.binary(), qos, retain) if has_will else None
    user = fields.text() if has_user else None
    password = fields.binary() if has_password else None
    fields.end()
    if version == V3 and not client_id and not clean:
        return Unacceptable(codes.WRONG_CLIENT_ID, "an empty client id needs a clean session")  # [3.1.3-8]
    return Connect(client_id, user, password, keep_alive_s, clean, will, terms)


def _terms(fields: Fields) -> Terms:
    found = properties.read(fields, codes.CONNECT)
    packet_bytes_max = found.get(Name.PACKET_BYTES_MAX, PACKET_BYTES_UNBOUNDED)
    if packet_bytes_max < CLIENT_PACKET_BYTES_MIN:
        raise ProtocolError(
            f"a client that takes {packet_bytes_max} bytes a packet; {CLIENT_PACKET_BYTES_MIN} are needed",
            codes.TOO_LARGE,
        )
    if Name.AUTH_METHOD in found:
        raise ProtocolError("an authentication method; none is known here", codes.BAD_METHOD)
    if Name.AUTH_DATA in found:
        raise ProtocolError("authentication data without a method", codes.PROTOCOL)
    session_s = found.get(Name.SESSION_EXPIRY_S, 0)
    return Terms(V5, session_s, found.get(Name.RECEIVE_MAX, RECEIVE_MAX), packet_bytes_max)


def publish(flags: int, body: bytes) -> Publish:
    """A PUBLISH of MQTT 3.1.1 [3.3]."""
    qos = flags >> 1 & 3
    at = 2 + int.from_bytes(body[:2], "big")
    name = topic(body[2:at])
    packet_id = 0
    if qos:
        packet_id = int.from_bytes(body[at : at + 2], "big")
        at += 2
        check_packet_id(qos, packet_id)
    if len(body) < at:
        raise ProtocolError("a packet ends in the middle of a field")
    kind = Publish if qos < 2 else PublishOnce
    return kind(name, body[at:], packet_id, bool(flags & 1), bool(flags & 8))


def publish_5(flags: int, body: bytes) -> tuple[bytes, int, Mapping[int, Any], bytes]:
    """Of a PUBLISH of MQTT 5 [3.3]: the topic as sent (it may be empty), packet id, properties, payload."""
    qos = flags >> 1 & 3
    at = 2 + int.from_bytes(body[:2], "big")
    name, packet_id = body[2:at], 0
    if qos:
        packet_id = int.from_bytes(body[at : at + 2], "big")
        at += 2
        check_packet_id(qos, packet_id)
    if body[at : at + 1] == b"\0":
        return name, packet_id, NO_PROPERTIES, body[at + 1 :]
    fields = Fields(body, at)
    return name, packet_id, properties.read(fields, codes.PUBLISH), fields.rest()


def check_packet_id(qos: int, packet_id: int) -> None:
    """QoS 3 does not exist, and QoS 1 and 2 need a packet id."""
    if qos > 2:
        raise ProtocolError("QoS 3 does not exist")  # [3.3.1-4]
    if not packet_id:
        raise ProtocolError(f"a QoS {qos} message without a packet id", codes.PROTOCOL)  # [2.3.1-1]


def release(fields: Fields, version: int) -> Release:
    """PUBREL [3.6]."""
    return Release(_answered(fields, version, codes.PUBREL))


def acknowledged(fields: Fields, version: int) -> Acknowledged:
    """PUBACK [3.4]."""
    return Acknowledged(_answered(fields, version, codes.PUBACK))


def _answered(fields: Fields, version: int, packet: int) -> int:
    packet_id = fields.packet_id()
    if version == V5 and fields.more():
        known = codes.OF_PUBREL if packet == codes.PUBREL else codes.OF_PUBACK
        _code(fields, known)
        if fields.more():
            properties.read(fields, packet)
    fields.end()
    return packet_id


def subscribe(fields: Fields, version: int) -> Subscribe:
    """SUBSCRIBE [3.8]."""
    packet_id = fields.packet_id()
    if version == V5 and Name.SUBSCRIPTION_ID in properties.read(fields, codes.SUBSCRIBE):
        raise ProtocolError("a subscription identifier; none is served", codes.NO_SUBSCRIPTION_IDS)
    filters: list[tuple[str, int]] = []
    while fields.more():
        name, options = fields.text(), fields.number(1)
        reserved = options & (0xC0 if version == V5 else 0xFC)
        if options & 3 > 2 or options >> 4 & 3 > 2 or reserved:
            raise ProtocolError("SUBSCRIBE with a QoS that does not exist")  # [3.8.3-4]
        filters.append((name, options & 3))
        _check_count(filters)
    if not filters:
        raise ProtocolError("SUBSCRIBE without a topic", codes.PROTOCOL)  # [3.8.3-3]
    return Subscribe(packet_id, tuple(filters))


def unsubscribe(fields: Fields, version: int) -> Unsubscribe:
    """UNSUBSCRIBE [3.10]."""
    packet_id = fields.packet_id()
    if version == V5:
        properties.read(fields, codes.UNSUBSCRIBE)
    filters: list[str] = []
    while fields.more():
        filters.append(fields.text())
        _check_count(filters)
    if not filters:
        raise ProtocolError("UNSUBSCRIBE without a topic", codes.PROTOCOL)  # [3.10.3-2]
    return Unsubscribe(packet_id, tuple(filters))


def disconnect(fields: Fields, version: int) -> Disconnect:
    """DISCONNECT [3.14]."""
    code, found = codes.SUCCESS, dict[int, Any]()
    if version == V5 and fields.more():
        code = _code(fields, codes.OF_DISCONNECT)
        if fields.more():
            found = properties.read(fields, codes.DISCONNECT)
    fields.end()
    return Disconnect(code != codes.SUCCESS, found.get(Name.SESSION_EXPIRY_S))


def _code(fields: Fields, known: frozenset[int]) -> int:
    code = fields.number(1)
    if code not in known:
        raise ProtocolError(f"a reason code {code:#04x} that does not belong there", codes.PROTOCOL)
    return code


def _check_count(filters: list[Any]) -> None:
    if len(filters) > SUBSCRIBE_TOPICS_MAX:
        raise ProtocolError(f"more than {SUBSCRIBE_TOPICS_MAX} topics at once", codes.QUOTA_EXCEEDED)
