"""What planning and the texts are told of a case event, read from the database as it is now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from flameblue.cases import incidents, kinds
from flameblue.cases.models import Case, CaseEvent
from flameblue.cases.policy import current
from flameblue.fleet.models import Station
from flameblue.notices import reasons
from flameblue.notices.models import Notice
from flameblue.notices.planning import Event, People
from flameblue.notices.wording import Standing
from flameblue.people import roster
from flameblue.people.actions import shift_facts
from flameblue.people.models import Contact, Person, Shift

NOBODY_SIGNS = "Flameblue"  # where no station is known


@dataclass(frozen=True, slots=True)
class Facts:
    """An event, the people it concerns, and what a text says beside the event's data."""

    row: CaseEvent
    event: Event
    people: People
    standing: Standing
    persons: dict[int, Person]

    def signature(self, person: Person | None) -> str:
        """Whose name heads the message: the site's station; without a site the reader's own."""
        if self.row.data.get("signature"):
            return str(self.row.data["signature"])
        return signature_of(person)


def gather(event: CaseEvent, now: datetime) -> Facts:
    """The facts of `event`; who is on duty is asked at `now`."""
    case = event.case
    station = case.site.station if case.site is not None else None
    people, persons = _people(event, station, now)
    zone = ZoneInfo(case.site.time_zone if case.site is not None else settings.TIME_ZONE)
    proof = _proof(event)
    facts = Event(
        kind=event.kind,
        data=event.data,
        local=event.at.astimezone(zone),
        is_incident=incidents.is_incident(case),
        has_proof=proof is not None,
    )
    owner = persons[people.owner[0]] if people.owner else None
    second = persons[people.second[0]] if people.second else None
    standing = Standing(
        number=case.number,
        at=event.at.astimezone(zone),
        opened_at=case.opened_at.astimezone(zone),
        since=_since(event).astimezone(zone),
        by=event.by.name if event.by else "",
        owner=owner.name if owner else "",
        owner_answer=_owner_answer(case, owner),
        second=second.name if second else "",
        had_by=persons[people.had_it[0]].name if people.had_it else "",
        left_after_s=current().incident.left_over_after_s,
        proof=proof,
    )
    return Facts(event, facts, people, standing, persons)


def of(event_id: int, now: datetime) -> Facts:
    """The facts of the event with this id."""
    rows = CaseEvent.objects.select_related("by", "case__site__station__next_station", "case__premises")
    return gather(rows.get(pk=event_id), now)


def signature_of(person: Person | None) -> str:
    """The signature of a person's own station, or of the one that looks after their premises."""
    if person is not None and person.station is not None:
        return person.station.signature
    if person is not None:
        contact = Contact.objects.filter(person=person).select_related("premises__site__station").first()
        if contact is not None:
            return contact.premises.site.station.signature
    station = Station.objects.order_by("pk").first()
    return station.signature if station else NOBODY_SIGNS


def _people(event: CaseEvent, station: Station | None, now: datetime) -> tuple[People, dict[int, Person]]:
    case = event.case
    contacts = (
        Contact.objects.filter(premises=case.premises_id, person__active=True) if case.premises_id else ()
    )
    ordered = {contact.order: contact.person_id for contact in contacts}
    stations = [station] if station else list(Station.objects.order_by("pk"))
    following = [station.next_station] if station and station.next_station else []
    told = Notice.objects.filter(case=case, person__isnull=False).exclude(reason=reasons.REPLY)
    people = People(
        owner=(ordered[1],) if 1 in ordered else (),
        second=(ordered[2],) if 2 in ordered else (),
        duty=_of_stations(stations, Shift.Role.DUTY, now) or _anybody(stations),
        leader=_of_stations(stations, Shift.Role.LEADER, now),
        next_station=_of_stations(following, Shift.Role.DUTY, now) or _anybody(following),
        had_it=_had_it(event),
        assigned=(case.assigned_to_id,) if case.assigned_to_id else (),
        told=frozenset(told.values_list("person", flat=True)),
        by=event.by_id,
    )
    everybody = (
        people.contacts,
        people.duty,
        people.leader,
        people.next_station,
        people.had_it,
        people.assigned,
    )
    ids = {person for group in everybody for person in group}
    return people, Person.objects.select_related("station").in_bulk(ids)


def duty_of(station: Station, now: datetime) -> tuple[int, ...]:
    """Who is on duty at `station`, as ids of persons; everybody there where nobody is."""
    return _of_stations([station], Shift.Role.DUTY, now) or _anybody([station])


def _of_stations(stations: Iterable[Station], role: str, now: datetime) -> tuple[int, ...]:
    shifts = shift_facts()
    found = [person for station in stations for person in roster.on_duty(shifts, station.pk, role, now)]
    return tuple(dict.fromkeys(found))


def _anybody(stations: Iterable[Station]) -> tuple[int, ...]:
    """Where nobody is on duty, everybody of the station is called: an alarm never finds an empty roster."""
    ids = [station.pk for station in stations]
    people = Person.objects.filter(station__in=ids, active=True).exclude(phone="")
    return tuple(people.order_by("pk").values_list("pk", flat=True))


def _had_it(event: CaseEvent) -> tuple[int, ...]:
    """Who has the case, or had it until this event took it from them."""
    named = tuple(int(person) for person in event.data.get("people", ()))
    if event.kind == kinds.REOPENED:
        return named
    case = event.case
    if case.taken_by_id is not None:
        return (case.taken_by_id,)
    before = CaseEvent.objects.filter(case=case, number__lt=event.number).order_by("-number")
    last = before.first()
    if last is None or last.kind != kinds.UNTAKEN:
        return ()
    taken = before.filter(kind=kinds.TAKEN, by__isnull=False).first()
    return (taken.by_id,) if taken is not None and taken.by_id is not None else ()


def _since(event: CaseEvent) -> datetime:
    """What a text's age counts from: the announcement; where it rings again, the taking."""
    if event.kind == kinds.RANG_AGAIN:
        taken = CaseEvent.objects.filter(case=event.case, kind=kinds.TAKEN, number__lt=event.number)
        last = taken.order_by("-number").first()
        return last.at if last is not None else event.case.announced_at
    is_fault = event.data.get("family") in {"silence", "equipment"}
    since = event.case.opened_at if is_fault else event.case.announced_at
    return min(since, event.at)


def _owner_answer(case: Case, owner: Person | None) -> str:
    if owner is None:
        return ""
    if not owner.phone:
        return "owner_unknown"
    if case.owner_answered_at is not None:
        return "owner_answered"
    arrived = Notice.objects.filter(
        case=case, person=owner, state=Notice.State.DELIVERED, created_at__gte=case.announced_at
    )
    return "owner_received" if arrived.exists() else "owner_unanswered"


def _proof(event: CaseEvent) -> dict[str, object] | None:
    """The data of the event that proved it, with a value to say."""
    if event.kind not in {kinds.PROVEN, kinds.CLOSED}:
        return None
    proven = CaseEvent.objects.filter(case=event.case, kind=kinds.PROVEN, number__lte=event.number)
    last = proven.order_by("-number").first()
    if last is None or last.data.get("proof_max") is None:
        return None
    found: dict[str, object] = last.data
    return found
