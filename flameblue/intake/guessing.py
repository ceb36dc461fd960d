"""What a key that nobody has described may measure: read off its name, the unit in it, and the size of one value.

Invariants: a guess without a doubt needs a name that means one thing and a value of usual size in that unit; all else
bears its doubt, in a sentence for whoever decides. Nothing here is used for a reading.
"""

from typing import NamedTuple

from flameblue.domain.quantities import QUANTITIES
from flameblue.intake import naming
from flameblue.intake.naming import Kind

_OF_ITSELF = frozenset({"chip", "cpu", "mcu", "esp", "board", "device", "module", "internal"})
AROUND = frozenset({"ambient", "amb", "env", "environment", "air", "room", "环境", "室温"})
_SCALES = (0.1, 0.01, 0.001, 10.0, 1000.0)
_TELLING = ("current_a", "power_w", "apparent_power_va", "reactive_power_var", "temperature_c")
TIMES = frozenset({"ts", "time", "timestamp", "date", "datetime", "uptime", "seq", "last_seen"})


class Guess(NamedTuple):
    """What it may be. `quantity` "": nothing tells. `doubt` "": name, unit and size agree."""

    quantity: str
    scale: float = 1.0
    phase: str = ""
    doubt: str = ""


def guess(key: str, value: float) -> Guess:
    """What the number `value` under `key` may be."""
    kind, phase, words, whole = naming.read(key)
    if kind is None:
        return Guess("", doubt="nothing in its name tells what it measures")
    units = [word for word in words if word in kind.units]
    scale = kind.units[units[-1]] if units else 1.0
    found = Guess(kind.quantity, scale, phase)
    doubt = _of_meaning(kind, whole, phase) or _of_size(kind, value * scale, value, has_unit=bool(units))
    if not doubt:
        return found
    fitting = [one for one in _SCALES if kind.usual[0] < value * one <= kind.usual[1]]
    outside = not kind.usual[0] <= value * scale <= kind.usual[1]
    return found._replace(doubt=doubt, scale=fitting[0] if outside and fitting else scale)


def _of_meaning(kind: Kind, words: list[str], phase: str) -> str:
    """Why the name alone does not say which quantity it is."""
    named = set(words)
    if kind.quantity == "temperature_c":
        if named & _OF_ITSELF:
            return "a temperature of the device itself is no point at all"
        if named & AROUND:
            return "of the air around it: ambient_temperature_c"
        if not phase:
            return "of a conductor (temperature_c), of the air (ambient_temperature_c), or of the device itself (none)?"
    if kind.quantity == "current_a" and "ma" in named:
        return "mA may be a load (scale: 0.001) or a residual current (residual_current_ma)"
    if kind.quantity == "arc_count":
        return "a count of arcs, or a state that says whether there is one?"
    if kind.quantity == "power_factor" and "factor" in named and "power" not in named:
        return "a power factor?"
    if kind.letter in named and words[-1].isdigit() and kind.quantity != "temperature_c":
        return f"is {words[-1]} a phase, or a circuit of its own?"
    if named & {"set", "setting", "limit", "threshold", "max", "min", "rated"}:
        return "a setting or an extreme is no reading of now"
    return ""


def _of_size(kind: Kind, in_unit: float, value: float, *, has_unit: bool) -> str:
    """Why one value does not settle the unit."""
    low, high = kind.usual
    if not low <= in_unit <= high:
        return f"{value:g} would be unusual in {QUANTITIES[kind.quantity].unit}: which unit does it send?"
    if has_unit:
        return ""
    is_whole = float(value).is_integer()
    if value == 0 and kind.quantity in _TELLING:
        return "0 says nothing of its unit"
    match kind.quantity:
        case "current_a" if is_whole:
            return "a whole number: amperes, or a part of them?"
        case "residual_current_ma" if 0 < value < 5 and not is_whole:
            return "mA, or A (scale: 1000)?"
        case "power_w" | "apparent_power_va" | "reactive_power_var" if not is_whole and abs(value) < 20:
            return "so small with a point in it: kilo (scale: 1000)?"
        case "energy_kwh":
            return "kWh, or Wh (scale: 0.001)?"
    return ""
