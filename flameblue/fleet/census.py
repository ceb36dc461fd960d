"""How many premises each site has, where they lie and how many are equipped: counted again when it may have changed.

The counts change when somebody imports or edits, and every board asks for them with every event. Invariant: what is
told is at most AGE old, and less where the number of premises or of devices differs.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Avg, Count, Q, QuerySet

from flameblue.fleet.models import Device, Premises, Site

PLACED = Q(latitude__isnull=False, longitude__isnull=False)
AGE = timedelta(seconds=60)
KEPT_MAX = 256  # sets of sites, one a station: more stations than that count anew each time


class Counted(NamedTuple):
    """One site. `middle`: longitude and latitude of its premises on the average, None: no place is known."""

    site: Site
    premises: int
    equipped: int
    middle: tuple[float, float] | None


class _Kept(NamedTuple):
    at: datetime
    counted: list[Counted]


_kept: dict[tuple[str, int, int], _Kept] = {}


def by_site(premises: QuerySet[Premises], at: datetime) -> list[Counted]:
    """The sites that have any of `premises` (all of a site, or none), as they are at `at` or were just before."""
    bare = premises.order_by().select_related(None)
    key = (str(bare.query), bare.count(), Device.objects.filter(enabled=True).count())
    kept = _kept.get(key)
    if kept is not None and timedelta() <= at - kept.at < AGE:
        return kept.counted
    counted = _count(bare)
    if len(_kept) >= KEPT_MAX:
        _kept.clear()
    _kept[key] = _Kept(at, counted)
    return counted


def forget() -> None:
    """Nothing that was counted is true any more."""
    _kept.clear()


def _count(premises: QuerySet[Premises]) -> list[Counted]:
    rows = premises.values_list("site").annotate(
        n=Count("id"), x=Avg("longitude", filter=PLACED), y=Avg("latitude", filter=PLACED)
    )
    everywhere = {site: (count, _middle(x, y)) for site, count, x, y in rows}
    enabled = Device.objects.filter(enabled=True, premises__site__in=everywhere)
    equipped = dict(enabled.values_list("premises__site").annotate(n=Count("premises", distinct=True)))
    sites = Site.objects.select_related("station").in_bulk(list(everywhere))
    return [
        Counted(site, everywhere[number][0], equipped.get(number, 0), everywhere[number][1])
        for number, site in sites.items()
    ]


def _middle(longitude: float | None, latitude: float | None) -> tuple[float, float] | None:
    return None if longitude is None or latitude is None else (round(longitude, 5), round(latitude, 5))
