"""LATE: a reading older than the newest one was beyond the alarm limit, and nobody knew.

It persists as no level: one transition, at most one an hour and point, and none for what a run on time has shown or
for what is in alarm anyway.
"""

from typing import Any

from flameblue.detection.emitting import emit
from flameblue.detection.fleet_state import NEVER
from flameblue.detection.kernels import compiled
from flameblue.detection.rules.limits import limit_shown, towards
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.transitions import Level, Rule

LATE, NORMAL, ALARM = int(Rule.LATE), int(Level.NORMAL), int(Level.ALARM)
AGAIN_NS = 3_600 * SECOND_NS


@compiled
def look(fleet: Any, point: int, number: int) -> None:
    """A late reading with a usable value."""
    state, moment = fleet.states[point], fleet.moment[0]
    side, limits = fleet.sides[point, number], fleet.limits[point, number]
    if side.level == ALARM or towards(moment.value, number) < limits.alarm:
        return
    if side.seen_from_ns <= moment.at_ns <= side.seen_to_ns:
        return
    if state.late_ns > -NEVER and moment.arrival_ns - state.late_ns < AGAIN_NS:
        return
    state.late_ns = moment.arrival_ns
    limit = limit_shown(limits, number, ALARM)
    emit(fleet.found, moment, point, (LATE, NORMAL, ALARM, limit, int(moment.why)))
