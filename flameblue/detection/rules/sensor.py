"""SENSOR: a broken or shorted wire (the profile's sentinels), values outside the plausible range, a value that is
frozen.

A wire is told at once; implausible values once they have lasted the alarm's hold, by at least two readings (one
garbled sample is no fault); frozen is the same good value for `frozen_ns` while readings go on. It leaves once good
values have lasted the clear hold; a frozen one as soon as it moves. It hides no alarm: a value that is not good
neither breaks a run of OVER and UNDER nor starts one. A reading without value and without mark says nothing of the
sensor.
"""

from typing import Any

from flameblue.detection.alarm_machine import follow, forget, lasts
from flameblue.detection.emitting import is_by_test, settle
from flameblue.detection.fleet_state import NEVER
from flameblue.detection.kernels import code, compiled
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level, Rule, Why

RULES = (Rule.SENSOR,)
SENSOR, FAULT, NORMAL = code(Rule.SENSOR), code(Level.FAULT), code(Level.NORMAL)
OPEN_MARK, SHORT_MARK, TEST_MARK = code(Mark.SENSOR_OPEN), code(Mark.SENSOR_SHORT), code(Mark.TEST)
OPEN, SHORT = code(Why.SENSOR_OPEN), code(Why.SENSOR_SHORT)
IMPLAUSIBLE, FROZEN = code(Why.IMPLAUSIBLE), code(Why.FROZEN)


@compiled
def judge(state: Any, moment: Any) -> None:
    """Sets whether the moment's value is good (it may be held against limits), or broken; it may be neither."""
    value, marks, row = moment.value, moment.marks, state.row
    moment.good, moment.broken = 0, 0
    if marks & (OPEN_MARK | SHORT_MARK):
        moment.broken = 1
    elif value != NO_VALUE and row.plausible_min <= value <= row.plausible_max:
        moment.good = 1
    elif value != NO_VALUE:
        moment.broken = 1


@compiled
def doubt(state: Any) -> None:
    """A test begins or ends: what was told of a good sensor until now does not count."""
    forget(state.good)


@compiled
def look(state: Any, moment: Any) -> None:
    """An accepted reading; `state.good_value` is still the good value before it."""
    if moment.good == 0 and moment.broken == 0:
        return
    moment.restart = state.restart_sensor
    state.restart_sensor = 0
    before = int(state.sensor)
    good = moment.good == 1
    wired = not moment.marks & (OPEN_MARK | SHORT_MARK)
    follow(state.implausible, wired and not good, moment)
    if before == FAULT:
        follow(state.good, good, moment)
    moved = good and moment.value != state.good_value
    if moment.restart == 1:
        state.same_ns = NEVER
    if moved or (good and state.same_ns == NEVER):
        state.same_ns = moment.at_ns
    cause = broken_by(state, moment, moved)
    level = before
    if cause != 0:
        level = FAULT
        state.why_sensor = cause
    elif before == FAULT and is_mended(state, moment, moved):
        level = NORMAL
    decides = good or cause != 0
    if level != before or (decides and is_by_test(state, SENSOR)):
        moment.why, moment.limit = state.why_sensor, NO_VALUE
        state.sensor = settle(state, moment, SENSOR, before, level)
    if state.sensor != before:
        forget(state.good)


@compiled
def broken_by(state: Any, moment: Any, moved: bool) -> int:
    """Why the sensor counts as broken at this reading, or 0."""
    row = state.row
    if moment.marks & OPEN_MARK:
        return OPEN
    if moment.marks & SHORT_MARK:
        return SHORT
    if state.implausible.row >= 2 and lasts(state.implausible, row.alarm_hold_ns, row, moment):
        return IMPLAUSIBLE
    still = moment.good == 1 and not moved
    if still and row.frozen_ns != NEVER and moment.at_ns - state.same_ns >= row.frozen_ns:
        return FROZEN
    return 0


@compiled
def is_mended(state: Any, moment: Any, moved: bool) -> bool:
    """Whether a broken sensor is good again. What only a test has broken is good at the first good reading after it."""
    if is_by_test(state, SENSOR) and not moment.marks & TEST_MARK:
        return bool(moment.good == 1)
    if state.why_sensor == FROZEN:
        return moved
    return lasts(state.good, state.row.clear_hold_ns, state.row, moment)
