"""GB/T 26875.3-2011 between a user information transmission device and a centre, without I/O: frames both ways.

Invariants: any split of the bytes gives the same items; no bytes raise; every byte belongs to exactly one item, in
order; a frame is found by its length, never by its end mark, which may stand inside it. What is no frame is passed
over up to the next one and told as `Refused`. Held: one frame that is not complete, and as many bytes at most of
what is passed over.
Source: GB/T 26875.3-2011, 6.6 (the frame), 6.5.3 (what is to be denied).
"""

import re
import struct
from collections.abc import Iterable
from typing import NamedTuple
from zlib import adler32

from flameblue.domain.limits import GB26875_UNIT_BYTES_MAX
from flameblue.intake.protocols.gb26875 import look_alikes
from flameblue.intake.protocols.gb26875.fields import ADDRESS_BYTES, TIME_BYTES
from flameblue.intake.protocols.gb26875.objects import BadUnit

START, END = b"@@", b"##"
AROUND_BYTES = 30  # of a frame whose application unit is empty
FRAME_BYTES_MAX = AROUND_BYTES + GB26875_UNIT_BYTES_MAX
HEARTBEAT_BYTES = 12  # start, 6 bytes of a device's id, 2 of anything, end
_LENGTH_AT = 24  # 0-based
_CHECK_SUM_PIECE = (
    256  # so many bytes × 255 are less than Adler's 65,521, where its low half is their plain sum
)
_HEAD = struct.Struct("<2sHBB6s6s6sHB")
_LENGTH = struct.Struct("<H")
_new = tuple.__new__  # half of a NamedTuple's own price
# A start mark with a heartbeat's end, or with a length that is allowed: else a megabyte of "@" would be a million
# beginnings to look at.
_PLAUSIBLE = re.compile(rb"@@(?=.{8}##|.{22}(?:.[\x00-\x03]|\x00\x04))", re.DOTALL)
_PLAUSIBLE_BYTES = 26  # as many tell


class Frame(NamedTuple):
    """One frame. Times and addresses are as they travel (fields.py), the unit is read by `objects.read`."""

    serial: int
    major: int  # 1 by the standard; 0 and 2 are in use
    user: int  # the version's second byte, the user's own
    time: bytes
    source: bytes
    destination: bytes
    command: int
    unit: bytes


class Heartbeat(NamedTuple):
    """Twelve bytes of Four-Faith's devices, with start and end and nothing else of the standard's frame."""

    body: bytes


class Refused(NamedTuple):
    """Bytes that are no frame. `at`: the one of `data` that is wrong; `frame`: what only its check sum speaks against.

    A run of more than a frame's bytes comes in parts.
    """

    why: str
    at: int
    data: bytes
    frame: Frame | None = None


Item = Frame | Heartbeat | Refused


class Session:
    """One line's frames, whichever end we are."""

    def __init__(self) -> None:
        self._held = b""
        self._run = bytearray()  # what is passed over, since the last item
        self._why, self._at = "", 0  # of the run; "": it did not begin with a start mark

    def held_bytes(self) -> int:
        """Bytes of the frame that is not complete yet."""
        return len(self._held)

    def settle(self, packet_ids: Iterable[int]) -> None:
        """Nothing to settle: a device waits for each answer."""

    def feed(self, data: bytes) -> list[Item]:
        """The items that `data` completes, in order."""
        if self._held:
            data = self._held + data
        items: list[Item] = []
        at, end = 0, len(data)
        while end - at >= AROUND_BYTES:
            start, serial, major, user, time, source, destination, size, command = _HEAD.unpack_from(data, at)
            stop = at + AROUND_BYTES + size
            if (
                start != START
                or stop > end
                or data[stop - 2 : stop] != END
                or size > GB26875_UNIT_BYTES_MAX
                or time.endswith(END)
                or check_sum(data[at + 2 : stop - 3]) != data[stop - 3]
            ):
                after = self._step(data, at, items)
                if after == at:
                    break
                at = after
                continue
            if self._run:
                self._end_run(items)
            unit = data[at + 27 : stop - 3]
            items.append(_new(Frame, (serial, major, user, time, source, destination, command, unit)))
            at = stop
        while at < end and (after := self._step(data, at, items)) != at:
            at = after
        self._held = data[at:]
        return items

    def give_up(self) -> list[Item]:
        """The items of what is held when nothing more is waited for, and of what was passed over."""
        items: list[Item] = []
        while self._held:
            data = self._held
            after = _candidate(data, 1)
            self._held = data[after:]
            self._pass_over(data[:after], _missing(data), len(data), items)
            items += self.feed(b"")
        self._end_run(items)
        return items

    def _step(self, data: bytes, at: int, items: list[Item]) -> int:
        """Where to go on after what stands at `at`; `at` itself: more bytes are needed."""
        if data[at : at + 2] != START:
            after = _candidate(data, at)  # `at` itself where its one byte may be half a start mark
            self._pass_over(data[at:after], "", 0, items)
            return after
        item = _look(data, at, len(data))
        if item is None:
            return at
        if type(item) is Refused:
            after = (
                _candidate(data, at + 1) if item.frame is None else _frame_within(data, at, len(item.data))
            )
            if after:
                self._pass_over(data[at:after], item.why, item.at, items)
                return after
        self._end_run(items)
        items.append(item)
        return at + size_of(item)

    def _pass_over(self, data: bytes, why: str, at: int, items: list[Item]) -> None:
        if data and not self._run:
            self._why, self._at = why, at
        self._run += data
        while len(self._run) > FRAME_BYTES_MAX:
            items.append(self._refused(bytes(self._run[:FRAME_BYTES_MAX])))
            del self._run[:FRAME_BYTES_MAX]

    def _end_run(self, items: list[Item]) -> None:
        if self._run:
            items.append(self._refused(bytes(self._run)))
            self._run.clear()

    def _refused(self, data: bytes) -> Refused:
        self._why = self._why or look_alikes.named(data)
        at, self._at = min(self._at, len(data)), 0  # what is said stands in the first part
        return Refused(self._why, at, data)


