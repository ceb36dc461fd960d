"""The lists of the fleet: what each shows, in which order, and what it can be filtered by.

Every list is asked for with a bounded number of queries, whatever the number of its rows.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from flameblue.cases.models import Alarm
from flameblue.domain.limits import FLEET_ROWS, FOUND_MAX, PAGE_ROWS_MAX
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Circuit, Device, Point, Premises, Site
from flameblue.people.models import Contact, Person
from flameblue.web import access, fleet_search, keyset
from flameblue.web.map_places import UNPLACED
from flameblue.web.numbers import number

LEVELS = (Level.ALARM, Level.WARNING, Level.FAULT)
STATES = {"silent": Rule.SILENCE, "clock": Rule.CLOCK}
OFF = "off"


@dataclass(frozen=True)
class Asked:
    """What the address asks for; empty: everything."""

    q: str = ""
    site: int | None = None
    premises: int | None = None
    level: Level | None = None
    equipped: str = ""
    state: str = ""
    kind: str = ""
    quantity: str = ""
    placed: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "Asked":
        """What can't be meant is left out."""
        level, state, quantity = (query.get(name, "") for name in ("level", "state", "quantity"))
        names = {one.name.lower(): one for one in LEVELS}
        return cls(
            q=query.get("q", "").strip()[:200],
            site=number(query.get("site")),
            premises=number(query.get("premises")),
            level=names.get(level),
            equipped=query.get("equipped", "") if query.get("equipped") in ("yes", "no") else "",
            state=state if state in (*STATES, OFF) else "",
            kind=query.get("kind", "").replace("\x00", "")[:40],
            quantity=quantity if quantity in QUANTITIES else "",
            placed=query.get("placed", "") if query.get("placed") in ("yes", "no") else "",
        )

    @property
    def is_filtered(self) -> bool:
        return self != Asked()

    def query(self, **more: object) -> str:
        """The part of the address after the ?, with `more`."""
        said = {
            "q": self.q,
            "site": self.site,
            "premises": self.premises,
            "level": self.level.name.lower() if self.level else "",
            "equipped": self.equipped,
            "state": self.state,
            "kind": self.kind,
            "quantity": self.quantity,
            "placed": self.placed,
        } | more
        return urlencode({name: value for name, value in said.items() if value not in (None, "")})


@dataclass(frozen=True)
class Tab:
    """One list. `filters` are those of Asked that it knows."""

    name: str
    order: tuple[str, ...]
    rows: Callable[[access.AnyUser], QuerySet[Any]]
    narrow: Callable[[Asked], Q]
    filters: tuple[str, ...] = ()
    first: Q | None = None  # what stands on the first page before everything else, where nothing is asked for


@dataclass(frozen=True)
class Listed:
    """A page of a list. `is_cut`: the search found more than it looks at."""

    page: keyset.Page[Any]
    count: keyset.Bounded
    is_cut: bool


def listed(tab: Tab, user: access.AnyUser, asked: Asked, place: keyset.Place) -> Listed:
    """The rows of `tab` that `user` may see and `asked` asks for."""
    found = tab.rows(user).filter(tab.narrow(asked))
    question = fleet_search.question(user, asked.q)
    if question is None:
        first = [] if tab.first is None or asked.is_filtered else list(_first(found, tab))
        page = keyset.page(found.exclude(id__in=[one.pk for one in first]), tab.order, place)
        is_first = place == keyset.Place()
        rows = [*first, *page.rows] if is_first else page.rows
        is_all = is_first and page.after is None
        counted = keyset.Bounded(len(rows), is_more=False) if is_all else keyset.count(found)
        return Listed(replace(page, rows=rows), counted, is_cut=False)
    ids = fleet_search.FINDERS[tab.name](question)
    is_cut = len(ids) > FOUND_MAX
    found = found.filter(id__in=ids[:FOUND_MAX])
    counted = keyset.count(found)
    return Listed(keyset.page(found, tab.order, place), replace(counted, is_more=is_cut), is_cut)


def _first(found: QuerySet[Any], tab: Tab) -> QuerySet[Any]:
    return found.filter(tab.first).order_by(*tab.order)[:FLEET_ROWS]


def site_choices(user: access.AnyUser) -> list[Site]:
    """The sites to choose from; none where they are too many for a choice."""
    found = list(access.sites_for(user).order_by("name")[: PAGE_ROWS_MAX + 1])
    return found if len(found) <= PAGE_ROWS_MAX else []


def alarms(levels: tuple[Level, ...] = LEVELS, rule: Rule | None = None) -> QuerySet[Alarm]:
    """The alarms that stand now."""
    found = Alarm.objects.filter(level__in=levels, point__retired=False)
    return found if rule is None else found.filter(rule=rule)


