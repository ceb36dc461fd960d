"""CLOCK: the device's time is not believable. No clock can make a point deaf.

Three signs: the decoder has replaced the time; times that do not go on although readings arrive; a clock that was set
back. While the fault lasts arrival time is taken, and it ends ten minutes after the last sign. Whenever the time base
changes, runs start anew.
"""

from typing import Any

from flameblue.detection.emitting import emit
from flameblue.detection.kernels import compiled
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level, Rule

CLOCK, FAULT, NORMAL = int(Rule.CLOCK), int(Level.FAULT), int(Level.NORMAL)
TIME_REPLACED = int(Mark.TIME_REPLACED)
GOOD_FOR_NS = 600 * SECOND_NS
ACCEPTED, LATE, DUPLICATE = 1, 2, 3


@compiled
def judge(fleet: Any, point: int) -> int:
    """ACCEPTED, LATE or DUPLICATE; sets the moment's time and `restart`, and the CLOCK level."""
    state, row, moment = fleet.states[point], fleet.rows[point], fleet.moment[0]
    moment.restart = 0
    went_on = moment.at_ns > state.raw_ns
    state.raw_ns = moment.at_ns
    if moment.marks & TIME_REPLACED or (state.clock == FAULT and not went_on):
        doubt(fleet, point)
    elif state.clock == FAULT and moment.arrival_ns - state.clock_bad_ns >= GOOD_FOR_NS:
        state.clock = NORMAL
        moment.restart = 1
        emit(fleet.found, moment, point, (CLOCK, FAULT, NORMAL, 0, int(moment.why)))
        return ACCEPTED
    if state.seen == 0:
        moment.restart = 1
        return ACCEPTED
    if state.clock == FAULT:
        moment.at_ns = moment.arrival_ns
        return by_arrival(state, row, moment)
    if moment.at_ns > state.at_ns:
        moment.restart = moment.at_ns - state.at_ns > row.gap_ns
        return ACCEPTED
    if moment.arrival_ns - state.accepted_ns > row.gap_ns:
        doubt(fleet, point)
        moment.at_ns = moment.arrival_ns
        return ACCEPTED
    return DUPLICATE if moment.at_ns == state.at_ns and moment.value == state.value else LATE


@compiled
def by_arrival(state: Any, row: Any, moment: Any) -> int:
    """A reading of a point whose clock is in doubt: in the order of arrival, however fast they come."""
    if moment.restart == 0:
        moment.restart = moment.arrival_ns - state.accepted_ns > row.gap_ns
    return ACCEPTED


@compiled
def doubt(fleet: Any, point: int) -> None:
    """A sign that the clock is not believable."""
    state, moment = fleet.states[point], fleet.moment[0]
    state.clock_bad_ns = moment.arrival_ns
    if state.clock == NORMAL:
        state.clock = FAULT
        moment.restart = 1
        emit(fleet.found, moment, point, (CLOCK, NORMAL, FAULT, 0, int(moment.why)))
