"""CLOCK: the device's time is not believable. No clock makes a point deaf.

A reading is accepted when it is newer than the newest one, or of the same time and saying something else; the same
once more is a duplicate, an older one is late. Two signs make the clock a fault: the decoder has replaced the time; or
nothing newer has come for longer than a gap while readings went on (set back, or standing still; a burst of messages
sent once more after a reconnection is shorter). Where only changes are reported a gap is hours, and older ones are a
sign after five minutes, so that a live fire does not pass for an old one for longer. While it
is a fault, arrival time is taken instead and every reading is
accepted; a time that does not go on is then a sign too. It ends with the first reading ten minutes after the last
sign. Whenever the time base changes, runs start anew.
"""

from typing import Any

from flameblue.detection.alarm_machine import is_on_change
from flameblue.detection.emitting import tell
from flameblue.detection.fleet_state import NEVER
from flameblue.detection.kernels import code, compiled
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level, Rule

RULES = (Rule.CLOCK,)
CLOCK, FAULT, NORMAL = code(Rule.CLOCK), code(Level.FAULT), code(Level.NORMAL)
TIME_REPLACED = code(Mark.TIME_REPLACED)
GOOD_FOR_NS = 600 * SECOND_NS
OLDER_NS_MAX = 300 * SECOND_NS
ACCEPTED, LATE, DUPLICATE = 1, 2, 3


@compiled
def judge(state: Any, moment: Any) -> int:
    """ACCEPTED, LATE or DUPLICATE; sets the moment's time and `restart`, and the level of CLOCK (not yet told)."""
    moment.restart = 1 if state.seen == 0 else 0
    judge_clock(state, moment)
    state.raw_ns = moment.at_ns
    if state.clock == FAULT:
        moment.at_ns = moment.arrival_ns
        if is_gap(state.row, moment.arrival_ns - state.accepted_ns):
            moment.restart = 1
        return ACCEPTED
    if moment.restart == 1:
        return ACCEPTED
    if moment.at_ns > state.at_ns:
        if is_gap(state.row, moment.at_ns - state.at_ns):
            moment.restart = 1
        return ACCEPTED
    if moment.at_ns < state.at_ns:
        return LATE
    said_already = moment.value == state.last_value and moment.marks == state.last_marks
    return DUPLICATE if said_already else ACCEPTED


@compiled
def judge_clock(state: Any, moment: Any) -> None:
    """Sets the level of CLOCK, and `restart` where it changes."""
    sign = moment.marks & TIME_REPLACED != 0 or stands_still(state, moment)
    if state.clock == FAULT and moment.at_ns <= state.raw_ns:
        sign = True
    if sign:
        state.clock_bad_ns = moment.arrival_ns
        if state.clock == NORMAL:
            state.clock = FAULT
            moment.restart = 1
    elif state.clock == FAULT and moment.arrival_ns - state.clock_bad_ns >= GOOD_FOR_NS:
        state.clock = NORMAL
        moment.restart = 1


@compiled
def stands_still(state: Any, moment: Any) -> bool:
    """Whether nothing newer than the newest reading has come for too long, while readings went on."""
    if state.clock == FAULT or state.seen == 0 or moment.at_ns > state.at_ns:
        state.stale_ns = NEVER
    elif state.stale_ns == NEVER:
        state.stale_ns = moment.arrival_ns
    if state.stale_ns == NEVER:
        return False
    for_ns = moment.arrival_ns - state.stale_ns
    return bool(for_ns > state.row.gap_ns or (for_ns > OLDER_NS_MAX and moment.at_ns < state.at_ns))


@compiled
def is_gap(row: Any, step_ns: int) -> bool:
    """Whether the step between two readings starts runs anew: never where only changes are reported."""
    return bool(step_ns > row.gap_ns and not is_on_change(row))


@compiled
def say(moment: Any, before: int, level: int) -> None:
    """Tells the level of CLOCK where it has changed."""
    if level != before:
        moment.why, moment.limit = 0, NO_VALUE
        tell(moment, CLOCK, before, level)
