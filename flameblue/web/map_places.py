"""What stands on the map: every premises while they are few; of many, cells with counts and what is not normal.

Premises without a place of their own stand where their site does, as one mark at the worst of their levels; those
whose site has no place either are said in words (`lost`). Invariant: no premises is neither drawn nor said.
Everything is bounded: MAP_PLACES_MAX places or cells an answer, whatever the fleet.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Avg, Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Floor

from flameblue.cases.announcing import told
from flameblue.cases.models import Case, State
from flameblue.domain.limits import MAP_CELLS_MAX, MAP_PLACES_MAX
from flameblue.domain.transitions import Level
from flameblue.fleet import census, counting
from flameblue.fleet.census import Counted
from flameblue.fleet.models import Device, Premises, Site, Station
from flameblue.web import tiles
from flameblue.web.tiles import SiteTiles

UNPLACED = Q(latitude=None) | Q(longitude=None)
CELLS_ACROSS = 24  # of the part of the world that is looked at


class Box(NamedTuple):
    """A part of the world, in degrees (WGS 84)."""

    west: float
    south: float
    east: float
    north: float


WORLD = Box(-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True, slots=True)
class Place:
    """One premises. `level` None: it is not equipped. `case` 0: it has no open case."""

    id: int
    name: str
    longitude: float
    latitude: float
    level: Level | None
    case: int


@dataclass(frozen=True, slots=True)
class Cell:
    """How many premises lie about a point; those that need a look are among the places, singly."""

    longitude: float
    latitude: float
    count: int


@dataclass(frozen=True, slots=True)
class Village:
    """The premises of one site that have no place of their own; `id` is the site's.

    `level`: the worst of them, None: none of them is equipped. `case`: the oldest open one of the worst, or 0.
    """

    id: int
    name: str
    longitude: float
    latitude: float
    level: Level | None
    case: int
    count: int


@dataclass(frozen=True, slots=True)
class Lost:
    """How many premises of how many sites have no place on the map, and which levels they have, the worst first.

    `only`: the site, where it is one.
    """

    premises: int
    sites: int
    only: int | None
    levels: Sequence[Level]


@dataclass(frozen=True, slots=True)
class View:
    """What a map shows of a box."""

    places: Sequence[Place]
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is not normal, and the oldest open case, of each premises that has such."""

    levels: Mapping[int, Level]
    cases: Mapping[int, int]

    @classmethod
    def now(cls) -> "Standing":
        return cls(tiles.worst_levels(), _cases())

    @property
    def troubled(self) -> set[int]:
        """The premises that have any such."""
        return {*self.levels, *self.cases}

    def level(self, premises: int) -> Level:
        """The worst that equipped premises have."""
        return self.levels.get(premises, Level.NORMAL)

    def rank(self, premises: int) -> tuple[int, float]:
        """What is worst comes first, then the oldest case."""
        return (tiles.RANK[self.level(premises)], self.cases.get(premises, math.inf))


def view(premises: QuerySet[Premises], box: Box, standing: Standing | None = None) -> View:
    """`premises` that have coordinates, in `box` where they are too many to be shown at once."""
    standing = standing or Standing.now()
    known = premises.exclude(UNPLACED).order_by()
    if known[: MAP_PLACES_MAX + 1].count() <= MAP_PLACES_MAX:
        return View(places=_places(known, standing), cells=())
    inside = known.filter(
        longitude__gte=box.west, longitude__lte=box.east, latitude__gte=box.south, latitude__lte=box.north
    )
    if inside[: MAP_PLACES_MAX + 1].count() <= MAP_PLACES_MAX:
        return View(places=_places(inside, standing), cells=())
    here = inside.filter(id__in=standing.troubled).values_list("id", flat=True)
    shown = sorted(here, key=standing.rank)[:MAP_PLACES_MAX]
    return View(places=_places(inside.filter(id__in=shown), standing), cells=_cells(inside, box))


