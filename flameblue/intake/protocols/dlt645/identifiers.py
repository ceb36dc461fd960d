"""The data identifiers of DL/T 645-2007 that meters and residual-current breakers answer: a table.

A breaker of the villages has its own identifiers, and for one of the meter's another scale: its currents are in 0.1 A,
the meter's in 0.001 A, under the same identifier. Which of the two a device is its profile says; nothing here guesses.
Sources: METER is DL/T 645-2007, annex A (tables A.1, A.2, A.4), seen in three or more public implementations. BREAKER
was read in the firmware of one breaker; a sibling's firmware, a tester and a decoder agree in the parts they cover.
"""

from enum import StrEnum
from typing import Any, NamedTuple

from flameblue.intake.protocols.dlt645 import values
from flameblue.intake.protocols.dlt645.values import Item
from flameblue.intake.protocols.layouts import Misfit

METER_SOURCE = "DL/T 645-2007, annex A"
BREAKER_SOURCE = "firmware of a residual-current breaker"
UNCONFIRMED = "asked by one public implementation; meaning not confirmed"
ANY = "nn"  # in an identifier: any byte
BLOCK = "ff"
REST = -1  # of an item: what is left


class Variant(StrEnum):
    """Whose identifiers they are; the caller says which."""

    METER = "meter"
    BREAKER = "breaker"


class Identifier(NamedTuple):
    """What an identifier means. A block may end after any of its items: a single-phase meter has one phase."""

    name: str
    items: tuple[Item, ...]
    source: str
    block: bool = False


class Value(NamedTuple):
    """One item as a device sent it; `digits` are its raw digits, `why` says why there is no value."""

    item: Item
    digits: str
    value: Any
    why: str = ""


def find(identifier: str, variant: Variant) -> Identifier | None:
    """What `identifier` (eight digits, DI3 first) means to a device of this variant."""
    wanted = identifier.lower()
    table = TABLES[variant]
    return table.get(wanted) or table.get(wanted[:6] + ANY)


def read(identifier: Identifier, data: bytes) -> list[Value]:
    """The values of `identifier`'s items. Raises Misfit where `data` has not their length."""
    found: list[Value] = []
    at = 0
    for item in identifier.items:
        if identifier.block and found and at == len(data):
            break
        size = len(data) - at if item.size == REST else item.size
        if at + size > len(data):
            raise Misfit(at, f"{item.name} has {size} bytes, and {len(data) - at} are left")
        found.append(_value(item, data[at : at + size]))
        at += size
    if at < len(data):
        raise Misfit(at, f"{identifier.name} has {at} bytes, and {len(data)} are here")
    return found


def _value(item: Item, data: bytes) -> Value:
    raw = data[::-1].hex()
    try:
        value = values.read(item, data)
    except ValueError as error:
        return Value(item, raw, None, str(error))
    return Value(item, raw, value, "all ones: the device has no value" if value is None else "")


def _one(name: str, source: str, size: int, *item: Any) -> Identifier:
    return Identifier(name, (Item(name, size, *item),), source)


def _phases(prefix: str, names: dict[str, str], shape: Item, source: str) -> dict[str, Identifier]:
    """The identifiers `prefix` + each of `names` + 00, and the block of all of them."""
    items = {part: shape._replace(name=f"{shape.name} {said}") for part, said in names.items()}
    table = {f"{prefix}{part}00": Identifier(item.name, (item,), source) for part, item in items.items()}
    table[f"{prefix}{BLOCK}00"] = Identifier(
        f"{shape.name}, block", tuple(items.values()), source, block=True
    )
    return table


PHASES = {"01": "A", "02": "B", "03": "C"}
TOTAL_AND_PHASES = {"00": "total", **PHASES}
ENERGY = (4, "bcd", 2, "kWh")
CLOCK = Item("time (YYMMDDhhmmss)", 6, "time")

