"""REPORTED, REPORTED_FAULT, SHIELDED and TEST: the device's own bits count at once, whatever the value says.

They leave with the first accepted reading that comes without them. Where the device says alarm, the value is good and
does not reach our own alarm limit, the transition says so: somebody has to look which of the two is wrong.
"""

from typing import Any

from flameblue.detection.emitting import is_by_test, settle, tell
from flameblue.detection.kernels import code, compiled
from flameblue.detection.rules.limits import limit_told
from flameblue.domain.points import NO_LIMIT
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level, Rule, Why

RULES = (Rule.REPORTED, Rule.REPORTED_FAULT, Rule.SHIELDED, Rule.TEST)
WARNING_MARK, ALARM_MARK = code(Mark.REPORTED_WARNING), code(Mark.REPORTED_ALARM)
FAULT_MARK, SHIELD_MARK, TEST_MARK = code(Mark.REPORTED_FAULT), code(Mark.SHIELDED), code(Mark.TEST)
NORMAL, WARNING = code(Level.NORMAL), code(Level.WARNING)
ALARM, FAULT = code(Level.ALARM), code(Level.FAULT)
REPORTED, REPORTED_FAULT = code(Rule.REPORTED), code(Rule.REPORTED_FAULT)
SHIELDED, TEST = code(Rule.SHIELDED), code(Rule.TEST)
DISAGREES, TEST_WHY = code(Why.DEVICE_DISAGREES), code(Why.TEST)


@compiled
def look(state: Any, moment: Any) -> None:
    """An accepted reading."""
    marks = int(moment.marks)
    level = reported_level(marks)
    if level == ALARM:
        if not state.last_marks & ALARM_MARK:
            state.bits_from_ns = moment.at_ns
        state.bits_to_ns = moment.at_ns
    if level != state.reported or is_by_test(state, REPORTED):
        say_own_limit(state, moment)
        if level != ALARM:
            moment.why = 0
        state.reported = settle(state, moment, REPORTED, int(state.reported), level)
    fault = FAULT if marks & FAULT_MARK else NORMAL
    if fault != state.reported_fault or is_by_test(state, REPORTED_FAULT):
        moment.why, moment.limit = 0, NO_VALUE
        state.reported_fault = settle(state, moment, REPORTED_FAULT, int(state.reported_fault), fault)
    shielded = FAULT if marks & SHIELD_MARK else NORMAL
    if shielded != state.shielded or is_by_test(state, SHIELDED):
        moment.why, moment.limit = 0, NO_VALUE
        state.shielded = settle(state, moment, SHIELDED, int(state.shielded), shielded)
    test = WARNING if marks & TEST_MARK else NORMAL
    if test != state.test:
        moment.why, moment.limit = TEST_WHY, NO_VALUE
        tell(moment, TEST, int(state.test), test)
        state.test = test


@compiled
def reported_level(marks: int) -> int:
    """What the device says itself."""
    if marks & ALARM_MARK:
        return ALARM
    return WARNING if marks & WARNING_MARK else NORMAL


@compiled
def say_own_limit(state: Any, moment: Any) -> None:
    """Sets the moment's limit to our own alarm limit, and its reason where a good value does not reach it."""
    over, under = state.over, state.under
    limited = over.alarm_limit != NO_LIMIT or under.alarm_limit != NO_LIMIT
    moment.limit = limit_told(over if over.alarm_limit != NO_LIMIT else under, ALARM)
    value = int(moment.value)
    beyond = value >= over.alarm_limit or -value >= under.alarm_limit
    moment.why = DISAGREES if limited and moment.good == 1 and not beyond else 0
