"""CLOCK: the device's time is not believable. No clock can make a point deaf.

Signs: the decoder has replaced the time; or nothing was accepted for longer than a gap while readings that are not
newer kept arriving at their own pace (a clock that stands still or was set back; a backlog comes in bursts, many
device seconds in one second of arrival, and is no sign). While the fault lasts arrival time is taken, and it ends ten
minutes after the last sign. Whenever the time base changes, runs start anew.
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
SIGNS = 2  # readings in a row that are a sign
ACCEPTED, LATE, DUPLICATE = 1, 2, 3


@compiled
def judge(fleet: Any, point: int) -> int:
    """How the reading counts; remembers when it was heard."""
    state, moment = fleet.states[point], fleet.moment[0]
    raw_ns = moment.at_ns
    kind = judged(fleet, point)
    state.raw_ns = raw_ns
    state.heard_ns = moment.arrival_ns
    return kind


@compiled
def judged(fleet: Any, point: int) -> int:
    """ACCEPTED, LATE or DUPLICATE; sets the moment's time and `restart`, and the CLOCK level."""
    state, row, moment = fleet.states[point], fleet.rows[point], fleet.moment[0]
    moment.restart = 0
    at_pace = comes_at_pace(state, moment)
    if moment.marks & TIME_REPLACED or (state.clock == FAULT and moment.at_ns <= state.raw_ns):
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
    overdue = moment.arrival_ns - state.accepted_ns > row.gap_ns
    state.signs = min(int(state.signs) + 1, SIGNS) if overdue and at_pace else 0
    if state.signs == SIGNS:
        doubt(fleet, point)
        moment.at_ns = moment.arrival_ns
        return ACCEPTED
    return DUPLICATE if moment.at_ns == state.at_ns and moment.value == state.value else LATE


@compiled
def comes_at_pace(state: Any, moment: Any) -> bool:
    """Whether device time went on no faster than twice arrival time since the reading before."""
    return bool(moment.at_ns - state.raw_ns <= 2 * (moment.arrival_ns - state.heard_ns))


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
