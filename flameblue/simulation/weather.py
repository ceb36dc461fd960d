"""The air and the wet of the valley: bounded, without state, a function of the seed and the time.

The year swings between a January mean of −17.5 °C and a July mean of +15.5 °C, the day by ±4 to ±5 K, and
passing air masses by ±8.5 K in winter and ±4.5 K in summer: all together never outside −30 to +25 °C.
"""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAY_S = 86_400.0
YEAR_DAYS = 365.2425
NEW_YEAR_DAY = 20_454  # 2026-01-01, in days since 1970
BEIJING_S = 8 * 3_600  # the valley keeps Beijing time; its sun is two hours later
COLDEST_DAY = 15.0
WARMEST_HOUR = 16.5
LOWEST_C, HIGHEST_C = -30.0, 25.0
PERIODS_DAYS = np.array([2.3, 3.7, 5.9, 9.1, 0.9])  # of passing air; the last is the site's own
SHARES = np.array([0.3, 0.25, 0.2, 0.15, 0.1])
THAW_C = -2.0  # above it snow begins to wet what it lies on
THAW_OVER_K = 6.0


class Air(NamedTuple):
    """One value a site: the temperature (°C), and how wet things become if it stays so (0 dry, 1 soaked)."""

    outside_c: Floats
    wet: Floats


class Sky(Protocol):
    """What the world asks of its weather."""

    def at(self, at_s: float) -> Air: ...


class Weather:
    """The valley's own weather."""

    def __init__(self, seed: int, sites: int) -> None:
        rng = np.random.default_rng([seed, 1])
        common = rng.uniform(0.0, 2 * np.pi, (1, len(PERIODS_DAYS)))
        self._phases = np.repeat(common, sites, axis=0)
        self._phases[:, -1] = rng.uniform(0.0, 2 * np.pi, sites)
        self._rain_phases = rng.uniform(0.0, 2 * np.pi, (sites, len(PERIODS_DAYS)))

    def at(self, at_s: float) -> Air:
        """The air at that time. Frozen snow wets nothing; thaw and rain do."""
        winter = np.cos(2 * np.pi * (day_of_year(at_s) - COLDEST_DAY) / YEAR_DAYS)
        day = np.cos(2 * np.pi * (hour_of_day(at_s) - WARMEST_HOUR) / 24)
        mean = -1.0 - 16.5 * winter + (4.5 - 0.5 * winter) * day
        outside_c = mean + (6.5 + 2.0 * winter) * _mixed(at_s, self._phases)
        thaw = np.clip((outside_c - THAW_C) / THAW_OVER_K, 0.0, 1.0)
        return Air(outside_c, thaw * (0.5 + 0.5 * _mixed(at_s, self._rain_phases)))


class SteadyWeather:
    """The same air for ever: for tests and measurements."""

    def __init__(self, outside_c: float, wet: float = 0.0, sites: int = 3) -> None:
        self._air = Air(np.full(sites, outside_c), np.full(sites, wet))

    def at(self, at_s: float) -> Air:
        """What was set, whatever `at_s`."""
        del at_s
        return self._air


def hour_of_day(at_s: float) -> float:
    """Beijing time, 0 to 24."""
    return ((at_s + BEIJING_S) % DAY_S) / 3_600


def day_of_year(at_s: float) -> float:
    """0 at the beginning of the year, to about a day."""
    return ((at_s + BEIJING_S) / DAY_S - NEW_YEAR_DAY) % YEAR_DAYS


def season_shift_s(at_s: float, day: float) -> float:
    """Whole days, in seconds, that lead from `at_s` to the nearest `day` of a year, at the same hour."""
    ahead = (day - day_of_year(at_s) + YEAR_DAYS / 2) % YEAR_DAYS - YEAR_DAYS / 2
    return round(ahead) * DAY_S


def _mixed(at_s: float, phases: Floats) -> Floats:
    """A slow wandering between −1 and 1."""
    angle = 2 * np.pi * at_s / (PERIODS_DAYS * DAY_S) + phases
    mixed: Floats = np.sin(angle) @ SHARES
    return mixed
