"""What was taken a while ago, so that what comes again is answered and not taken twice; by its hash.

Invariants: a message counts as taken on every line once it is on disk, and until then on its own line alone, which
is ended where it can't be kept; it is forgotten after `again_s`, or when `most` came after it. Of what is on disk only
numbers are kept: neither a line nor anything else that Python's collector walks.
"""

from collections.abc import Iterable
from math import inf
from typing import NamedTuple

from flameblue.intake.lines import Line


class UnderWay(NamedTuple):
    """A message that was taken and is not known to be on disk yet: when, and on which line."""

    at_s: float
    line: Line


class Taken:
    """`again_s`: so long a message may come again. `most`: how many are remembered, of those on disk and the others."""

    def __init__(self, again_s: float, most: int) -> None:
        self._again_s = again_s
        self._most = most
        self._under_way: dict[int, UnderWay] = {}  # the oldest first
        self._on_disk: dict[int, float] = {}  # likewise, when they were taken

    def holds(self, what: int, line: Line, now_s: float) -> bool:
        """Whether it is on disk, or will be before `line` is answered."""
        if self._on_disk.get(what, -inf) >= now_s - self._again_s:
            return True
        known = self._under_way.get(what)
        return known is not None and known.line is line and known.at_s >= now_s - self._again_s

    def is_under_way(self, what: int) -> bool:
        """Whether it was taken, on whichever line, and is not known to be on disk."""
        return what in self._under_way

    def add(self, what: int, line: Line, now_s: float) -> None:
        """It is taken now, on `line`."""
        self._under_way.pop(what, None)
        self._under_way[what] = UnderWay(now_s, line)
        if len(self._under_way) > self._most:
            del self._under_way[next(iter(self._under_way))]

    def kept(self, those: Iterable[int]) -> None:
        """They are on disk."""
        for what in those:
            known = self._under_way.pop(what, None)
            if known is not None:
                self._on_disk.pop(what, None)
                self._on_disk[what] = known.at_s
                if len(self._on_disk) > self._most:
                    del self._on_disk[next(iter(self._on_disk))]

    def lost(self, line: Line) -> None:
        """What was under way on `line` was not kept: it is taken when it comes again."""
        for what in [what for what, known in self._under_way.items() if known.line is line]:
            del self._under_way[what]

    def expire(self, now_s: float) -> None:
        """What can't come again is forgotten."""
        since_s = now_s - self._again_s
        while self._under_way and self._under_way[what := next(iter(self._under_way))].at_s < since_s:
            del self._under_way[what]
        while self._on_disk and self._on_disk[what := next(iter(self._on_disk))] < since_s:
            del self._on_disk[what]
