"""The fields that MQTT's packets are made of: numbers, texts and topics, read and written.

Source: OASIS MQTT Version 3.1.1 and 5.0 (sections in brackets, the same in both unless said).
"""

from functools import lru_cache

from flameblue.domain.limits import TOPIC_BYTES_MAX
from flameblue.intake.protocols.mqtt import codes

LENGTH_BYTES_MAX = 4  # [3.1.1: 2.2.3, 5.0: 1.5.5]
TOPICS_REMEMBERED = 1_024  # × about 1 KB: a device says the same topic again and again


class ProtocolError(Exception):
    """The bytes are not what MQTT allows, or more than we allow; `code` is what a client of MQTT 5 is told."""

    def __init__(self, reason: str, code: int = codes.MALFORMED, *, oversized: bool = False) -> None:
        super().__init__(reason)
        self.code = code
        self.oversized = oversized


class Fields:
    """Takes the fields of a body one after the other; what is missing is a ProtocolError."""

    def __init__(self, body: bytes, at: int = 0) -> None:
        self._body = body
        self._at = at

    def more(self) -> bool:
        return self._at < len(self._body)

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def length(self) -> int:
        """A number in one to four bytes of seven bits, low first."""
        value = 0
        for place in range(LENGTH_BYTES_MAX):
            byte = self.number(1)
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return value
        raise ProtocolError("a length of more than four bytes")

    def binary(self) -> bytes:
        return self.take(self.number(2))

    def text(self) -> str:
        return text(self.binary())

    def packet_id(self) -> int:
        number = self.number(2)
        if not number:
            raise ProtocolError("a packet without a packet id", codes.PROTOCOL)  # [2.3.1-1], [2.2.1-3]
        return number

    def rest(self) -> bytes:
        return self.take(len(self._body) - self._at)

    def end(self) -> None:
        if self.more():
            raise ProtocolError(f"{len(self._body) - self._at} bytes too many in a packet")

    def take(self, size: int) -> bytes:
        taken = self._body[self._at : self._at + size]
        if len(taken) != size:
            raise ProtocolError("a packet ends in the middle of a field")
        self._at += size
        return taken


@lru_cache(maxsize=TOPICS_REMEMBERED)
def topic(data: bytes) -> str:
    """The name of a topic to publish to [4.7.3]."""
    if len(data) > TOPIC_BYTES_MAX:
        size = f"a topic of {len(data)} bytes; at most {TOPIC_BYTES_MAX} are taken"
        raise ProtocolError(size, codes.TOPIC_INVALID, oversized=True)
    name = text(data)
    if not name or "+" in name or "#" in name:
        code = codes.TOPIC_INVALID if name else codes.PROTOCOL
        raise ProtocolError("a message to no topic, or to one with a wildcard", code)
    return name


def text(data: bytes) -> str:
    """UTF-8 without surrogates and without U+0000 [3.1.1: 1.5.3, 5.0: 1.5.4]."""
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProtocolError("a text that is not UTF-8") from error
    if "\0" in decoded:
        raise ProtocolError("a text with a null character")
    return decoded


def encoded_length(length: int) -> bytes:
    """`length` as it travels, in one to four bytes."""
    encoded = bytearray()
    while True:
        length, low = divmod(length, 128)
        encoded.append(low | (0x80 if length else 0))
        if not length:
            return bytes(encoded)


def encoded_text(value: str) -> bytes:
    """`value` as it travels."""
    data = value.encode()
    return len(data).to_bytes(2, "big") + data
