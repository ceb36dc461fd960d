"""Times that devices write as text. One without a zone is local time, and never taken for UTC."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from flameblue.domain.limits import BACKLOG_NS_MAX, CLOCK_AHEAD_NS_MAX
from flameblue.domain.readings import NS_PER_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ANYWHERE = _EPOCH.replace(tzinfo=None)
_MS = timedelta(milliseconds=1)
_MS_PER_MIN = 60_000
_FURTHEST_MS = (14 * 60 * _MS_PER_MIN, -12 * 60 * _MS_PER_MIN)  # from UTC, of all time zones


def read(text: Any) -> int | datetime | None:
    """Milliseconds since 1970 where `text` says its zone, else the local time that it says; None: neither."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.replace(".", "-", 2) if text[4:5] == "." else text)
    except ValueError:
        return None
    return moment if moment.tzinfo is None else (moment - _EPOCH) // _MS


def from_local(moment: datetime, utc_offset_min: float | None) -> int | None:
    """`moment` in milliseconds since 1970; None where nobody has said how far from UTC the device's clock is."""
    if utc_offset_min is None:
        return None
    return (moment - _EPOCH_ANYWHERE) // _MS - round(utc_offset_min * _MS_PER_MIN)


def is_likely(at_ns: int, arrival_ns: int) -> bool:
    """Whether something that arrived then can be of that time."""
    return arrival_ns - BACKLOG_NS_MAX <= at_ns <= arrival_ns + CLOCK_AHEAD_NS_MAX


def may_be(t_ms: Any, arrival_ns: int) -> bool:
    """Whether `t_ms`, as in a sample, is of something that arrived then; a local time, of some place on earth."""
    if isinstance(t_ms, datetime):
        local_ms = (t_ms - _EPOCH_ANYWHERE) // _MS
        return any(is_likely((local_ms - ms) * NS_PER_MS, arrival_ns) for ms in _FURTHEST_MS)
    if type(t_ms) is not int and (type(t_ms) is not float or not math.isfinite(t_ms)):
        return False
    return is_likely(round(t_ms * NS_PER_MS), arrival_ns)
