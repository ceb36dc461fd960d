"""Arrival time: the wall clock that does not jump while we run.

Silence and escalation are counted in arrival time, so a wall clock that is set must not make the valley
silent at once, nor deaf for an hour. Within a process arrival time runs with the monotonic clock; when the
wall clock has been set, `jump_ns` says by how much, the ticker records that as a gap in the journal, and
`adopt` takes the new time from there on.
"""

from flameblue.domain.clock import Clock
from flameblue.domain.limits import CLOCK_JUMP_S_MIN, SECOND_NS

JUMP_NS_MIN = round(CLOCK_JUMP_S_MIN * SECOND_NS)


class ArrivalClock:
    """A Clock whose `now_ns` goes with the monotonic clock until `adopt` is called."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.adopt()

    def now_ns(self) -> int:
        return self._wall_ns + round((self._clock.monotonic_s() - self._monotonic_s) * 1e9)

    def monotonic_s(self) -> float:
        return self._clock.monotonic_s()

    def jump_ns(self) -> int:
        """How far the wall clock is ahead of arrival time (negative: behind); 0 where it is small."""
        ahead_ns = self._clock.now_ns() - self.now_ns()
        return ahead_ns if abs(ahead_ns) >= JUMP_NS_MIN else 0

    def adopt(self) -> None:
        """From now on arrival time is the wall clock's."""
        self._monotonic_s = self._clock.monotonic_s()
        self._wall_ns = self._clock.now_ns()
