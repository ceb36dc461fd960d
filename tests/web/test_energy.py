"""Energy by day: the best source of each circuit, units, and nothing that was not measured."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from flameblue.domain.quantities import QUANTITIES
from flameblue.history.hours import HOUR_NS
from flameblue.history.queries import Hours
from flameblue.web import energy
from flameblue.web.energy import POWER_FACTOR, VOLTAGE_V, Meter, Source

ZONE = ZoneInfo("Asia/Shanghai")
UNTIL = datetime(2026, 1, 15, 12, tzinfo=UTC)  # 20:00 there
NOON = int(datetime(2026, 1, 15, 4, tzinfo=UTC).timestamp()) // 3_600
INTERVAL_NS = 10 * 10**9


def hours(quantity: str, *values: tuple[int, float, float], minutes: int = 60) -> Hours:
    """(hour, lowest, highest) of readings through the first `minutes` of each hour; the mean lies between."""
    steps = QUANTITIES[quantity].steps_per_unit
    hour = np.array([one[0] for one in values], np.int64)
    low = np.array([round(one[1] * steps) for one in values], np.int32)
    high = np.array([round(one[2] * steps) for one in values], np.int32)
    counted = np.full(len(values), 2, np.int64)
    begin = hour * HOUR_NS
    end = begin + HOUR_NS * minutes // 60 - INTERVAL_NS
    return Hours(hour, begin, end, low, high, low.astype(np.int64) + high, counted)


def meter(point: int, source: Source, circuit: int | None = 1, voltage: int | None = None) -> Meter:
    return Meter(point=point, circuit=circuit, source=source, interval_ns=INTERVAL_NS, voltage=voltage)


def test_a_current_with_its_voltage_is_an_estimate() -> None:
    found = {1: hours("current_a", (NOON, 8.0, 12.0)), 2: hours("voltage_v", (NOON, 230.0, 230.0))}
    last = energy.by_day([meter(1, Source.ESTIMATE, voltage=2)], found, UNTIL, ZONE)[-1]
    assert last.kwh == pytest.approx(10 * 230 * POWER_FACTOR / 1_000)
    assert (last.day, last.hours, last.is_estimated) == (date(2026, 1, 15), 1, True)


def test_without_a_voltage_the_nominal_one_counts() -> None:
    found = {1: hours("current_a", (NOON, 10.0, 10.0))}
    for one in (meter(1, Source.ESTIMATE), meter(1, Source.ESTIMATE, voltage=2)):
        (amount,) = energy.kwh_by_hour(one, found).values()
        assert amount == pytest.approx(10 * VOLTAGE_V * POWER_FACTOR / 1_000)


def test_power_is_better_than_a_current_and_a_counter_better_than_both() -> None:
    meters = [meter(1, Source.ESTIMATE), meter(2, Source.POWER), meter(3, Source.ESTIMATE, circuit=2)]
    assert [one.point for one in energy.chosen(meters)] == [2, 3]
    assert [one.point for one in energy.chosen([*meters, meter(4, Source.COUNTER)])] == [3, 4]
    found = {2: hours("power_w", (NOON, 1_000.0, 3_000.0))}
    last = energy.by_day(meters[:2], found, UNTIL, ZONE)[-1]
    assert (last.kwh, last.is_estimated) == (pytest.approx(2.0), False)


def test_a_counter_counts_what_it_rose_by_also_between_hours_and_over_a_new_meter() -> None:
    found = {1: hours("energy_kwh", (NOON, 100.0, 101.0), (NOON + 1, 101.5, 102.0), (NOON + 2, 0.0, 0.5))}
    amounts = energy.kwh_by_hour(meter(1, Source.COUNTER), found)
    assert amounts == {NOON: pytest.approx(1.0), NOON + 1: pytest.approx(1.0), NOON + 2: pytest.approx(0.5)}


def test_half_an_hour_of_readings_is_half_the_energy() -> None:
    whole = energy.kwh_by_hour(meter(1, Source.POWER), {1: hours("power_w", (NOON, 2_000.0, 2_000.0))})
    half = energy.kwh_by_hour(
        meter(1, Source.POWER), {1: hours("power_w", (NOON, 2_000.0, 2_000.0), minutes=30)}
    )
    assert (whole[NOON], half[NOON]) == (pytest.approx(2.0), pytest.approx(1.0))


def test_days_are_those_of_the_site_and_one_without_readings_is_empty() -> None:
    midnight = NOON - 12
    found = {1: hours("power_w", (midnight - 1, 1_000.0, 1_000.0), (midnight, 3_000.0, 3_000.0))}
    days = energy.by_day([meter(1, Source.POWER)], found, UNTIL, ZONE)
    assert len(days) == energy.DAYS
    assert [(day.day.day, day.kwh, day.hours) for day in days[-3:]] == [
        (13, 0.0, 0),
        (14, pytest.approx(1.0), 1),
        (15, pytest.approx(3.0), 1),
    ]
    assert energy.by_day([], {}, UNTIL, ZONE)[-1].kwh == 0.0
