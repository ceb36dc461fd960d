"""The world: everything that a detector could measure, at a time that it is told.

Invariants: time moves in whole steps on one grid, so that many small advances and one large one give the same
world; all chance comes from the seed; a detector reads what the last step left.
"""

from dataclasses import dataclass

import numpy as np

from flameblue.domain.errors import BadInput
from flameblue.simulation import names, physics
from flameblue.simulation.faults import Bools, Effects, Fault, Floats, Indices, Where
from flameblue.simulation.loads import Loads
from flameblue.simulation.plan import NOMINAL_V, Plan
from flameblue.simulation.weather import Sky, Weather

STEP_S = 10.0
MEAN_SQUARE_TAU_S = 1_800.0
AIR_EVERY_S = 60.0  # the weather does not change faster
USUAL_OF_RATING = 0.4  # a fault on a circuit that happens to idle must not be absurd when it is loaded
TERMINAL_C_MAX = 250.0  # beyond it there is no terminal to measure
LOAD_TEST_FRACTION = 0.9  # of the highest current since the fault began
LOAD_TEST_OF_RATING = (0.3, 0.8)  # never less, never more
LOAD_TEST_S = 3_600.0
PROBE_OPEN_C = -100.0  # the sentinel of profile flameblue-efm8
NOISE = {"current": 0.004, "temperature_c": 0.1, "voltage_v": 0.25, "leak_ma": 0.5, "ambient_c": 0.05}


