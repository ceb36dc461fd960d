"""Whether a station's board would be heard, by what its tabs have said of their sound. Pure.

Invariants: a desk is silent when none of its boards has been sounding for `BOARD_SILENT_S`, muted, blocked, closed
and dead alike; a station that never had a board has no desk, and its ladders stay as they are written.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from flameblue.domain.limits import BOARD_GRACE_S, BOARD_SILENT_S

SOUNDING, MUTED, BLOCKED, CLOSED = "sounding", "muted", "blocked", "closed"
STATES = frozenset({SOUNDING, MUTED, BLOCKED, CLOSED})
NO_BOARD = "no_board_sounding"  # why a step was taken before its time; stored for ever
SILENT_AFTER, GRACE = timedelta(seconds=BOARD_SILENT_S), timedelta(seconds=BOARD_GRACE_S)
AHEAD_MAX = timedelta(
    seconds=5
)  # the pages' clock and ours are one machine's, but for a moment after it is set


def silent(sounded: Mapping[int, datetime | None], now: datetime, began: datetime | None) -> frozenset[int]:
    """The stations whose desk is silent at `now`; `sounded`: when a board of each was last known to sound.

    `began`: when we started to listen; boards get nearly as long again to be heard anew. A time in the future
    (the clock was set back) proves nothing.
    """
    return frozenset(station for station, at in sounded.items() if not _is_heard(at, now, began))


def grace_until(began: datetime | None, now: datetime) -> datetime | None:
    """Until when no desk counts as silent, whatever its boards say; None: at `now` what they say counts."""
    return began + GRACE if began is not None and _within(GRACE, began, now) else None


def _is_heard(at: datetime | None, now: datetime, began: datetime | None) -> bool:
    return _within(SILENT_AFTER, at, now) or _within(GRACE, began, now)


def _within(span: timedelta, since: datetime | None, now: datetime) -> bool:
    return since is not None and -AHEAD_MAX <= now - since < span
