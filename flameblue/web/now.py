"""The pages' clock. Views ask `now()`, so that a test can hold the time still."""

from datetime import datetime

from flameblue.domain.clock import Clock, SystemClock, to_datetime

clock: Clock = SystemClock()


def now() -> datetime:
    """The time of this request, aware, in UTC."""
    return to_datetime(now_ns())


def now_ns() -> int:
    """The same in nanoseconds since 1970."""
    return clock.now_ns()


def monotonic_s() -> float:
    """Seconds that only ever go on, for waiting."""
    return clock.monotonic_s()
