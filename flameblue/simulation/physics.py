"""What a circuit does with its load: terminals heat, insulation leaks, voltage drops. Pure functions.

Terminal: τ·dT/dt = T_ambient + k·I² − T (Newton's cooling, Joule heating), solved exactly over a step.
Residual current: the phasor sum of what leaks at all times, mostly through capacitance, and of a fault's
resistive part, at right angles: the root of the sum of squares.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PHASES = 3
TERMINAL_TAU_S = (240.0, 420.0)
RISE_AT_RATING_K = (9.0, 18.0)  # of a sound terminal
SHELTER = (0.0, 0.95)  # 0: panels in the open air, 1: in a heated room; one draw a building
INDOOR_C = 20.0
PANEL_OWN_K = 1.5
PANEL_TAU_S = 1_800.0
LEAK_DRY_MA = (6.0, 38.0)
LEAK_WET_MORE = 1.2  # of the dry one, soaked
LEAK_MA_PER_A = 0.4  # long heating cables and filters
LEAK_NOISE = 0.03
WET_TAU_S = 3 * 3_600.0
SOURCE_V = 227.0  # at the village's transformer, unloaded
SOURCE_SWING_V = 4.0
SOURCE_PERIODS_S = np.array([86_400.0, 9_400.0, 2_300.0])
SOURCE_SHARES = np.array([0.5, 0.3, 0.2])
VILLAGE_DROP_V = 5.0  # with everything on
LINE_DROP_V = (3.0, 8.0)  # of one circuit at its rating
NOISE_MAX = 2.5  # standard deviations: measurement noise is bounded


@dataclass(frozen=True, slots=True)
class Nature:
    """What is peculiar to each circuit (rows) and phase (columns): drawn once."""

    k: Floats  # K/A² of each sound terminal
    terminal_tau_s: Floats
    shelter: Floats
    leak_ma: Floats
    line_ohm: Floats


def draw_nature(rating_a: Floats, building: NDArray[np.intp], rng: np.random.Generator) -> Nature:
    """Sound terminals and lines, each a little different; `building`: which one each circuit is in."""
    count = len(rating_a)
    return Nature(
        k=rng.uniform(*RISE_AT_RATING_K, (count, PHASES)) / rating_a[:, None] ** 2,
        terminal_tau_s=rng.uniform(*TERMINAL_TAU_S, (count, PHASES)),
        shelter=rng.uniform(*SHELTER, int(building.max()) + 1)[building],
        leak_ma=rng.uniform(*LEAK_DRY_MA, count),
        line_ohm=(rng.uniform(*LINE_DROP_V, count) / rating_a)[:, None],
    )


def share(step_s: float, tau_s: Floats | float) -> Floats:
    """How much of its way a first-order store goes in `step_s`: exact while its target stands."""
    return np.asarray(-np.expm1(-step_s / np.asarray(tau_s)))


def towards(value: Floats, target: Floats, share: Floats) -> Floats:
    """A first-order store after a step of which `share` is the share."""
    moved: Floats = value + (target - value) * share
    return moved


def panel_target_c(outside_c: Floats, shelter: Floats) -> Floats:
    """The air in the panel, once settled."""
    settled: Floats = outside_c + shelter * np.maximum(INDOOR_C - outside_c, 0.0) + PANEL_OWN_K
    return settled


def terminal_target_c(ambient_c: Floats, k: Floats, current_a: Floats) -> Floats:
    """The temperature of a terminal, once settled: T = T_ambient + k·I²."""
    settled: Floats = ambient_c[:, None] + k * current_a**2
    return settled


def natural_leak_ma(nature: Nature, wet: Floats, current_a: Floats, noise: Floats) -> Floats:
    """What leaks in a sound installation; at most about 160 mA here, below the 200 mA of a warning."""
    steady = nature.leak_ma * (1 + LEAK_WET_MORE * wet) + LEAK_MA_PER_A * current_a.sum(axis=1)
    leak: Floats = steady * (1 + LEAK_NOISE * noise)
    return leak


def source_v(at_s: float, phases: Floats) -> Floats:
    """The transformer's voltage of each site and phase; `phases`: (sites, 3, periods)."""
    volts: Floats = SOURCE_V + SOURCE_SWING_V * (
        np.sin(2 * np.pi * at_s / SOURCE_PERIODS_S + phases) @ SOURCE_SHARES
    )
    return volts
