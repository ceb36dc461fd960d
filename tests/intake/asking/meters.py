"""Meters and breakers as DL/T 645-2007 describes them, written from its clauses alone: bytes of a line in, bytes out.

Clauses: 5.2.1 to 5.2.7 (frame: 68, address low byte first, 68, control, length, data + 33H, sum, 16), 5.3.1 (FEH before
it), 7.1 (reading: 11 asks, 91 answers, B1 where more follows, D1 refuses; 12 asks on with a number, 92 or B2 answers).
"""

from dataclasses import dataclass, field


def framed(address: str, control: int, data: bytes, waking: int = 0) -> bytes:
    """A frame of the device with these twelve digits."""
    pairs = [address[at : at + 2] for at in range(0, 12, 2)]
    body = [0x68, *(int(pair, 16) for pair in reversed(pairs)), 0x68, control, len(data)]
    body += [(value + 0x33) % 256 for value in data]
    return bytes([0xFE] * waking + body + [sum(body) % 256, 0x16])


@dataclass
class Meter:
    """One device. `holds`: by identifier (eight digits) what stands behind it, in the order of travel.

    `frame_bytes`: of content, that it sends at once. `refusal`: its error word. `waking`: FEH before its answers.
    """

    address: str
    holds: dict[str, bytes]
    refusal: int = 2
    frame_bytes: int = 196
    waking: int = 4
    asked: list[str] = field(default_factory=list)

    def answer(self, control: int, data: bytes) -> bytes | None:
        """Its frame to a request; None: it keeps silent."""
        identifier = "".join(f"{value:02X}" for value in reversed(data[:4]))
        if control not in (0x11, 0x12):
            return None
        self.asked.append(identifier)
        if identifier not in self.holds:
            return framed(self.address, control | 0xC0, bytes([self.refusal]), self.waking)
        place = data[4] if control == 0x12 else 0
        content = self.holds[identifier][place * self.frame_bytes :]
        more = 0x20 if len(content) > self.frame_bytes else 0
        said = data[:4] + content[: self.frame_bytes] + (data[4:5] if control == 0x12 else b"")
        return framed(self.address, control | 0x80 | more, said, self.waking)


class Bus:
    """The devices of one line, all of whom hear every byte. What is no whole right frame yet is kept."""

    def __init__(self, *meters: Meter) -> None:
        self.meters = {meter.address: meter for meter in meters}
        self.woken = 0  # FEH before the last request
        self._bytes = b""

    def hear(self, data: bytes) -> bytes:
        """What the addressed device says to it."""
        self._bytes += data
        start = self._bytes.find(0x68)
        frame = self._bytes[start:] if start >= 0 else b""
        if len(frame) < 12 or len(frame) < 12 + frame[9]:
            return b""
        size = 12 + frame[9]
        self.woken, self._bytes = self._bytes[:start].count(0xFE), frame[size:]
        if frame[7] != 0x68 or frame[size - 1] != 0x16 or sum(frame[: size - 2]) % 256 != frame[size - 2]:
            return b""
        address = "".join(f"{value:02X}" for value in reversed(frame[1:7]))
        whose = list(self.meters.values()) if address == "A" * 12 else [self.meters.get(address)]
        data = bytes((value - 0x33) % 256 for value in frame[10 : size - 2])
        return b"".join((one.answer(frame[8], data) or b"") for one in whose if one is not None)


def voltage(volts: float) -> bytes:
    """Tenths of a volt, two bytes (annex A, table A.2)."""
    return _decimal(round(volts * 10), 2)


def current(amperes: float) -> bytes:
    """Thousandths of an ampere, three bytes, the sign in the highest bit (annex A, table A.2)."""
    data = bytearray(_decimal(round(abs(amperes) * 1000), 3))
    data[-1] += 0x80 if amperes < 0 else 0
    return bytes(data)


def _decimal(number: int, size: int) -> bytes:
    digits = str(number).rjust(2 * size, "0")
    return bytes(int(digits[at : at + 2], 16) for at in range(2 * size - 2, -1, -2))
