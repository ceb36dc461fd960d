"""The power that people and thermostats draw, for all circuits at once.

A room is one heat store: dT/dt = (T_outside + lift·on + gain − T) / τ, where `lift` is the heater's
power over the room's loss (W over W/K): it holds 21 °C down to −38 °C. The thermostat has a dead band.
"""

import numpy as np
from numpy.typing import NDArray

from flameblue.simulation import physics
from flameblue.simulation.appliances import BURST_PHASES, BURST_S, HOUR_BURSTS, HOUR_LIGHT, Appliances
from flameblue.simulation.weather import hour_of_day

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PHASES = 3
HEATERS = 2  # on each phase
LIFT_K = 59.0
GAIN_K = 2.0  # sun, people, lamps
DEAD_BAND_K = 0.08
ROOM_TAU_S = (6 * 3_600.0, 10 * 3_600.0)
SET_C = (19.5, 22.5)
GUESTS = (0.35, 1.0)  # how full a house is; drawn anew for each circuit at midnight
SAUNA_PERIOD_S, SAUNA_ON_S = 300.0, 200.0  # its own thermostat
SAUNA = 3  # in the order of BURSTS


class Loads:
    """The state of rooms, thermostats and what has been switched on."""

    def __init__(self, appliances: list[Appliances], outside_c: Floats, seed: int, step_s: float) -> None:
        count = len(appliances)
        self._rng = np.random.default_rng([seed, 3])
        shape = (count, PHASES, HEATERS)
        self._set_c = self._rng.uniform(*SET_C, shape)
        self._share = physics.share(step_s, self._rng.uniform(*ROOM_TAU_S, shape))
        self._step_s = step_s
        self._heater_w = np.array([one.heater_w for one in appliances])[:, None, None]
        self._light_w = np.array([one.lighting_w for one in appliances])
        self._base_w = np.array([one.base_w for one in appliances])[:, None] * np.ones((1, PHASES))
        self._burst_w = np.array([one.burst_w() for one in appliances])
        self._starts_h = np.array([one.bursts_h() for one in appliances])
        self._left_s = np.zeros_like(self._burst_w)
        self._guests = self._rng.uniform(*GUESTS, count)
        self._hour = -1
        # As if for ever: rooms are at their set point, or float where it is too warm for heating.
        floating = (outside_c + GAIN_K)[:, None, None] + np.zeros(shape)
        self.room_c = np.maximum(floating, self._set_c + self._rng.uniform(-DEAD_BAND_K, DEAD_BAND_K, shape))
        self.heating = self._rng.random(shape) < self._duty(outside_c)

    def advance(self, at_s: float, outside_c: Floats) -> Floats:
        """The state one step later, at `at_s`, and the watts of each circuit and phase at 220 V."""
        hour = hour_of_day(at_s)
        if int(hour) != self._hour:
            self._on_the_hour(int(hour))
        self._rooms(outside_c)
        heaters = self.heating.sum(axis=2) * self._heater_w[:, :, 0]
        lighting = (self._light_w * self._guests * HOUR_LIGHT[int(hour)])[:, None]
        watts: Floats = heaters + lighting + self._base_w + self._bursts(at_s, int(hour))
        return watts

    def _on_the_hour(self, hour: int) -> None:
        if hour == 0 and self._hour == 23:
            self._guests = self._rng.uniform(*GUESTS, len(self._guests))
        self._hour = hour

    def _rooms(self, outside_c: Floats) -> None:
        towards = outside_c[:, None, None] + GAIN_K + LIFT_K * self.heating
        self.room_c += (towards - self.room_c) * self._share
        above = self.room_c - self._set_c
        off_above, on_below = above > DEAD_BAND_K, above < -DEAD_BAND_K
        self.heating = (self.heating | on_below) & ~off_above

    def _bursts(self, at_s: float, hour: int) -> Floats:
        """What is switched on for a while: starts by chance, more often in the busy hours."""
        drawn = self._rng.random((2, *self._left_s.shape))
        chance = self._starts_h * HOUR_BURSTS[hour] * self._guests[:, None] * (self._step_s / 3_600)
        self._left_s = np.maximum(self._left_s - self._step_s, 0.0)
        starts = (self._left_s == 0.0) & (drawn[0] < chance)
        self._left_s = np.where(starts, BURST_S * (0.7 + 0.6 * drawn[1]), self._left_s)
        on = self._left_s > 0.0
        if at_s % SAUNA_PERIOD_S >= SAUNA_ON_S:
            on[:, SAUNA] = False
        watts: Floats = (on * self._burst_w) @ BURST_PHASES
        return watts

    def _duty(self, outside_c: Floats) -> Floats:
        """The share of the time in which a heater must be on."""
        return np.clip((self._set_c - outside_c[:, None, None] - GAIN_K) / LIFT_K, 0.0, 1.0)
