"""A city's centre, written from GB/T 26875.3-2011 alone: nothing of our own codec."""

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

OURS = bytes.fromhex("790300000000")  # the transmitter's address
ADDRESS = bytes.fromhex("385b01000000")
NOW = (2, 58, 9, 26, 9, 12)  # second, minute, hour, day, month, year - 2000
CONTROL, SEND, CONFIRM, REQUEST, ANSWER, DENY = 1, 2, 3, 4, 5, 6


class Got(NamedTuple):
    """A frame that came to the centre (figure 2 of the standard)."""

    serial: int
    version: tuple[int, int]
    time: tuple[int, ...]
    source: bytes
    destination: bytes
    command: int
    unit: bytes

    @property
    def flag(self) -> int:
        """The type flag; 0: an empty unit."""
        return self.unit[0] if self.unit else 0

    @property
    def state(self) -> int:
        """Of a component (8.2.1.2)."""
        assert self.flag == 2
        return int.from_bytes(self.unit[9:11], "little")

    @property
    def component(self) -> int:
        """The number that its address is (8.2.1.2, 8.2.1.3)."""
        return int.from_bytes(self.unit[5:9], "little")


@dataclass
class Centre:
    """Takes bytes, keeps every frame, and says what it is told to say."""

    got: list[Got] = field(default_factory=list)
    serial: int = 500
    _held: bytes = b""

    def take(self, data: bytes) -> list[Got]:
        """The frames that `data` completes; each must be right to the byte."""
        self._held += data
        came = []
        while len(self._held) >= 30:
            size = int.from_bytes(self._held[24:26], "little")
            if len(self._held) < 30 + size:
                break
            frame, self._held = self._held[: 30 + size], self._held[30 + size :]
            came.append(read(frame))
        self.got += came
        return came

    def confirm(self, got: Got) -> bytes:
        return frame(got.serial, CONFIRM)

    def deny(self, got: Got) -> bytes:
        return frame(got.serial, DENY)

    def asks(self, unit: bytes, command: int = REQUEST) -> bytes:
        self.serial += 1
        return frame(self.serial, command, unit)

    def states(self) -> list[tuple[int, int]]:
        """Component and state of each type 2 that came."""
        return [(one.component, one.state) for one in self.got if one.flag == 2]


def read(data: bytes) -> Got:
    """A whole frame; AssertionError where it is not as the standard draws it."""
    size = int.from_bytes(data[24:26], "little")
    assert len(data) == 30 + size
    assert data[:2] == b"@@"
    assert data[-2:] == b"##"
    assert size <= 1024
    assert data[-3] == sum(data[2:-3]) % 256
    serial, command = int.from_bytes(data[2:4], "little"), data[26]
    return Got(
        serial, (data[4], data[5]), tuple(data[6:12]), data[12:18], data[18:24], command, data[27 : 27 + size]
    )


def frame(serial: int, command: int, unit: bytes = b"", time: tuple[int, ...] = NOW) -> bytes:
    """A frame of the centre's to the transmitter."""
    body = struct.pack("<HBB", serial, 1, 1) + bytes(time) + ADDRESS + OURS
    body += struct.pack("<HB", len(unit), command) + unit
    return b"@@" + body + bytes([sum(body) % 256]) + b"##"
