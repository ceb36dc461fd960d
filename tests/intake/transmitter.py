"""A user information transmission device, written from GB/T 26875.3-2011 alone: nothing of our own codec."""

import struct
from dataclasses import dataclass
from typing import NamedTuple

ADDRESS = bytes.fromhex("790300000000")
CENTRE = bytes.fromhex("385b01000000")
NOW = (2, 58, 9, 26, 9, 12)  # second, minute, hour, day, month, year - 2000
SEND, CONFIRM, REQUEST, ANSWER, DENY = 2, 3, 4, 5, 6


class Reply(NamedTuple):
    """What matters of a frame without a unit."""

    serial: int
    command: int
    source: bytes
    destination: bytes
    time: tuple[int, ...]


@dataclass
class Transmitter:
    """One with its address; each frame has the next serial number."""

    address: bytes = ADDRESS
    serial: int = 0

    def frame(self, unit: bytes = b"", command: int = SEND, time: tuple[int, ...] = NOW) -> bytes:
        """Figure 2 of the standard."""
        self.serial = (self.serial + 1) % 65_536
        body = struct.pack("<HBB", self.serial, 1, 1) + bytes(time) + self.address + CENTRE
        body += struct.pack("<HB", len(unit), command) + unit
        return b"@@" + body + bytes([sum(body) % 256]) + b"##"


def state(bits: int, component: str = "2db83201", kind: int = 17, time: tuple[int, ...] = NOW) -> bytes:
    """A component's state (8.2.1.2), in system 1."""
    about = bytes((1, 1, kind)) + bytes.fromhex(component) + struct.pack("<H", bits)
    return bytes((2, 1)) + about + b" " * 31 + bytes(time)


def value(
    raw: int, analogue: int, component: str = "2db83201", kind: int = 17, time: tuple[int, ...] = NOW
) -> bytes:
    """An analogue value (8.2.1.3) of the same."""
    about = bytes((1, 1, kind)) + bytes.fromhex(component) + struct.pack("<Bh", analogue, raw)
    return bytes((3, 1)) + about + bytes(time)


def clock(time: tuple[int, ...] = NOW) -> bytes:
    """The device's time (8.2.1.13), which many send as a heartbeat."""
    return bytes((28, 1)) + bytes(time)


def reply(data: bytes) -> Reply:
    """The first 30 bytes of `data`, a confirm or a denial."""
    assert len(data) >= 30
    assert data[:2] == b"@@"
    assert data[28:30] == b"##"
    assert data[27] == sum(data[2:27]) % 256
    serial, size = int.from_bytes(data[2:4], "little"), int.from_bytes(data[24:26], "little")
    assert size == 0
    return Reply(serial, data[26], data[12:18], data[18:24], tuple(data[6:12]))
