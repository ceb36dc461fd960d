"""Whether the readings contradict who says that a case is safe. Pure: what points say now in, a verdict out.

Invariants: only a live reading contradicts; what is silent, broken or past neither confirms nor denies.
"""

from dataclasses import dataclass

from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.transitions import Level, Rule

ABOVE = frozenset({Rule.OVER})
BELOW = frozenset({Rule.UNDER, Rule.PHASE_LOSS})
SAID_BY_THE_DEVICE = frozenset({Rule.REPORTED})


@dataclass(frozen=True, slots=True)
class Present:
    """What one alarm's point says now. `limit`: the nearest one, in steps; None: there is none.

    `level` is the alarm's; `is_live`: the reading is not older than the promised interval allows.
    """

    rule: Rule
    level: Level
    value: int
    limit: int | None
    is_live: bool


def contradicts(present: Present) -> bool:
    """The point is at or beyond its limit now, or the device itself still reports an alarm."""
    if not present.is_live:
        return False
    if present.rule in SAID_BY_THE_DEVICE:
        return present.level in {Level.WARNING, Level.ALARM}
    if present.value == NO_VALUE or present.limit is None:
        return False
    if present.rule in ABOVE:
        return present.value >= present.limit
    return present.rule in BELOW and present.value <= present.limit


def still_flows(value: int, zero: int, *, is_live: bool) -> bool:
    """A current that contradicts who says that the circuit is switched off."""
    return is_live and value != NO_VALUE and abs(value) > zero
