"""The only place that asks the machine for the time. Everything else is told `now`."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Wall time for records, monotonic time for waiting."""

    def now_ns(self) -> int: ...

    def monotonic_s(self) -> float: ...


class SystemClock:
    """The machine's clock."""

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic_s(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that moves when it is told to: for tests, replays and simulations."""

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns
        self._monotonic_s = 0.0

    def now_ns(self) -> int:
        return self._now_ns

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        """Both times go on by `seconds`."""
        self._now_ns += round(seconds * 1e9)
        self._monotonic_s += seconds

    def jump(self, seconds: float) -> None:
        """The wall clock is set by `seconds`; no time passes."""
        self._now_ns += round(seconds * 1e9)


def to_datetime(at_ns: int) -> datetime:
    """`at_ns` since 1970 as an aware UTC datetime (to the microsecond)."""
    return EPOCH + timedelta(microseconds=at_ns // 1000)


def to_ns(at: datetime) -> int:
    """An aware datetime as nanoseconds since 1970."""
    return ((at - EPOCH) // timedelta(microseconds=1)) * 1000
