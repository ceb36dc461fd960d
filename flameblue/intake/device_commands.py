"""What people ask devices, between `runtime.conversing`, which knows the database, and who speaks with the device.

Invariants: whoever asks is told of every command how it ended; one that nobody passes on is refused at once; what
was told and not taken is kept, COMMANDS_TOLD_MAX at most.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from flameblue.domain.limits import COMMANDS_TOLD_MAX


class Outcome(StrEnum):
    """How far a command has come. Stored: words are never changed or reused."""

    WAITING = "waiting"  # nobody has looked at it yet
    SENT = "sent"
    HEARD = "heard"  # the device has confirmed a duty check, and nobody there has answered it yet
    DONE = "done"
    DENIED = "denied"
    NO_ANSWER = "no_answer"  # sent four times
    NOBODY = "nobody"  # nobody at the device answered the duty check in its time
    NO_LINE = "no_line"
    NO_ZONE = "no_zone"  # its model does not say how far its clock is from UTC
    NOT_SERVED = "not_served"  # no endpoint of ours speaks its protocol
    LAPSED = "lapsed"  # it waited too long, or we were stopped while it was on its way


OPEN = frozenset({Outcome.WAITING, Outcome.SENT, Outcome.HEARD})


class Wish(NamedTuple):
    """A command of the database, by its number."""

    number: int
    device: str
    kind: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """How far a command has come, and when; `answer`: what came back, in the protocol's own bytes."""

    number: int
    outcome: Outcome
    at_ns: int
    answer: bytes = b""


class Commands:
    """The desk between the two. `serve`: who passes wishes on, of devices of its protocol."""

    def __init__(self) -> None:
        self._told: deque[Told] = deque(maxlen=COMMANDS_TOLD_MAX)
        self._servers: dict[str, Callable[[Wish], None]] = {}
        self._under_way: dict[int, str] = {}  # the protocol, by number

    def serve(self, protocol: str, pass_on: Callable[[Wish], None], now_ns: int) -> None:
        """From now on `pass_on` gets the wishes for devices of `protocol`; it tells of each. What whoever did so before
        had under way is over."""
        for number in [number for number, whose in self._under_way.items() if whose == protocol]:
            self.tell(Told(number, Outcome.LAPSED, now_ns))
        self._servers[protocol] = pass_on

    def under_way(self) -> frozenset[int]:
        """The numbers of the commands whose end is not written down yet."""
        return frozenset(self._under_way)

    def ask(self, protocol: str, wish: Wish, now_ns: int) -> None:
        """Passes `wish` on, or says that nobody can."""
        self._under_way[wish.number] = protocol
        pass_on = self._servers.get(protocol)
        if pass_on is None:
            self.tell(Told(wish.number, Outcome.NOT_SERVED, now_ns))
        else:
            pass_on(wish)

    def tell(self, told: Told) -> None:
        """A command has come so far."""
        self._told.append(told)

    def told(self) -> list[Told]:
        """What was told and not yet taken."""
        return list(self._told)

    def taken(self, told: list[Told]) -> None:
        """`told`, the first of them, are written down."""
        for one in told:
            if one.outcome not in OPEN:
                self._under_way.pop(one.number, None)
            if self._told and self._told[0] is one:
                self._told.popleft()