def encode(frame: Frame) -> bytes:
    """The bytes of `frame`; BadUnit where the standard has no room for it."""
    serial, major, user, time, source, destination, command, unit = frame
    if len(unit) > GB26875_UNIT_BYTES_MAX:
        raise BadUnit(
            f"a unit of {len(unit)} bytes; at most {GB26875_UNIT_BYTES_MAX}", GB26875_UNIT_BYTES_MAX
        )
    if len(time) != TIME_BYTES or len(source) != ADDRESS_BYTES or len(destination) != ADDRESS_BYTES:
        raise BadUnit("a time or an address that has not six bytes", 0)
    if time.endswith(END):
        raise BadUnit("a time of month 35, year 35: it would be taken for a heartbeat", 0)
    try:
        head = _HEAD.pack(START, serial, major, user, time, source, destination, len(unit), command)
    except struct.error as error:
        raise BadUnit(f"a number that has no room: {error}", 0) from error
    body = head[2:] + unit
    return b"%b%b%c%b" % (START, body, check_sum(body), END)


def encode_heartbeat(heartbeat: Heartbeat) -> bytes:
    """The bytes of `heartbeat`."""
    return START + heartbeat.body + END


def check_sum(data: bytes) -> int:
    """The sum of all bytes, modulo 256."""
    if len(data) <= _CHECK_SUM_PIECE:
        return adler32(data, 0) & 0xFF
    pieces = range(0, len(data), _CHECK_SUM_PIECE)
    return sum(adler32(data[at : at + _CHECK_SUM_PIECE], 0) & 0xFF for at in pieces) & 0xFF


def size_of(item: Item) -> int:
    """How many bytes `item` was."""
    if type(item) is Frame:
        return AROUND_BYTES + len(item.unit)
    return len(item.data) if type(item) is Refused else HEARTBEAT_BYTES


def head_of(data: bytes) -> Frame | None:
    """The control unit at the head of `data`, as far as its unit has come; None: it is not complete."""
    if len(data) < _HEAD.size or not data.startswith(START):
        return None
    _, serial, major, user, time, source, destination, size, command = _HEAD.unpack_from(data)
    unit = data[_HEAD.size : _HEAD.size + size]
    return Frame(serial, major, user, time, source, destination, command, unit)


def _look(data: bytes, at: int, end: int) -> Item | None:
    """What stands at the start mark at `at`; None: that is not to be said before more bytes come."""
    if end - at < HEARTBEAT_BYTES:
        return None
    if data[at + HEARTBEAT_BYTES - 2 : at + HEARTBEAT_BYTES] == END:  # in a frame month 35, year 35
        return Heartbeat(data[at + 2 : at + HEARTBEAT_BYTES - 2])
    if end - at < _LENGTH_AT + 2:
        return None
    (size,) = _LENGTH.unpack_from(data, at + _LENGTH_AT)
    if size > GB26875_UNIT_BYTES_MAX:
        why = f"an application unit of {size} bytes; the standard allows {GB26875_UNIT_BYTES_MAX}"
        return Refused(why, _LENGTH_AT, b"")
    stop = at + AROUND_BYTES + size
    if stop > end:
        return None
    if data[stop - 2 : stop] != END:
        return Refused(look_alikes.wrong_end(size, data[stop - 2 : stop]), stop - 2 - at, b"")
    frame = head_of(data[at:stop])
    given, computed = data[stop - 3], check_sum(data[at + 2 : stop - 3])
    if given == computed:
        return frame
    why = f"the check sum is {given:02x}; the sum of the bytes is {computed:02x}"
    return Refused(why, stop - 3 - at, data[at:stop], frame)


def _candidate(data: bytes, at: int) -> int:
    """Where from `at` on a frame, a heartbeat or the beginning of one may stand; the end of `data` where nowhere."""
    end = len(data)
    found = _PLAUSIBLE.search(data, at)
    begun = data.find(START, max(at, end - _PLAUSIBLE_BYTES + 1))
    if begun < 0:
        begun = end - 1 if data.endswith(b"@") and at < end else end  # it may be half a start mark
    return min(begun, found.start()) if found else begun


def _frame_within(data: bytes, at: int, size: int) -> int:
    """Where inside a frame with a wrong check sum a right one stands: then its length was wrong too. 0: nowhere."""
    place, stop = at, at + size
    while found := _PLAUSIBLE.search(data, place + 1, stop):
        place = found.start()
        if type(_look(data, place, stop)) is Frame:
            return place
    return 0


def _missing(data: bytes) -> str:
    """Why `data`, the beginning of a frame, is none."""
    if len(data) < _LENGTH_AT + 2:
        return f"the frame breaks off after {len(data)} bytes" if data.startswith(START) else ""
    (size,) = _LENGTH.unpack_from(data, _LENGTH_AT)
    return f"the frame breaks off: a unit of {size} bytes makes {AROUND_BYTES + size}, {len(data)} are there"
