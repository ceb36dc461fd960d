"""The energy of premises by day: which points tell of it, and what they say."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flameblue.domain.clock import to_ns
from flameblue.domain.errors import FlameblueError
from flameblue.domain.limits import DAY_NS, ENERGY_POINTS_MAX
from flameblue.fleet.models import Circuit, Point, Premises
from flameblue.web import energy, readings

TELLING = (*energy.QUANTITY_OF, "voltage_v")


@dataclass(frozen=True, slots=True)
class Bar:
    """A day and how long its bar is, in hundredths of the longest."""

    day: energy.Day
    percent: int
    is_today: bool


@dataclass(frozen=True, slots=True)
class Energy:
    """The bars, the newest first, and what is to be known beside them."""

    bars: list[Bar]
    circuits: list[Circuit]
    chosen: Circuit | None
    is_estimated: bool
    has_meters: bool
    trouble: str
    power_factor: float = energy.POWER_FACTOR
    voltage_v: float = energy.VOLTAGE_V

    @property
    def total_kwh(self) -> float:
        return sum(bar.day.kwh for bar in self.bars)


def of(premises: Premises, circuit: str, at: datetime) -> Energy:
    """The last 31 days; `circuit` the id of one, or all of them."""
    known = Point.objects.filter(device__premises=premises, retired=False, quantity__in=TELLING)
    points = list(known.select_related("circuit__panel").order_by("id")[:ENERGY_POINTS_MAX])
    circuits = {point.circuit_id: point.circuit for point in points if point.circuit}
    wanted = next((one for one in circuits.values() if str(one.pk) == circuit), None)
    meters = [meter for meter in meters_of(points) if wanted is None or meter.circuit == wanted.pk]
    asked = {meter.point for meter in meters} | {meter.voltage for meter in meters if meter.voltage}
    end_ns = to_ns(at)
    hours, trouble = {}, ""
    try:
        hours = readings.hours(sorted(asked), end_ns - (energy.DAYS + 1) * DAY_NS, end_ns)
    except FlameblueError as error:
        trouble = str(error)
    days = energy.by_day(meters, hours, at, ZoneInfo(premises.site.time_zone))
    most = max((day.kwh for day in days), default=0.0)
    bars = [
        Bar(day, round(100 * day.kwh / most) if most else 0, number == len(days) - 1)
        for number, day in enumerate(days)
    ]
    return Energy(
        bars=bars[::-1],
        circuits=sorted(circuits.values(), key=lambda one: (one.panel.name, one.pk)),
        chosen=wanted,
        is_estimated=any(day.is_estimated for day in days),
        has_meters=bool(meters),
        trouble=trouble,
    )


def meters_of(points: list[Point]) -> list[energy.Meter]:
    """The points that tell of energy; beside a current the nearest voltage: of its circuit and phase, its device's,
    else any of the same phase."""
    volts = [point for point in points if point.quantity == "voltage_v"]

    def nearest(point: Point) -> int | None:
        def distance(volt: Point) -> tuple[bool, bool, bool, int]:
            same_phase = volt.phase == point.phase or not volt.phase or not point.phase
            return (
                not same_phase,
                volt.circuit_id != point.circuit_id,
                volt.device_id != point.device_id,
                volt.pk,
            )

        best = min(volts, key=distance, default=None)
        return best.pk if best is not None else None

    return [
        energy.Meter(
            point=point.pk,
            circuit=point.circuit_id,
            source=source,
            interval_ns=readings.interval_ns(point),
            voltage=nearest(point) if source == energy.Source.ESTIMATE else None,
        )
        for point in points
        if (source := energy.QUANTITY_OF.get(point.quantity)) is not None
    ]
