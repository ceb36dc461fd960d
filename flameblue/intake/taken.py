"""What was taken a while ago, so that what comes again is answered and not taken twice.

A message has a stamp, that which should be another in each (a serial number, an id, a time), and its content; both are
known by their hashes. Invariants: a message comes again where its stamp bore the same content when it was met last;
one whose stamp has borne another content since is new, so that a clock or a counter that stands still hides no second
fire. It counts as taken on every line once it is on disk, and until then on its own line alone, which is ended where
it can't be kept; it is forgotten after `again_s`, or when `most` came after it. Of what is on disk only numbers are
kept: neither a line nor anything else that Python's collector walks.
"""

from collections.abc import Iterable
from typing import NamedTuple

from flameblue.intake.lines import Line


class UnderWay(NamedTuple):
    """A message that was taken and is not known to be on disk yet: its content, when, and on which line."""

    content: int
    at_s: float
    line: Line


class Taken:
    """`again_s`: so long a message may come again. `most`: how many are remembered, of those on disk and the others."""

    def __init__(self, again_s: float, most: int) -> None:
        self._again_s = again_s
        self._most = most
        self._under_way: dict[int, UnderWay] = {}  # by stamp, the oldest first
        self._on_disk: dict[int, tuple[int, float]] = {}  # likewise, the content, and when it was taken

    def holds(self, stamp: int, content: int, line: Line, now_s: float) -> bool:
        """Whether it is on disk, or will be before `line` is answered."""
        since_s = now_s - self._again_s
        under_way = self._under_way.get(stamp)
        if under_way is not None:
            return under_way.content == content and under_way.line is line and under_way.at_s >= since_s
        on_disk = self._on_disk.get(stamp)
        return on_disk is not None and on_disk[0] == content and on_disk[1] >= since_s

    def is_under_way(self, stamp: int, content: int) -> bool:
        """Whether it was taken, on whichever line, and is not known to be on disk."""
        under_way = self._under_way.get(stamp)
        return under_way is not None and under_way.content == content

    def add(self, stamp: int, content: int, line: Line, now_s: float) -> None:
        """It is taken now, on `line`."""
        self._under_way.pop(stamp, None)
        self._under_way[stamp] = UnderWay(content, now_s, line)
        if len(self._under_way) > self._most:
            del self._under_way[next(iter(self._under_way))]

    def kept(self, those: Iterable[tuple[int, int]]) -> None:
        """They are on disk: stamps and contents."""
        for stamp, content in those:
            if not self.is_under_way(stamp, content):
                continue
            known = self._under_way.pop(stamp)
            self._on_disk.pop(stamp, None)
            self._on_disk[stamp] = (content, known.at_s)
            if len(self._on_disk) > self._most:
                del self._on_disk[next(iter(self._on_disk))]

    def lost(self, line: Line) -> None:
        """What was under way on `line` was not kept: it is taken when it comes again."""
        for stamp in [stamp for stamp, known in self._under_way.items() if known.line is line]:
            del self._under_way[stamp]

    def expire(self, now_s: float) -> None:
        """What can't come again is forgotten."""
        since_s = now_s - self._again_s
        while self._under_way and self._under_way[stamp := next(iter(self._under_way))].at_s < since_s:
            del self._under_way[stamp]
        while self._on_disk and self._on_disk[stamp := next(iter(self._on_disk))][1] < since_s:
            del self._on_disk[stamp]