def _places(premises: QuerySet[Premises], standing: Standing) -> list[Place]:
    equipped = Exists(Device.objects.filter(premises=OuterRef("pk"), enabled=True))
    rows = premises.annotate(is_equipped=equipped).values_list(
        "id", "name", "longitude", "latitude", "is_equipped"
    )
    return [
        Place(
            id=number,
            name=name,
            longitude=float(longitude or 0.0),
            latitude=float(latitude or 0.0),
            level=standing.level(number) if is_equipped else None,
            case=standing.cases.get(number, 0),
        )
        for number, name, longitude, latitude, is_equipped in rows
    ]


def _cases() -> dict[int, int]:
    """The oldest open case of each premises that has one, by its number."""
    cases = Case.objects.exclude(state=State.CLOSED).filter(told(), premises__isnull=False, is_test=False)
    return dict(cases.order_by("-opened_at").values_list("premises", "number"))


def _cells(premises: QuerySet[Premises], box: Box) -> list[Cell]:
    size = max((box.east - box.west) / CELLS_ACROSS, 1e-6)
    grouped = (
        premises.annotate(column=Floor(F("longitude") / size), row=Floor(F("latitude") / size))
        .values("column", "row")
        .annotate(count=Count("id"), longitude=Avg("longitude"), latitude=Avg("latitude"))
        .values_list("longitude", "latitude", "count")
    )
    return [Cell(*one) for one in grouped[:MAP_CELLS_MAX]]


def sites_of(sites: QuerySet[Site], at: datetime) -> list[Counted]:
    """`sites` as they are counted at `at`, in the order of their names."""
    return sorted(census.of(counting.fleet.places(at), sites), key=lambda one: one.site.name)


def villages(premises: QuerySet[Premises], sites: Iterable[Counted], standing: Standing) -> list[Village]:
    """Those of `sites` that have a place, and premises (among `premises`) that have none of their own."""
    some = [(one, one.middle) for one in sites if one.middle is not None and one.unplaced][:MAP_CELLS_MAX]
    if not some:
        return []
    worst = _worst_of_the_unplaced(premises, standing)
    return [
        Village(
            id=one.site.pk,
            name=one.site.name,
            longitude=middle[0],
            latitude=middle[1],
            level=standing.level(worst[one.site.pk]) if one.site.pk in worst else _calm(one),
            case=standing.cases.get(worst.get(one.site.pk, 0), 0),
            count=one.unplaced,
        )
        for one, middle in some
    ]


def lost(sites: Iterable[SiteTiles]) -> Lost:
    """What neither has a place of its own nor of its site, as far as it is counted."""
    found = [one for one in sites if one.middle is None and one.all]
    levels = {level for one in found for level in one.troubled}
    return Lost(
        premises=sum(one.all or 0 for one in found),
        sites=len(found),
        only=found[0].site.pk if len(found) == 1 else None,
        levels=sorted(levels, key=lambda level: tiles.RANK[level]),
    )


def _worst_of_the_unplaced(premises: QuerySet[Premises], standing: Standing) -> dict[int, int]:
    """By site: those of its premises without a place that stand worst, of these the ones with the oldest case."""
    troubled = (
        premises.filter(UNPLACED, id__in=standing.troubled)
        .filter(Exists(Device.objects.filter(premises=OuterRef("pk"), enabled=True)))
        .order_by()
    )
    found: dict[int, int] = {}
    for number, site in troubled.values_list("id", "site_id"):
        found[site] = min(number, found.get(site, number), key=standing.rank)
    return found


def _calm(one: Counted) -> Level | None:
    return Level.NORMAL if one.unplaced_equipped else None


def named(sites: Iterable[tuple[str, tuple[float, float] | None]]) -> list[tuple[str, float, float]]:
    """Those of `sites` that have a middle, in order."""
    return sorted((name, *middle) for name, middle in sites if middle)[:MAP_CELLS_MAX]


def stations() -> list[tuple[str, float, float]]:
    """The fire stations that have a place."""
    known = Station.objects.exclude(latitude=None).exclude(longitude=None).order_by("id")
    named = known.values_list("name", "longitude", "latitude")[:MAP_CELLS_MAX]
    return [(name, float(x or 0.0), float(y or 0.0)) for name, x, y in named]
