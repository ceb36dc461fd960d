"""DL/T 645 frames out of a line's bytes, without I/O: address, control code, data.

A frame is found by its two 68H, its length, its check sum and its end mark, never by searching 16H: check sum, address
and data may hold any byte. Data is given without the 33H that is added to each byte on the wire. All else is passed
over.
Source: DL/T 645-2007, 5.2 (frame format); the 1997 edition has the same frame.
"""

from typing import NamedTuple

from flameblue.intake.protocols.stream import Stream

START, END, WAKING = 0x68, 0x16, 0xFE
OFFSET = 0x33  # 5.2.5
PREAMBLE_MAX = 4  # 5.3.1: up to four FEH wake the receiver
ADDRESS_BYTES = 6
SECOND_START = 1 + ADDRESS_BYTES  # where the second 68H stands
DATA_STARTS = SECOND_START + 3  # after control code and length
TAIL_BYTES = 2  # check sum and end mark
FRAME_BYTES_MAX = PREAMBLE_MAX + DATA_STARTS + 255 + TAIL_BYTES
ADDED = bytes((value + OFFSET) & 0xFF for value in range(256))
TAKEN = bytes((value - OFFSET) & 0xFF for value in range(256))


class Frame(NamedTuple):
    """A frame with a right check sum; `at` is where it stood, its preamble included. `address` has its twelve digits in
    the order in which people read them, `control` and `data` are read by controls.py."""

    at: int
    preamble: int
    address: str
    control: int
    data: bytes

    @property
    def size(self) -> int:
        """In bytes, on the wire."""
        return self.preamble + DATA_STARTS + len(self.data) + TAIL_BYTES


def encode(address: str, control: int, data: bytes, preamble: int = 0) -> bytes:
    """The frame with these, as it travels."""
    wire = bytes.fromhex(address)[::-1]
    head = bytes([START]) + wire + bytes([START, control, len(data)]) + data.translate(ADDED)
    return bytes([WAKING]) * preamble + head + bytes([check_sum(head), END])


def check_sum(head: bytes) -> int:
    """Of all bytes from the first 68H to the last of the data, modulo 256 (5.2.6)."""
    return sum(head) & 0xFF


def length(data: bytes, at: int) -> int:
    """How many bytes the frame has whose 68H is at `at`; where they do not tell yet, how many are needed to know; 0: no
    frame begins there."""
    left = len(data) - at
    if data[at] != START or (left > SECOND_START and data[at + SECOND_START] != START):
        return 0
    return DATA_STARTS if left < DATA_STARTS else DATA_STARTS + data[at + DATA_STARTS - 1] + TAIL_BYTES


def parsed(whole: bytes, at: int, preamble: int = 0) -> Frame:
    """What the frame `whole`, without its preamble, says; whether its check sum is right is not asked here."""
    address = whole[1:SECOND_START][::-1].hex()
    data = whole[DATA_STARTS:-TAIL_BYTES].translate(TAKEN)
    return Frame(at - preamble, preamble, address, whole[SECOND_START + 1], data)


class Session(Stream[Frame]):
    """One line, both directions."""

    def __init__(self) -> None:
        super().__init__()
        self._waking = 0  # how many FEH stood before `_woken`, at most PREAMBLE_MAX
        self._woken = 0

    def _look(self, data: bytes, at: int) -> tuple[int, Frame | None]:
        place = self._base + at
        if data[at] == WAKING:
            follows = place == self._woken
            self._waking = min(self._waking + 1, PREAMBLE_MAX) if follows else 1
            self._woken = place + 1
            return 0, None
        size = length(data, at)
        if not size or len(data) - at < size:
            return size, None
        whole = data[at : at + size]
        if whole[-1] != END or check_sum(whole[:-TAIL_BYTES]) != whole[-TAIL_BYTES]:
            return 0, None
        return size, parsed(whole, place, self._waking if place == self._woken else 0)
