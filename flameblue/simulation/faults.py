"""What goes wrong. A fault is data; it stays until it is repaired or its time is over.

Each kind says what it does to the world's `Effects` at a given age. Numbers: docs/simulation.md.
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]

PHASES = "ABC"


@dataclass
class Effects:
    """What all present faults do, by circuit (rows) and phase (columns)."""

    circuits: int
    more_k: Floats = field(init=False)  # K/A², on top of the sound terminal's
    leak_ma: Floats = field(init=False)
    load_of_rating: Floats = field(init=False)  # at least this much current
    probe_open: Bools = field(init=False)
    dark: Bools = field(init=False)  # the detector has no power
    supply_off: Bools = field(init=False)
    clock_ahead_s: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """As if nothing were wrong."""
        count = self.circuits
        self.more_k = np.zeros((count, 3))
        self.leak_ma = np.zeros(count)
        self.load_of_rating = np.zeros((count, 3))
        self.probe_open = np.zeros((count, 3), np.bool_)
        self.dark = np.zeros(count, np.bool_)
        self.supply_off = np.zeros(count, np.bool_)
        self.clock_ahead_s = np.zeros(count)


@dataclass(frozen=True, slots=True)
class Where:
    """Circuit numbers, and the usual square of the current (A²) on each of their phases."""

    circuits: Indices
    usual_a2: Floats


class Fault(Protocol):
    """What every kind has. An empty word means all: no `circuit` all of the premises, no `premises` all."""

    @property
    def site(self) -> str: ...

    @property
    def premises(self) -> str: ...

    @property
    def circuit(self) -> str: ...

    @property
    def lasts_s(self) -> float: ...

    def apply(self, age_s: float, where: Where, effects: Effects) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where, and for how long (0: until it is repaired)."""

    site: str = ""
    premises: str = ""
    circuit: str = ""
    lasts_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseTerminal(Place):
    """A terminal's resistance grows over `over_s`; at usual load it ends `rise_k` above the panel's air."""

    phase: str = "B"
    rise_k: float = 90.0
    over_s: float = 240.0

    def apply(self, age_s: float, where: Where, effects: Effects) -> None:
        """More kelvin per square ampere on one phase."""
        column = PHASES.index(self.phase)
        grown = self.rise_k * _grown(age_s, self.over_s)
        effects.more_k[where.circuits, column] += grown / where.usual_a2[:, column]


@dataclass(frozen=True, slots=True, kw_only=True)
class WetCable(Place):
    """Water in a cable: a resistive leakage of `ma`, at once or growing over `over_s`."""

    ma: float = 380.0
    over_s: float = 0.0

    def apply(self, age_s: float, where: Where, effects: Effects) -> None:
        """Leakage on top of the natural one."""
        effects.leak_ma[where.circuits] += self.ma * _grown(age_s, self.over_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload(Place):
    """Too much plugged in: at least `of_rating` of the circuit's rated current on one phase."""

    phase: str = "A"
    of_rating: float = 1.15

    def apply(self, age_s: float, where: Where, effects: Effects) -> None:
        """A floor under the current."""
        del age_s
        column = PHASES.index(self.phase)
        floor = effects.load_of_rating[where.circuits, column]
        effects.load_of_rating[where.circuits, column] = np.maximum(floor, self.of_rating)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeUnplugged(Place):
    """A temperature probe is out of its socket: the detector sends its sentinel."""

    phase: str = "B"

    def apply(self, age_s: float, where: Where, effects: Effects) -> None:
        """The reading of one phase becomes the sentinel."""
        del age_s
        effects.probe_open[where.circuits, PHASES.index(self.phase)] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerLoss(Place):
    """The detector alone loses its power; the circuit goes on."""

    def apply(self, age_s: float, where: Where, effects: Effects) -> None:
        """The detector falls silent."""
        del age_s
        effects.dark[where.circuits] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage(Place):
    """The supply fails. Detectors live on their buffers for `buffer_s`, reporting 0 V, then fall silent."""

    buffer_s: float = 15.0

    def apply(self, age_s: float, where: Where, effects: Effects) -> None:
        """No voltage, no current; then no detector."""
        effects.supply_off[where.circuits] = True
        if age_s >= self.buffer_s:
            effects.dark[where.circuits] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOff(Place):
    """The detector's clock is `ahead_s` ahead (behind: negative)."""

    ahead_s: float = 3_600.0

    def apply(self, age_s: float, where: Where, effects: Effects) -> None:
        """Its times are wrong, its values are not."""
        del age_s
        effects.clock_ahead_s[where.circuits] = self.ahead_s


Kind = type[LooseTerminal | WetCable | Overload | ProbeUnplugged | PowerLoss | Outage | ClockOff]
KINDS: dict[str, Kind] = {
    "loose_terminal": LooseTerminal,
    "wet_cable": WetCable,
    "overload": Overload,
    "probe_unplugged": ProbeUnplugged,
    "power_loss": PowerLoss,
    "outage": Outage,
    "clock_off": ClockOff,
}


def _grown(age_s: float, over_s: float) -> float:
    """0 at the beginning, 1 after `over_s`."""
    return 1.0 if over_s <= 0 else min(1.0, age_s / over_s)
