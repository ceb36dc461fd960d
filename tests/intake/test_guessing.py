"""What a key may measure: certain only where name, unit and size agree."""

import pytest

from flameblue.domain.quantities import QUANTITIES
from flameblue.intake.guessing import Guess, guess


@pytest.mark.parametrize(
    ("key", "value", "quantity", "scale", "phase"),
    [
        ("ir", 412, "residual_current_ma", 1, ""),
        ("leakage_current", 3, "residual_current_ma", 1, ""),
        ("剩余电流", 12.5, "residual_current_ma", 1, ""),
        ("data.leak_ma", 0.4, "residual_current_ma", 1, ""),
        ("ua", 231.2, "voltage_v", 1, "A"),
        ("emeter.l2.voltage", 229, "voltage_v", 1, "B"),
        ("Voltage_C", 229, "voltage_v", 1, "C"),
        ("ENERGY.Voltage", 234, "voltage_v", 1, ""),
        ("ib", 3.4, "current_a", 1, "B"),
        ("loadCurrent_n", 3.4, "current_a", 1, "N"),
        ("tc", 41.5, "temperature_c", 1, "C"),
        ("temperature_b", 41, "temperature_c", 1, "B"),
        ("温度_a", 41, "temperature_c", 1, "A"),
        ("power_kw", 3.2, "power_w", 1000, ""),
        ("total_kwh", 12.3, "energy_kwh", 1, ""),
        ("energy_wh", 1230, "energy_kwh", 0.001, ""),
        ("freq", 49.98, "frequency_hz", 1, ""),
        ("pf", 0.97, "power_factor", 1, ""),
        ("apparent_power", 780, "apparent_power_va", 1, ""),
        ("humidity", 45, "humidity_percent", 1, ""),
    ],
)
def test_what_name_and_size_say_together(
    key: str, value: float, quantity: str, scale: float, phase: str
) -> None:
    assert guess(key, value) == Guess(quantity, scale, phase)
    assert quantity in QUANTITIES


@pytest.mark.parametrize(
    ("key", "value", "quantity", "doubt"),
    [
        ("ua", 2314, "voltage_v", "2314 would be unusual in V"),
        ("current", 1275, "current_a", "unusual in A"),
        ("current", 3, "current_a", "amperes, or a part of them"),
        ("current_ma", 340, "current_a", "a load scale: 0.001 or a residual current"),
        ("leak", 0.03, "residual_current_ma", "or A"),
        ("temp", 41, "temperature_c", "of a conductor"),
        ("ESP32.Temperature", 41, "temperature_c", "of the device itself"),
        ("ambient_temperature", 21, "temperature_c", "ambient_temperature_c"),
        ("temperature_a", 412, "temperature_c", "unusual in °C"),
        ("temperature_a", 0, "temperature_c", "0 says nothing"),
        ("power", 1.2, "power_w", "kilo"),
        ("energy", 1.92, "energy_kwh", "or Wh"),
        ("i2", 12.5, "current_a", "a phase, or a circuit"),
        ("max_voltage", 241, "voltage_v", "a setting or an extreme"),
        ("arc", 1, "arc_count", "a count"),
        ("linkquality", 88, "", "nothing in its name"),
        ("sydl", 12.5, "", "nothing in its name"),
        ("sn", 12, "", "nothing in its name"),
        ("", 1, "", "nothing in its name"),
    ],
)
def test_what_is_not_settled_bears_its_doubt(key: str, value: float, quantity: str, doubt: str) -> None:
    found = guess(key, value)
    assert found.quantity == quantity
    assert doubt in found.doubt.replace("(", "").replace(")", "")


def test_an_unusual_size_names_the_scale_that_would_make_it_usual() -> None:
    assert guess("ua", 2314).scale == 0.1
    assert guess("frequency", 5002).scale == 0.01
