"""What the case page shows, gathered: the case, its alarms, its notices with every try, its events."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from flameblue.cases import causes
from flameblue.cases.finishing import is_leader
from flameblue.cases.models import Case, CaseEvent, State
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.domain.transitions import Level
from flameblue.notices.models import InboundMessage, Notice
from flameblue.people.models import Contact, Person
from flameblue.web import access, sentences, timeline

STEPS = (State.OPEN, State.TAKEN, State.MADE_SAFE, State.REPAIRED, State.PROVEN, State.CLOSED)
SHELVE_HOURS = (1, 4, 12, 24, 72)


@dataclass(frozen=True, slots=True)
class Step:
    """One state of the handling: passed, or where the case is now."""

    state: str
    passed: bool
    current: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """Whether the board sounds for a case: `number` names the event that asked for it."""

    sounds: bool
    number: int = 0


def of(case: Case, user: access.AnyUser, at: datetime) -> dict[str, Any]:
    """The values of the page's live parts."""
    place = case.premises
    return {
        "case": case,
        "now": at,
        "shown_level": shown_level(case),
        "value_is_back": value_is_back(case),
        "sentence": sentences.of_case(case),
        "steps": steps(case),
        "alarms": case.alarms.select_related("point__circuit__panel", "point__device").order_by(
            "-level", "since"
        ),
        "members": case.members.select_related("premises__site").order_by("premises__name")[:PAGE_ROWS_MAX],
        "contacts": Contact.objects.filter(premises=place).select_related("person") if place else (),
        "causes": causes.offered(case.family),
        "ways": causes.MADE_SAFE.items(),
        "colleagues": colleagues(case),
        "shelve_hours": SHELVE_HOURS,
        "leads": any(is_leader(person, at) for person in access.persons_of(user)),
        "notices": notices(case),
        "replies": InboundMessage.objects.filter(case=case)
        .select_related("person")
        .order_by("-at")[:PAGE_ROWS_MAX],
        "items": timeline.of(
            CaseEvent.objects.filter(case=case).select_related("by").order_by("-number")[:PAGE_ROWS_MAX]
        ),
    }


def steps(case: Case) -> list[Step]:
    """The line of states with the present one marked."""
    at = STEPS.index(State(case.state))
    return [Step(state=state, passed=index < at, current=index == at) for index, state in enumerate(STEPS)]


def notices(case: Case) -> Iterable[Notice]:
    """The notices of the case, the newest first, with every attempt, part and receipt."""
    found = Notice.objects.filter(case=case).select_related("person").prefetch_related("attempts__parts")
    return found.order_by("-created_at", "-id")[:PAGE_ROWS_MAX]


def colleagues(case: Case) -> QuerySet[Person]:
    """Who the case can be assigned to: the people of its station who can sign in or have a shift."""
    site = case.premises.site if case.premises else case.site
    if site is None:
        return Person.objects.none()
    return Person.objects.filter(station_id=site.station_id, active=True).order_by("name")


def shown_level(case: Case) -> Level:
    """An unclosed case is shown at its worst until it is proven: switched off is not repaired."""
    return level_of(case.state, case.level, case.worst_level)


def level_of(state: str, level: int, worst_level: int) -> Level:
    """The same of a case of which only these are known."""
    return Level(level if state in {State.PROVEN, State.CLOSED} else worst_level)


def value_is_back(case: Case) -> bool:
    """The level is normal again, and nothing is proven by that."""
    return case.level == Level.NORMAL and shown_level(case) != Level.NORMAL


def desk_calls(cases: Iterable[Case]) -> dict[int, list[CaseEvent]]:
    """The events that call people by steps, for each case that nobody has."""
    waiting = [case.pk for case in cases if case.state == State.OPEN]
    found: dict[int, list[CaseEvent]] = defaultdict(list)
    for event in CaseEvent.objects.filter(case__in=waiting, data__has_key="steps"):
        found[event.case_id].append(event)
    return found


def desk(case: Case, events: Iterable[CaseEvent]) -> Desk:
    """Whether the newest announcement asks the board for sound, while nobody has the case."""
    if case.state != State.OPEN or case.shelved_until is not None:
        return Desk(sounds=False)
    asked = [
        event.number
        for event in events
        if event.at >= case.announced_at and any(_sounds(step) for step in event.data.get("steps", ()))
    ]
    return Desk(sounds=bool(asked), number=max(asked, default=0))


def _sounds(step: dict[str, Any]) -> bool:
    return step.get("to") == "desk" and bool(step.get("sound"))