METER: dict[str, Identifier] = {
    "00000000": _one("total active energy", METER_SOURCE, 4, "bcd", 2, "kWh", True),
    "00010000": _one("forward active energy", METER_SOURCE, *ENERGY),
    "00020000": _one("reverse active energy", METER_SOURCE, *ENERGY),
    **_phases("0201", PHASES, Item("voltage", 2, "bcd", 1, "V"), METER_SOURCE),
    **_phases("0202", PHASES, Item("current", 3, "bcd", 3, "A", True), METER_SOURCE),
    **_phases("0203", TOTAL_AND_PHASES, Item("active power", 3, "bcd", 4, "kW", True), METER_SOURCE),
    **_phases("0204", TOTAL_AND_PHASES, Item("reactive power", 3, "bcd", 4, "kvar", True), METER_SOURCE),
    **_phases("0205", TOTAL_AND_PHASES, Item("apparent power", 3, "bcd", 4, "kVA", True), METER_SOURCE),
    **_phases("0206", TOTAL_AND_PHASES, Item("power factor", 2, "bcd", 3, "", True), METER_SOURCE),
    **_phases("0207", PHASES, Item("phase angle", 2, "bcd", 1, "°"), METER_SOURCE),
    **_phases("0208", PHASES, Item("voltage distortion", 2, "bcd", 2, "%"), METER_SOURCE),
    **_phases("0209", PHASES, Item("current distortion", 2, "bcd", 2, "%"), METER_SOURCE),
    "02800001": _one("neutral current", METER_SOURCE, 3, "bcd", 3, "A", True),
    "02800002": _one("frequency", METER_SOURCE, 2, "bcd", 2, "Hz"),
    "02800003": _one("one-minute average active power", METER_SOURCE, 3, "bcd", 4, "kW", True),
    "02800007": _one("temperature inside the meter", METER_SOURCE, 2, "bcd", 1, "℃", True),
    "028022ff": _one("block 028022FF", UNCONFIRMED, REST, "raw"),
    "04000101": _one("date and weekday (YYMMDDWW)", METER_SOURCE, 4, "time"),
    "04000102": _one("time (hhmmss)", METER_SOURCE, 3, "time"),
    "04000401": _one("address", METER_SOURCE, 6, "digits"),
}

PHASE = Item("phase", 1, "bin")
RESIDUAL = Item("residual current", 2, "bcd", 0, "mA")
RATED = Item("rated residual current", 2, "bcd", 0, "mA")
NON_DRIVING = Item("limit non-driving time", 2, "bcd", 0, "ms")
VOLTAGE = Item("voltage", 2, "bcd", 1, "V")
CURRENT = Item("current", 3, "bcd", 1, "A")
COUNTERS = (
    ("00", "all trips"),
    ("01", "lock-out trips"),
    ("02", "residual trips"),
    ("03", "overload trips"),
    ("04", "over-voltage trips"),
    ("05", "manual trips"),
    ("06", "neutral-loss trips"),
    ("07", "test trips"),
    ("08", "short-delay trips"),
    ("09", "instantaneous trips"),
    ("0a", "under-voltage trips"),
    ("0b", "phase-loss trips"),
)
EXTREMES = {
    "00": (PHASE, RESIDUAL, CLOCK),
    **{
        f"0{number}": (VOLTAGE._replace(name=f"voltage {phase}"), CLOCK)
        for number, phase in ((1, "A"), (2, "B"), (3, "C"))
    },
    **{
        f"0{number}": (CURRENT._replace(name=f"current {phase}"), CLOCK)
        for number, phase in ((4, "A"), (5, "B"), (6, "C"))
    },
}
STATUS_1 = Item("status word 1", 1, "bin")
STATUS_2 = Item("status word 2", 1, "bin")
NAMEPLATE = {  # 04 00 04 nn: their lengths were not read
    "04": "rated voltage",
    "05": "rated current",
    "06": "frame current",
    "0b": "model",
    "0d": "protocol version",
    "0e": "factory code",
    "11": "rated residual currents, list",
    "12": "non-driving times, list",
    "15": "A or AC type",
    "16": "phases",
}
SETTINGS = {  # their scales were not read: digits only
    "04001101": ("residual alarm setting", 2),
    "04001301": ("over-voltage setting", 2),
    "04001302": ("under-voltage setting", 2),
    "04001303": ("phase-loss voltage setting", 2),
    "04001401": ("rated current setting", 3),
    "04001402": ("over-current alarm setting", 3),
    "060101nn": ("time before opening", 2),
    "060102nn": ("time before closing", 2),
    "060103nn": ("time of a simulated trip", 2),
}


