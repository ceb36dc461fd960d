"""LATE: a reading older than the newest one was beyond the alarm limit, or carried the device's own alarm bit, and
nobody knew.

It persists as no level: one transition from NORMAL to ALARM, told once an hour and point at most; none for what a run
on time has shown already, and none while that rule is in alarm anyway.
"""

from typing import Any

from flameblue.detection.emitting import tell
from flameblue.detection.fleet_state import NEVER
from flameblue.detection.kernels import code, compiled
from flameblue.detection.rules.limits import limit_told
from flameblue.detection.rules.reported import say_own_limit
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level, Rule, Why

RULES = (Rule.LATE,)
LATE, NORMAL, ALARM = code(Rule.LATE), code(Level.NORMAL), code(Level.ALARM)
ALARM_MARK, TEST_MARK, TEST_WHY = code(Mark.REPORTED_ALARM), code(Mark.TEST), code(Why.TEST)
AGAIN_NS = 3_600 * SECOND_NS


@compiled
def look(state: Any, moment: Any) -> None:
    """A late reading."""
    if state.late_ns != -NEVER and moment.arrival_ns - state.late_ns < AGAIN_NS:
        return
    if moment.good == 1 and is_unknown(state.over, moment):
        moment.why, moment.limit = 0, limit_told(state.over, ALARM)
    elif moment.good == 1 and is_unknown(state.under, moment):
        moment.why, moment.limit = 0, limit_told(state.under, ALARM)
    elif is_unknown_bit(state, moment):
        say_own_limit(state, moment)
    else:
        return
    if moment.marks & TEST_MARK:
        moment.why |= TEST_WHY
    state.late_ns = moment.arrival_ns
    tell(moment, LATE, NORMAL, ALARM)


@compiled
def is_unknown(side: Any, moment: Any) -> bool:
    """Whether the value is beyond the alarm limit of this side, and nothing has shown it."""
    if side.level == ALARM or int(moment.value) * side.sign < side.alarm_limit:
        return False
    return not side.shown_from_ns <= moment.at_ns <= side.shown_to_ns


@compiled
def is_unknown_bit(state: Any, moment: Any) -> bool:
    """Whether the device's own alarm bit is set, and nothing has shown it."""
    if state.reported == ALARM or not moment.marks & ALARM_MARK:
        return False
    return not state.bits_from_ns <= moment.at_ns <= state.bits_to_ns
