"""OVER and UNDER: a value at or beyond its warning or alarm limit for its hold.

Source of the default limits and holds: profiles/default_limits.yaml, each with its standard and edition.
"""

from typing import Any

from flameblue.detection.alarm_machine import (
    ALARM,
    WARNING,
    count_in_a_row,
    entered,
    follow_runs,
    in_a_row,
    next_level,
    remaining,
)
from flameblue.detection.emitting import emit
from flameblue.detection.fleet_state import OVER_SIDE
from flameblue.detection.kernels import compiled
from flameblue.domain.points import ON_CHANGE
from flameblue.domain.transitions import Rule, Why

OVER, UNDER = int(Rule.OVER), int(Rule.UNDER)
BY_TICK, BY_ARRIVAL = int(Why.BY_TICK), int(Why.BY_ARRIVAL)


@compiled
def towards(value: int, number: int) -> int:
    """`value` so that larger is worse on side `number`."""
    return value if number == OVER_SIDE else -value


@compiled
def limit_shown(limits: Any, number: int, level: int) -> int:
    """The limit that belongs to `level`, in the quantity's own direction."""
    limit = limits.alarm if level == ALARM else limits.warning
    return int(limit if number == OVER_SIDE else -limit)


@compiled
def look(fleet: Any, point: int, number: int) -> None:
    """An accepted reading, held against the limits of one side."""
    moment, row = fleet.moment[0], fleet.rows[point]
    side, limits = fleet.sides[point, number], fleet.limits[point, number]
    value = towards(moment.value, number)
    count_in_a_row(side, value >= limits.alarm, moment.arrival_ns)
    follow_runs(side, limits, moment, value)
    why = moment.why
    level = next_level(side, limits, row, moment, value)
    move(fleet, point, number, level)
    moment.why = why


@compiled
def look_late(fleet: Any, point: int, number: int) -> None:
    """A late reading: it belongs to no run in device time, but counts in a row."""
    moment, row = fleet.moment[0], fleet.rows[point]
    side, limits = fleet.sides[point, number], fleet.limits[point, number]
    beyond = towards(moment.value, number) >= limits.alarm
    count_in_a_row(side, beyond, moment.arrival_ns)
    why = moment.why
    if side.level < ALARM and beyond and in_a_row(side, row, moment.arrival_ns):
        moment.why |= BY_ARRIVAL
        move(fleet, point, number, ALARM)
    moment.why = why


@compiled
def tick(fleet: Any, point: int, number: int) -> None:
    """Time passes: a hold ends while the point is overdue or reports on change; a clearing only for the latter."""
    moment, row = fleet.moment[0], fleet.rows[point]
    side = fleet.sides[point, number]
    level = max(int(side.level), entered(side, row, moment.at_ns))
    if level == side.level and row.flags & ON_CHANGE:
        level = remaining(side, row, moment.at_ns)
    why = moment.why
    moment.why |= BY_TICK
    move(fleet, point, number, level)
    moment.why = why


@compiled
def move(fleet: Any, point: int, number: int, level: int) -> None:
    """Takes the side to `level` and says so, where it is another one."""
    side, moment = fleet.sides[point, number], fleet.moment[0]
    before = int(side.level)
    if level == before:
        return
    side.level = level
    rule = OVER if number == OVER_SIDE else UNDER
    shown = limit_shown(fleet.limits[point, number], number, max(level, before, WARNING))
    emit(fleet.found, moment, point, (rule, before, level, shown, int(moment.why)))
