"""All premises at once, as arrays: where they lie, who has a device, and when any of its points was heard last.

It takes a second to read for a province and changes when somebody edits: `fleet.counting` keeps it. When a point was
heard is read from the mapped board with every call, as one array.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

import numpy as np
from django.db.models import Count, Max, Min
from numpy.typing import NDArray

from flameblue.domain.limits import SECOND_NS
from flameblue.fleet.coverage import NEVER_NS, ONLINE_WITHIN_S, Measure, Missing, is_business
from flameblue.fleet.models import Device, Point, Premises, Site
from flameblue.fleet.periods import day_of

NO_DATE = 0
AT_ONCE = 500  # devices in one question
ROWS_AT_ONCE = 2_000
Array = NDArray[Any]
Flags = NDArray[np.bool_]
REASONS = tuple(Missing)
COUNTED = -1


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The premises in the order of their ids, and the points of their enabled devices as ranges of ids."""

    ids: Array
    kinds: tuple[str, ...]  # those that there are, in order
    kind: Array  # an index into `kinds`
    site: Array
    longitude: Array  # NaN: its place is not known
    latitude: Array
    closed_until: Array  # a date's ordinal, or NO_DATE
    devices: Array  # how many of them are enabled
    first: Array  # of each range of points, ascending
    last: Array
    owner: Array  # the premises of each range, an index into `ids`

    @property
    def is_installed(self) -> Flags:
        """Those that have a device."""
        return np.asarray(self.devices > 0)

    def heard_ns(self, arrivals: Array) -> Array:
        """When each premises was heard last, of `arrivals` by point id; NEVER_NS: never."""
        heard = np.full(len(self.ids), NEVER_NS, np.int64)
        if not len(self.first):
            return heard
        known = np.zeros(int(self.last.max()) + 2, np.int64)
        known[: len(arrivals)] = arrivals[: len(known)]
        edges = np.column_stack([self.first, self.last + 1]).ravel()
        np.maximum.at(heard, self.owner, np.maximum.reduceat(known, edges)[::2])
        return heard

    def is_business(self) -> Flags:
        """Those that coverage counts."""
        counted = np.array([is_business(kind) for kind in self.kinds], bool)
        return np.asarray(counted[self.kind]) if len(self.ids) else np.zeros(0, bool)

    def is_due(self, day: date) -> Flags:
        """The business premises that are not shut for the season on `day`: a round looks at them."""
        return self.is_business() & ~(self.closed_until > day.toordinal())

    def is_closed(self, today: dict[int, int]) -> Flags:
        """Shut for the season, where the day at each site is `today` (ordinals by the site's id)."""
        days = np.full(int(self.site.max(initial=0)) + 1, NO_DATE, np.int64)
        for site, day in today.items():
            if site < len(days):
                days[site] = day
        return np.asarray(self.closed_until > days[self.site])


@dataclass(frozen=True, slots=True)
class Seen:
    """`coverage.Facts` of many premises."""

    is_installed: Flags
    heard_ns: Array
    is_tested: Flags
    is_closed: Flags

    def of(self, which: Flags) -> "Seen":
        """Some of them."""
        return Seen(*(getattr(self, name)[which] for name in self.__slots__))


def reasons(seen: Seen, measure: Measure, now_ns: int) -> Array:
    """Why each premises is not counted under `measure`, an index into `REASONS`; COUNTED: it is."""
    bare = ~seen.is_installed
    good = np.ones(len(bare), bool)
    if measure == Measure.ONLINE:
        good = (seen.heard_ns != NEVER_NS) & (now_ns - seen.heard_ns < ONLINE_WITHIN_S * SECOND_NS)
    elif measure == Measure.TESTED:
        good = seen.is_tested
    else_why = np.full(len(bare), REASONS.index(Missing.NOT_TESTED))
    if measure == Measure.ONLINE:
        else_why = np.where(
            seen.heard_ns == NEVER_NS, REASONS.index(Missing.NEVER_HEARD), REASONS.index(Missing.SILENT)
        )
    why = np.where(seen.is_closed, REASONS.index(Missing.CLOSED), else_why)
    return np.where(bare, REASONS.index(Missing.NO_DEVICE), np.where(good, COUNTED, why))


