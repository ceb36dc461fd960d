"""One line to a centre, without I/O and without a clock: one exchange at a time, its re-sends, and whose turn it is.

Promises: a frame that is re-sent is the same bytes; an alarm goes before anything else, and waits for the confirm of
what is no alarm for `UPLINK_PATIENCE_S` at most; what the centre does not answer while it answers others is given up,
what it does not answer at all ends the line and stays to be sent; a confirm that comes late is still taken; no bytes
from the centre raise.
Source: GB/T 26875.3-2011, 6.5.4 and 6.5.5 (time-out, re-sends), 6.5.3 (what is denied), 6.6 (the frame).
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from flameblue.domain.limits import (
    INCOMPLETE_S,
    UPLINK_ANSWER_S,
    UPLINK_GARBAGE_BYTES_MAX,
    UPLINK_LATE_MAX,
    UPLINK_PATIENCE_S,
    UPLINK_RESENDS,
)
from flameblue.intake.protocols.gb26875 import codec, numbers
from flameblue.intake.protocols.gb26875.codec import Frame, Item, Refused, encode
from flameblue.uplink.mapping import Mapping
from flameblue.uplink.planning import label

NEVER_S = float("-inf")
ENDS_EXCHANGE = frozenset({numbers.ACKNOWLEDGE, numbers.DENY})
WITHOUT_REPLY = frozenset({*ENDS_EXCHANGE, numbers.ANSWER})


class Turn(Enum):
    """What is to be done now."""

    WAIT = "wait"
    UPLOAD = "upload"  # begin an exchange with the head of the outbox
    STATE = "state"  # … with our own state
    HEARTBEAT = "heartbeat"
    AGAIN = "again"  # the same frame once more
    END = "end"  # the centre does not answer


class Ended(NamedTuple):
    """An upload is confirmed, denied, or not answered although others were (None)."""

    upload: int
    command: int | None


class Asked(NamedTuple):
    """The centre wants an answer."""

    frame: Frame


class Denied(NamedTuple):
    """What it said could not be read, and the denial for it."""

    why: str
    reply: bytes


class Unreadable(NamedTuple):
    """Bytes that are no frame."""

    why: str


class Exchange(NamedTuple):
    """A frame that wants a confirm. `upload` None: a state or a heartbeat."""

    serial: int
    data: bytes
    upload: int | None = None
    is_urgent: bool = False


Heard = Ended | Asked | Denied | Unreadable


class Conversation:
    """A line from its beginning. Times are monotonic seconds, as told."""

    def __init__(self, agreed: Mapping, now_s: float) -> None:
        self._agreed = agreed
        self._codec = codec.Session()
        self._open: Exchange | None = None
        self._tries = 0
        self._sent_s = now_s
        self._suspect: int | None = None  # an upload that was not answered: is it the upload, or the line?
        self._late: OrderedDict[int, int] = OrderedDict()  # serial → upload, not waited for any more
        self._garbage_bytes = 0
        self._fed_s = now_s
        self._state_due_s = NEVER_S
        self._beat_due_s = now_s + agreed.heartbeat.every_s
        self.answered_s = now_s  # when the centre was heard last

    @property
    def but(self) -> int | None:
        """The upload that is not to be handed out now."""
        return self._suspect

    @property
    def upload(self) -> int | None:
        """The upload whose confirm is waited for."""
        return None if self._open is None else self._open.upload

    @property
    def speaks_otherwise(self) -> bool:
        """So much came without a frame that whoever is there is no centre."""
        return self._garbage_bytes > UPLINK_GARBAGE_BYTES_MAX

    def frame(self, serial: int, at: datetime, unit: bytes, command: int = numbers.SEND) -> bytes:
        """A frame of ours to the centre."""
        version, agreed = self._agreed.version, self._agreed
        ends = (agreed.source, agreed.centre)
        return encode(Frame(serial, version.major, version.user, label(at, agreed), *ends, command, unit))

    def turn(self, now_s: float, *, waits: bool, urgent: bool) -> Turn:
        """What is due; `waits`, `urgent`: something is in the outbox, and its head is an alarm."""
        if self._open is not None:
            turn = self._turn_of_open(self._open, now_s, urgent)
            if turn is not None:
                return turn
        if urgent:
            return Turn.UPLOAD
        if self._suspect is not None:
            return Turn.HEARTBEAT
        if now_s >= self._state_due_s:
            return Turn.STATE
        if waits:
            return Turn.UPLOAD
        return Turn.HEARTBEAT if now_s >= self._beat_due_s else Turn.WAIT

    def begin(self, exchange: Exchange, now_s: float) -> bytes:
        """`exchange` is sent now."""
        assert self._open is None
        self._open, self._tries, self._sent_s = exchange, 1, now_s
        self._beat_due_s = now_s + self._agreed.heartbeat.every_s
        return exchange.data

    def again(self, now_s: float) -> bytes:
        """The open exchange is sent once more."""
        assert self._open is not None
        self._tries += 1
        self._sent_s = now_s
        return self._open.data

    def state_told(self, now_s: float) -> None:
        """Our state is on its way; the next is due when it changes, or in its time."""
        self._state_due_s = now_s + self._agreed.state_every_s

    def state_changed(self) -> None:
        """Our state is not what the centre was told."""
        self._state_due_s = NEVER_S

    def hear(self, data: bytes, now_s: float) -> list[Heard]:
        """What `data` brings, in order."""
        self._fed_s = now_s
        return self._taken(self._codec.feed(data), now_s)

    def give_up(self, now_s: float) -> list[Heard]:
        """What a frame that was cut off had held back, once no more of it has come for `INCOMPLETE_S`."""
        if not self._codec.held_bytes() or now_s - self._fed_s < INCOMPLETE_S:
            return []
        return self._taken(self._codec.give_up(), now_s)

    def _taken(self, items: Iterable[Item], now_s: float) -> list[Heard]:
        heard: list[Heard] = []
        for item in items:
            if isinstance(item, Refused):
                heard += self._refused(item)
                continue
            self._garbage_bytes, self.answered_s = 0, now_s
            if isinstance(item, Frame):
                heard += self._frame(item)
        return heard

    def reply(self, to: Frame, command: int, unit: bytes, at: datetime) -> bytes:
        """The answer to a frame of the centre: its serial number and version, the ends swapped."""
        return encode(
            to._replace(
                time=label(at, self._agreed),
                source=to.destination,
                destination=to.source,
                command=command,
                unit=unit,
            )
        )

    def _turn_of_open(self, exchange: Exchange, now_s: float, urgent: bool) -> Turn | None:
        """None: it is not waited for any more, and another may begin."""
        waited_s = now_s - self._sent_s
        if urgent and not exchange.is_urgent and waited_s >= UPLINK_PATIENCE_S:
            self._put_back(exchange)
            return None
        if waited_s < UPLINK_ANSWER_S:
            return Turn.WAIT
        if self._suspect is not None:
            return Turn.END
        if self._tries <= UPLINK_RESENDS:
            return Turn.AGAIN
        if exchange.upload is None:
            return Turn.END
        self._suspect = exchange.upload
        self._put_back(exchange)
        return None

    def _put_back(self, exchange: Exchange) -> None:
        self._open = None
        if exchange.upload is None:
            return
        self._late[exchange.serial] = exchange.upload
        if len(self._late) > UPLINK_LATE_MAX:
            self._late.popitem(last=False)

    def _frame(self, frame: Frame) -> Iterator[Heard]:
        if frame.command in ENDS_EXCHANGE:
            yield from self._answer(frame)
        elif frame.command in (numbers.REQUEST, numbers.CONTROL):
            yield Asked(frame)
        elif frame.command not in WITHOUT_REPLY:
            yield self._denial(frame, f"command {frame.command} is nothing that a device is sent")

    def _answer(self, frame: Frame) -> Iterator[Heard]:
        """Of the open exchange, or of one that is not waited for; else it is of nothing, and passed over."""
        late = self._late.pop(frame.serial, None)
        if self._open is not None and self._open.serial == frame.serial:
            upload, self._open = self._open.upload, None
            if upload is not None:
                yield Ended(upload, frame.command)
        elif late is not None:
            yield Ended(late, frame.command)
        else:
            return
        suspect, self._suspect = self._suspect, None
        if suspect is not None and late != suspect:
            yield Ended(suspect, None)

    def _refused(self, item: Refused) -> Iterator[Heard]:
        self._garbage_bytes += len(item.data)
        if item.frame is not None and item.frame.command not in WITHOUT_REPLY:
            yield self._denial(item.frame, item.why)
        else:
            yield Unreadable(f"at byte {item.at}: {item.why}")

    def _denial(self, frame: Frame, why: str) -> Denied:
        swapped = frame._replace(
            source=frame.destination, destination=frame.source, command=numbers.DENY, unit=b""
        )
        return Denied(why, encode(swapped))
