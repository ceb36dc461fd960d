"""What a key that nobody has described is called: the quantity and the phase that its name says.

Promises: a name that says one thing only is read alike by all who ask. `hinted` takes what merely hints at a quantity
as well (single letters, Chinese in Latin letters), for a form in which a person looks at each. No value is looked at
here, and nothing of it is used for a reading.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

_WORD = re.compile(r"[a-z]+|\d+|[一-鿿]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_STEP = re.compile(r"[./:]")
_PHASES = {"a": "A", "b": "B", "c": "C", "n": "N"}
_LINES = {("l", "1"): "A", ("l", "2"): "B", ("l", "3"): "C"}
_OF_A_CONDUCTOR = frozenset(
    "iut"
)  # what a neutral has too: no power is counted in it, and "sn" is a serial number
_NONE = frozenset[str]()


@dataclass(frozen=True)
class Kind:
    """`letter`: what it is called with a phase or number behind it, such as `ua` or `t1`.

    `usual`: in its unit, what is likely to be read. `units`: words that name a unit, and what makes our own of it.
    `hints`: words at an end of a name that may mean it.
    """

    quantity: str
    words: frozenset[str]
    letter: str
    usual: tuple[float, float]
    units: Mapping[str, float]
    chinese: tuple[str, ...] = ()
    hints: frozenset[str] = _NONE


class Named(NamedTuple):
    """What a name says. `kind` None: nothing. `words`: of the step that said it; `whole`: of all steps."""

    kind: Kind | None
    phase: str
    words: list[str]
    whole: list[str]


KINDS = (
    Kind(
        "residual_current_ma",
        frozenset({"ir", "leak", "leakage", "residual", "ileak", "rcm", "rcd"}),
        "",
        (0.0, 3_000.0),
        {"ma": 1.0},
        ("漏电", "剩余电流"),
        frozenset({"il", "ld", "sydl"}),
    ),
    Kind("power_factor", frozenset({"pf", "cosphi", "factor"}), "", (-1.0, 1.0), {}, ("功率因数",)),
    Kind("apparent_power_va", frozenset({"apparent"}), "s", (0.0, 500_000.0), {"va": 1.0, "kva": 1e3}),
    Kind("reactive_power_var", frozenset({"reactive"}), "q", (-5e5, 5e5), {"var": 1.0, "kvar": 1e3}),
    Kind(
        "energy_kwh",
        frozenset({"energy", "kwh", "wh", "consumption"}),
        "",
        (0.0, 2e6),
        {"kwh": 1.0, "wh": 0.001},
        ("电能", "电量"),
        frozenset({"ep"}),
    ),
    Kind(
        "power_w",
        frozenset({"power", "watt", "watts"}),
        "p",
        (-5e5, 5e5),
        {"w": 1.0, "kw": 1e3},
        ("功率",),
        frozenset({"p", "apower"}),
    ),
    Kind(
        "voltage_v",
        frozenset({"voltage", "volt", "volts"}),
        "u",
        (80.0, 480.0),
        {"v": 1.0, "mv": 0.001},
        ("电压",),
        frozenset({"u", "v", "dy"}),
    ),
    Kind("frequency_hz", frozenset({"frequency", "freq", "hz"}), "", (45.0, 65.0), {"hz": 1.0}, ("频率",)),
    Kind("humidity_percent", frozenset({"humidity", "hum", "rh"}), "", (0.0, 100.0), {}, ("湿度",)),
    Kind("arc_count", frozenset({"arc", "arcs", "afdd"}), "", (0.0, 1e6), {}, ("电弧",)),
    Kind(
        "temperature_c",
        frozenset({"temp", "temperature", "tmp"}),
        "t",
        (-40.0, 150.0),
        {"degc": 1.0, "celsius": 1.0},
        ("温度",),
        frozenset({"t", "wd", "wendu", "conductor"}),
    ),
    Kind(
        "current_a",
        frozenset({"current", "curr", "amp", "amps"}),
        "i",
        (0.0, 630.0),
        {},
        ("电流",),
        frozenset({"i", "cur", "dl"}),
    ),
    Kind(
        "ambient_temperature_c",
        _NONE,
        "",
        (-50.0, 60.0),
        {},
        hints=frozenset({"amb", "ambient", "env", "room"}),
    ),
)  # in this order: "剩余电流" is no 电流, and an apparent power no power


def read(key: str, *, hinted: bool = False) -> Named:
    """What the name `key` says; its last step first, since those before it say where, not what."""
    whole = _words(key)
    steps = [_words(step) for step in _STEP.split(key)]
    words = next((one for one in reversed(steps) if any(not word.isdigit() for word in one)), whole)
    kind, phase = _kind(words, hinted=hinted)
    if kind is None:
        kind, phase, words = (*_kind(whole, hinted=hinted), whole)
    phase = phase or next((_LINES[pair] for pair in pairwise(whole) if pair in _LINES), "")
    return Named(kind, phase, words, whole)


def _words(text: str) -> list[str]:
    return _WORD.findall(_CAMEL.sub("_", text).lower())


def _kind(words: list[str], *, hinted: bool) -> tuple[Kind | None, str]:
    """The kind that is named, and the phase behind it."""
    phase = _PHASES.get(words[-1], "") if len(words) > 1 else ""
    for kind in KINDS:
        if kind.words & set(words) or any(name in word for word in words for name in kind.chinese):
            return kind, phase
    is_numbered = hinted and len(words) > 1 and len(words[-2]) > 1 and words[-1].isdigit()
    letter, of_letter = _letter(words[:-1] if is_numbered else words)
    for kind in KINDS:
        if letter and (kind.letter == letter or (hinted and letter in kind.hints)):
            return kind, of_letter
    named = [word for word in words if not word.isdigit()]
    ends = {*named[:1], *(named[:-1] if phase else named)[-1:]} if hinted else set()
    return next(((kind, phase) for kind in KINDS if kind.hints & ends), (None, ""))


def _letter(words: list[str]) -> tuple[str, str]:
    """A letter with a number or a phase behind it, and that phase; "": it ends in neither."""
    match words:
        case [*_, letter, number] if len(letter) == 1 and number.isdigit():
            return letter, ""
        case [*_, last] if len(last) == 2 and last[1] in _PHASES:
            is_one = last[1] != "n" or last[0] in _OF_A_CONDUCTOR
            return (last[0], _PHASES[last[1]]) if is_one else ("", "")
    return "", ""
