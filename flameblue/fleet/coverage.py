"""Coverage of business premises: what is installed, on line and tested, and why the others are not. Pure.

Invariants: of three numbers none may be more than the premises there are; what is missing has exactly one reason;
the rule of one premises (`missing`) is the specification, the arrays of `fleet.coverage_table` say the same.
"""

from dataclasses import dataclass
from enum import StrEnum

from flameblue.domain.limits import SECOND_NS

ONLINE_WITHIN_S = 24 * 3_600
NEVER_NS = 0
HOMES = frozenset(
    {"民居", "民房", "住宅", "住户", "居民", "居民户", "自住", "农户", "牧户"}
    | {"home", "house", "dwelling", "residence", "private"}
)


class Measure(StrEnum):
    """What is counted."""

    INSTALLED = "installed"
    ONLINE = "online"
    TESTED = "tested"


class Missing(StrEnum):
    """Why premises are not counted."""

    NO_DEVICE = "no_device"
    CLOSED = "closed"
    NEVER_HEARD = "never_heard"
    SILENT = "silent"
    NOT_TESTED = "not_tested"


@dataclass(frozen=True, slots=True)
class Facts:
    """One premises. `heard_ns`: when any of its enabled devices was heard last, NEVER_NS: never."""

    is_installed: bool
    heard_ns: int = NEVER_NS
    is_tested: bool = False
    is_closed: bool = False  # for the season


def is_business(kind: str) -> bool:
    """Everything but homes: where the kind is not known, it is counted."""
    return kind.strip().lower() not in HOMES


def missing(facts: Facts, measure: Measure, now_ns: int) -> Missing | None:
    """Why the premises are not counted under `measure`; None: they are."""
    if not facts.is_installed:
        return Missing.NO_DEVICE
    if measure == Measure.ONLINE and not is_online(facts.heard_ns, now_ns):
        if facts.is_closed:
            return Missing.CLOSED
        return Missing.NEVER_HEARD if facts.heard_ns == NEVER_NS else Missing.SILENT
    if measure == Measure.TESTED and not facts.is_tested:
        return Missing.CLOSED if facts.is_closed else Missing.NOT_TESTED
    return None


def is_online(heard_ns: int, now_ns: int) -> bool:
    """Heard within the last 24 hours; what seems to come from ahead of us was heard too."""
    return heard_ns != NEVER_NS and now_ns - heard_ns < ONLINE_WITHIN_S * SECOND_NS
