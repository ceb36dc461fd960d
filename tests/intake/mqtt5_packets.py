"""The client's side of MQTT 5, for tests: packets as bytes, written independently of the codec."""

from collections.abc import Mapping
from typing import Any

from tests.intake.mqtt_packets import packet, text
from tests.intake.valley import CREDENTIAL

SIZES = {0x01: 1, 0x02: 4, 0x11: 4, 0x13: 2, 0x17: 1, 0x18: 4, 0x19: 1, 0x21: 2, 0x22: 2, 0x23: 2, 0x27: 4}
TEXTS = {0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1F}
USER = 0x26
Properties = Mapping[int, Any]
NONE: Properties = {}


def length(value: int) -> bytes:
    encoded = b""
    while True:
        encoded += bytes([value % 128 + (128 if value > 127 else 0)])
        value //= 128
        if not value:
            return encoded


def properties(values: Properties) -> bytes:
    """Numbers, texts, and pairs of texts for the user's own (a list)."""
    body = b""
    for name, value in values.items():
        if name == USER:
            body += b"".join(bytes([name]) + text(key) + text(said) for key, said in value)
        elif name in TEXTS:
            body += bytes([name]) + text(value)
        else:
            body += bytes([name]) + value.to_bytes(SIZES[name], "big")
    return length(len(body)) + body


def connect(
    client_id: str = "c1",
    asked: Properties = NONE,
    *,
    clean: bool = True,
    keep_alive_s: int = 60,
    will: tuple[str, bytes, Properties] | None = None,
) -> bytes:
    """D0217 presents itself."""
    flags = 0xC0 | 2 * clean | (4 if will else 0)
    tail = text(client_id)
    if will is not None:
        tail += properties(will[2]) + text(will[0]) + text(will[1])
    tail += text("D0217") + text(CREDENTIAL)
    head = text("MQTT") + bytes([5, flags]) + keep_alive_s.to_bytes(2, "big")
    return packet(0x10, head + properties(asked) + tail)


def publish(
    topic: str, payload: bytes, packet_id: int = 0, said: Properties = NONE, *, flags: int = 0
) -> bytes:
    """QoS 1 where there is a packet id; `flags` 4 more makes it QoS 2, 8 a duplicate."""
    qos = 2 if flags & 4 else int(bool(packet_id))
    number = packet_id.to_bytes(2, "big") if packet_id else b""
    return packet(0x30 | flags & 9 | qos << 1, text(topic) + number + properties(said) + payload)


def subscribe(packet_id: int, *filters: tuple[str, int]) -> bytes:
    body = b"".join(text(name) + bytes([options]) for name, options in filters)
    return packet(0x82, packet_id.to_bytes(2, "big") + b"\0" + body)


def unsubscribe(packet_id: int, *filters: str) -> bytes:
    return packet(0xA2, packet_id.to_bytes(2, "big") + b"\0" + b"".join(text(name) for name in filters))


def pubrel(packet_id: int) -> bytes:
    return b"\x62\x02" + packet_id.to_bytes(2, "big")


def puback(packet_id: int, code: int = 0) -> bytes:
    number = packet_id.to_bytes(2, "big")
    return b"\x40\x03" + number + bytes([code]) if code else b"\x40\x02" + number


def disconnect(code: int = 0, said: Properties = NONE) -> bytes:
    return packet(0xE0, bytes([code]) + properties(said))


def farewell(code: int, why: str) -> bytes:
    """DISCONNECT from us with the code and its words."""
    return packet(0xE0, bytes([code]) + properties({0x1F: why}))


def pubrec_from_us(packet_id: int) -> bytes:
    return b"\x50\x02" + packet_id.to_bytes(2, "big")


def pubcomp_from_us(packet_id: int) -> bytes:
    return b"\x70\x02" + packet_id.to_bytes(2, "big")


def message_from_us(topic: str, payload: bytes, packet_id: int = 0, *, again: bool = False) -> bytes:
    """A message as the server sends it to a client of MQTT 5."""
    return publish(topic, payload, packet_id, flags=8 * again)