def _breaker(name: str, *items: Item) -> Identifier:
    return Identifier(name, items, BREAKER_SOURCE)


def _raw(name: str, size: int = REST) -> Identifier:
    return _one(name, BREAKER_SOURCE, size, "raw")


BREAKER: dict[str, Identifier] = {
    **METER,
    **_phases("0202", PHASES, CURRENT, BREAKER_SOURCE),
    "02900000": _breaker("phase of the largest residual current", PHASE),
    "02900100": _breaker("residual current", RESIDUAL),
    "0290ff00": _breaker("residual current and its phase", PHASE, RESIDUAL),
    "02910100": _breaker("rated residual current", RATED),
    "02910200": _breaker("limit non-driving time", NON_DRIVING),
    "0291ff00": _breaker("rated residual current and non-driving time", RATED, NON_DRIVING),
    **{f"038100{part}": _breaker(name, Item(name, 2)) for part, name in COUNTERS},
    "038100ff": Identifier(
        "trip counters", tuple(Item(name, 2) for _, name in COUNTERS), BREAKER_SOURCE, block=True
    ),
    "03810101": _breaker("times that protection was off", Item("times that protection was off", 2)),
    "03810201": _breaker("running time", Item("running time, unit not stated", 4)),
    **{f"0382{part}nn": _breaker("highest of a day", *items) for part, items in EXTREMES.items()},
    **{f"0383{part}nn": _breaker("lowest of a day", *items) for part, items in EXTREMES.items()},
    "038800nn": _breaker(
        "residual current over its limit",
        PHASE,
        RESIDUAL,
        CLOCK._replace(name="start"),
        CLOCK._replace(name="end"),
    ),
    "038d00nn": _raw("self-test record", 26),
    "038e00nn": _raw("trip record", 25),
    "038f00nn": _raw("residual alarm record", 12),
    "039000nn": _raw("residual record", 9),
    **{f"040004{part}": _raw(name) for part, name in NAMEPLATE.items()},
    "04000501": _breaker("status word 1", STATUS_1),
    "04000502": _breaker("status word 2", STATUS_2),
    "040005ff": _breaker("status words", STATUS_1, STATUS_2),
    "04000703": _breaker("baud code", Item("baud code", 1, "bin")),
    "040010nn": _raw("control word"),
    **{part: _breaker(name, Item(name, size, "digits")) for part, (name, size) in SETTINGS.items()},
}
TABLES = {Variant.METER: METER, Variant.BREAKER: BREAKER}
EDITION_1997: dict[str, Identifier] = {  # two bytes, DI1 first; seen in a public article
    "b611": _one("voltage A", "DL/T 645-1997", 2, "bcd", 0, "V"),
}

ALARM, POSITION, CAUSE = 0x80, 0x60, 0x1F  # of status word 1
POSITIONS = {0x00: "closed", 0x40: "open, waiting to close again", 0x60: "open and locked"}
CAUSES = {
    0: "normal",
    2: "residual current",
    4: "neutral loss",
    5: "overload",
    6: "short circuit",
    7: "phase loss",
    8: "under-voltage",
    9: "over-voltage",
    10: "earth",
    11: "power off",
    12: "timed test",
    13: "remote",
    14: "button test",
    15: "lock-out",
    16: "current transformer fault",
    17: "closing failed",
    18: "manual",
    19: "settings changed",
}  # two independent sources
BAUD = {0x04: 1200, 0x08: 2400, 0x10: 4800, 0x20: 9600}


def meaning(item: Item, value: Any) -> dict[str, Any]:
    """What the number of a word means; empty for a quantity."""
    if item is STATUS_1:
        position = POSITIONS.get(value & POSITION, "not defined")
        return {
            "alarm": bool(value & ALARM),
            "position": position,
            "cause": CAUSES.get(value & CAUSE, "not defined"),
        }
    if item.name == "baud code":
        return {"baud": BAUD.get(value, "not defined")}
    return {}
