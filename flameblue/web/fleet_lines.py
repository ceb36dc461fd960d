"""The rows of the fleet's lists as pages show them, each list with a fixed number of queries."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flameblue.domain.clock import to_datetime
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet import census, counting
from flameblue.fleet.models import Device, Point
from flameblue.people.models import Contact
from flameblue.web import access, device_facts, readings, tiles
from flameblue.web.fleet_lists import alarms, counted

ANSWERS_FOR_SHOWN = 3


@dataclass(slots=True)
class Line:
    """One row; a list fills what it shows. `at` None: nothing was ever heard."""

    thing: Any
    level: Level | None = None
    at: datetime | None = None
    value: int = NO_VALUE
    values: Sequence[device_facts.Value] = ()
    count: int = 0
    equipped: int = 0
    is_silent: bool = False
    is_expected: bool = False
    has_clock_fault: bool = False
    contacts: list[Contact] = field(default_factory=list)
    left_out: int = 0


def lines(tab: str, things: Sequence[Any], user: access.AnyUser, at: datetime) -> list[Line]:
    """The lines of `things` of the list `tab`, as of `at`."""
    return LINES[tab](things, user, at)


def _sites(things: Sequence[Any], user: access.AnyUser, at: datetime) -> list[Line]:
    places = counting.fleet.places(at)
    known = {one.site.pk: one for one in census.of(places, access.sites_for(user))}
    return [
        Line(
            one,
            count=known[one.pk].premises if one.pk in known else 0,
            equipped=known[one.pk].equipped if one.pk in known else 0,
        )
        for one in things
    ]


def _premises(things: Sequence[Any], _user: access.AnyUser, at: datetime) -> list[Line]:
    ids = [one.pk for one in things]
    devices = counted(Device.objects.filter(enabled=True), "premises_id", ids)
    standing = alarms().filter(point__device__premises__in=ids)
    levels = tiles.worst(standing.values_list("point__device__premises_id", "level"))
    contacts = defaultdict(list)
    for contact in Contact.objects.filter(premises__in=ids).select_related("person"):
        contacts[contact.premises_id].append(contact)
    return [
        Line(
            one,
            level=levels.get(one.pk, Level.NORMAL) if devices[one.pk] else None,
            count=devices[one.pk],
            is_expected=tiles.is_closed(one, at),
            contacts=contacts[one.pk],
        )
        for one in things
    ]


def _circuits(things: Sequence[Any], _user: access.AnyUser, _at: datetime) -> list[Line]:
    ids = [one.pk for one in things]
    points = counted(Point.objects.filter(retired=False), "circuit_id", ids)
    standing = alarms().filter(point__circuit__in=ids)
    levels = tiles.worst(standing.values_list("point__circuit_id", "level"))
    return [
        Line(one, level=levels.get(one.pk, Level.NORMAL) if points[one.pk] else None, count=points[one.pk])
        for one in things
    ]


def _devices(things: Sequence[Any], _user: access.AnyUser, at: datetime) -> list[Line]:
    ids = [one.pk for one in things]
    faults = alarms((Level.FAULT,)).filter(point__device__in=ids, rule__in=(Rule.SILENCE, Rule.CLOCK))
    wrong = set(faults.values_list("point__device_id", "rule"))
    heard, levels = device_facts.heard(ids), device_facts.levels_of(ids)
    return [
        Line(
            one,
            level=levels.get(one.pk, Level.NORMAL),
            at=heard[one.pk].at,
            count=heard[one.pk].points,
            values=heard[one.pk].values,
            is_silent=(one.pk, Rule.SILENCE) in wrong,
            is_expected=tiles.is_closed(one.premises, at),
            has_clock_fault=(one.pk, Rule.CLOCK) in wrong,
        )
        for one in things
    ]


def _points(things: Sequence[Any], _user: access.AnyUser, _at: datetime) -> list[Line]:
    ids = [one.pk for one in things]
    newest = readings.latest(ids)
    levels = tiles.worst(alarms().filter(point__in=ids).values_list("point_id", "level"))
    return [
        Line(
            one,
            level=levels.get(one.pk, Level.NORMAL),
            at=to_datetime(newest[one.pk].at_ns) if one.pk in newest else None,
            value=newest[one.pk].value if one.pk in newest else NO_VALUE,
        )
        for one in things
    ]


def _people(things: Sequence[Any], user: access.AnyUser, _at: datetime) -> list[Line]:
    ids = [one.pk for one in things]
    found = Contact.objects.filter(person__in=ids).select_related("premises__site")
    if access.role_of(user) != access.ADMIN:
        found = found.filter(premises__site__station=access.station_id_of(user) or 0)
    contacts = defaultdict(list)
    for contact in found.order_by("order", "id"):
        contacts[contact.person_id].append(contact)
    return [
        Line(
            one,
            contacts=contacts[one.pk][:ANSWERS_FOR_SHOWN],
            left_out=max(0, len(contacts[one.pk]) - ANSWERS_FOR_SHOWN),
        )
        for one in things
    ]


LINES: Mapping[str, Callable[[Sequence[Any], access.AnyUser, datetime], list[Line]]] = {
    "sites": _sites,
    "premises": _premises,
    "circuits": _circuits,
    "devices": _devices,
    "points": _points,
    "people": _people,
}
