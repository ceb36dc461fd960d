"""All premises at once, as arrays: who has a device, and when any of its points was heard last.

Which point belongs to which premises changes when somebody edits, and a million points are much to read: it is kept
as long as neither the audit (but for what changes no fleet) nor the outbox of the point table has a new entry, and
at most `AGE`. When a point was
heard is read from the mapped board with every call, as one array.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Count, Max, Min
from numpy.typing import NDArray

from flameblue.domain.limits import SECOND_NS
from flameblue.fleet import audit
from flameblue.fleet.coverage import NEVER_NS, ONLINE_WITHIN_S, Measure, Missing, is_business
from flameblue.fleet.models import AuditEntry, Device, Point, PointChange, Premises, Site
from flameblue.fleet.periods import day_of

AGE = timedelta(minutes=10)
NO_DATE = 0
AT_ONCE = 500  # devices in one question
Array = NDArray[Any]
Flags = NDArray[np.bool_]
REASONS = tuple(Missing)
COUNTED = -1


@dataclass(frozen=True, slots=True)
class Places:
    """The premises in the order of their ids, and the points of their enabled devices as ranges of ids."""

    ids: Array
    kinds: tuple[str, ...]  # those that there are, in order
    kind: Array  # an index into `kinds`
    site: Array
    closed_until: Array  # a date's ordinal, or NO_DATE
    is_installed: Flags
    first: Array  # of each range of points, ascending
    last: Array
    owner: Array  # the premises of each range, an index into `ids`

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
        sites, inverse = np.unique(self.site, return_inverse=True)
        days = np.array([today.get(int(site), NO_DATE) for site in sites], np.int64)
        return np.asarray(self.closed_until > days[inverse]) if len(sites) else np.zeros(0, bool)


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


@dataclass(frozen=True, slots=True)
class _Kept:
    audited: int  # the newest entry
    version: tuple[int, ...]
    at: datetime
    places: Places


_lock = threading.Lock()
_kept: list[_Kept] = []


def places(at: datetime) -> Places:
    """The premises as they are at `at`."""
    audited, version = _newest(AuditEntry), (_newest(PointChange), Premises.objects.count())
    with _lock:
        if _kept and _kept[0].version == version and timedelta() <= at - _kept[0].at < AGE:
            kept = _kept[0]
            if not _edited(kept.audited, audited):
                _kept[:] = [replace(kept, audited=audited)]
                return kept.places
        found = _read()
        _kept[:] = [_Kept(audited, version, at, found)]
        return found


def forget() -> None:
    """Nothing that was read is true any more."""
    with _lock:
        _kept.clear()


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


def _newest(model: type[AuditEntry | PointChange]) -> int:
    return model._default_manager.aggregate(id=Max("id"))["id"] or 0


def _edited(before: int, now: int) -> bool:
    """Somebody has changed the fleet since."""
    if before == now:
        return False
    return AuditEntry.objects.filter(id__gt=before).exclude(verb__in=audit.NOT_OF_THE_FLEET).exists()


def _read() -> Places:
    rows = list(Premises.objects.order_by("id").values_list("id", "kind", "site_id", "closed_until"))
    ids = np.array([row[0] for row in rows], np.int64)
    kinds = tuple(sorted({row[1] for row in rows}))
    number = {kind: index for index, kind in enumerate(kinds)}
    known = set(ids.tolist())  # premises may be added while this reads
    devices = Device.objects.filter(enabled=True).values_list("id", "premises_id")
    at_premises = {device: place for device, place in devices if place in known}
    is_installed = np.isin(ids, np.fromiter(at_premises.values(), np.int64, len(at_premises)))
    ranges = sorted(
        (first, last, at_premises[device]) for device, first, last in _ranges() if device in at_premises
    )
    first, last, premises = np.array(ranges, np.int64).reshape(-1, 3).T
    return Places(
        ids=ids,
        kinds=kinds,
        kind=np.array([number[row[1]] for row in rows], np.int64),
        site=np.array([row[2] for row in rows], np.int64),
        closed_until=np.array([row[3].toordinal() if row[3] else NO_DATE for row in rows], np.int64),
        is_installed=np.asarray(is_installed),
        first=first,
        last=last,
        owner=np.searchsorted(ids, premises),
    )


def _ranges() -> Iterator[tuple[int, int, int]]:
    """(device, first point, last point) of points with neighbouring ids: mostly one a device."""
    grouped = (
        Point.objects.order_by().values_list("device_id").annotate(a=Min("id"), b=Max("id"), n=Count("id"))
    )
    torn = []
    for device, first, last, count in grouped:
        if last - first + 1 == count:
            yield device, first, last
        else:
            torn.append(device)
    for begin in range(0, len(torn), AT_ONCE):
        some = Point.objects.filter(device__in=torn[begin : begin + AT_ONCE])
        for device, point in some.values_list("device_id", "id"):
            yield device, point, point
