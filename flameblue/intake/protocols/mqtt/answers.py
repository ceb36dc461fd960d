"""Our packets, as bytes. `version` is the protocol level; where both levels say the same, it is not asked for.

Source: OASIS MQTT Version 3.1.1 and 5.0 (sections in brackets).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from flameblue.domain.limits import INFLIGHT_PER_CONNECTION_MAX, PACKET_BYTES_MAX, TOPIC_ALIASES_MAX
from flameblue.intake.protocols.mqtt import properties
from flameblue.intake.protocols.mqtt.codes import SENT_AWAY, V5
from flameblue.intake.protocols.mqtt.fields import encoded_length, encoded_text
from flameblue.intake.protocols.mqtt.packets import Terms
from flameblue.intake.protocols.mqtt.properties import Name

PING_ANSWER = b"\xd0\x00"
WHAT_WE_TAKE: Mapping[int, Any] = {
    Name.RECEIVE_MAX: INFLIGHT_PER_CONNECTION_MAX,
    Name.PACKET_BYTES_MAX: PACKET_BYTES_MAX,
    Name.ALIAS_MAX: TOPIC_ALIASES_MAX,
    Name.SUBSCRIPTION_IDS: 0,
    Name.SHARED_SUBSCRIPTIONS: 0,
}


def welcome(version: int, present: bool, more: Mapping[int, Any]) -> bytes:
    """CONNACK [3.2]. `present`: we remember the client's session; `more`: what differs from what it asked for."""
    if version != V5:
        return bytes((0x20, 2, present, 0))
    body = bytes((present, 0)) + properties.written({**WHAT_WE_TAKE, **more})
    return b"\x20" + encoded_length(len(body)) + body


def refusal(version: int, code: int, reason: str = "") -> bytes:
    """CONNACK with a `code` of the client's own version."""
    if version != V5:
        return bytes((0x20, 2, 0, code))
    body = bytes((0, code)) + properties.written({Name.REASON: reason} if reason else {})
    return b"\x20" + encoded_length(len(body)) + body


def puback(packet_id: int) -> bytes:
    """PUBACK [3.4]."""
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


def pubrec(packet_id: int) -> bytes:
    """PUBREC [3.5]."""
    return b"\x50\x02" + packet_id.to_bytes(2, "big")


def pubcomp(packet_id: int, code: int = 0) -> bytes:
    """PUBCOMP [3.7]; with a code in MQTT 5 only."""
    number = packet_id.to_bytes(2, "big")
    return b"\x70\x03" + number + bytes([code]) if code else b"\x70\x02" + number


def suback(version: int, packet_id: int, granted: Iterable[int]) -> bytes:
    """SUBACK [3.9]: the QoS granted to each filter, or why not."""
    body = packet_id.to_bytes(2, "big") + (b"\0" if version == V5 else b"") + bytes(granted)
    return b"\x90" + encoded_length(len(body)) + body


def unsuback(version: int, packet_id: int, done: Iterable[int]) -> bytes:
    """UNSUBACK [3.11]: in MQTT 5 with a code for each filter."""
    body = packet_id.to_bytes(2, "big") + (b"\0" + bytes(done) if version == V5 else b"")
    return b"\xb0" + encoded_length(len(body)) + body


def disconnect(terms: Terms, code: int, reason: str = "") -> bytes:
    """DISCONNECT [3.14] with the reason, where the client takes so much; in MQTT 3.1.1 a server has none.

    Without a `reason` the code's own words are said: paho (2.1) passes over a code that comes alone.
    """
    if terms.version != V5:
        return b""
    reason = reason or SENT_AWAY.get(code, "")
    body = bytes([code]) + properties.written({Name.REASON: reason} if reason else {})
    whole = b"\xe0" + encoded_length(len(body)) + body
    return whole if len(whole) <= terms.packet_bytes_max else bytes((0xE0, 1, code))


def publish(version: int, topic: str, payload: bytes, packet_id: int, duplicate: bool) -> bytes:
    """A message from us [3.3]: QoS 1 with a packet id, QoS 0 without."""
    head = 0x30 | (0x02 if packet_id else 0) | (0x08 if duplicate else 0)
    number = packet_id.to_bytes(2, "big") if packet_id else b""
    body = encoded_text(topic) + number + (b"\0" if version == V5 else b"") + payload
    return bytes([head]) + encoded_length(len(body)) + body
