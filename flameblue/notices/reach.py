"""Whom the steps of many cases would find; the database is asked once for all of them, and only when a step asks.

Invariant: a step finds somebody exactly where planning (facts.gather) then makes a message that has a number to go to.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cached_property

from django.db.models import Exists, OuterRef, Q

from flameblue.cases.models import Case
from flameblue.notices.planning import LAY
from flameblue.people import roster
from flameblue.people.actions import shift_facts
from flameblue.people.models import Contact, Person, Shift
from flameblue.people.roster import ShiftFacts

CONTACTS = {1: "owner", 2: "second"}


class Reach:
    """Who of the people of `cases` has a number."""

    def __init__(self, cases: Iterable[Case]) -> None:
        self._premises = {case.premises_id for case in cases} - {None}

    def finds(self, case: Case, to: str, at: datetime) -> bool:
        """Whether a step of `case` (one of those told) that is taken at `at` and calls `to` reaches anybody."""
        if to in LAY:
            return to in self._contacts.get(case.premises_id or 0, ())
        stations = self._stations(case, to)
        role = Shift.Role.LEADER if to == "leader" else Shift.Role.DUTY
        on = [person for one in stations for person in roster.on_duty(self._shifts, one, role, at)]
        if not on and to != "leader":
            return any(station in stations for station in self._phones.values())
        return any(person in self._phones for person in on)

    def _stations(self, case: Case, to: str) -> Collection[int]:
        """As ids; a case of no site is everybody's, and has no next station."""
        if to == "next_station":
            following = case.site.station.next_station_id if case.site is not None else None
            return () if following is None else (following,)
        if case.site is not None:
            return (case.site.station_id,)
        manned = {station for station in self._phones.values() if station is not None}
        return manned | {shift.station for shift in self._shifts}

    @cached_property
    def _contacts(self) -> Mapping[int, Collection[str]]:
        """The roles of each premises that somebody with a number has."""
        known = Contact.objects.filter(
            premises__in=self._premises, person__active=True, order__in=CONTACTS
        ).exclude(person__phone="")
        found: dict[int, set[str]] = defaultdict(set)
        for premises, order in known.values_list("premises", "order"):
            found[premises].add(CONTACTS[order])
        return found

    @cached_property
    def _shifts(self) -> Collection[ShiftFacts]:
        return shift_facts()

    @cached_property
    def _phones(self) -> Mapping[int, int | None]:
        """The people of stations who have a number, each with the station."""
        on_shift = Exists(Shift.objects.filter(person=OuterRef("pk")))
        people = Person.objects.filter(Q(station__isnull=False) | on_shift, active=True).exclude(phone="")
        return dict(people.values_list("pk", "station"))
