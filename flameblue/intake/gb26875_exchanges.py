"""The exchanges that we begin with transmitters: sent, sent again, ended by an answer, a denial or time.

Promises: one at a time a device; a re-send bears the same serial number and is made 10 s after the one before, three
times; an answer counts by its serial number and where it is of the kind that was asked for; a duty check is over when
somebody at the device has pressed the key, or the minutes are.
Source: GB/T 26875.3-2011, 6.5.2 (exchanges), 6.5.4 (time-out 10 s), 6.5.5 (three re-sends), 6.6 (serial numbers).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from flameblue.domain.clock import Clock
from flameblue.domain.limits import GB26875_ANSWER_WITHIN_S, GB26875_SENDS_MAX
from flameblue.domain.readings import NS_PER_S
from flameblue.intake.device_commands import Commands, Outcome, Told, Wish
from flameblue.intake.lines import Line
from flameblue.intake.protocols.gb26875 import numbers, orders
from flameblue.intake.protocols.gb26875.codec import Frame, encode
from flameblue.intake.protocols.gb26875.fields import time_label

SERIALS = 65_536
MINUTE_S = 60.0


class Speaker(NamedTuple):
    """How a device is spoken to: the line that it last spoke on, its last frame, and how far its clock is from UTC."""

    line: Line
    last: Frame
    utc_offset_min: float | None


@dataclass(slots=True)
class Exchange:
    """One that is not over. `until_s` (monotonic): the next re-send, or the end of a duty check's time."""

    wish: Wish
    serial: int
    until_s: float = 0.0
    sends: int = 0
    heard: bool = False  # confirmed; a duty check's key is awaited


class Exchanges:
    """`speaker` tells how a device is spoken to; None: it has no line."""

    def __init__(self, clock: Clock, commands: Commands, speaker: Callable[[str], Speaker | None]) -> None:
        self._clock = clock
        self._commands = commands
        self._speaker = speaker
        self._open: dict[str, Exchange] = {}  # by device
        self._serial = 0

    def begin(self, wish: Wish) -> None:
        """Sends `wish`; where that can't be, it is over at once."""
        speaker = self._speaker(wish.device)
        if wish.device in self._open:
            self._tell(wish, Outcome.LAPSED)
        elif speaker is None or not speaker.line.takes_more():
            self._tell(wish, Outcome.NO_LINE)
        elif speaker.utc_offset_min is None and wish.kind == orders.SET_CLOCK:
            self._tell(wish, Outcome.NO_ZONE)
        else:
            exchange = self._open[wish.device] = Exchange(wish, self._serial)
            self._serial = (self._serial + 1) % SERIALS
            self._send(exchange, speaker)
            self._tell(wish, Outcome.SENT)

    def heard(self, device: str, frame: Frame) -> bool:
        """`device` has sent `frame`, from where it may speak. Whether it holds what was asked for."""
        exchange = self._open.get(device)
        if exchange is None:
            return False
        kind = exchange.wish.kind
        order = orders.ORDERS[kind]
        if frame.command == numbers.SEND:
            if kind == orders.DUTY_CHECK and orders.is_duty_answer(frame.unit):
                self._end(exchange, Outcome.DONE, frame.unit)
        elif frame.serial != exchange.serial or exchange.heard:
            return False
        elif frame.command == numbers.DENY:
            self._end(exchange, Outcome.DENIED)
        elif frame.command == numbers.ANSWER and order.answer and frame.unit[:1] == bytes([order.answer]):
            self._end(exchange, Outcome.DONE, frame.unit)
            return True
        elif frame.command == numbers.ACKNOWLEDGE and kind == orders.DUTY_CHECK:
            exchange.heard = True
            exchange.until_s = self._clock.monotonic_s() + exchange.wish.arguments["minutes"] * MINUTE_S
            self._tell(exchange.wish, Outcome.HEARD)
        elif frame.command == numbers.ACKNOWLEDGE and not order.answer:
            self._end(exchange, Outcome.DONE)
        return False

    def expire(self, now_s: float) -> None:
        """Sends again what was not answered in time, and ends what was sent often enough."""
        for exchange in [one for one in self._open.values() if one.until_s <= now_s]:
            if exchange.heard:
                self._end(exchange, Outcome.NOBODY)
            elif exchange.sends >= GB26875_SENDS_MAX:
                self._end(exchange, Outcome.NO_ANSWER)
            else:
                self._send(exchange, self._speaker(exchange.wish.device))

    def _send(self, exchange: Exchange, speaker: Speaker | None) -> None:
        """A send without a line counts: the device may be back for the next one."""
        exchange.sends += 1
        exchange.until_s = self._clock.monotonic_s() + GB26875_ANSWER_WITHIN_S
        if speaker is None:
            return
        wish, last = exchange.wish, speaker.last
        now = datetime.fromtimestamp(self._clock.now_ns() // NS_PER_S, UTC)
        now += timedelta(minutes=speaker.utc_offset_min or 0)
        frame = Frame(
            serial=exchange.serial,
            major=last.major,
            user=last.user,
            time=time_label(now),
            source=last.destination,
            destination=last.source,
            command=orders.ORDERS[wish.kind].command,
            unit=orders.unit(wish.kind, wish.arguments, now),
        )
        speaker.line.write(encode(frame))

    def _end(self, exchange: Exchange, outcome: Outcome, answer: bytes = b"") -> None:
        del self._open[exchange.wish.device]
        self._tell(exchange.wish, outcome, answer)

    def _tell(self, wish: Wish, outcome: Outcome, answer: bytes = b"") -> None:
        self._commands.tell(Told(wish.number, outcome, self._clock.now_ns(), answer))
