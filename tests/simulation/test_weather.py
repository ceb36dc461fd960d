"""The air of the valley."""

import numpy as np
import pytest

from flameblue.simulation.weather import (
    HIGHEST_C,
    LOWEST_C,
    Weather,
    day_of_year,
    hour_of_day,
    season_shift_s,
)
from tests.simulation.valley import SUMMER_NOON_S, WINTER_NIGHT_S

DAY_S = 86_400.0


def year_of(seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    weather = Weather(seed, 3)
    hours = WINTER_NIGHT_S + 3_600.0 * np.arange(0, 24 * 365, 3)
    return np.array([weather.at(float(at_s)).outside_c for at_s in hours])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_year_stays_within_its_bounds_and_comes_near_them(seed: int) -> None:
    year = year_of(seed)
    assert LOWEST_C <= year.min() < -25.0
    assert 20.0 < year.max() <= HIGHEST_C


def test_winter_is_cold_and_summer_is_not() -> None:
    weather = Weather(1, 3)
    winter = [weather.at(WINTER_NIGHT_S + hour * 3_600).outside_c.mean() for hour in range(240)]
    summer = [weather.at(SUMMER_NOON_S + hour * 3_600).outside_c.mean() for hour in range(240)]
    assert -25 < np.mean(winter) < -10
    assert 10 < np.mean(summer) < 21


def test_afternoons_are_warmer_than_mornings() -> None:
    weather = Weather(1, 3)
    begin_s = WINTER_NIGHT_S - hour_of_day(WINTER_NIGHT_S) * 3_600
    days = [begin_s + day * DAY_S for day in range(20)]
    morning = np.mean([weather.at(day + 6 * 3_600).outside_c.mean() for day in days])
    afternoon = np.mean([weather.at(day + 16 * 3_600).outside_c.mean() for day in days])
    assert 4.0 < afternoon - morning < 9.0


def test_sites_differ_a_little() -> None:
    year = year_of(1)
    spread = year.max(axis=1) - year.min(axis=1)
    assert 0.2 < spread.mean() < 2.0


def test_frozen_snow_wets_nothing_and_thaw_does() -> None:
    weather = Weather(1, 3)
    airs = [weather.at(WINTER_NIGHT_S + hour * 3_600) for hour in range(0, 24 * 365, 3)]
    cold = [air.wet.max() for air in airs if air.outside_c.max() < -2.0]
    warm = [air.wet.max() for air in airs if air.outside_c.min() > 5.0]
    assert max(cold) == 0.0
    assert max(warm) > 0.6
    assert max(warm) <= 1.0


@pytest.mark.parametrize("begin_s", [WINTER_NIGHT_S, SUMMER_NOON_S, SUMMER_NOON_S + 77 * DAY_S])
def test_another_season_keeps_the_hour(begin_s: float) -> None:
    shifted = begin_s + season_shift_s(begin_s, 15)
    assert hour_of_day(shifted) == pytest.approx(hour_of_day(begin_s))
    assert abs(day_of_year(shifted) - 15) < 1.0
    assert abs(shifted - begin_s) < 184 * DAY_S
