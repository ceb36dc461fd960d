"""SILENCE: no reading for longer than `silence_ns` of listening time.

Any reading but a retained one ends it and sets the deadline anew, late or not: the device is alive. A lost connection
only shortens the deadline to a short hold, since mobile links drop all day. A device's test changes nothing here.
"""

from typing import Any

from flameblue.detection.emitting import tell
from flameblue.detection.fleet_state import NEVER
from flameblue.detection.kernels import code, compiled
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.transitions import Level, Rule, Why

RULES = (Rule.SILENCE,)
SILENCE, FAULT, NORMAL = code(Rule.SILENCE), code(Level.FAULT), code(Level.NORMAL)
CONNECTION_LOST = code(Why.CONNECTION_LOST)


@compiled
def deadline(state: Any, arrival_ns: int) -> None:
    """The deadline counts from `arrival_ns`."""
    silence_ns = state.row.silence_ns
    state.deadline_ns = NEVER if silence_ns == NEVER else arrival_ns + silence_ns
    state.lost = 0


@compiled
def heard(state: Any, moment: Any) -> None:
    """A reading has come."""
    deadline(state, moment.arrival_ns)
    if state.silence != NORMAL:
        state.silence = NORMAL
        moment.why, moment.limit = 0, NO_VALUE
        tell(moment, SILENCE, FAULT, NORMAL)


@compiled
def tick(state: Any, moment: Any) -> None:
    """The deadline may be over."""
    if state.silence == NORMAL and moment.arrival_ns > state.deadline_ns:
        state.silence = FAULT
        moment.why, moment.limit = CONNECTION_LOST if state.lost else 0, NO_VALUE
        tell(moment, SILENCE, NORMAL, FAULT)


@compiled
def connection(state: Any, arrival_ns: int, lost: bool) -> None:
    """The device's connection was lost, or is back."""
    row = state.row
    if state.silence != NORMAL or row.silence_ns == NEVER:
        return
    if not lost:
        deadline(state, arrival_ns)
    elif row.lost_hold_ns != NEVER and arrival_ns + row.lost_hold_ns < state.deadline_ns:
        state.deadline_ns = arrival_ns + row.lost_hold_ns
        state.lost = 1
