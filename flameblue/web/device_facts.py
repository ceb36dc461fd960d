"""The health of the devices of premises: last heard, how often silent, whose clock was wrong."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from flameblue.cases.models import Alarm, AppliedTransition
from flameblue.domain.clock import to_datetime
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Device, Point, Premises
from flameblue.web import readings, tiles

DAYS = 30
VALUES_SHOWN = 3
ORDER = {name: number for number, name in enumerate(QUANTITIES)}
WATCHED = (Rule.SILENCE, Rule.CLOCK)


@dataclass(frozen=True, slots=True)
class Health:
    """One device. `at` None: nothing was ever heard of it. Silences and clock faults are of the last DAYS days.

    `level`: the worst of its points; whether it is on line is another question.
    """

    device: Device
    at: datetime | None
    points: int
    silences: int
    clock_faults: int
    is_silent: bool
    is_expected: bool
    has_clock_fault: bool
    level: Level = Level.NORMAL


def of(premises: Premises, at: datetime) -> list[Health]:
    """The enabled devices of `premises`, at most PAGE_ROWS_MAX, by name."""
    devices = list(Device.objects.filter(premises=premises, enabled=True).order_by("name")[:PAGE_ROWS_MAX])
    numbers = [device.pk for device in devices]
    known = heard(numbers)
    now = set(
        Alarm.objects.filter(point__device__in=numbers, rule__in=WATCHED, level=Level.FAULT).values_list(
            "point__device_id", "rule"
        )
    )
    levels = levels_of(numbers)
    times = Counter((device, rule) for device, rule, _ in _faults(numbers, at))
    return [
        Health(
            device=device,
            at=known[device.pk].at,
            points=known[device.pk].points,
            silences=times[device.pk, int(Rule.SILENCE)],
            clock_faults=times[device.pk, int(Rule.CLOCK)],
            is_silent=(device.pk, int(Rule.SILENCE)) in now,
            is_expected=tiles.is_closed(premises, at),
            has_clock_fault=(device.pk, int(Rule.CLOCK)) in now,
            level=levels.get(device.pk, Level.NORMAL),
        )
        for device in devices
    ]


def levels_of(devices: Collection[int]) -> dict[int, Level]:
    """The worst level of the points of each of `devices` (ids) that has any but normal."""
    standing = Alarm.objects.filter(point__device__in=devices, point__retired=False)
    return tiles.worst(standing.exclude(level=Level.NORMAL).values_list("point__device_id", "level"))


class Value(NamedTuple):
    """The newest value of a point, in steps of its quantity."""

    steps: int
    quantity: str
    phase: str


class Heard(NamedTuple):
    """When any point of a device was heard last (None: never), how many points it has, the first of their values."""

    at: datetime | None
    points: int
    values: Sequence[Value] = ()


def heard(devices: Collection[int]) -> dict[int, Heard]:
    """What was heard of each of `devices` (ids)."""
    wanted = Point.objects.filter(device__in=devices, retired=False).order_by("id")
    points = {row[0]: row[1:] for row in wanted.values_list("id", "device_id", "quantity", "phase")}
    newest: dict[int, int] = {}
    values: dict[int, list[Value]] = defaultdict(list)
    latest = readings.latest(list(points))
    for point, (owner, quantity, phase) in points.items():
        if point in latest:
            newest[owner] = max(newest.get(owner, 0), latest[point].arrival_ns)
            values[owner].append(Value(latest[point].value, quantity, phase))
    counts = Counter(owner for owner, *_ in points.values())
    return {
        one: Heard(to_datetime(newest[one]) if one in newest else None, counts[one], _first(values[one]))
        for one in devices
    }


def _first(values: Sequence[Value]) -> Sequence[Value]:
    """What a fire begins with comes first: the quantities in their own order."""
    return sorted(values, key=lambda value: ORDER.get(value.quantity, len(ORDER)))[:VALUES_SHOWN]


def _faults(devices: list[int], at: datetime) -> set[tuple[int, int, int]]:
    """(device, rule, minute) of each fault: the points of a device fall silent together, and that is one silence."""
    rows = AppliedTransition.objects.filter(
        point__device__in=devices, rule__in=WATCHED, level=Level.FAULT, at__gt=at - timedelta(days=DAYS)
    ).values_list("point__device_id", "rule", "at")
    return {(device, rule, int(when.timestamp()) // 60) for device, rule, when in rows.iterator()}
