"""What hangs on a circuit, by kind, and the hours in which people use it."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BASE_W_MIN = 90.0  # on every phase, always: routers, pumps, refrigerators; so a live circuit never reads zero
BURSTS = (
    "kettle",
    "second_kettle",
    "cooker",
    "sauna",
)  # what is switched on for a while; the order is an axis
BURST_S = np.array([240.0, 200.0, 1_500.0, 5_400.0])  # how long, on average
BURST_PHASES = np.array([[1, 0, 0], [0, 0, 1], [1, 1, 1], [1, 1, 1]], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Appliances:
    """Watts on each phase; starts an hour at the busiest time."""

    heater_w: float = 0.0  # one of the two heaters on each phase, each with its own thermostat
    lighting_w: float = 0.0
    base_w: float = BASE_W_MIN
    kettle_w: float = 0.0
    kettles_h: float = 0.0
    cooker_w: float = 0.0
    cookers_h: float = 0.0
    sauna_w: float = 0.0
    saunas_h: float = 0.0

    def phase_w_max(self) -> float:
        """What one phase draws at most at 220 V, with everything on."""
        return (
            2 * self.heater_w + self.lighting_w + self.base_w + self.kettle_w + self.cooker_w + self.sauna_w
        )

    def scaled(self, factor: float) -> "Appliances":
        """The same with other powers (not less than the least base); rates stay."""
        changed = {
            item.name: getattr(self, item.name) * (factor if item.name.endswith("_w") else 1.0)
            for item in fields(self)
        }
        changed["base_w"] = max(BASE_W_MIN, changed["base_w"])
        return Appliances(**changed)

    def burst_w(self) -> tuple[float, ...]:
        """In the order of BURSTS."""
        return self.kettle_w, self.kettle_w, self.cooker_w, self.sauna_w

    def bursts_h(self) -> tuple[float, ...]:
        """In the order of BURSTS."""
        return self.kettles_h, self.kettles_h / 2, self.cookers_h, self.saunas_h


APPLIANCES = {
    "heating": Appliances(heater_w=1_500, base_w=100),
    "bath": Appliances(
        heater_w=500, kettle_w=1_600, kettles_h=0.8, cooker_w=2_000, cookers_h=0.7, base_w=110
    ),
    "sockets": Appliances(lighting_w=700, base_w=180, kettle_w=2_000, kettles_h=1.5),
    "kitchen": Appliances(
        lighting_w=300, base_w=350, kettle_w=2_200, kettles_h=2, cooker_w=3_200, cookers_h=1.5
    ),
    "shop": Appliances(heater_w=900, lighting_w=500, base_w=300, kettle_w=1_800, kettles_h=0.6),
    "cabin": Appliances(
        heater_w=1_300,
        lighting_w=250,
        base_w=120,
        kettle_w=1_800,
        kettles_h=0.8,
        cooker_w=1_000,
        cookers_h=0.4,
    ),
    "sauna": Appliances(sauna_w=3_000, saunas_h=0.25, lighting_w=60, base_w=90),
}

HOUR_LIGHT = (
    *(0.15, 0.10, 0.10, 0.10, 0.10, 0.15, 0.35, 0.70, 0.80, 0.60, 0.35, 0.25),
    *(0.25, 0.25, 0.25, 0.30, 0.40, 0.60, 0.85, 1.00, 1.00, 0.95, 0.70, 0.35),
)
HOUR_KETTLE = (
    *(0.10, 0.05, 0.05, 0.05, 0.05, 0.10, 0.40, 0.90, 1.00, 0.80, 0.50, 0.40),
    *(0.50, 0.50, 0.40, 0.40, 0.50, 0.60, 0.80, 0.90, 0.90, 0.70, 0.50, 0.25),
)
HOUR_MEAL = (
    *(0.02, 0.02, 0.02, 0.02, 0.02, 0.05, 0.30, 0.60, 0.60, 0.40, 0.40, 0.80),
    *(1.00, 0.90, 0.50, 0.30, 0.40, 0.70, 1.00, 1.00, 0.80, 0.40, 0.15, 0.05),
)
HOUR_SAUNA = (
    *(0.05, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.05, 0.05, 0.05, 0.10, 0.10),
    *(0.10, 0.15, 0.20, 0.30, 0.40, 0.60, 0.80, 1.00, 1.00, 0.90, 0.50, 0.20),
)
HOUR_BURSTS = np.array([HOUR_KETTLE, HOUR_KETTLE, HOUR_MEAL, HOUR_SAUNA]).T  # by hour and burst
