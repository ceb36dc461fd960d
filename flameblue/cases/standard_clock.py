"""How long each step of an alarm's way took, from the value beyond its limit to the owner's phone. Pure.

Invariants: a time that is not known is not guessed; a limit is a clause with its edition, or it is not said.
Source of the clauses: docs/practice.md#standard-clock, which says how sure each is and for what it was written.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Step(StrEnum):
    """The steps in their order, each counted from the one before."""

    BEYOND = "beyond"  # the value is beyond its limit for as long as it must be
    ARRIVED = "arrived"  # the reading that decided it is here
    PLANNED = "planned"  # the case is open and the message is written
    HANDED_OVER = "handed_over"  # the SMS gateway has accepted it
    DELIVERED = "delivered"  # the receipt of the last part is here


@dataclass(frozen=True, slots=True)
class Clause:
    """A limit of a standard. `edition` names the standard with its year, `clause` the place in it."""

    limit_s: float
    edition: str
    clause: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an alarm's way. None: not known, or not happened (yet)."""

    quantity: str
    measured_at: datetime | None = None  # by the device's clock
    hold_s: float | None = None  # how long the value had to be beyond the limit before
    arrived_at: datetime | None = None
    planned_at: datetime | None = None
    handed_over_at: datetime | None = None
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One step: when, how many seconds it used, and the clause that it is compared with.

    `used_s` None: not known. `keeps` None: there is nothing to compare.
    """

    step: Step
    at: datetime | None
    used_s: float | None
    clause: Clause | None

    @property
    def keeps(self) -> bool | None:
        if self.clause is None or self.used_s is None:
            return None
        return self.used_s <= self.clause.limit_s


RESPONSE = {
    "residual_current_ma": Clause(30.0, "GB 50166-2019", "4.8.4"),
    "temperature_c": Clause(40.0, "GB 50166-2019", "4.8.5"),
}
TRANSMISSION = Clause(10.0, "GB 26875.1-2011", "4.1.2")


def lines(known: Known) -> list[Line]:
    """The steps of the way, in order; the last ones without a time where they have not happened."""
    return [
        Line(Step.BEYOND, known.measured_at, known.hold_s, RESPONSE.get(known.quantity)),
        Line(Step.ARRIVED, known.arrived_at, _between(known.measured_at, known.arrived_at), TRANSMISSION),
        Line(Step.PLANNED, known.planned_at, _between(known.arrived_at, known.planned_at), None),
        Line(Step.HANDED_OVER, known.handed_over_at, _between(known.planned_at, known.handed_over_at), None),
        Line(Step.DELIVERED, known.delivered_at, _between(known.handed_over_at, known.delivered_at), None),
    ]


def total_s(known: Known) -> float | None:
    """From the reading's arrival to the receipt, or to the gateway where there is none yet."""
    return _between(known.arrived_at, known.delivered_at or known.handed_over_at)


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    """The seconds from one time to the next; a clock that runs ahead gives none, not a negative one."""
    if begin is None or end is None:
        return None
    return max(0.0, (end - begin).total_seconds())
