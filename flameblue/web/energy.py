"""Energy by day, from what a circuit measures. Pure.

The best source of each circuit counts: an energy counter (what it rose by), else power (its mean over each hour),
else load current × voltage × an assumed power factor: an estimate, and marked as one. A mean counts for the
part of its hour from its first reading to its last, and the promised interval after that: what was not measured is not
made up. Sums of three phases are the sums of what was measured.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import IntEnum

import numpy as np

from flameblue.domain.clock import to_datetime
from flameblue.domain.quantities import QUANTITIES
from flameblue.history.hours import HOUR_NS
from flameblue.history.queries import Hours

POWER_FACTOR = 0.95  # of heaters and kettles nearly 1, of motors about 0.8
VOLTAGE_V = 220.0  # GB/T 156: where no voltage is measured
DAYS = 31


class Source(IntEnum):
    """Where the kilowatt-hours of a circuit come from, the best first."""

    COUNTER = 0
    POWER = 1
    ESTIMATE = 2


QUANTITY_OF = {"energy_kwh": Source.COUNTER, "power_w": Source.POWER, "current_a": Source.ESTIMATE}


@dataclass(frozen=True, slots=True)
class Meter:
    """One point that tells of energy. `voltage`: the point that measures the voltage beside a current."""

    point: int
    circuit: int | None
    source: Source
    interval_ns: int
    voltage: int | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """The energy of one day; `hours` with readings: fewer than 24 are a part of a day."""

    day: date
    kwh: float
    hours: int
    is_estimated: bool


def chosen(meters: Sequence[Meter]) -> list[Meter]:
    """Of each circuit the meters of its best source."""
    best: dict[int | None, Source] = {}
    for meter in meters:
        best[meter.circuit] = min(meter.source, best.get(meter.circuit, Source.ESTIMATE))
    return [meter for meter in meters if meter.source == best[meter.circuit]]


def kwh_by_hour(meter: Meter, hours: Mapping[int, Hours]) -> dict[int, float]:
    """{hour since 1970: kWh} of one meter."""
    own = hours.get(meter.point)
    if own is None:
        return {}
    if meter.source == Source.COUNTER:
        return _risen(own)
    if meter.source == Source.POWER:
        amounts = _means(own, "power_w") * _covered(own, meter.interval_ns) / 1_000
        return dict(zip(own.hour.tolist(), amounts.tolist(), strict=True))
    beside = hours.get(meter.voltage) if meter.voltage is not None else None
    volts = (
        dict(zip(beside.hour.tolist(), _means(beside, "voltage_v").tolist(), strict=True)) if beside else {}
    )
    ampere_hours = _means(own, "current_a") * _covered(own, meter.interval_ns)
    amperes = dict(zip(own.hour.tolist(), ampere_hours.tolist(), strict=True))
    return {
        hour: ampere * volts.get(hour, VOLTAGE_V) * POWER_FACTOR / 1_000 for hour, ampere in amperes.items()
    }


def by_day(meters: Sequence[Meter], hours: Mapping[int, Hours], until: datetime, zone: tzinfo) -> list[Day]:
    """The last DAYS days of `zone` up to `until`, oldest first."""
    kwh: defaultdict[date, float] = defaultdict(float)
    with_readings: defaultdict[date, set[int]] = defaultdict(set)
    estimated: set[date] = set()
    for meter in chosen(meters):
        for hour, amount in kwh_by_hour(meter, hours).items():
            day = to_datetime(hour * HOUR_NS).astimezone(zone).date()
            kwh[day] += amount
            with_readings[day].add(hour)
            if meter.source == Source.ESTIMATE:
                estimated.add(day)
    last = until.astimezone(zone).date()
    days = [last - timedelta(days=n) for n in reversed(range(DAYS))]
    return [Day(day, kwh[day], len(with_readings[day]), day in estimated) for day in days]


def _means(hours: Hours, quantity: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return np.asarray(hours.total / hours.counted / QUANTITIES[quantity].steps_per_unit, np.float64)


def _covered(hours: Hours, interval_ns: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    """Which part of each hour the readings stand for."""
    spans = (hours.end_ns - hours.at_ns + interval_ns) / HOUR_NS
    return np.asarray(np.minimum(1.0, spans), np.float64)


def _risen(hours: Hours) -> dict[int, float]:
    """What a counter rose by in each hour. One that begins anew (a new meter) counts from there."""
    low = hours.low.astype(np.int64)
    high = hours.high.astype(np.int64)
    before = np.concatenate([low[:1], high[:-1]])
    risen = (high - low) + np.maximum(0, low - before)
    per_unit = QUANTITIES["energy_kwh"].steps_per_unit
    return {int(hour): float(steps) / per_unit for hour, steps in zip(hours.hour, risen, strict=True)}
