"""Premises by level: one tile each, what needs a look first."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from flameblue.cases.models import Alarm, Case, State
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Premises, Site

RANK = {Level.ALARM: 0, Level.WARNING: 1, Level.FAULT: 2, Level.NORMAL: 3}
NOT_EQUIPPED_RANK = 4


@dataclass(frozen=True, slots=True)
class Tile:
    """One premises with the worst level of its alarms; `level` None: it has no device."""

    premises: Premises
    level: Level | None
    has_case: bool
    closed: bool  # shut for the season: silence is expected

    @property
    def rank(self) -> int:
        return NOT_EQUIPPED_RANK if self.level is None else RANK[self.level]


@dataclass(slots=True)
class SiteTiles:
    """The premises of one site and how many stand at each level."""

    site: Site
    tiles: list[Tile] = field(default_factory=list)

    @property
    def shown(self) -> list[Tile]:
        return self.tiles[:PAGE_ROWS_MAX]

    @property
    def left_out(self) -> int:
        return max(0, len(self.tiles) - PAGE_ROWS_MAX)

    @property
    def counts(self) -> list[tuple[Level, int]]:
        """The levels that occur, the worst first."""
        found = Counter(tile.level for tile in self.tiles if tile.level is not None)
        return [(level, found[level]) for level in sorted(found, key=lambda level: RANK[level])]

    @property
    def equipped(self) -> int:
        return sum(tile.level is not None for tile in self.tiles)


def by_site(premises: QuerySet[Premises], at: datetime) -> list[SiteTiles]:
    """The tiles of `premises`, a group a site: the worst site first, in it the worst tile first."""
    levels = worst_levels()
    with_case = set(
        Case.objects.exclude(state=State.CLOSED)
        .filter(premises__isnull=False, is_test=False)
        .values_list("premises_id", flat=True)
    )
    devices = dict(premises.values_list("id").annotate(n=Count("devices", filter=Q(devices__enabled=True))))
    sites: dict[int, SiteTiles] = {}
    for one in premises.order_by("name"):
        tile = Tile(
            premises=one,
            level=levels.get(one.id, Level.NORMAL) if devices.get(one.id) else None,
            has_case=one.id in with_case,
            closed=is_closed(one, at),
        )
        sites.setdefault(one.site_id, SiteTiles(site=one.site)).tiles.append(tile)
    for site in sites.values():
        site.tiles.sort(key=lambda tile: (tile.rank, not tile.has_case, tile.premises.name))
    return sorted(sites.values(), key=lambda site: (site.tiles[0].rank, site.site.name))


def worst_levels() -> dict[int, Level]:
    """The worst level of each premises that has any but normal."""
    rows = (
        Alarm.objects.exclude(level=Level.NORMAL)
        .values_list("point__device__premises_id", "level")
        .distinct()
    )
    return worst(rows)


def worst(rows: Iterable[tuple[int, int]]) -> dict[int, Level]:
    """The worst of the levels that each key has."""
    found: dict[int, Level] = {}
    for key, value in rows:
        level = Level(value)
        if key not in found or RANK[level] < RANK[found[key]]:
            found[key] = level
    return found


def is_closed(premises: Premises, at: datetime) -> bool:
    """True while the premises are shut for the season, by the calendar of their site."""
    until = premises.closed_until
    return until is not None and at.astimezone(ZoneInfo(premises.site.time_zone)).date() < until