@dataclass(frozen=True, slots=True)
class Measured:
    """What the detectors would send, one row a circuit."""

    leak_ma: Floats
    temperature_c: Floats
    current_a: Floats
    voltage_v: Floats
    ambient_c: Floats
    dark: Bools
    clock_ahead_s: Floats


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of its way each first-order store goes in one step."""

    terminal: Floats
    panel: Floats
    wet: Floats
    mean_square: Floats


@dataclass(frozen=True, slots=True)
class Present:
    """A fault that is there, since when and where."""

    fault: Fault
    since_s: float
    where: Where


class World:
    """All circuits at once; `now_s` counts seconds since 1970 in the world's own calendar."""

    def __init__(self, plan: Plan, begin_s: float, *, step_s: float = STEP_S, sky: Sky | None = None) -> None:
        self.plan = plan
        self.circuits = plan.circuits()
        self.step_s = step_s
        self.now_s = begin_s - begin_s % step_s
        self.sky = sky or Weather(plan.seed, len(names.STATIONS))
        count = len(self.circuits)
        self.site = np.array([place.site for place, _ in self.circuits])
        self.rating_a = np.array([circuit.rated_current_a for _, circuit in self.circuits])
        self._rng = np.random.default_rng([plan.seed, 4])
        buildings = {id(place): number for number, place in enumerate(plan.premises)}
        building = np.array([buildings[id(place)] for place, _ in self.circuits])
        self.nature = physics.draw_nature(self.rating_a, building, self._rng)
        self._shares = Shares(
            terminal=physics.share(step_s, self.nature.terminal_tau_s),
            panel=physics.share(step_s, physics.PANEL_TAU_S),
            wet=physics.share(step_s, physics.WET_TAU_S),
            mean_square=physics.share(step_s, MEAN_SQUARE_TAU_S),
        )
        self._source_phases = self._rng.uniform(0, 2 * np.pi, (len(names.STATIONS), 3, 3))
        appliances = [circuit.appliances for _, circuit in self.circuits]
        most_w = 3 * np.array([one.phase_w_max() for one in appliances])
        self._most_w = np.maximum(np.bincount(self.site, most_w, len(names.STATIONS)), 1.0)
        self._air, self._air_since_s = self.sky.at(self.now_s), self.now_s
        outside = self._air.outside_c[self.site]
        self.loads = Loads(appliances, outside, plan.seed, step_s)
        self.effects = Effects(count)
        self.present: list[Present] = []
        self._affected = False
        self.isolated = np.zeros(count, np.bool_)
        self._test_until_s = np.zeros(count)
        self._test_a = np.zeros((count, 3))
        self._peak_a = np.zeros((count, 3))
        self.wet = self._air.wet[self.site]
        self.ambient_c = physics.panel_target_c(outside, self.nature.shelter)
        self.temperature_c = np.repeat(self.ambient_c[:, None], 3, axis=1)
        self.voltage_v = np.full((count, 3), NOMINAL_V)
        self.current_a = np.zeros((count, 3))
        self.leak_ma = np.zeros(count)
        self.mean_square = np.zeros((count, 3))
        self._noise = np.zeros((count, 12))
        self._step()  # so that there is something to read from the first moment on
        self.temperature_c = self._terminals_settled()
        self.mean_square = self.current_a**2

    def advance(self, to_s: float) -> None:
        """Goes on to the last step that is not after `to_s`; nothing happens when that is past."""
        while self.now_s + self.step_s <= to_s:
            self.now_s += self.step_s
            self._step()

    def inject(self, fault: Fault) -> None:
        """`fault` begins now; BadInput when there is no such place."""
        circuits = self.find(fault.site, fault.premises, fault.circuit)
        least = (USUAL_OF_RATING * self.rating_a[circuits][:, None]) ** 2
        usual = np.maximum(self.mean_square[circuits], least)
        self.present.append(Present(fault, self.now_s, Where(circuits, usual)))
        self._peak_a[circuits] = self.current_a[circuits]
        self._look_at_faults()

    def isolate(self, premises: str, circuit: str) -> None:
        """The switch is pulled: no current, no leakage behind it; the detector before it goes on."""
        found = self.find("", premises, circuit)
        self._peak_a[found] = np.maximum(self._peak_a[found], self.current_a[found])
        self.isolated[found] = True

    def repair(self, premises: str, circuit: str, load_test_s: float = LOAD_TEST_S) -> None:
        """The faults of this circuit are gone; a circuit that is switched on is tested under load."""
        found = self.find("", premises, circuit)
        mended = set(found.tolist())
        self.present = [one for one in self.present if not mended.issuperset(one.where.circuits.tolist())]
        self._look_at_faults()
        self._test_under_load(found[~self.isolated[found]], load_test_s)

    def restore(self, premises: str, circuit: str, load_test_s: float = LOAD_TEST_S) -> None:
        """Switched on again, with the heaters on for `load_test_s`: a proof needs load."""
        found = self.find("", premises, circuit)
        self.isolated[found] = False
        self._test_under_load(found, load_test_s)

    def find(self, site: str, premises: str, circuit: str) -> Indices:
        """The numbers of the circuits so named; an empty word means any. BadInput when there are none."""
        found = [
            number
            for number, (place, wired) in enumerate(self.circuits)
            if site in ("", names.STATIONS[place.site].site)
            and premises in ("", place.name)
            and circuit in ("", wired.name)
        ]
        if not found:
            raise BadInput(f"The valley has no circuit {site} {premises} {circuit}.")
        return np.array(found, dtype=np.intp)

    def measured(self) -> Measured:
        """What the detectors show of the last step, with their noise, which is bounded."""
        noise = self._noise
        current = self.current_a * (1 + NOISE["current"] * noise[:, 0:3])
        temperature = self.temperature_c + NOISE["temperature_c"] * noise[:, 3:6]
        voltage = self.voltage_v + NOISE["voltage_v"] * noise[:, 6:9] * (self.voltage_v > 0)
        return Measured(
            leak_ma=np.maximum(self.leak_ma + NOISE["leak_ma"] * noise[:, 9] * (self.leak_ma > 0), 0.0),
            temperature_c=np.where(self.effects.probe_open, PROBE_OPEN_C, temperature),
            current_a=current,
            voltage_v=voltage,
            ambient_c=self.ambient_c + NOISE["ambient_c"] * noise[:, 10],
            dark=self.effects.dark,
            clock_ahead_s=self.effects.clock_ahead_s,
        )

    def _step(self) -> None:
        self._look_at_faults()
        drawn = self._rng.standard_normal(self._noise.shape)
        self._noise = np.minimum(np.maximum(drawn, -physics.NOISE_MAX), physics.NOISE_MAX)
        if self.now_s - self._air_since_s >= AIR_EVERY_S:
            self._air, self._air_since_s = self.sky.at(self.now_s), self.now_s
        outside = self._air.outside_c[self.site]
        watts = self.loads.advance(self.now_s, outside)
        self._electricity(watts)
        self._heat_and_wet(outside, self._air.wet[self.site])

    def _electricity(self, watts: Floats) -> None:
        """Currents at the voltage of the step before, then the voltage that they leave."""
        alive = ~(self.isolated | self.effects.supply_off)
        # Heaters are resistances: their current follows the voltage.
        before = np.where(self.voltage_v > 0, self.voltage_v, NOMINAL_V)
        current = watts / NOMINAL_V * (before / NOMINAL_V)
        current = np.maximum(current, self.effects.load_of_rating * self.rating_a[:, None])
        if self._test_until_s.any():
            testing = self._test_until_s > self.now_s
            current = np.maximum(current, self._test_a * testing[:, None])
            self._test_until_s[~testing] = 0.0
        self.current_a = current * alive[:, None]
        sites = len(names.STATIONS)
        drawn_w = np.bincount(self.site, (watts * alive[:, None]).sum(axis=1), sites)
        source = physics.source_v(self.now_s, self._source_phases)
        source = source - physics.VILLAGE_DROP_V * (drawn_w / self._most_w)[:, None]
        voltage = source[self.site] - self.nature.line_ohm * self.current_a
        self.voltage_v = voltage * ~self.effects.supply_off[:, None]
        squares = self.current_a**2
        self.mean_square = physics.towards(self.mean_square, squares, self._shares.mean_square)
        if self.present:
            self._peak_a = np.maximum(self._peak_a, self.current_a)

    def _heat_and_wet(self, outside: Floats, wet_target: Floats) -> None:
        self.wet = physics.towards(self.wet, wet_target, self._shares.wet)
        panel = physics.panel_target_c(outside, self.nature.shelter)
        self.ambient_c = physics.towards(self.ambient_c, panel, self._shares.panel)
        settled = self._terminals_settled()
        self.temperature_c = physics.towards(self.temperature_c, settled, self._shares.terminal)
        natural = physics.natural_leak_ma(self.nature, self.wet, self.current_a, self._noise[:, 11])
        faulty = self.effects.leak_ma * (1 + physics.LEAK_NOISE * self._noise[:, 11])
        self.leak_ma = np.hypot(natural, faulty) * ~(self.isolated | self.effects.supply_off)

    def _terminals_settled(self) -> Floats:
        k = self.nature.k + self.effects.more_k
        return np.minimum(physics.terminal_target_c(self.ambient_c, k, self.current_a), TERMINAL_C_MAX)

    def _look_at_faults(self) -> None:
        """What the present faults do now; those whose time is over end."""
        if not self.present and not self._affected:
            return
        self.effects.clear()
        self.present = [one for one in self.present if not self._is_over(one)]
        for one in self.present:
            one.fault.apply(self.now_s - one.since_s, one.where, self.effects)
        self._affected = bool(self.present)

    def _is_over(self, one: Present) -> bool:
        return 0 < one.fault.lasts_s <= self.now_s - one.since_s

    def _test_under_load(self, circuits: Indices, lasts_s: float) -> None:
        rating = self.rating_a[circuits][:, None]
        least, most = LOAD_TEST_OF_RATING
        wanted = np.clip(LOAD_TEST_FRACTION * self._peak_a[circuits], least * rating, most * rating)
        self._test_a[circuits] = wanted
        self._test_until_s[circuits] = self.now_s + lasts_s