def today(at: datetime) -> dict[int, int]:
    """The day at each site, as an ordinal."""
    zones = dict(Site.objects.values_list("id", "time_zone"))
    days = {zone: day_of(at, zone).toordinal() for zone in set(zones.values())}
    return {site: days[zone] for site, zone in zones.items()}


def read() -> Places:
    """The premises that there are; a million points take about a second.

    In pieces, which become arrays one by one: so many rows at once would keep every other thread waiting.
    """
    kinds: dict[str, int] = {}
    found = [_no_rows()]
    columns = ("id", "kind", "site_id", "closed_until", "longitude", "latitude")
    rows = Premises.objects.order_by("id").values_list(*columns).iterator(chunk_size=ROWS_AT_ONCE)
    while few := list(islice(rows, ROWS_AT_ONCE)):
        found.append(
            (
                np.array([row[0] for row in few], np.int64),
                np.array([kinds.setdefault(row[1], len(kinds)) for row in few], np.int64),
                np.array([row[2] for row in few], np.int64),
                np.array([row[3].toordinal() if row[3] else NO_DATE for row in few], np.int64),
                np.array([row[4] for row in few], np.float64),
                np.array([row[5] for row in few], np.float64),
            )
        )
    ids, kind, site, closed_until, longitude, latitude = map(np.concatenate, zip(*found, strict=True))
    names = sorted(kinds)
    ordered = np.array([names.index(name) for name in kinds], np.int64)
    device, owner = _installed(ids)
    ranges = _ranges()
    at = np.minimum(np.searchsorted(device, ranges[:, 0]), max(0, len(device) - 1))
    used = device[at] == ranges[:, 0] if len(device) else np.zeros(len(ranges), bool)
    at, ranges = at[used], ranges[used]
    order = np.argsort(ranges[:, 1], kind="stable")
    return Places(
        ids=ids,
        kinds=tuple(names),
        kind=ordered[kind],
        site=site,
        longitude=longitude,
        latitude=latitude,
        closed_until=closed_until,
        devices=np.bincount(owner, minlength=len(ids)),
        first=ranges[order, 1],
        last=ranges[order, 2],
        owner=owner[at][order],
    )


def _no_rows() -> tuple[Array, ...]:
    return (*(np.zeros(0, np.int64) for _ in range(4)), np.zeros(0), np.zeros(0))


def _installed(ids: Array) -> tuple[Array, Array]:
    """The enabled devices in order, and the premises of each as an index into `ids`."""
    devices = Device.objects.filter(enabled=True).order_by("id").values_list("id", "premises_id")
    device, premises = _numbers(devices.iterator(chunk_size=ROWS_AT_ONCE), 2).T
    known = np.isin(premises, ids)  # premises may be added while this reads
    return device[known], np.searchsorted(ids, premises[known])


def _ranges() -> Array:
    """A row (device, first point, last point) of points with neighbouring ids: mostly one a device."""
    grouped = (
        Point.objects.order_by().values_list("device_id").annotate(a=Min("id"), b=Max("id"), n=Count("id"))
    )
    found = _numbers(grouped.iterator(chunk_size=ROWS_AT_ONCE), 4)
    is_whole = found[:, 2] - found[:, 1] + 1 == found[:, 3]
    torn = found[~is_whole, 0].tolist()
    parts = [found[is_whole, :3]]
    for begin in range(0, len(torn), AT_ONCE):
        points = Point.objects.filter(device__in=torn[begin : begin + AT_ONCE])
        parts.append(_numbers(points.values_list("device_id", "id", "id"), 3))
    return np.concatenate(parts)


def _numbers(rows: Iterable[tuple[int, ...]], columns: int) -> Array:
    """`rows` as one array."""
    parts, rest = [np.zeros((0, columns), np.int64)], iter(rows)
    while few := list(islice(rest, ROWS_AT_ONCE)):
        parts.append(np.array(few, np.int64))
    return np.concatenate(parts)