def _level(asked: Asked) -> QuerySet[Alarm]:
    """The alarms at the asked level: a point or premises stands at its worst."""
    assert asked.level is not None
    worse = LEVELS[: LEVELS.index(asked.level)]
    found = alarms((asked.level,))
    return found.exclude(point__in=alarms(worse).values("point")) if worse else found


def _sites(asked: Asked) -> Q:
    return Q(id=asked.site) if asked.site is not None else Q()


def _premises(asked: Asked) -> Q:
    found = Q(site=asked.site) if asked.site is not None else Q()
    if asked.premises is not None:
        found &= Q(id=asked.premises)
    if asked.kind:
        found &= Q(kind=asked.kind)
    if asked.level is not None:
        at = _level(asked).values("point__device__premises")
        worse = alarms(LEVELS[: LEVELS.index(asked.level)]).values("point__device__premises")
        found &= Q(id__in=at) & ~Q(id__in=worse)
    if asked.equipped:
        equipped = Q(id__in=Device.objects.filter(enabled=True).values("premises"))
        found &= equipped if asked.equipped == "yes" else ~equipped
    if asked.placed:
        found &= ~UNPLACED if asked.placed == "yes" else UNPLACED
    if asked.state == "silent":
        found &= Q(id__in=alarms((Level.FAULT,), Rule.SILENCE).values("point__device__premises"))
    return found


def _inside(asked: Asked, premises: str) -> Q:
    found = Q(**{f"{premises}__site": asked.site}) if asked.site is not None else Q()
    return found & Q(**{premises: asked.premises}) if asked.premises is not None else found


def _circuits(asked: Asked) -> Q:
    found = _inside(asked, "panel__premises")
    return found & Q(id__in=_level(asked).values("point__circuit")) if asked.level is not None else found


def _devices(asked: Asked) -> Q:
    found = _inside(asked, "premises") & Q(enabled=asked.state != OFF)
    if asked.state in STATES:
        found &= Q(id__in=alarms((Level.FAULT,), STATES[asked.state]).values("point__device"))
    return found


def _wrong_devices() -> Q:
    rules = Alarm.objects.filter(level=Level.FAULT, point__retired=False, rule__in=STATES.values())
    return Q(id__in=rules.values("point__device"))


def _points(asked: Asked) -> Q:
    """By the set of devices, so that an index of points that begins with them is used."""
    found = Q(retired=asked.state == OFF)
    if asked.site is not None or asked.premises is not None:
        found &= Q(device__in=Device.objects.filter(_inside(asked, "premises")).values("id"))
    if asked.quantity:
        found &= Q(quantity=asked.quantity)
    if asked.level is not None:
        found &= Q(id__in=_level(asked).values("point"))
    if asked.state == "silent":
        found &= Q(id__in=alarms((Level.FAULT,), Rule.SILENCE).values("point"))
    return found


def _people(asked: Asked) -> Q:
    found = Q()
    if asked.state == OFF:
        found &= Q(active=False)
    if asked.site is not None:
        found &= Q(id__in=Contact.objects.filter(premises__site=asked.site).values("person"))
    if asked.premises is not None:
        found &= Q(id__in=Contact.objects.filter(premises=asked.premises).values("person"))
    return found


TABS: Mapping[str, Tab] = {
    tab.name: tab
    for tab in (
        Tab("sites", ("name",), access.sites_for, _sites),
        Tab(
            "premises",
            ("site_id", "name"),
            access.premises_for,
            _premises,
            ("site", "kind", "level", "equipped", "placed", "silent"),
        ),
        Tab("circuits", ("panel_id", "name"), access.circuits_for, _circuits, ("site", "level")),
        Tab("devices", ("name",), access.devices_for, _devices, ("site", "state"), _wrong_devices()),
        Tab(
            "points",
            ("device_id", "key"),
            access.points_for,
            _points,
            ("site", "quantity", "level", "silent"),
        ),
        Tab(
            "people",
            ("name", "id"),
            lambda user: access.people_for(user).select_related("station"),
            _people,
            ("site",),
        ),
    )
}
MODELS: Mapping[str, type[Any]] = {
    "sites": Site,
    "premises": Premises,
    "circuits": Circuit,
    "devices": Device,
    "points": Point,
    "people": Person,
}


def counted(rows: QuerySet[Any], name: str, ids: list[int]) -> Counter[int]:
    """How many of `rows` have each of `ids` in the field `name`."""
    return Counter(rows.filter(**{f"{name}__in": ids}).values_list(name, flat=True))
