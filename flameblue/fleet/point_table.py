"""The bridge from the database to numbers: what detection and intake know of the fleet.

Invariants: `Point.row` is the last row of the point that an outbox entry has carried; both are written in the
transaction of the change. A point whose profile can't be found keeps its row. On PostgreSQL the points are
locked before they are looked at, so the outbox holds the changes of one point in their order.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import numpy as np
from django.db import connection, transaction
from django.db.models import Max, QuerySet

from flameblue.domain.clock import to_ns
from flameblue.domain.points import POINT, PointRows
from flameblue.domain.quantities import QUANTITIES, Quantity
from flameblue.fleet import sources
from flameblue.fleet.layers import Layers
from flameblue.fleet.limits import FIELDS, Layer, LimitOrigin
from flameblue.fleet.models import Device, PairingWindow, Point, PointChange, TestWindow
from flameblue.fleet.point_rows import Phases, PointFacts, rows_for
from flameblue.intake.directory import DeviceEntry, Directory
from flameblue.profiles.loader import Profile

ROWS_PER_CHANGE = 4_096  # × 120 B = 490 kB
FACTS = (
    "id",
    "quantity",
    "phase",
    "retired",
    "device__enabled",
    "device_id",
    "device__profile",
    "circuit_id",
    "circuit__rated_current_a",
    "device__premises_id",
    "device__premises__closed_until",
    "device__premises__site_id",
    "device__premises__site__time_zone",
)


def refresh(profiles: Mapping[str, Profile], now: datetime, points: QuerySet[Point] | None = None) -> int:
    """Computes the rows of `points` (None: all) and puts those that differ in the outbox; how many did."""
    wanted = Point.objects.all() if points is None else points
    with transaction.atomic():
        known = list(wanted.order_by("id").select_for_update(of=("self",)).values_list(*FACTS, "row"))
        facts = [PointFacts(*one[:-1]) for one in known]
        before = {one[0]: bytes(one[-1]) for one in known}
        rows = rows_for(_with_limits(facts, profiles), _phases(), now)
        changed = [row for row in rows if row.tobytes() != before[int(row["point"])]]
        _write(np.array(changed, dtype=POINT), now)
    return len(changed)


def announce(now: datetime) -> None:
    """Has the core read the directory anew: who may connect has changed, though no point has."""
    PointChange.objects.create(created_at=now, rows=b"")


def waiting_changes() -> list[tuple[int, bytes]]:
    """The outbox's entries that the journal does not hold yet, oldest first, as (id, packed rows)."""
    waiting = PointChange.objects.filter(appended_offset=None).order_by("id")
    return [(change, bytes(rows)) for change, rows in waiting.values_list("id", "rows")]


def mark_appended(change: int, offset: int) -> None:
    """The journal holds the outbox's entry `change` at `offset`."""
    PointChange.objects.filter(id=change).update(appended_offset=offset)


def all_rows() -> PointRows:
    """The rows of all points, in the order of their ids."""
    rows = Point.objects.exclude(row=b"").order_by("id").values_list("row", flat=True)
    return np.frombuffer(b"".join(bytes(row) for row in rows), dtype=POINT)


def directory(credential_key: bytes, now: datetime) -> Directory:
    """Who may connect and what they may send, as of `now`. A retired point's readings are still history.

    A credential that two devices share names neither of them: as a token it is refused.
    """
    points: dict[int, dict[str, tuple[int, Quantity]]] = {}
    for device, key, point, quantity in Point.objects.values_list("device_id", "key", "id", "quantity"):
        points.setdefault(device, {})[key] = (point, QUANTITIES[quantity])
    tests = _tests(now)
    devices: dict[str, DeviceEntry] = {}
    holders: dict[str, list[str]] = {}
    enabled = Device.objects.filter(enabled=True).order_by("id")
    facts = ("id", "name", "profile", "credential_hash", "device_address", "networks")
    known, new = sources.addresses()
    for number, name, profile, credential, address, networks in enabled.values_list(*facts):
        devices[name] = DeviceEntry(
            name=name,
            profile=profile,
            credential_hash=credential,
            points=points.get(number, {}),
            address=address,
            allowed=sources.allowed(networks),
            addresses=known.get(number, ()),
            new_address=new.get(number, ""),
            testing_until_ns=tests.get(number, 0),
        )
        if credential:
            holders.setdefault(credential, []).append(name)
    open_until = PairingWindow.objects.filter(open_until__gt=now).aggregate(last=Max("open_until"))["last"]
    return Directory(
        devices=devices,
        by_credential={credential: names[0] for credential, names in holders.items() if len(names) == 1},
        pairing_until_ns=to_ns(open_until) if open_until else 0,
        credential_key=credential_key,
    )


def _tests(now: datetime) -> dict[int, int]:
    """Until when each device is tested, by its id; only those that are."""
    open_now = TestWindow.objects.filter(open_until__gt=now).order_by().values_list("device")
    return {device: to_ns(until) for device, until in open_now.annotate(last=Max("open_until"))}


def explain(point: Point, profiles: Mapping[str, Profile]) -> list[LimitOrigin]:
    """Every limit and hold of `point` with the scope that set it and its edition; [] without its profile."""
    return explain_all([point], profiles).get(point.pk, [])


def explain_all(points: Iterable[Point], profiles: Mapping[str, Profile]) -> dict[int, list[LimitOrigin]]:
    """The same of many points by their ids, in two questions; a point without its profile is absent."""
    known = Point.objects.filter(id__in=[point.pk for point in points])
    facts = [PointFacts(*one) for one in known.values_list(*FACTS)]
    return {
        one.id: [layer[name] for name in FIELDS if name in layer]
        for one, _, layer in _with_limits(facts, profiles)
    }


def _with_limits(
    facts: list[PointFacts], profiles: Mapping[str, Profile]
) -> Iterator[tuple[PointFacts, Profile, Layer]]:
    layers = Layers.read()
    for one in facts:
        profile = profiles.get(one.profile)
        if profile is not None:
            yield one, profile, layers.of(one, profile)


def _phases() -> Phases:
    """The voltage points of every circuit with more than one phase."""
    voltages = Point.objects.filter(quantity="voltage_v", retired=False, device__enabled=True)
    return Phases(
        voltages.exclude(phase="").order_by("id").values_list("id", "device_id", "circuit_id", "phase")
    )


def _write(rows: PointRows, now: datetime) -> None:
    if not len(rows):
        return
    for start in range(0, len(rows), ROWS_PER_CHANGE):
        PointChange.objects.create(created_at=now, rows=rows[start : start + ROWS_PER_CHANGE].tobytes())
    table = connection.ops.quote_name(Point._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {connection.ops.quote_name('row')} = %s WHERE id = %s",
            [(row.tobytes(), int(row["point"])) for row in rows],
        )
