"""The open cases as the board shows them, a row each.

Invariant: a row is drawn from its `Look` alone, so that rows which look the same are drawn once; the times that run
(its age, the newest reading, when the next is called) are written into it with each drawing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from flameblue.cases import actions, contrary
from flameblue.cases.models import Case, Family
from flameblue.domain.clock import to_datetime
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.transitions import Level
from flameblue.notices import reach, receipts
from flameblue.web import case_facts, help_facts, readings, sentences

FAULTS = frozenset({Family.SILENCE, Family.EQUIPMENT})
MEASURED = contrary.ABOVE | contrary.BELOW | contrary.SAID_BY_THE_DEVICE


class Look(NamedTuple):
    """What a row says, in the language that it is drawn in; `asked`: when the owner has asked for help, if so."""

    number: int
    level: Level
    family: str
    state: str
    is_test: bool
    came_back: bool
    value_is_back: bool
    name: str  # of the premises, else of the site; empty: the system's own
    site: str  # that the premises are of
    sentence: str
    asked: str
    taken_by: str
    began_at: datetime
    shelved_until: datetime | None
    next: actions.NextCall | None
    has_reading: bool  # of the point that the sentence tells of
    rings: int | None  # the event for which the board sounds


class Reading(NamedTuple):
    """The newest of the point that is told of first, in its unit, and when it was measured."""

    value: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """One open case."""

    case: Case
    desk: case_facts.Desk
    next: actions.NextCall | None
    help: help_facts.Help | None
    reading: Reading | None

    @property
    def look(self) -> Look:
        """In the language that it is drawn in."""
        case = self.case
        place = case.premises or case.site
        return Look(
            number=case.number,
            level=case_facts.shown_level(case),
            family=case.family,
            state=case.state,
            is_test=case.is_test,
            came_back=bool(case.reopened),
            value_is_back=case_facts.value_is_back(case),
            name=place.name if place else "",
            site=case.premises.site.name if case.premises else "",
            sentence=sentences.of_case(case),
            asked=self.help.when if self.help and self.help.waits else "",
            taken_by=case.taken_by.name if case.taken_by else "",
            began_at=began_at(case.family, case.reopened, case.opened_at, case.announced_at),
            shelved_until=case.shelved_until,
            next=None if case.shelved_until else self.next,
            has_reading=self.reading is not None,
            rings=self.desk.number if self.desk.sounds else None,
        )


def began_at(family: str, reopened: int, opened_at: datetime, announced_at: datetime) -> datetime:
    """Since when it lasts, as messages have it (notices.facts): a fault is no younger for what joins it."""
    return opened_at if family in FAULTS and not reopened else announced_at


def of(cases: Sequence[Case], silent: frozenset[int], at: datetime) -> list[Row]:
    """`cases` as the board shows them; `silent`: the stations whose desk is, as the core has it."""
    cries = help_facts.asked(cases, at)
    asked, told = case_facts.desk_calls(cases), receipts.owners_who_have_it([case.pk for case in cases])
    reached, now = reach.Reach(cases), _readings(cases)
    return [
        Row(
            case=case,
            desk=case_facts.desk(case, asked.get(case.pk, ())),
            next=actions.next_call(
                case, receipt=case.pk in told, silent=silent, finds=partial(reached.finds, case)
            ),
            help=cries.get(case.pk),
            reading=now.get(case.pk),
        )
        for case in cases
    ]


def _readings(cases: Sequence[Case]) -> dict[int, Reading]:
    """By the case's key. What a sentence tells is of the last change of level: the danger may have grown since."""
    told = {case.pk: sentences.worst(alarms) for case in cases if (alarms := case.alarms.all())}
    measured = {pk: alarm.point for pk, alarm in told.items() if alarm.rule in MEASURED}
    found = readings.latest([point.pk for point in measured.values()])
    return {
        pk: Reading(sentences.measured(one.value, point.quantity), to_datetime(one.at_ns))
        for pk, point in measured.items()
        if (one := found.get(point.pk)) is not None and one.value != NO_VALUE
    }
