"""What a key that nobody has described may measure: read off its name, the unit in it, and the size of one value.

Invariants: a guess without a doubt needs a name that means one thing and a value of usual size in that unit; all else
bears its doubt, in a sentence for whoever decides. Nothing here is used for a reading.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from flameblue.domain.quantities import QUANTITIES

_WORD = re.compile(r"[a-z]+|\d+|[一-鿿]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_STEP = re.compile(r"[./:]")
_PHASES = {"a": "A", "b": "B", "c": "C", "n": "N"}
_LINES = {("l", "1"): "A", ("l", "2"): "B", ("l", "3"): "C"}
_OF_ITSELF = frozenset({"chip", "cpu", "mcu", "esp", "board", "device", "module", "internal"})
_AROUND = frozenset({"ambient", "amb", "env", "environment", "air", "room", "环境", "室温"})
_SCALES = (0.1, 0.01, 0.001, 10.0, 1000.0)
_TELLING = ("current_a", "power_w", "apparent_power_va", "reactive_power_var", "temperature_c")
TIMES = frozenset({"ts", "time", "timestamp", "date", "datetime", "uptime", "seq", "last_seen"})


class Guess(NamedTuple):
    """What it may be. `quantity` "": nothing tells. `doubt` "": name, unit and size agree."""

    quantity: str
    scale: float = 1.0
    phase: str = ""
    doubt: str = ""


@dataclass(frozen=True)
class _Kind:
    """`letter`: what it is called with a phase or number behind it, such as `ua` or `t1`.

    `usual`: in its unit, what is likely to be read. `units`: words that name a unit, and what makes our own of it.
    """

    quantity: str
    words: frozenset[str]
    letter: str
    usual: tuple[float, float]
    units: Mapping[str, float]
    chinese: tuple[str, ...] = ()


_KINDS = (
    _Kind(
        "residual_current_ma",
        frozenset({"ir", "leak", "leakage", "residual", "ileak", "rcm", "rcd"}),
        "",
        (0.0, 3_000.0),
        {"ma": 1.0},
        ("漏电", "剩余电流"),
    ),
    _Kind("power_factor", frozenset({"pf", "cosphi", "factor"}), "", (-1.0, 1.0), {}, ("功率因数",)),
    _Kind("apparent_power_va", frozenset({"apparent"}), "s", (0.0, 500_000.0), {"va": 1.0, "kva": 1e3}),
    _Kind("reactive_power_var", frozenset({"reactive"}), "q", (-5e5, 5e5), {"var": 1.0, "kvar": 1e3}),
    _Kind(
        "energy_kwh",
        frozenset({"energy", "kwh", "wh", "consumption"}),
        "",
        (0.0, 2e6),
        {"kwh": 1.0, "wh": 0.001},
        ("电能", "电量"),
    ),
    _Kind(
        "power_w", frozenset({"power", "watt", "watts"}), "p", (-5e5, 5e5), {"w": 1.0, "kw": 1e3}, ("功率",)
    ),
    _Kind(
        "voltage_v",
        frozenset({"voltage", "volt", "volts"}),
        "u",
        (80.0, 480.0),
        {"v": 1.0, "mv": 0.001},
        ("电压",),
    ),
    _Kind("frequency_hz", frozenset({"frequency", "freq", "hz"}), "", (45.0, 65.0), {"hz": 1.0}, ("频率",)),
    _Kind("humidity_percent", frozenset({"humidity", "hum", "rh"}), "", (0.0, 100.0), {}, ("湿度",)),
    _Kind("arc_count", frozenset({"arc", "arcs", "afdd"}), "", (0.0, 1e6), {}, ("电弧",)),
    _Kind(
        "temperature_c",
        frozenset({"temp", "temperature", "tmp"}),
        "t",
        (-40.0, 150.0),
        {"degc": 1.0, "celsius": 1.0},
        ("温度",),
    ),
    _Kind("current_a", frozenset({"current", "curr", "amp", "amps"}), "i", (0.0, 630.0), {}, ("电流",)),
)  # in this order: "剩余电流" is no 电流, and an apparent power no power


def guess(key: str, value: float) -> Guess:
    """What the number `value` under `key` may be."""
    whole = _words(key)
    parts = [_words(part) for part in _STEP.split(key)]
    words = next((one for one in reversed(parts) if any(not word.isdigit() for word in one)), whole)
    kind, phase = _kind(words)
    if kind is None:
        kind, phase, words = (*_kind(whole), whole)
    phase = phase or next((_LINES[pair] for pair in pairwise(whole) if pair in _LINES), "")
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


def _words(text: str) -> list[str]:
    return _WORD.findall(_CAMEL.sub("_", text).lower())


def _kind(words: list[str]) -> tuple[_Kind | None, str]:
    """The kind that is named, and the phase behind it."""
    phase = _PHASES.get(words[-1], "") if len(words) > 1 else ""
    for kind in _KINDS:
        if kind.words & set(words) or any(name in word for word in words for name in kind.chinese):
            return kind, phase
    match words:
        case [*_, letter, number] if len(letter) == 1 and number.isdigit():
            phase = ""
        case [*_, last] if len(last) == 2 and last[1] in _PHASES:
            letter, phase = last[0], _PHASES[last[1]]
        case _:
            return None, ""
    return next(((kind, phase) for kind in _KINDS if kind.letter == letter), (None, ""))


def _of_meaning(kind: _Kind, words: list[str], phase: str) -> str:
    """Why the name alone does not say which quantity it is."""
    named = set(words)
    if kind.quantity == "temperature_c":
        if named & _OF_ITSELF:
            return "a temperature of the device itself is no point at all"
        if named & _AROUND:
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


def _of_size(kind: _Kind, in_unit: float, value: float, *, has_unit: bool) -> str:
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
