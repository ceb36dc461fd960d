"""ORIGIN: somebody speaks in the device's name from where nobody expects it (docs/decisions/0024).

A foreign reading, from outside the device's allowed networks, enters the fault and does nothing else: its value, its
bits and its time are anybody's. A reading from an address that nobody has accepted yet is believed, and enters it too.
It leaves with the first true reading from where the device is expected, ten minutes after the last foreign one: a
device that speaks every few seconds beside a foreigner who does too is one fault. A test changes nothing here.
"""

from typing import Any

from flameblue.detection.emitting import tell
from flameblue.detection.fleet_state import NEVER
from flameblue.detection.kernels import code, compiled
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level, Rule, Why

RULES = (Rule.ORIGIN,)
ORIGIN, FAULT, NORMAL = code(Rule.ORIGIN), code(Level.FAULT), code(Level.NORMAL)
NEW_MARK = code(Mark.NEW_ADDRESS)
FOREIGN, NEW_ADDRESS = code(Why.FOREIGN), code(Why.NEW_ADDRESS)
GONE_AFTER_NS = 600 * SECOND_NS


@compiled
def look_foreign(state: Any, moment: Any) -> None:
    """A foreign reading. What is told of it bears the time of arrival and no value."""
    state.foreign_ns = moment.arrival_ns
    if state.origin == NORMAL:
        moment.at_ns, moment.value = moment.arrival_ns, NO_VALUE
        say(state, moment, FAULT, FOREIGN)


@compiled
def look(state: Any, moment: Any) -> None:
    """A reading from an allowed network, or where none are named."""
    if moment.marks & NEW_MARK:
        if state.origin == NORMAL:
            say(state, moment, FAULT, NEW_ADDRESS)
    elif state.origin == FAULT and is_gone(state, moment):
        say(state, moment, NORMAL, 0)


@compiled
def is_gone(state: Any, moment: Any) -> bool:
    """Whether nobody foreign was heard for long enough."""
    return bool(state.foreign_ns == -NEVER or moment.arrival_ns - state.foreign_ns >= GONE_AFTER_NS)


@compiled
def say(state: Any, moment: Any, level: int, why: int) -> None:
    """The level is another one from now on."""
    moment.why, moment.limit = why, NO_VALUE
    tell(moment, ORIGIN, int(state.origin), level)
    state.origin = level
