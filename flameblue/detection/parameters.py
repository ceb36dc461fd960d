"""What changes the fleet besides readings and time: rows of the point table, and gaps in our listening.

A new row arms the rules anew: runs start with the next reading, the deadline of silence counts from the row's arrival,
levels stay until readings decide. A row without ENABLED takes all levels back to NORMAL and forgets the point's state.
"""

from typing import Any

from flameblue.detection.alarm_machine import forget
from flameblue.detection.emitting import is_by_test, tell
from flameblue.detection.fleet_state import NEVER
from flameblue.detection.kernel import ARRIVAL_MARKS, ROOM, is_enabled, set_wake, take_told
from flameblue.detection.kernels import code, compiled
from flameblue.detection.rules import silence
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.transitions import Level, Rule, Why

OVER, UNDER, SILENCE, SENSOR = code(Rule.OVER), code(Rule.UNDER), code(Rule.SILENCE), code(Rule.SENSOR)
REPORTED, REPORTED_FAULT, SHIELDED = code(Rule.REPORTED), code(Rule.REPORTED_FAULT), code(Rule.SHIELDED)
TEST, CLOCK = code(Rule.TEST), code(Rule.CLOCK)
PHASE_LOSS, ORIGIN = code(Rule.PHASE_LOSS), code(Rule.ORIGIN)
NORMAL, TEST_WHY = code(Level.NORMAL), code(Why.TEST)


@compiled
def arm_side(side: Any, warning: int, alarm: int, hysteresis: int) -> None:
    """New limits (so that more is worse): runs start anew, the level stays."""
    side.warning_limit = warning
    side.alarm_limit = alarm
    side.hysteresis = hysteresis
    forget(side.warning)
    forget(side.alarm)
    forget(side.warning_clear)
    forget(side.alarm_clear)


@compiled
def arm(state: Any, arrival_ns: int) -> None:
    """Arms the rules of an enabled point for its new row."""
    row = state.row
    arm_side(state.over, int(row.over_warning), int(row.over_alarm), int(row.over_hysteresis))
    arm_side(state.under, -int(row.under_warning), -int(row.under_alarm), int(row.under_hysteresis))
    forget(state.good)
    forget(state.implausible)
    forget(state.phase_gone)
    forget(state.phase_back)
    state.restart_limits, state.restart_sensor = 1, 1
    silence.deadline(state, arrival_ns)


@compiled
def end(state: Any, moment: Any, rule: int, before: int) -> None:
    """Tells that the level of `rule` is NORMAL, where it was another one."""
    if before != NORMAL:
        moment.why = TEST_WHY if is_by_test(state, rule) else 0
        tell(moment, rule, before, NORMAL)


@compiled
def end_all(state: Any, moment: Any) -> None:
    """The point is retired: every level goes back to NORMAL."""
    end(state, moment, OVER, int(state.over.level))
    end(state, moment, UNDER, int(state.under.level))
    end(state, moment, SILENCE, int(state.silence))
    end(state, moment, SENSOR, int(state.sensor))
    end(state, moment, REPORTED, int(state.reported))
    end(state, moment, REPORTED_FAULT, int(state.reported_fault))
    end(state, moment, SHIELDED, int(state.shielded))
    end(state, moment, TEST, int(state.test))
    end(state, moment, CLOCK, int(state.clock))
    end(state, moment, PHASE_LOSS, int(state.phase_loss))
    end(state, moment, ORIGIN, int(state.origin))


@compiled
def one_row(state: Any, moment: Any) -> None:
    """The new row of `state`, which is enabled."""
    arm(state, moment.arrival_ns)
    if state.row.silence_ns == NEVER:
        end(state, moment, SILENCE, int(state.silence))
        state.silence = NORMAL


@compiled
def run_rows(fleet: Any, rows: Any, start: int, arrival_ns: int, fresh: Any) -> int:
    """Rows from `start` on; returns where it stopped, since `found` was nearly full or all are done. `fresh` holds
    the state of a point of which nothing is known."""
    states, found, moment = fleet.states, fleet.found, fleet.moment[0]
    found[0].index = 0
    moment.index = -1
    moment.at_ns = moment.arrival_ns = arrival_ns
    moment.limit = NO_VALUE
    for i in range(start, len(rows)):
        if found[0].index > ROOM:
            return i
        point = int(rows[i].point)
        moment.point = point
        moment.value = states[point].latest
        if is_enabled(rows[i]):
            states[point].row = rows[i]
            one_row(states[point], moment)
        else:
            end_all(states[point], moment)
            states[point] = fresh[0]
        take_told(found, moment)
        set_wake(states[point], fleet.block_wake, point)
    return len(rows)


@compiled
def shifted(time_ns: int, gap_ns: int) -> int:
    """`time_ns` moved on, if there is such a time."""
    return time_ns if time_ns in (NEVER, -NEVER) else time_ns + gap_ns


@compiled
def shift_run(run: Any, gap_ns: int, by_arrival: bool) -> None:
    """Moves what a run tells in arrival time."""
    run.row_ns += gap_ns
    if by_arrival:
        run.since_ns = shifted(run.since_ns, gap_ns)


@compiled
def shift_side(side: Any, gap_ns: int, by_arrival: bool) -> None:
    """Moves what the runs of a side tell in arrival time."""
    shift_run(side.warning, gap_ns, by_arrival)
    shift_run(side.alarm, gap_ns, by_arrival)
    shift_run(side.warning_clear, gap_ns, by_arrival)
    shift_run(side.alarm_clear, gap_ns, by_arrival)
    if by_arrival:
        side.shown_from_ns = shifted(side.shown_from_ns, gap_ns)
        side.shown_to_ns = shifted(side.shown_to_ns, gap_ns)


@compiled
def run_gap(fleet: Any, gap_ns: int) -> None:
    """We did not listen for `gap_ns`, or our clock was set by it: every time that is told in arrival time moves on,
    the times of a point without a believable clock among them."""
    states, block_wake = fleet.states, fleet.block_wake
    for point in range(len(states)):
        state = states[point]
        by_arrival = state.by_arrival == 1
        state.accepted_ns = shifted(state.accepted_ns, gap_ns)
        state.stale_ns = shifted(state.stale_ns, gap_ns)
        state.deadline_ns = shifted(state.deadline_ns, gap_ns)
        state.wake_ns = shifted(state.wake_ns, gap_ns)
        state.clock_bad_ns = shifted(state.clock_bad_ns, gap_ns)
        state.late_ns = shifted(state.late_ns, gap_ns)
        state.foreign_ns = shifted(state.foreign_ns, gap_ns)
        if by_arrival:
            state.at_ns = shifted(state.at_ns, gap_ns)
            state.same_ns = shifted(state.same_ns, gap_ns)
            state.bits_from_ns = shifted(state.bits_from_ns, gap_ns)
            state.bits_to_ns = shifted(state.bits_to_ns, gap_ns)
        if state.last_marks & ARRIVAL_MARKS:
            state.raw_ns = shifted(state.raw_ns, gap_ns)
        shift_run(state.good, gap_ns, by_arrival)
        shift_run(state.implausible, gap_ns, by_arrival)
        shift_run(state.phase_gone, gap_ns, by_arrival)
        shift_run(state.phase_back, gap_ns, by_arrival)
        shift_side(state.over, gap_ns, by_arrival)
        shift_side(state.under, gap_ns, by_arrival)
    for block in range(len(block_wake)):
        block_wake[block] = shifted(block_wake[block], gap_ns)
