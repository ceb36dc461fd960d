"""How many premises each site has, where they lie and how many are equipped, counted from the fleet that is known."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from django.db.models import QuerySet

from flameblue.fleet.coverage_table import Array, Places
from flameblue.fleet.models import Site


class Counted(NamedTuple):
    """One site. `devices`: its enabled ones. `middle`: longitude and latitude of its premises on the average.

    `middle` None: no place is known. `unplaced`: how many of its premises have no place of their own;
    `unplaced_equipped`: those of them with a device.
    """

    site: Site
    premises: int
    equipped: int
    devices: int
    middle: tuple[float, float] | None
    unplaced: int
    unplaced_equipped: int


class _Count(NamedTuple):
    premises: int
    equipped: int
    devices: int
    middle: tuple[float, float] | None
    unplaced: int
    unplaced_equipped: int


def of(places: Places, sites: QuerySet[Site]) -> list[Counted]:
    """Those of `sites` that have any premises."""
    counts = _counts(places)
    return [Counted(site, *counts[site.pk]) for site in sites if site.pk in counts]


@lru_cache(maxsize=1)
def _counts(places: Places) -> Mapping[int, _Count]:
    """By the site's id."""
    placed = ~(np.isnan(places.longitude) | np.isnan(places.latitude))

    def summed(weights: Array) -> Array:
        return np.bincount(places.site, weights)

    all_, equipped, known = np.bincount(places.site), summed(places.is_installed), summed(placed)
    devices = summed(places.devices)
    lost = summed(places.is_installed & ~placed)
    x, y = (summed(np.where(placed, some, 0.0)) for some in (places.longitude, places.latitude))
    return {
        int(site): _Count(
            int(all_[site]),
            int(equipped[site]),
            int(devices[site]),
            (round(float(x[site] / known[site]), 5), round(float(y[site] / known[site]), 5))
            if known[site]
            else None,
            int(all_[site] - known[site]),
            int(lost[site]),
        )
        for site in np.flatnonzero(all_)
    }
