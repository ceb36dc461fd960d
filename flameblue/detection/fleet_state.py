"""The state of the whole fleet: arrays of records, one a point, indexed by point id.

Times are nanoseconds; NEVER stands for "no such time". Values are in the quantity's steps; those of the UNDER side
are negated, limits too, so that both sides ask "at or beyond?" in the same way.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flameblue.domain.limits import DEADLINE_BLOCK
from flameblue.domain.points import NEVER_NS, POINT
from flameblue.domain.quantities import NO_VALUE

NEVER = NEVER_NS

STATE = np.dtype(
    [
        ("at_ns", "<i8"),  # of the newest accepted reading
        ("raw_ns", "<i8"),  # the device's time of the newest reading to arrive, believable or not
        ("heard_ns", "<i8"),  # its arrival
        ("accepted_ns", "<i8"),  # arrival of the newest accepted one; before it, that of the point's row
        ("deadline_ns", "<i8"),  # arrival time after which the point is silent
        ("wake_ns", "<i8"),  # the earliest arrival time at which a tick can change something
        ("sensor_since_ns", "<i8"),  # run of implausible values
        ("good_since_ns", "<i8"),  # run of good values
        ("same_since_ns", "<i8"),  # run of one and the same value
        ("clock_bad_ns", "<i8"),  # arrival of the last reading whose time was not believable
        ("late_ns", "<i8"),  # arrival of the last LATE
        ("value", "<i4"),
        ("marks", "<u2"),
        ("why_sensor", "<u2"),
        ("seen", "<u1"),
        ("lost", "<u1"),  # the connection's end shortened the deadline
        ("silence", "<u1"),
        ("sensor", "<u1"),
        ("reported", "<u1"),
        ("reported_fault", "<u1"),
        ("shielded", "<u1"),
        ("test", "<u1"),
        ("clock", "<u1"),
        ("signs", "<u1"),  # in a row, that the clock is set back or stands still
        ("spare", "<u1", (6,)),
    ]
)
SIDE = np.dtype(
    [
        ("warning_since_ns", "<i8"),
        ("alarm_since_ns", "<i8"),
        ("warning_clear_ns", "<i8"),
        ("alarm_clear_ns", "<i8"),
        ("seen_from_ns", "<i8"),  # the last run at or beyond the alarm limit, in device time
        ("seen_to_ns", "<i8"),
        (
            "row_since_ns",
            "<i8",
        ),  # arrival of the first of `row_count` readings in a row beyond the alarm limit
        ("row_count", "<u4"),
        ("level", "<u1"),
        ("spare", "<u1", (3,)),
    ]
)
LIMITS = np.dtype([("warning", "<i8"), ("alarm", "<i8"), ("hysteresis", "<i8")])
FOUND = np.dtype(
    [
        ("index", "<i4"),
        ("point", "<u4"),
        ("at_ns", "<i8"),
        ("value", "<i4"),
        ("limit", "<i4"),
        ("why", "<u4"),
        ("rule", "<u1"),
        ("before", "<u1"),
        ("level", "<u1"),
        ("spare", "<u1"),
    ]
)
MOMENT = np.dtype(
    [
        ("at_ns", "<i8"),
        ("arrival_ns", "<i8"),
        ("index", "<i4"),
        ("value", "<i4"),
        ("why", "<u4"),
        ("marks", "<u2"),
        ("restart", "<u1"),  # a gap, or another time base: runs start anew
        ("usable", "<u1"),  # the value may be held against limits
    ]
)
FOUND_MAX = 8_192  # transitions of one pass; a pass ends early when they are nearly full
FOUND_A_POINT_MAX = 16
OVER_SIDE, UNDER_SIDE = 0, 1


class Fleet(NamedTuple):
    """Everything detection knows, and the scratch records it writes to."""

    rows: NDArray[Any]  # POINT, as the point table has it
    states: NDArray[Any]  # STATE
    sides: NDArray[Any]  # SIDE, two a point
    limits: NDArray[Any]  # LIMITS, two a point
    block_wake: NDArray[Any]  # the smallest wake_ns of each block of points, or smaller
    moment: NDArray[Any]  # MOMENT, one
    found: NDArray[Any]  # FOUND; `index` of the first counts the others


def empty_fleet(points: int) -> Fleet:
    """Room for point ids below `points` (a multiple of the block), none of them known."""
    states = np.zeros(points, STATE)
    for name in ("accepted_ns", "late_ns", "clock_bad_ns"):
        states[name] = -NEVER
    for name in ("deadline_ns", "wake_ns", "sensor_since_ns", "good_since_ns", "same_since_ns"):
        states[name] = NEVER
    states["value"] = NO_VALUE
    sides = np.zeros((points, 2), SIDE)
    for name in ("warning_since_ns", "alarm_since_ns", "warning_clear_ns", "alarm_clear_ns", "seen_from_ns"):
        sides[name] = NEVER
    sides["seen_to_ns"] = -NEVER
    return Fleet(
        rows=np.zeros(points, POINT),
        states=states,
        sides=sides,
        limits=np.zeros((points, 2), LIMITS),
        block_wake=np.full(points // DEADLINE_BLOCK, NEVER, np.int64),
        moment=np.zeros(1, MOMENT),
        found=np.zeros(FOUND_MAX, FOUND),
    )


def grown(fleet: Fleet, points: int) -> Fleet:
    """The same fleet with room for point ids below `points`."""
    larger = empty_fleet(points)
    for name in ("rows", "states", "sides", "limits", "block_wake"):
        old = getattr(fleet, name)
        getattr(larger, name)[: len(old)] = old
    return larger
