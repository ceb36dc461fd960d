"""What a device model says of its Modbus registers: where a value stands, how it is written, what is read at once.

Addresses are those on the wire, from 0: a manual's "40001" or "register 1" is address 0.
Source: MODBUS Application Protocol Specification V1.1b3, 4.4 (addresses), 6.3 and 6.4 (at most 125 registers a read).
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

TYPES = {
    "u16": ">H",
    "i16": ">h",
    "u32": ">I",
    "i32": ">i",
    "u64": ">Q",
    "i64": ">q",
    "f32": ">f",
}  # for struct
WORDS = {name: struct.calcsize(form) // 2 for name, form in TYPES.items()}
UNSIGNED = ("u16", "u32", "u64")
STATES = ("warning", "alarm", "fault", "shielded", "test")  # as decode knows them
ASKED = ("modbus", "dlt645")  # protocols whose devices say nothing unasked
Order = Literal["big", "little"]
ADDRESSES = 65536
READ_MAX = 125


@dataclass(frozen=True, slots=True)
class Register:
    """One number on a device: `words` registers from `address` on, as function 3 or 4 reads them.

    `word_order` "little": the low word first. `byte_order` "little": the low byte of each word first. `mask`: of the
    number these bits count, moved down by `shift`.
    """

    function: int
    address: int
    type: str
    word_order: Order
    byte_order: Order
    mask: int | None
    shift: int

    @property
    def words(self) -> int:
        return WORDS[self.type]


class StateRegister(NamedTuple):
    """A register that says how a point is. `meanings`: by its number, the states that this means."""

    register: Register
    meanings: Mapping[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Asking:
    """How a model may be asked. `gap_max`: so many registers that nobody wants may be read along between two others.

    `pause_ms`: what it needs between two requests; `timeout_ms`: how long it may take to answer. The line's speed,
    parity and stop bits are as the maker delivers it, for people to set their converter.
    """

    registers_max: int = READ_MAX
    gap_max: int = 0
    pause_ms: float = 0.0
    timeout_ms: float = 1000.0
    unit: int | None = None
    baud: int | None = None
    parity: str = ""
    stop_bits: int | None = None


def asking(table: Mapping[str, Any]) -> Asking:
    """What the section `modbus` says."""
    line = table.get("line", {})
    named = ("registers_max", "gap_max", "pause_ms", "timeout_ms", "unit")
    return Asking(**{name: table[name] for name in named if name in table}, **line)


def register(table: Mapping[str, Any], usual: Mapping[str, Any]) -> Register:
    """The register that `table` describes; what it leaves out is as in `usual`, the section `modbus`."""

    def said(name: str, otherwise: Any) -> Any:
        return table.get(name, usual.get(name, otherwise))

    return Register(
        function=said("function", 3),
        address=table["address"],
        type=said("type", "u16"),
        word_order=said("word_order", "big"),
        byte_order=said("byte_order", "big"),
        mask=table.get("mask"),
        shift=table.get("shift", 0),
    )


def state(table: Mapping[str, Any], usual: Mapping[str, Any]) -> StateRegister:
    """The state that `table` describes; its type is u16 unless it says another."""
    return StateRegister(register({"type": "u16", **table}, usual), meanings(table))


def meanings(table: Mapping[str, Any]) -> dict[int, tuple[str, ...]]:
    """By number, the states that `table` says it means."""
    found: dict[int, tuple[str, ...]] = {}
    for word in STATES:
        for number in table.get(word, ()):
            found[number] = (*found.get(number, ()), word)
    return found


def mistakes(profile: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a table that the schema allows: keys that don't belong together, registers that can't be."""
    asked = profile["protocol"] == "modbus"
    if not asked and "modbus" in profile:
        yield f"modbus: a model with the protocol {profile['protocol']!r} is not asked"
    if asked and "payload" in profile:
        yield "payload: what is asked over Modbus has none"
    if asked and profile.get("open_points"):
        yield "open_points: nobody could know which registers to ask for"
    for key, point in profile.get("points", {}).items():
        where = f"points/{key}"
        if asked:
            yield from _of_point(where, point, profile["modbus"])
        else:
            yield from (
                f"{where}/{name}: only a model with the protocol 'modbus' has it"
                for name in ("register", "states")
                if name in point and (name == "register" or profile["protocol"] not in ASKED)
            )


def _of_point(where: str, point: Mapping[str, Any], usual: Mapping[str, Any]) -> Iterator[str]:
    if "register" not in point:
        yield f"{where}: 'register' is missing"
        return
    yield from _of_register(f"{where}/register", register(point["register"], usual), usual)
    for place, table in enumerate(point.get("states", ())):
        found = state(table, usual)
        here = f"{where}/states/{place}"
        yield from _of_register(here, found.register, usual)
        if not found.meanings:
            yield f"{here}: it says no number that means {', '.join(STATES[:-1])} or {STATES[-1]}"
        if found.register.type == "f32":
            yield f"{here}/type: a state is a whole number, not f32"
        if found.register.type in UNSIGNED:
            yield from out_of_reach(here, found.meanings, found.register.mask, found.register.shift)


def _of_register(where: str, one: Register, usual: Mapping[str, Any]) -> Iterator[str]:
    if one.address + one.words > ADDRESSES:
        yield f"{where}/address: {one.type} takes {one.words} registers and would end beyond 0xffff"
    if one.words > usual.get("registers_max", READ_MAX):
        yield f"{where}/type: {one.type} takes {one.words} registers, more than registers_max"
    bits = 16 * one.words
    if one.type not in UNSIGNED and (one.mask is not None or one.shift):
        yield f"{where}/mask: only {', '.join(UNSIGNED)} have bits to pick, not {one.type}"
    elif one.mask is not None and one.mask >= 1 << bits:
        yield f"{where}/mask: {one.mask:#x} has more than the {bits} bits of {one.type}"
    elif one.shift >= bits:
        yield f"{where}/shift: {one.type} has {bits} bits"


def out_of_reach(where: str, numbers: Iterable[int], mask: int | None, shift: int) -> Iterator[str]:
    """Numbers that the mask and the shift can never leave: a slip that would keep an alarm from being heard."""
    if mask is None:
        return
    for number in numbers:
        if number << shift & ~mask:
            yield f"{where}: {number} can never be read with the mask {mask:#x} and the shift {shift}"


def told(registers: Iterable[Register]) -> list[str]:
    """Each register in a few characters."""
    return [f"{one.function}:{one.address:#06x} {one.type}" for one in registers]
