"""What the case page shows, gathered: the case, its alarms, its notices with every try, its events."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from flameblue.cases import causes, policy, presents, record
from flameblue.cases.event_data import ContraryData
from flameblue.cases.finishing import UNSAFE, is_leader
from flameblue.cases.models import Alarm, Case, CaseEvent, State
from flameblue.domain.clock import to_datetime, to_ns
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Panel
from flameblue.notices import delivery
from flameblue.notices.models import InboundMessage, Notice
from flameblue.people.models import Contact, Person
from flameblue.web import (
    access,
    case_limits,
    clock_facts,
    help_facts,
    load_facts,
    picture_facts,
    proof_facts,
    readings,
    sentences,
    timeline,
)

STEPS = (State.OPEN, State.TAKEN, State.MADE_SAFE, State.REPAIRED, State.PROVEN, State.CLOSED)
SHELVE_HOURS = (1, 4, 12, 24, 72)


@dataclass(frozen=True, slots=True)
class Step:
    """One state of the handling: passed, where the case is now, or left out on the way here."""

    state: str
    passed: bool
    current: bool
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    """One alarm with what its point says now. `at` None: there is no reading."""

    now: presents.Now
    at: datetime | None
    value: int
    then: str = ""  # the value at the event, with the load at the event
    load_now: str = ""  # beside the value now; empty: not known

    @property
    def alarm(self) -> Alarm:
        return self.now.alarm

    @property
    def has_returned(self) -> bool:
        """A live reading is within the limits; not known where there is none."""
        return (
            self.now.is_live and self.value != NO_VALUE and bool(self.now.limits) and not self.now.is_contrary
        )


@dataclass(frozen=True, slots=True)
class Told:
    """One notice. `unwanted`: it waits, and why it will not go; empty: it goes, or has ended."""

    notice: Notice
    unwanted: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Whether the board sounds for a case: `number` names the event that asked for it."""

    sounds: bool
    number: int = 0


def of(case: Case, user: access.AnyUser, at: datetime) -> dict[str, Any]:
    """The values of the page's live parts, and `alarms`, of which they are: looked for once a drawing."""
    alarms = record.alarms_of([case])[case.pk]
    present = present_values(case, at, alarms)
    proofs = proof_facts.of(case, to_ns(at), {one.alarm.pk for one in present if one.has_returned})
    return {
        "case": case,
        "alarms": alarms,
        "now": at,
        "shown_level": shown_level(case),
        "value_is_back": value_is_back(case),
        "sentence": sentences.of_its(case, alarms),
        "help": help_facts.asked((case,), at).get(case.pk),
        "steps": steps(case),
        "presents": present,
        "contrary": _told(case, presents.contrary_of(one.now for one in present)),
        "isolators": list(dict.fromkeys(_isolators(present))),
        "cabin": next((one.alarm.point.circuit_id for one in present if one.alarm.point.circuit_id), None),
        "proofs": proofs,
        "awaits": proof_facts.awaits(proofs),
        "had_level": had_level(case),
        "clock": clock_facts.of(case),
        "members": case.members.select_related("premises__site").order_by("premises__name")[:PAGE_ROWS_MAX],
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


def contacts(case: Case) -> Iterable[Contact]:
    """Who is told of these premises, in their order."""
    return Contact.objects.filter(premises=case.premises_id).select_related("person").order_by("order")


def pictures(case: Case, alarms: Iterable[Alarm]) -> list[picture_facts.Picture]:
    """The pictures there are of the place: the premises, and the panels with an alarm."""
    if case.premises is None:
        return []
    alarmed = [alarm.point_id for alarm in alarms]
    panels = Panel.objects.filter(circuits__points__in=alarmed).distinct().order_by("name")
    return [one for one in picture_facts.of(case.premises, panels) if one.address]


def present_values(case: Case, at: datetime, alarms: Iterable[Alarm]) -> list[Present]:
    """What the point of each of the case's `alarms` says now, the worst alarm first."""
    found = presents.of_case(case, readings.latest, to_ns(at))
    if case.state == State.CLOSED:
        taken = [presents.Now(alarm, None, [], is_live=False) for alarm in alarms if alarm.pk is None]
        found = case_limits.of_then(case, [*found, *taken])
    loads = load_facts.of([one.alarm for one in found], to_ns(at))
    return [
        Present(
            now=one,
            at=None if one.reading is None else to_datetime(one.reading.at_ns),
            value=NO_VALUE if one.reading is None else one.reading.value,
            then=loads[index].then,
            load_now=loads[index].now if one.is_live and case.state != State.CLOSED else "",
        )
        for index, one in enumerate(found)
    ]


def contrary(case: Case, at: datetime, how: str) -> list[str]:
    """The readings that contradict that the case was made safe by `how`, as people read them."""
    return _told(case, presents.contrary_to(case, how, readings.latest, to_ns(at), policy.current()))


def _told(case: Case, said: Iterable[ContraryData]) -> list[str]:
    """What a reader is told while nobody has made the case safe."""
    return [timeline.reading(one) for one in said] if case.state in UNSAFE else []


def _isolators(present: Iterable[Present]) -> Iterable[str]:
    """The switches that take the circuits of a case off."""
    for one in present:
        circuit = one.alarm.point.circuit
        if circuit is not None and circuit.isolator:
            yield circuit.isolator


def steps(case: Case) -> list[Step]:
    """The line of states with the present one marked."""
    at = STEPS.index(State(case.state))
    taken = {State.OPEN} | {state for state in STEPS[1:] if getattr(case, f"{state.value}_at") is not None}
    return [
        Step(
            state=state,
            passed=index < at and state in taken,
            current=index == at,
            skipped=index < at and state not in taken,
        )
        for index, state in enumerate(STEPS)
    ]


def notices(case: Case) -> list[Told]:
    """The notices of the case, the newest first, with every attempt, part and receipt."""
    found = Notice.objects.filter(case=case).select_related("person", "case", "instead_of")
    newest = found.prefetch_related("attempts__parts").order_by("-created_at", "-id")[:PAGE_ROWS_MAX]
    return [Told(notice, delivery.unwanted_when_due(notice)) for notice in newest]


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


def had_level(case: Case) -> Level | None:
    """The worst level that is past: of a case that is shown at a lesser one; else None."""
    worst = Level(case.worst_level)
    return worst if shown_level(case) != worst else None


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
