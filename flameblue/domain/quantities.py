"""What can be measured, in which unit, and in which step it is kept.

A value travels and is stored as a whole number of its quantity's own step (`steps_per_unit`), so that the
journal, detection and Parquet hold the same integers. Codes are stored: they are never changed or reused.
"""

from dataclasses import dataclass

STEPS_MAX = 2**31 - 1
NO_VALUE = -(2**31)  # a reading that carries only state bits or a broken sensor


@dataclass(frozen=True, slots=True)
class Quantity:
    """One measurable quantity; beyond `plausible_min`/`plausible_max` (in `unit`) the sensor is broken."""

    code: int
    name: str
    unit: str
    steps_per_unit: int
    plausible_min: float
    plausible_max: float

    def steps(self, value: float) -> int:
        """`value` (in `unit`) as whole steps; OverflowError when it does not fit, ValueError for NaN."""
        steps = round(value * self.steps_per_unit)
        if abs(steps) > STEPS_MAX:
            raise OverflowError(f"{self.name} {value} {self.unit} does not fit 32 bits")
        return steps

    def value(self, steps: int) -> float:
        """Whole steps back in `unit`."""
        return steps / self.steps_per_unit


QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity(1, "residual_current_ma", "mA", 10, 0.0, 30_000.0),
        Quantity(2, "temperature_c", "°C", 10, -60.0, 300.0),
        Quantity(3, "ambient_temperature_c", "°C", 10, -60.0, 85.0),
        Quantity(4, "current_a", "A", 1000, 0.0, 6_000.0),
        Quantity(5, "voltage_v", "V", 10, 0.0, 1_000.0),
        Quantity(6, "power_w", "W", 10, -1_000_000.0, 1_000_000.0),
        Quantity(7, "energy_kwh", "kWh", 1000, 0.0, 2_000_000.0),
        Quantity(8, "arc_count", "1", 1, 0.0, 1_000_000.0),
        Quantity(9, "humidity_percent", "%", 10, 0.0, 100.0),
        Quantity(10, "apparent_power_va", "VA", 10, 0.0, 1_000_000.0),
        Quantity(11, "reactive_power_var", "var", 10, -1_000_000.0, 1_000_000.0),
        Quantity(12, "power_factor", "1", 1000, -1.0, 1.0),
        Quantity(13, "frequency_hz", "Hz", 100, 0.0, 400.0),
    )
}

BY_CODE: dict[int, Quantity] = {quantity.code: quantity for quantity in QUANTITIES.values()}

PHASES = ("", "A", "B", "C", "N")  # stored as the index; "" is a single-phase circuit or the whole circuit
