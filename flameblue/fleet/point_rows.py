"""A point of the database as detection knows it: one row of `domain.points.POINT`.

Pure. The arithmetic of the times: a gap is half an interval late and a second more (devices jitter, QoS 1
loses nothing); silence without a word of the profile is three intervals, at least 90 s, since a fault is to
show within 100 s; the short hold after a lost connection is 60 s, since 4G links drop all day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from flameblue.domain.points import ENABLED, NEVER_NS, NO_LIMIT, NO_LOWER_LIMIT, ON_CHANGE, POINT, PointRows
from flameblue.domain.quantities import PHASES, QUANTITIES, STEPS_MAX, Quantity
from flameblue.domain.readings import NS_PER_S
from flameblue.fleet.limits import HOLD_FIELDS, Layer
from flameblue.fleet.periods import day_of
from flameblue.profiles.loader import Profile

GAP_INTERVALS, GAP_EXTRA_S = 1.5, 1.0
SILENCE_INTERVALS, SILENCE_S_MIN = 3.0, 90.0
LOST_HOLD_S = 60.0
LIVE_PHASES = frozenset({"A", "B", "C"})
NO_LIMITS = {"over": NO_LIMIT, "under": NO_LOWER_LIMIT}


@dataclass(frozen=True, slots=True)
class PointFacts:
    """What the database says of one point."""

    id: int
    quantity: str
    phase: str
    retired: bool
    device_enabled: bool
    device: int
    profile: str
    circuit: int | None
    rated_current_a: float | None
    premises: int
    closed_until: date | None
    site: int
    time_zone: str


class Phases:
    """Which voltage points measure the phases of one circuit: those that one device has there."""

    def __init__(self, voltages: Iterable[tuple[int, int, int | None, str]]) -> None:
        """`voltages`: (point, device, circuit, phase) of each point that is in use, in the order of their ids."""
        self._of: dict[tuple[int, int | None], dict[str, int]] = {}
        for point, device, circuit, phase in voltages:
            if phase in LIVE_PHASES:
                self._of.setdefault((device, circuit), {}).setdefault(phase, point)

    def others(self, facts: PointFacts) -> tuple[int, int]:
        """The points of the other phases; 0 where there is none."""
        known = self._of.get((facts.device, facts.circuit), {})
        if facts.quantity != "voltage_v" or known.get(facts.phase) != facts.id:
            return 0, 0
        others = [point for phase, point in sorted(known.items()) if phase != facts.phase]
        return others[0] if others else 0, others[1] if len(others) > 1 else 0


def rows_for(points: Iterable[tuple[PointFacts, Profile, Layer]], phases: Phases, now: datetime) -> PointRows:
    """The rows of `points`, each given with its profile and the limits that count, as of `now`."""
    seasons = Seasons(now)
    parts: dict[tuple[int, str, str], _Parts] = {}
    rows = []
    for facts, profile, limits in points:
        quantity = QUANTITIES[facts.quantity]
        key = (id(limits), facts.profile, facts.quantity)
        if key not in parts:
            steps = _limit_steps(quantity, limits)
            times = _times(facts.quantity, profile, limits)
            parts[key] = _Parts(limits, steps, times, _phase_steps(quantity, limits))
        part = parts[key]
        head = (facts.id, quantity.code, PHASES.index(facts.phase), _flags(facts, profile))
        others = phases.others(facts)
        lost = part.phase if any(others) else (NO_LOWER_LIMIT, 0)
        rows.append((*head, *part.steps, *seasons.expected(facts, part.times), *lost, others))
    return np.array(rows, dtype=POINT)


@dataclass(frozen=True, slots=True)
class _Parts:
    limits: Layer  # held, so that its id stays its own
    steps: tuple[int, ...]
    times: tuple[int, ...]
    phase: tuple[int, int]


@dataclass
class Seasons:
    """Premises that are closed for the season are silent, and that is expected."""

    now: datetime

    def __post_init__(self) -> None:
        self._today: dict[str, date] = {}

    def expected(self, facts: PointFacts, times: tuple[int, ...]) -> tuple[int, ...]:
        """`times` with the silence of closed premises set to never."""
        if facts.closed_until is None or self._today_in(facts.time_zone) >= facts.closed_until:
            return times
        return (*times[:5], NEVER_NS, *times[6:])

    def _today_in(self, time_zone: str) -> date:
        if time_zone not in self._today:
            self._today[time_zone] = day_of(self.now, time_zone)
        return self._today[time_zone]


def _flags(facts: PointFacts, profile: Profile) -> int:
    enabled = ENABLED if facts.device_enabled and not facts.retired else 0
    return enabled | (ON_CHANGE if profile.on_change else 0)


def _limit_steps(quantity: Quantity, limits: Layer) -> tuple[int, ...]:
    found: list[int] = []
    for side, none in NO_LIMITS.items():
        for kind in ("warning", "alarm"):
            origin = limits.get(f"{side}_{kind}")
            found.append(none if origin is None else _steps(quantity, origin.value, none))
        hysteresis = limits.get(f"{side}_hysteresis")
        found.append(0 if hysteresis is None else _steps(quantity, hysteresis.value, 0))
    plausible = (quantity.steps(quantity.plausible_min), quantity.steps(quantity.plausible_max))
    return (*found, *plausible)


def _phase_steps(quantity: Quantity, limits: Layer) -> tuple[int, int]:
    """A voltage down to which there is none, and from which on there is one; where there are such."""
    lost, stands = limits.get("phase_lost"), limits.get("phase_stands")
    if lost is None or stands is None:
        return NO_LOWER_LIMIT, 0
    return _steps(quantity, lost.value, NO_LOWER_LIMIT), _steps(quantity, stands.value, 0)


def _steps(quantity: Quantity, value: float, otherwise: int) -> int:
    steps = value * quantity.steps_per_unit
    return round(steps) if abs(steps) < STEPS_MAX else otherwise


def _times(quantity: str, profile: Profile, limits: Layer) -> tuple[int, ...]:
    """In the order of POINT: three holds, interval, gap, silence, lost hold, frozen."""
    holds = (limits[name].value if name in limits else 0.0 for name in HOLD_FIELDS)
    interval_s = profile.interval_s
    silence_s = profile.silence_s
    if silence_s is None:
        silence_s = max(SILENCE_INTERVALS * interval_s, SILENCE_S_MIN)
    frozen_s = profile.frozen_s.get(quantity)
    seconds = (
        *holds,
        interval_s,
        GAP_INTERVALS * interval_s + GAP_EXTRA_S,
        silence_s,
        min(LOST_HOLD_S, silence_s),
    )
    return (*(_ns(one) for one in seconds), NEVER_NS if frozen_s is None else _ns(frozen_s))


def _ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)
