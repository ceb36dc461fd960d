"""PHASE_LOSS: a phase without voltage while another one of the same circuit has some, for the alarm's hold.

A three-phase motor goes on on two phases and burns; where the neutral is shared, what is left rises on the others. It
is told apart from an outage, in which no phase stands. It needs two readings, since the other phase's newest reading
has to be of the same time, within the promised gap: UNDER has alarmed before where one reading is enough. It leaves
once the voltage is back for the clear hold; an outage that follows is no proof of that. Time alone (a tick) neither
enters nor leaves it. The two voltages are data, profiles/default_limits.yaml.
"""

from typing import Any

from flameblue.detection.alarm_machine import ALARM, NORMAL, follow, forget, lasts
from flameblue.detection.emitting import is_by_test, settle
from flameblue.detection.fleet_state import NEVER
from flameblue.detection.kernels import code, compiled
from flameblue.domain.points import NO_LOWER_LIMIT
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Rule

RULES = (Rule.PHASE_LOSS,)
PHASE_LOSS, TEST_MARK = code(Rule.PHASE_LOSS), code(Mark.TEST)


@compiled
def is_watched(row: Any) -> bool:
    """Whether the point is a phase of which others are known."""
    return bool(row.phase_lost != NO_LOWER_LIMIT)


@compiled
def look_around(states: Any, row: Any, moment: Any) -> None:
    """Sets when each of the other phases has last shown a voltage, if that is its newest good value."""
    for i in range(len(row.other_phases)):
        other = row.other_phases[i]
        moment.stand_ns[i] = NEVER
        if 0 < other < len(states):
            state = states[other]
            if state.latest != NO_VALUE and state.latest >= row.phase_stands:
                moment.stand_ns[i] = state.latest_ns


@compiled
def others_stand(row: Any, moment: Any) -> bool:
    """Whether another phase had voltage at about the moment's time."""
    for i in range(len(moment.stand_ns)):
        stand_ns = moment.stand_ns[i]
        if stand_ns != NEVER and abs(moment.at_ns - stand_ns) <= row.gap_ns:
            return True
    return False


@compiled
def look(state: Any, moment: Any) -> None:
    """An accepted good reading."""
    row, before = state.row, int(state.phase_loss)
    if not is_watched(row) and before == NORMAL:
        return
    dead = moment.value <= row.phase_lost
    gone = dead and others_stand(row, moment)
    follow(state.phase_gone, gone, moment)
    if before == ALARM:
        follow(state.phase_back, not dead, moment)
    level = before
    if lasts(state.phase_gone, row.alarm_hold_ns, row, moment):
        level = ALARM
    elif before == ALARM and lasts(state.phase_back, row.clear_hold_ns, row, moment):
        level = NORMAL
    if is_by_test(state, PHASE_LOSS) and not moment.marks & TEST_MARK:
        level = ALARM if gone else NORMAL
    elif level == before:
        return
    moment.why, moment.limit = 0, row.phase_lost
    state.phase_loss = settle(state, moment, PHASE_LOSS, before, level)
    if state.phase_loss == NORMAL:
        forget(state.phase_back)


@compiled
def doubt(state: Any) -> None:
    """The sensor is broken, or a test begins or ends: what was told of the voltage's return does not count."""
    forget(state.phase_back)
