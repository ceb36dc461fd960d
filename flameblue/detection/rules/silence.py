"""SILENCE: no reading for longer than allowed, in listening time.

A will or a lost connection only shortens the deadline to a short hold: mobile links drop all day.
"""

from typing import Any

from flameblue.detection.emitting import emit
from flameblue.detection.fleet_state import NEVER
from flameblue.detection.kernels import compiled
from flameblue.domain.transitions import Level, Rule, Why

SILENCE, FAULT, NORMAL = int(Rule.SILENCE), int(Level.FAULT), int(Level.NORMAL)
CONNECTION_LOST = int(Why.CONNECTION_LOST)


@compiled
def heard(fleet: Any, point: int) -> None:
    """Any reading, late or not, ends silence and moves the deadline."""
    state, row, moment = fleet.states[point], fleet.rows[point], fleet.moment[0]
    if row.silence_ns == NEVER:
        state.deadline_ns = NEVER
    else:
        state.deadline_ns = moment.arrival_ns + row.silence_ns
    state.lost = 0
    if state.silence != NORMAL:
        state.silence = NORMAL
        emit(fleet.found, moment, point, (SILENCE, FAULT, NORMAL, 0, int(moment.why)))


@compiled
def tick(fleet: Any, point: int) -> None:
    """The deadline is over: the point is silent."""
    state, moment = fleet.states[point], fleet.moment[0]
    if state.silence == NORMAL and moment.arrival_ns > state.deadline_ns:
        state.silence = FAULT
        why = CONNECTION_LOST if state.lost else 0
        emit(fleet.found, moment, point, (SILENCE, NORMAL, FAULT, 0, why))
