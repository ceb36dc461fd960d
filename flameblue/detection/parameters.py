"""The point table's changes, taken into the fleet's arrays."""

import numpy as np

from flameblue.detection.fleet_state import NEVER, OVER_SIDE, UNDER_SIDE, Fleet
from flameblue.domain.limits import DEADLINE_BLOCK
from flameblue.domain.points import ENABLED, PointRows


def take_rows(fleet: Fleet, rows: PointRows, arrival_ns: int) -> None:
    """The new rows: runs start anew, levels stay, and the deadline of silence counts from `arrival_ns`."""
    points = rows["point"]
    fleet.rows[points] = rows
    over, under = fleet.limits[points, OVER_SIDE], fleet.limits[points, UNDER_SIDE]
    for name in ("warning", "alarm", "hysteresis"):
        over[name] = rows[f"over_{name}"]
        under[name] = (
            rows[f"under_{name}"] if name == "hysteresis" else -rows[f"under_{name}"].astype(np.int64)
        )
    fleet.limits[points, OVER_SIDE], fleet.limits[points, UNDER_SIDE] = over, under
    sides = fleet.sides[points]
    for name in ("warning_since_ns", "alarm_since_ns", "warning_clear_ns", "alarm_clear_ns"):
        sides[name] = NEVER
    sides["row_count"] = 0
    fleet.sides[points] = sides
    states = fleet.states[points]
    expected = (rows["silence_ns"] == NEVER) | (rows["flags"] & ENABLED == 0)
    states["deadline_ns"] = np.where(expected, NEVER, arrival_ns + np.where(expected, 0, rows["silence_ns"]))
    fresh = states["seen"] == 0
    states["accepted_ns"][fresh] = arrival_ns
    states["wake_ns"] = np.where(states["silence"] == 0, states["deadline_ns"], NEVER)
    fleet.states[points] = states
    np.minimum.at(fleet.block_wake, points // DEADLINE_BLOCK, states["wake_ns"])


def shift_arrival(fleet: Fleet, gap_ns: int) -> None:
    """We did not listen for `gap_ns`, or the clock was set by it: all that is told in arrival time moves on."""
    states, sides = fleet.states, fleet.sides
    for array, name in (
        *(
            (states, name)
            for name in ("heard_ns", "accepted_ns", "deadline_ns", "wake_ns", "clock_bad_ns", "late_ns")
        ),
        (sides, "row_since_ns"),
    ):
        told = (array[name] != NEVER) & (array[name] != -NEVER)
        array[name][told] += gap_ns
    known = fleet.block_wake != NEVER
    fleet.block_wake[known] += gap_ns
    by_arrival = states["clock"] != 0
    states["at_ns"][by_arrival] += gap_ns
    for name in ("warning_since_ns", "alarm_since_ns", "warning_clear_ns", "alarm_clear_ns"):
        sides[name][by_arrival] = NEVER
