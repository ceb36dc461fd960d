"""The properties of MQTT 5: which there are, where each may stand, and how they are read and written.

Invariants: a property stands at most once in a packet, but for the user's own; one that does not belong there
is a protocol error; a packet with more of them than PROPERTIES_MAX is refused.
Source: OASIS MQTT Version 5.0 [2.2.2].
"""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from flameblue.domain.limits import PROPERTIES_MAX
from flameblue.intake.protocols.mqtt import codes
from flameblue.intake.protocols.mqtt.codes import CONNACK, CONNECT, DISCONNECT, PUBLISH, SUBSCRIBE
from flameblue.intake.protocols.mqtt.fields import Fields, ProtocolError, encoded_length, encoded_text

WILL = 0  # the will in a CONNECT has properties of its own


class Name(IntEnum):
    """The properties by their number."""

    PAYLOAD_FORMAT = 0x01
    MESSAGE_EXPIRY_S = 0x02
    CONTENT_TYPE = 0x03
    RESPONSE_TOPIC = 0x08
    CORRELATION = 0x09
    SUBSCRIPTION_ID = 0x0B
    SESSION_EXPIRY_S = 0x11
    ASSIGNED_CLIENT_ID = 0x12
    SERVER_KEEP_ALIVE_S = 0x13
    AUTH_METHOD = 0x15
    AUTH_DATA = 0x16
    PROBLEM_INFORMATION = 0x17
    WILL_DELAY_S = 0x18
    RESPONSE_INFORMATION = 0x19
    REASON = 0x1F
    RECEIVE_MAX = 0x21
    ALIAS_MAX = 0x22
    ALIAS = 0x23
    USER = 0x26
    PACKET_BYTES_MAX = 0x27
    SUBSCRIPTION_IDS = 0x29
    SHARED_SUBSCRIPTIONS = 0x2A


class _Kind(NamedTuple):
    read: Callable[[Fields], Any]
    written: Callable[[Any], bytes]


def _number(size: int) -> _Kind:
    return _Kind(lambda fields: fields.number(size), lambda value: value.to_bytes(size, "big"))


_BYTE, _TWO, _FOUR = _number(1), _number(2), _number(4)
_LENGTH = _Kind(Fields.length, encoded_length)
_TEXT = _Kind(Fields.text, encoded_text)
_BINARY = _Kind(Fields.binary, lambda value: len(value).to_bytes(2, "big") + value)
_PAIR = _Kind(
    lambda fields: (fields.text(), fields.text()),
    lambda value: encoded_text(value[0]) + encoded_text(value[1]),
)
_MESSAGE = frozenset({PUBLISH, WILL})
_ANSWERS = frozenset(
    {
        CONNACK,
        codes.PUBACK,
        codes.PUBREC,
        codes.PUBREL,
        codes.PUBCOMP,
        codes.SUBACK,
        codes.UNSUBACK,
        DISCONNECT,
    }
)
_ANYWHERE = _ANSWERS | {CONNECT, PUBLISH, WILL, SUBSCRIBE, codes.UNSUBSCRIBE}
_TABLE: dict[int, tuple[_Kind, frozenset[int]]] = {
    Name.PAYLOAD_FORMAT: (_BYTE, _MESSAGE),
    Name.MESSAGE_EXPIRY_S: (_FOUR, _MESSAGE),
    Name.CONTENT_TYPE: (_TEXT, _MESSAGE),
    Name.RESPONSE_TOPIC: (_TEXT, _MESSAGE),
    Name.CORRELATION: (_BINARY, _MESSAGE),
    Name.SUBSCRIPTION_ID: (_LENGTH, frozenset({SUBSCRIBE})),
    Name.SESSION_EXPIRY_S: (_FOUR, frozenset({CONNECT, CONNACK, DISCONNECT})),
    Name.ASSIGNED_CLIENT_ID: (_TEXT, frozenset({CONNACK})),
    Name.SERVER_KEEP_ALIVE_S: (_TWO, frozenset({CONNACK})),
    Name.AUTH_METHOD: (_TEXT, frozenset({CONNECT})),
    Name.AUTH_DATA: (_BINARY, frozenset({CONNECT})),
    Name.PROBLEM_INFORMATION: (_BYTE, frozenset({CONNECT})),
    Name.WILL_DELAY_S: (_FOUR, frozenset({WILL})),
    Name.RESPONSE_INFORMATION: (_BYTE, frozenset({CONNECT})),
    Name.REASON: (_TEXT, _ANSWERS),
    Name.RECEIVE_MAX: (_TWO, frozenset({CONNECT, CONNACK})),
    Name.ALIAS_MAX: (_TWO, frozenset({CONNECT, CONNACK})),
    Name.ALIAS: (_TWO, frozenset({PUBLISH})),
    Name.USER: (_PAIR, _ANYWHERE),
    Name.PACKET_BYTES_MAX: (_FOUR, frozenset({CONNECT, CONNACK})),
    Name.SUBSCRIPTION_IDS: (_BYTE, frozenset({CONNACK})),
    Name.SHARED_SUBSCRIPTIONS: (_BYTE, frozenset({CONNACK})),
}
_YES_OR_NO = {Name.PAYLOAD_FORMAT, Name.PROBLEM_INFORMATION, Name.RESPONSE_INFORMATION}
_NOT_ZERO = {Name.RECEIVE_MAX, Name.PACKET_BYTES_MAX, Name.SUBSCRIPTION_ID}


def read(fields: Fields, packet: int) -> dict[int, Any]:
    """The properties that come next in a `packet` (or WILL), by Name; the user's own are looked at and left out."""
    inner = Fields(fields.take(fields.length()))
    found: dict[int, Any] = {}
    count = 0
    while inner.more():
        count += 1
        if count > PROPERTIES_MAX:
            raise ProtocolError(f"more than {PROPERTIES_MAX} properties in a packet", codes.QUOTA_EXCEEDED)
        number = inner.length()
        kind, places = _TABLE.get(number, (None, _ANYWHERE))
        if kind is None:
            raise ProtocolError(f"a property {number:#04x} that does not exist")
        if packet not in places or number in found:
            raise ProtocolError(f"a property {number:#04x} twice, or where it may not stand", codes.PROTOCOL)
        value = kind.read(inner)
        if (number in _YES_OR_NO and value > 1) or (number in _NOT_ZERO and not value):
            raise ProtocolError(f"a property {number:#04x} of the value {value}", codes.PROTOCOL)
        if number != Name.USER:
            found[number] = value
    return found


def written(properties: Mapping[int, Any]) -> bytes:
    """`properties` as they travel, with their length before them."""
    body = b"".join([bytes([name]) + _TABLE[name][0].written(value) for name, value in properties.items()])
    return encoded_length(len(body)) + body
