"""What a device model says of its DL/T 645 data items: under which identifier a value comes, where, how it is written.

Identifiers are written as in the standard's tables, DI3 first. Places are counted from 0 behind the identifier; numbers
come low byte first.
Source: DL/T 645-2007, 5.2.4 (at most 200 bytes of data a frame), 5.3.3 (an answer begins within 500 ms), annex A
(identifiers, BCD, the sign in the highest bit).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from flameblue.profiles import registers
from flameblue.profiles.registers import STATES

PROTOCOL = "dlt645"
TIMEOUT_MS = (
    2000.0  # at 2400 baud of 11 bits a character: 20 + 216 characters and 500 ms before them are 1.58 s
)
Form = Literal["bcd", "bin"]
Sign = Literal["none", "keep", "drop"]
ErrorWord = Literal["standard", "one_lower"]


@dataclass(frozen=True, slots=True)
class Item:
    """One number in a device's answers: `size` bytes from `at` on behind `identifier` (eight digits, upper case).

    `sign`: the highest bit of a BCD number is its sign, which counts ("keep") or is a direction only ("drop").
    `mask`: of a binary number these bits count, moved down by `shift`.
    """

    identifier: str
    at: int
    size: int
    form: Form
    sign: Sign = "none"
    mask: int | None = None
    shift: int = 0

    @property
    def end(self) -> int:
        return self.at + self.size


class StateItem(NamedTuple):
    """An item that says how a point is. `meanings`: by its number, the states that this means."""

    item: Item
    meanings: Mapping[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Metering:
    """How a model is asked. `error_word`: whether bit 1 means "no such data", as the standard has it, or bit 0.

    `pause_ms`: what it needs between two requests; `timeout_ms`: how long it may take to answer. The line's speed,
    parity and stop bits are as the maker delivers it, for people to set their converter.
    """

    error_word: ErrorWord = "standard"
    pause_ms: float = 0.0
    timeout_ms: float = TIMEOUT_MS
    baud: int | None = None
    parity: str = ""
    stop_bits: int | None = None


def metering(table: Mapping[str, Any]) -> Metering:
    """What the section `dlt645` says."""
    named = ("error_word", "pause_ms", "timeout_ms")
    return Metering(**{name: table[name] for name in named if name in table}, **table.get("line", {}))


def item(table: Mapping[str, Any]) -> Item:
    """The item that `table` describes: BCD from the first byte on, unless it says otherwise."""
    return Item(
        identifier=str(table["identifier"]).upper(),
        at=table.get("at", 0),
        size=table["bytes"],
        form=table.get("as", "bcd"),
        sign=table.get("sign", "none"),
        mask=table.get("mask"),
        shift=table.get("shift", 0),
    )


def state(table: Mapping[str, Any]) -> StateItem:
    """The state that `table` describes: the bits of one byte, unless it says how many."""
    return StateItem(item({"bytes": 1, **table, "as": "bin"}), registers.meanings(table))


def mistakes(profile: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a table that the schema allows: keys that don't belong together, items that can't be."""
    asked = profile["protocol"] == PROTOCOL
    if not asked and PROTOCOL in profile:
        yield f"{PROTOCOL}: a model with the protocol {profile['protocol']!r} is not asked by it"
    if asked and "payload" in profile:
        yield "payload: what is asked by DL/T 645 has none"
    if asked and profile.get("open_points"):
        yield "open_points: nobody could know which identifiers to ask for"
    for key, point in profile.get("points", {}).items():
        where = f"points/{key}"
        if asked:
            yield from _of_point(where, point)
        elif "item" in point:
            yield f"{where}/item: only a model with the protocol '{PROTOCOL}' has it"


def _of_point(where: str, point: Mapping[str, Any]) -> Iterator[str]:
    if "item" not in point:
        yield f"{where}: 'item' is missing"
        return
    yield from _of_item(f"{where}/item", point["item"], item(point["item"]))
    for place, table in enumerate(point.get("states", ())):
        found = state(table)
        here = f"{where}/states/{place}"
        yield from _of_item(here, table, found.item)
        if not found.meanings:
            yield f"{here}: it says no number that means {', '.join(STATES[:-1])} or {STATES[-1]}"
        yield from registers.out_of_reach(here, found.meanings, found.item.mask, found.item.shift)


def _of_item(where: str, table: Mapping[str, Any], one: Item) -> Iterator[str]:
    if not isinstance(table["identifier"], str):
        yield f"{where}/identifier: put it in quotes, or YAML takes it for a number"
    bits = 8 * one.size
    if one.form == "bcd" and (one.mask is not None or one.shift):
        yield f"{where}/mask: only a number as 'bin' has bits to pick"
    elif one.form == "bin" and one.sign != "none":
        yield f"{where}/sign: only a number as 'bcd' has a sign"
    elif one.mask is not None and one.mask >= 1 << bits:
        yield f"{where}/mask: {one.mask:#x} has more than the {bits} bits of its bytes"
    elif one.shift >= bits:
        yield f"{where}/shift: its bytes have {bits} bits"


def told(items: Iterable[Item]) -> list[str]:
    """Each item in a few characters."""
    return [
        f"{one.identifier}+{one.at} {one.size} {one.form}{'' if one.sign == 'none' else ' signed'}"
        for one in items
    ]
