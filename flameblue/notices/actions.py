"""Planning as it is done: each waiting case event, in the order of its number, in a transaction of its own."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from flameblue.cases import incidents
from flameblue.cases.models import Case, CaseEvent
from flameblue.cases.policy import current
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Station
from flameblue.notices import planning
from flameblue.notices.facts import Agreed, Contacts, EventFacts, PlannedNotice, Recipient
from flameblue.notices.models import Notice
from flameblue.notices.texts.catalogue import LANGUAGES, Catalogue, catalogue
from flameblue.notices.texts.rendering import render
from flameblue.people import roster
from flameblue.people.actions import shift_facts
from flameblue.people.models import Contact, Person

EVENTS_A_ROUND = 200


def plan_pending(now: datetime) -> int:
    """Plans every case event that waits; how many notices that made."""
    waiting = CaseEvent.objects.filter(planned_at=None).order_by("number").values_list("pk", flat=True)
    return sum(_plan_one(pk, now) for pk in list(waiting[:EVENTS_A_ROUND]))


@transaction.atomic
def _plan_one(pk: int, now: datetime) -> int:
    if not CaseEvent.objects.filter(pk=pk, planned_at=None).update(planned_at=now):
        return 0
    event = CaseEvent.objects.select_related(
        "case__premises__site__station", "case__site__station", "by"
    ).get(pk=pk)
    station = _station(event.case)
    planned = planning.plan(
        _facts(event), _contacts(event, station, now), _agreed(event.case, station), _texts()
    )
    signature = str(event.data.get("signature") or (station.signature if station else "Flameblue"))
    rows = [_row(notice, event, signature, now) for notice in planned]
    return len(Notice.objects.bulk_create(rows, ignore_conflicts=True))


def _row(notice: PlannedNotice, event: CaseEvent, signature: str, now: datetime) -> Notice:
    words = catalogue(notice.to.language)
    template = words.template(notice.template, notice.text_family)
    rendered = render(template, notice.values, signature)
    return Notice(
        event=event,
        case=event.case,
        person_id=notice.to.person,
        to=notice.to.phone,
        channel=notice.channel,
        template=notice.template,
        variables=rendered.variables,
        language=notice.to.language,
        text=rendered.text,
        reason=notice.reason,
        created_at=now,
        due_at=max(notice.due_at, now) if notice.due_at else now,
    )


def _texts() -> dict[str, Catalogue]:
    return {language: catalogue(language) for language in LANGUAGES}


def _facts(event: CaseEvent) -> EventFacts:
    case = event.case
    level = Level(case.level)
    return EventFacts(
        kind=event.kind,
        at=event.at,
        number=case.number,
        family=case.family,
        level=str(event.data.get("case_level") or level.name.lower()),
        is_test=case.is_test,
        is_incident=incidents.is_incident(case),
        opened_at=case.opened_at,
        data=event.data,
        by_officer=event.by is not None and event.by.station_id is not None,
    )


def _station(case: Case) -> Station | None:
    if case.premises is not None:
        return case.premises.site.station
    return case.site.station if case.site is not None else None


def _contacts(event: CaseEvent, station: Station | None, now: datetime) -> Contacts:
    case = event.case
    named = (
        {
            contact.order: _recipient(contact.person)
            for contact in Contact.objects.filter(
                premises=case.premises_id, person__active=True
            ).select_related("person")
        }
        if case.premises_id
        else {}
    )
    following = station.next_station if station else None
    return Contacts(
        owner=named.get(1),
        second=named.get(2),
        duty=_on_shift([station] if station else Station.objects.all(), "duty", now),
        leader=_on_shift([station] if station else Station.objects.all(), "leader", now),
        next_station=_on_shift([following] if following else [], "duty", now),
        assigned=_recipient(case.assigned_to) if case.assigned_to else None,
    )


def _on_shift(stations: Iterable[Station], role: str, now: datetime) -> tuple[Recipient, ...]:
    shifts = shift_facts()
    ids = [person for station in stations for person in roster.on_duty(shifts, station.pk, role, now)]
    people = Person.objects.in_bulk(ids)
    return tuple(_recipient(people[pk]) for pk in dict.fromkeys(ids) if people[pk].active)


def _recipient(person: Person) -> Recipient:
    return Recipient(person.pk, person.name, person.phone, person.language)


def _agreed(case: Case, station: Station | None) -> Agreed:
    quiet = current().quiet_hours
    site = case.premises.site if case.premises is not None else case.site
    messages = settings.CONFIG.messages
    return Agreed(
        sms=messages.sms_channel,
        voice=messages.voice_channel,
        quiet_begin_h=quiet.begin.hour + quiet.begin.minute / 60,
        quiet_end_h=quiet.end.hour + quiet.end.minute / 60,
        zone=ZoneInfo(site.time_zone if site is not None else settings.TIME_ZONE),
        next_station=station.next_station.name if station and station.next_station else "",
    )
