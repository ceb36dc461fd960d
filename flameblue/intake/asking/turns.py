"""Whose turn it is on a line, on which one is asked at a time. Pure: times are told, in seconds of one clock.

Promises: of those that answer, who has waited longest is next, so none starves however slow the line is. One that does
not answer is asked ever more rarely, at most ASKING_BACK_OFF_S_MAX apart where the line has time; where others wait,
all that do not answer together cost them at most ASKING_DEAD_SHARE_MAX of the time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from flameblue.domain.limits import (
    ASKING_BACK_OFF_S_MAX,
    ASKING_BACK_OFF_S_MIN,
    ASKING_DEAD_SHARE_MAX,
    ASKING_LOST_AFTER,
)


@dataclass(slots=True)
class _Asked:
    """One device of the line. `failures`: since its last answer."""

    interval_s: float
    due_s: float
    failures: int = 0
    ready_s: float = 0.0  # before it, it can't be asked, though it is due

    @property
    def from_s(self) -> float:
        return max(self.due_s, self.ready_s)


class Turn(NamedTuple):
    """Who is asked now; or None, and when to look again."""

    device: str | None
    at_s: float


class Turns:
    """The devices of one line."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asked] = {}
        self._probe_from_s = 0.0  # before it, those that do not answer have had their share

    def set(self, intervals_s: Mapping[str, float], now_s: float) -> None:
        """Who is asked from now on, and how often; a new one at once, what is known of the others is kept."""
        before = self._asked
        self._asked = {name: before.get(name) or _Asked(every, now_s) for name, every in intervals_s.items()}
        for name, every in intervals_s.items():
            self._asked[name].interval_s = every

    def next(self, now_s: float) -> Turn:
        """Who is due; a device that answers goes before one that does not, unless that one's share is free."""
        heard = self._first(now_s, failing=False)
        failing = self._first(now_s, failing=True)
        is_probe = failing is not None and self._asked[failing].from_s <= now_s
        is_heard = heard is not None and self._asked[heard].from_s <= now_s
        if is_probe and (not is_heard or self._probe_from_s <= now_s):
            return Turn(failing, now_s)
        if is_heard:
            return Turn(heard, now_s)
        dues = [self._asked[name].from_s for name in (heard, failing) if name is not None]
        return Turn(None, min(dues, default=now_s + ASKING_BACK_OFF_S_MAX))

    def _first(self, now_s: float, *, failing: bool) -> str | None:
        """Of those that answer, or of those that do not: of those that can be asked who is due first, else who can be
        asked first."""

        def place(name: str) -> tuple[float, float]:
            one = self._asked[name]
            return max(one.from_s, now_s), one.due_s

        names = [name for name, one in self._asked.items() if (one.failures > 0) == failing]
        return min(names, key=place, default=None)

    def postpone(self, name: str, until_s: float) -> None:
        """It can't be asked before `until_s`; others are meanwhile, and its place among them stays."""
        self._asked[name].ready_s = until_s

    def answered(self, name: str, now_s: float) -> None:
        """It was asked and heard; a turn that came late is not made up for."""
        one = self._asked[name]
        one.failures = 0
        one.due_s = max(one.due_s + one.interval_s, now_s)

    def failed(self, name: str, began_s: float, now_s: float) -> bool:
        """It did not answer. Whether it counts as lost from now on."""
        one = self._asked[name]
        one.failures += 1
        one.due_s = now_s + min(
            ASKING_BACK_OFF_S_MIN * 2.0 ** min(one.failures - 1, 16), ASKING_BACK_OFF_S_MAX
        )
        self._probe_from_s = now_s + (now_s - began_s) * (1 / ASKING_DEAD_SHARE_MAX - 1)
        return one.failures == ASKING_LOST_AFTER
