"""As what a closed case counts: real, test, nuisance, duplicate, unclear. It follows from its named cause alone. Pure.

Invariant: every cause of `causes.CAUSES` counts as exactly one of them in every family; what nobody found out is
unclear and never real. Source: ANSI/ISA-18.2 (a nuisance alarm needs no action, or comes again and again).
"""

from enum import StrEnum

from flameblue.cases.causes import CAUSES
from flameblue.cases.models import Family


class Handled(StrEnum):
    """What a handled warning was."""

    REAL = "real"
    TEST = "test"
    NUISANCE = "nuisance"
    DUPLICATE = "duplicate"
    UNCLEAR = "unclear"


OF_THE_WIRING = frozenset({Family.LEAKAGE, Family.HEAT, Family.LOAD, Family.VOLTAGE, Family.ARC})
BY_CAUSE: dict[str, Handled] = {
    **dict.fromkeys(("loose_terminal", "bad_joint", "overload", "wrong_breaker"), Handled.REAL),
    **dict.fromkeys(
        ("wet_cable", "damaged_insulation", "appliance", "wrong_wiring", "rodents"), Handled.REAL
    ),
    **dict.fromkeys(("supply", "neutral_lost", "outage", "network", "system"), Handled.REAL),
    **dict.fromkeys(("device", "probe", "clock"), Handled.REAL),  # of a detector; see ONLY_OF_A_DETECTOR
    **dict.fromkeys(("switched_off", "season", "returned_by_itself", "limit_too_low"), Handled.NUISANCE),
    "test": Handled.TEST,
    "duplicate": Handled.DUPLICATE,
    "unknown": Handled.UNCLEAR,
}
ONLY_OF_A_DETECTOR = frozenset({"device", "probe", "clock"})  # elsewhere the warning was of nothing


def counts_as(family: str, cause: str, *, is_test: bool) -> Handled:
    """As what a closed case of `family` with `cause` counts; a test case is a test whatever its cause."""
    if is_test:
        return Handled.TEST
    if cause in ONLY_OF_A_DETECTOR and family in OF_THE_WIRING:
        return Handled.NUISANCE
    return BY_CAUSE.get(cause, Handled.UNCLEAR)


def causes_of(family: str, handled: Handled) -> list[str]:
    """The causes with which a case of `family` that is no test counts as `handled`."""
    words = ["", *CAUSES]
    return [cause for cause in words if counts_as(family, cause, is_test=False) == handled]
