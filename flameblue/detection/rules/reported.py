"""REPORTED, REPORTED_FAULT, SHIELDED and TEST: the device's own bits count whatever the value says.

Where the device says alarm and our limit is not reached, the transition says so: somebody has to look which is wrong.
"""

from typing import Any

from flameblue.detection.emitting import emit
from flameblue.detection.fleet_state import OVER_SIDE, UNDER_SIDE
from flameblue.detection.kernels import compiled
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level, Rule, Why

WARNING_BIT, ALARM_BIT = int(Mark.REPORTED_WARNING), int(Mark.REPORTED_ALARM)
FAULT_BIT, SHIELD_BIT, TEST_BIT = int(Mark.REPORTED_FAULT), int(Mark.SHIELDED), int(Mark.TEST)
NORMAL, WARNING = int(Level.NORMAL), int(Level.WARNING)
ALARM, FAULT = int(Level.ALARM), int(Level.FAULT)
REPORTED, REPORTED_FAULT = int(Rule.REPORTED), int(Rule.REPORTED_FAULT)
SHIELDED, TEST = int(Rule.SHIELDED), int(Rule.TEST)
DISAGREES = int(Why.DEVICE_DISAGREES)


@compiled
def look(fleet: Any, point: int) -> None:
    """An accepted reading's own bits."""
    state, moment = fleet.states[point], fleet.moment[0]
    marks = moment.marks
    level = NORMAL
    if marks & ALARM_BIT:
        level = ALARM
    elif marks & WARNING_BIT:
        level = WARNING
    if level != state.reported:
        why = int(moment.why)
        if level == ALARM and not beyond(fleet, point):
            why |= DISAGREES
        limit = int(fleet.rows[point].over_alarm)
        emit(fleet.found, moment, point, (REPORTED, int(state.reported), level, limit, why))
        state.reported = level
    state.reported_fault = bit(fleet, point, (REPORTED_FAULT, int(state.reported_fault), FAULT, FAULT_BIT))
    state.shielded = bit(fleet, point, (SHIELDED, int(state.shielded), FAULT, SHIELD_BIT))
    state.test = bit(fleet, point, (TEST, int(state.test), WARNING, TEST_BIT))


@compiled
def bit(fleet: Any, point: int, rule: tuple[int, int, int, int]) -> int:
    """The level of the bit's rule, given as (rule, level before, level when set, bit)."""
    number, before, raised, mark = rule
    moment = fleet.moment[0]
    level = raised if moment.marks & mark else NORMAL
    if level != before:
        emit(fleet.found, moment, point, (number, before, level, 0, int(moment.why)))
    return level


@compiled
def beyond(fleet: Any, point: int) -> bool:
    """Whether our own alarm limit is reached too."""
    moment = fleet.moment[0]
    if moment.usable == 0:
        return False
    over = moment.value >= fleet.limits[point, OVER_SIDE].alarm
    return bool(over or -moment.value >= fleet.limits[point, UNDER_SIDE].alarm)
