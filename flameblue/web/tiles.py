"""Premises by level: one tile each, what needs a look first."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from flameblue.cases.announcing import told
from flameblue.cases.models import Alarm, Case, State
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.domain.transitions import Level
from flameblue.fleet.census import Counted
from flameblue.fleet.models import Device, Premises, Site
from flameblue.fleet.periods import day_of

RANK = {Level.ALARM: 0, Level.WARNING: 1, Level.FAULT: 2, Level.NORMAL: 3}
LEVELS = {level.value: level for level in Level}  # a call of the class takes five times as long
NOT_EQUIPPED_RANK = 4
TILES_MAX = 60  # a site with more premises shows those that need a look only


@dataclass(frozen=True, slots=True)
class Tile:
    """One premises with the worst level of its alarms; `level` None: it has no device."""

    id: int
    name: str
    level: Level | None
    has_case: bool
    closed: bool  # shut for the season: silence is expected

    @property
    def state(self) -> tuple[Level | None, bool, bool]:
        return (self.level, self.has_case, self.closed)

    @property
    def rank(self) -> int:
        return NOT_EQUIPPED_RANK if self.level is None else RANK[self.level]


@dataclass(slots=True)
class SiteTiles:
    """The premises of one site and how many stand at each level; of a large site only those that need a look.

    `all` None: nobody has counted them yet. `is_judged` False: nothing has been judged since the start, and what is
    not known to be wrong is not known to be normal.
    """

    site: Site
    all: int | None = None
    equipped: int = 0
    middle: tuple[float, float] | None = None  # longitude and latitude
    tiles: list[Tile] = field(default_factory=list)
    troubled: Counter[Level] = field(default_factory=Counter)
    is_judged: bool = True

    @property
    def shown(self) -> list[Tile]:
        return self.tiles[:PAGE_ROWS_MAX]

    @property
    def left_out(self) -> int:
        return max(0, (self.all or 0) - len(self.shown))

    @property
    def counts(self) -> list[tuple[Level, int]]:
        """The levels that occur, the worst first."""
        found = [(level, self.troubled[level]) for level in RANK if self.troubled[level]]
        normal = self.equipped - self.troubled.total()
        return [*found, (Level.NORMAL, normal)] if normal > 0 else found

    @property
    def looks(self) -> Hashable:
        """Sites that look the same are drawn the same."""
        seen = ((tile.id, tile.name, *tile.state) for tile in self.shown)
        return (self.site.name, self.all, self.equipped, self.is_judged, *self.counts, *seen)

    @property
    def rank(self) -> int:
        return min((RANK[level] for level in self.troubled), default=RANK[Level.NORMAL])


def by_site(premises: QuerySet[Premises], counted: Sequence[Counted], at: datetime) -> list[SiteTiles]:
    """The tiles of `premises`, a group a site: the worst site first, in it the worst tile first.

    `counted`: their sites as they are known; one that is not among them shows what needs a look alone.
    """
    sites = {one.site.pk: SiteTiles(one.site, one.premises, one.equipped, one.middle) for one in counted}
    levels = worst_levels()
    with_case = set(
        Case.objects.exclude(state=State.CLOSED)
        .filter(told() | Q(incident__announced=True), premises__isnull=False, is_test=False)
        .values_list("premises_id", flat=True)
    )
    small = [number for number, site in sites.items() if site.all is not None and site.all <= TILES_MAX]
    wanted = premises.filter(Q(site__in=small) | Q(id__in=with_case | set(levels)))
    equipped = Exists(Device.objects.filter(premises=OuterRef("pk"), enabled=True))
    light = wanted.annotate(is_equipped=equipped).order_by("name")
    rows = list(light.values_list("id", "name", "site", "closed_until", "is_equipped"))
    if uncounted := {row[2] for row in rows} - set(sites):
        sites |= {number: SiteTiles(site) for number, site in Site.objects.in_bulk(uncounted).items()}
    for key, name, number, until, is_equipped in rows:
        site = sites[number]
        level = levels.get(key, Level.NORMAL) if is_equipped else None
        closed = _is_before(until, at, site.site.time_zone)
        site.tiles.append(Tile(id=key, name=name, level=level, has_case=key in with_case, closed=closed))
        if level is not None and level != Level.NORMAL:
            site.troubled[level] += 1
    for site in sites.values():
        site.tiles.sort(key=lambda tile: (tile.rank, not tile.has_case, tile.name))
    return sorted(sites.values(), key=lambda site: (site.rank, site.site.name))


def worst_levels() -> dict[int, Level]:
    """The worst level of each premises that has any but normal."""
    rows = (
        Alarm.objects.exclude(level=Level.NORMAL)
        .values_list("point__device__premises_id", "level")
        .distinct()
    )
    return worst(rows)


def of_points(points: Collection[int]) -> dict[int, Level]:
    """The worst level of each of `points` (ids) that has any but normal."""
    alarms = Alarm.objects.filter(point__in=points).exclude(level=Level.NORMAL)
    return worst(alarms.values_list("point_id", "level"))


def worst(rows: Iterable[tuple[int, int]]) -> dict[int, Level]:
    """The worst of the levels that each key has."""
    found: dict[int, Level] = {}
    for key, value in rows:
        level = LEVELS[value]
        if key not in found or RANK[level] < RANK[found[key]]:
            found[key] = level
    return found


def is_closed(premises: Premises, at: datetime) -> bool:
    """True while the premises are shut for the season, by the calendar of their site."""
    return _is_before(premises.closed_until, at, premises.site.time_zone)


def _is_before(until: date | None, at: datetime, zone: str) -> bool:
    return until is not None and day_of(at, zone) < until
