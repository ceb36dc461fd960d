"""The state of the whole fleet: one record a point, indexed by point id.

Times are nanoseconds; NEVER (or -NEVER, where the newest counts) stands for "no such time". Values are in the
quantity's steps. A side holds one direction of limits: on the UNDER side value and limits are negated, so that both
ask "at or beyond?" in the same way, and NO_LIMIT is the limit that nothing reaches.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flameblue.domain.limits import DEADLINE_BLOCK
from flameblue.domain.points import NEVER_NS, NO_LIMIT, POINT
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.transitions import Rule

NEVER = NEVER_NS

# Readings in a row for which something is true, in both times.
RUN = np.dtype(
    [
        ("since_ns", "<i8"),  # device time of the first of the unbroken run; NEVER: no run
        ("row_ns", "<i8"),  # arrival time of the first of the readings in a row
        ("row", "<u1"),  # how many in a row, IN_A_ROW at most
        ("spare", "<u1", (7,)),
    ]
)
SIDE = np.dtype(
    [
        ("warning_limit", "<i4"),
        ("alarm_limit", "<i4"),
        ("hysteresis", "<i4"),
        ("sign", "<i1"),
        ("rule", "<u1"),
        ("level", "<u1"),
        ("spare", "<u1"),
        ("warning", RUN),  # at or beyond the warning limit
        ("alarm", RUN),
        ("warning_clear", RUN),  # on the safe side of a limit and its hysteresis, while its level lasts
        ("alarm_clear", RUN),
        ("shown_from_ns", "<i8"),  # the last run at or beyond the alarm limit, in device time
        ("shown_to_ns", "<i8"),
    ]
)
STATE = np.dtype(
    [
        ("row", POINT),  # as the point table has it
        ("at_ns", "<i8"),  # the newest accepted reading's time
        ("raw_ns", "<i8"),  # the device time of the newest reading to arrive, believable or not
        ("accepted_ns", "<i8"),  # arrival of the newest accepted reading
        ("stale_ns", "<i8"),  # arrival of the first reading of a stretch in which none was newer
        ("deadline_ns", "<i8"),  # arrival time after which the point is silent
        ("wake_ns", "<i8"),  # the earliest arrival time at which a tick can change something
        ("latest_ns", "<i8"),  # time of `latest`
        ("same_ns", "<i8"),  # since when the good value is the same
        ("implausible", RUN),
        ("latest", "<i4"),  # the newest good value, accepted or retained
        ("good_value", "<i4"),  # of the newest accepted good reading
        ("last_value", "<i4"),  # of the newest accepted reading, good or not
        ("last_marks", "<u2"),
        ("why_sensor", "<u2"),
        ("by_test", "<u2"),  # a bit (1 << rule) for each level that nothing but a test has entered
        ("seen", "<u1"),  # a reading was accepted
        ("by_arrival", "<u1"),  # `at_ns` is an arrival time
        ("tested", "<u1"),  # the newest accepted good reading was a test's
        ("lost", "<u1"),  # the connection's end shortened the deadline
        ("silence", "<u1"),
        ("sensor", "<u1"),
        ("reported", "<u1"),
        ("reported_fault", "<u1"),
        ("shielded", "<u1"),
        ("test", "<u1"),
        ("clock", "<u1"),
        ("restart_limits", "<u1"),  # the next good reading starts the runs of OVER and UNDER anew
        ("restart_sensor", "<u1"),  # the next reading that says something of the sensor starts its runs anew
        ("phase_loss", "<u1"),
        ("origin", "<u1"),
        ("over", SIDE),
        ("under", SIDE),
        # seldom looked at
        ("clock_bad_ns", "<i8"),  # arrival of the last sign that the clock is wrong
        ("late_ns", "<i8"),  # arrival of the last LATE
        ("foreign_ns", "<i8"),  # arrival of the last foreign reading
        ("bits_from_ns", "<i8"),  # the last run of the device's own alarm bit, in device time
        ("bits_to_ns", "<i8"),
        ("good", RUN),  # values that may be held against limits, while SENSOR lasts
        ("phase_gone", RUN),  # no voltage, while another phase has some
        ("phase_back", RUN),  # some voltage, while PHASE_LOSS lasts
    ]
)
HOT_BYTES = (
    432  # what nearly every reading looks at: up to the limits of `under`, wherever a cache line begins
)
# One transition, as the kernel tells it.
FOUND = np.dtype(
    [
        ("at_ns", "<i8"),
        ("index", "<i4"),
        ("point", "<u4"),
        ("value", "<i4"),
        ("limit", "<i4"),
        ("why", "<u2"),
        ("rule", "<u1"),
        ("before", "<u1"),
        ("level", "<u1"),
        ("spare", "<u1", (3,)),
    ]
)
FOUND_A_POINT_MAX = 12  # of one reading, tick or row: twelve rules, each at most once
FOUND_MAX = 8_192  # of one pass, which ends early when a block of points might not fit any more

# What is being looked at: one reading of one point, a tick or a row.
MOMENT = np.dtype(
    [
        ("at_ns", "<i8"),
        ("arrival_ns", "<i8"),
        (
            "stand_ns",
            "<i8",
            (2,),
        ),  # times of the other phases' newest values, where they are voltages; else NEVER
        ("point", "<u4"),
        ("index", "<i4"),
        ("value", "<i4"),
        ("limit", "<i4"),  # of the rule that speaks next
        ("why", "<u2"),  # of the rule that speaks next
        ("marks", "<u2"),
        ("restart", "<u1"),  # a gap, another time base, a test's begin or end: runs start anew
        ("good", "<u1"),  # the value may be held against limits
        ("broken", "<u1"),  # the sensor is broken or shorted, or the value is not plausible
        ("count", "<u1"),  # how many are told
        ("told", FOUND, (FOUND_A_POINT_MAX,)),
    ]
)


class Fleet(NamedTuple):
    """Everything that detection knows, and the scratch records it writes to."""

    states: NDArray[Any]  # STATE
    block_wake: NDArray[Any]  # the smallest wake_ns of each block of points, or smaller
    moment: NDArray[Any]  # MOMENT, one
    found: NDArray[Any]  # FOUND; `index` of the first counts the others


def fresh_state() -> NDArray[Any]:
    """The state of one point of which nothing is known."""
    state = np.zeros(1, STATE)
    for name in (
        "at_ns",
        "raw_ns",
        "accepted_ns",
        "late_ns",
        "clock_bad_ns",
        "latest_ns",
        "bits_to_ns",
        "foreign_ns",
    ):
        state[name] = -NEVER
    for name in ("stale_ns", "deadline_ns", "wake_ns", "same_ns", "bits_from_ns"):
        state[name] = NEVER
    for name in ("latest", "good_value", "last_value"):
        state[name] = NO_VALUE
    for name in ("good", "implausible", "phase_gone", "phase_back"):
        state[name]["since_ns"] = NEVER
    for name, rule, sign in (("over", Rule.OVER, 1), ("under", Rule.UNDER, -1)):
        side = state[name]
        side["rule"], side["sign"] = rule, sign
        side["warning_limit"] = side["alarm_limit"] = NO_LIMIT
        side["shown_from_ns"], side["shown_to_ns"] = NEVER, -NEVER
        for run in ("warning", "alarm", "warning_clear", "alarm_clear"):
            side[run]["since_ns"] = NEVER
    return state


def empty_fleet(points: int) -> Fleet:
    """Room for point ids below `points` (a multiple of the block), none of them known."""
    states = np.empty(points, STATE)
    states[:] = fresh_state()[0]
    return Fleet(
        states=states,
        block_wake=np.full(points // DEADLINE_BLOCK, NEVER, np.int64),
        moment=np.zeros(1, MOMENT),
        found=np.zeros(FOUND_MAX, FOUND),
    )


def grown(fleet: Fleet, points: int) -> Fleet:
    """The same fleet with room for point ids below `points`."""
    larger = empty_fleet(points)
    for name in ("states", "block_wake"):
        old = getattr(fleet, name)
        getattr(larger, name)[: len(old)] = old
    return larger
