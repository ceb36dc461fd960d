"""The client's side of MQTT 3.1.1, for tests: packets as bytes, written independently of the codec."""

from dataclasses import dataclass


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return len(data).to_bytes(2, "big") + data


def packet(head: int, body: bytes) -> bytes:
    length, encoded = len(body), b""
    while True:
        encoded += bytes([length % 128 + (128 if length > 127 else 0)])
        length //= 128
        if not length:
            return bytes([head]) + encoded + body


@dataclass(frozen=True)
class Client:
    """What a client says of itself."""

    client_id: str = "c1"
    user: str | None = None
    password: str | bytes | None = None
    keep_alive_s: int = 60
    clean: bool = True
    will: tuple[str, bytes] | None = None

    def connect(self) -> bytes:
        flags = 2 * self.clean
        tail = text(self.client_id)
        if self.will is not None:
            flags |= 4
            tail += text(self.will[0]) + text(self.will[1])
        if self.user is not None:
            flags |= 0x80
            tail += text(self.user)
        if self.password is not None:
            flags |= 0x40
            tail += text(self.password)
        return packet(0x10, text("MQTT") + bytes([4, flags]) + self.keep_alive_s.to_bytes(2, "big") + tail)


def publish(topic: str, payload: bytes, packet_id: int = 0, *, retain: bool = False) -> bytes:
    head = 0x30 | (2 if packet_id else 0) | retain
    return packet(head, text(topic) + (packet_id.to_bytes(2, "big") if packet_id else b"") + payload)


def subscribe(packet_id: int, *topics: str) -> bytes:
    return packet(0x82, packet_id.to_bytes(2, "big") + b"".join(text(topic) + b"\1" for topic in topics))


PING = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"
ACCEPTED = b"\x20\x02\x00\x00"


def puback(packet_id: int) -> bytes:
    return b"\x40\x02" + packet_id.to_bytes(2, "big")
