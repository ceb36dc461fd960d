"""SENSOR: open or shorted (the profile's sentinels), outside the plausible range for a hold, or frozen.

A broken sensor hides no alarm: OVER and UNDER keep their level, since an implausible value neither breaks a run
nor starts one.
"""

from typing import Any

from flameblue.detection.alarm_machine import run_since, spans
from flameblue.detection.emitting import emit
from flameblue.detection.fleet_state import NEVER
from flameblue.detection.kernels import compiled
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level, Rule, Why

SENSOR, FAULT, NORMAL = int(Rule.SENSOR), int(Level.FAULT), int(Level.NORMAL)
OPEN_MARK, SHORT_MARK = int(Mark.SENSOR_OPEN), int(Mark.SENSOR_SHORT)
OPEN, SHORT = int(Why.SENSOR_OPEN), int(Why.SENSOR_SHORT)
IMPLAUSIBLE, FROZEN = int(Why.IMPLAUSIBLE), int(Why.FROZEN)


@compiled
def is_good(row: Any, value: int, marks: int) -> bool:
    """Whether the value may be held against limits."""
    if value == NO_VALUE or marks & (OPEN_MARK | SHORT_MARK):
        return False
    return bool(row.plausible_min <= value <= row.plausible_max)


@compiled
def look(fleet: Any, point: int) -> None:
    """An accepted reading; `states[point].value` is still the value before it."""
    state, moment = fleet.states[point], fleet.moment[0]
    cause = broken_by(state, fleet.rows[point], moment)
    if cause and state.sensor == NORMAL:
        state.sensor = FAULT
        state.why_sensor = cause
        emit(fleet.found, moment, point, (SENSOR, NORMAL, FAULT, 0, int(moment.why) | cause))
    elif state.sensor == FAULT and not cause and mended(state, fleet.rows[point], moment):
        state.sensor = NORMAL
        emit(fleet.found, moment, point, (SENSOR, FAULT, NORMAL, 0, int(moment.why) | int(state.why_sensor)))


@compiled
def broken_by(state: Any, row: Any, moment: Any) -> int:
    """Why the sensor counts as broken at this reading, or 0. Keeps the runs of good, bad and equal values."""
    marks, value, at_ns, restart = moment.marks, moment.value, moment.at_ns, moment.restart == 1
    wired = not marks & (OPEN_MARK | SHORT_MARK)
    bad = wired and value != NO_VALUE and not is_good(row, value, marks)
    state.sensor_since_ns = run_since(state.sensor_since_ns, bad, restart, at_ns)
    state.good_since_ns = run_since(state.good_since_ns, moment.usable == 1, restart, at_ns)
    same = moment.usable == 1 and value == state.value
    if moment.usable == 1:
        state.same_since_ns = run_since(state.same_since_ns, True, restart or not same, at_ns)
    if marks & OPEN_MARK:
        return OPEN
    if marks & SHORT_MARK:
        return SHORT
    if spans(state.sensor_since_ns, at_ns, row.alarm_hold_ns) and at_ns > state.sensor_since_ns:
        return IMPLAUSIBLE
    if row.frozen_ns != NEVER and same and spans(state.same_since_ns, at_ns, row.frozen_ns):
        return FROZEN
    return 0


@compiled
def mended(state: Any, row: Any, moment: Any) -> bool:
    """Whether a broken sensor is good again: a frozen one as soon as it moves."""
    if state.why_sensor == FROZEN:
        return bool(moment.usable == 1)
    return spans(state.good_since_ns, moment.at_ns, row.clear_hold_ns)
