"""A Modbus device of any of our models, without I/O: its registers out of a sample, and its answers to what is read.

Invariant: what the model's registers are read as (intake/asking/answers.py) is what the sample said, to the register's
own step. Of several points of one quantity and phase the first one measures; the others are inputs without a load.
Source: MODBUS Application Protocol Specification V1.1b3, 6.3, 6.4 (reads), 7 (exceptions).
"""

import struct
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from flameblue.intake.protocols import modbus_pdu
from flameblue.intake.protocols.layouts import Misfit
from flameblue.intake.protocols.modbus_pdu import EXCEPTION, Pdu
from flameblue.profiles.loader import Profile, ProfilePoint
from flameblue.profiles.registers import READ_MAX, TYPES, Register, StateRegister
from flameblue.simulation.levels import level_of
from flameblue.simulation.measuring import PHASES, Sample
from flameblue.simulation.world import PROBE_OPEN_C

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, TARGET_SILENT = 1, 2, 3, 11
READS = (3, 4)
FREQUENCY_HZ = 50.0
ADDRESSES = 65_536

Registers = Mapping[tuple[int, int], int]  # function and address: the 16 bits that stand there


class Answer(NamedTuple):
    """The unit that is sent, and the keys of the points that are wholly in it."""

    pdu: bytes
    keys: tuple[str, ...]


def measuring(profile: Profile) -> dict[str, ProfilePoint]:
    """The points that a sample has something for: the first of each quantity and phase."""
    found: dict[tuple[str, str], ProfilePoint] = {}
    for point in profile.points.values():
        if point.register is not None:
            found.setdefault((point.quantity.name, point.phase), point)
    return {point.key: point for point in found.values()}


def values_of(profile: Profile, sample: Sample) -> dict[str, float]:
    """By the model's keys, in the units of their quantities."""
    measured = measuring(profile)
    return {
        key: _measured(point, sample["v"]) if key in measured else 0.0
        for key, point in profile.points.items()
        if point.register is not None
    }


def registers_of(profile: Profile, values: Mapping[str, float]) -> Registers:
    """What stands in the device's registers."""
    image: dict[tuple[int, int], int] = {}
    for key, point in profile.points.items():
        if point.register is None:
            continue
        _write(image, point.register, _raw(point, values[key]))
        level = level_of(point.quantity.name, values[key])
        for state in point.states:
            _write(image, state.register, _meaning(state, level))
    return image


def as_read(point: ProfilePoint, value: float) -> float | None:
    """`value` as whoever reads the register understands it; None: it says that there is no sensor."""
    raw = _raw(point, value)
    return None if raw in point.open_at else raw * point.scale + point.offset


def answer(profile: Profile, registers: Registers, pdu: bytes) -> Answer:
    """What the device says to `pdu`; an exception where it can't be read so."""
    try:
        asked = modbus_pdu.decode(pdu, answer=False)
    except Misfit:
        return Answer(refusal(pdu[0], ILLEGAL_FUNCTION), ())
    if asked.function not in READS:
        return Answer(refusal(asked.function, ILLEGAL_FUNCTION), ())
    start, count = asked.fields["starting_address"], asked.fields["quantity"]
    most = READ_MAX if profile.modbus is None else profile.modbus.registers_max
    if not 1 <= count <= most:
        return Answer(refusal(asked.function, ILLEGAL_VALUE), ())
    there = [address for function, address in registers if function == asked.function]
    if not there or start < min(there) or start + count - 1 > max(there):
        return Answer(refusal(asked.function, ILLEGAL_ADDRESS), ())
    words = tuple(registers.get((asked.function, start + place), 0) for place in range(count))
    said = Pdu(asked.function, True, {"byte_count": 2 * count, "register_values": words})
    return Answer(
        modbus_pdu.encode(said), tuple(_within(profile, asked.function, range(start, start + count)))
    )


def refusal(function: int, code: int) -> bytes:
    """An exception."""
    return bytes(((function | EXCEPTION) & 0xFF, code))


def _within(profile: Profile, function: int, span: range) -> Iterable[str]:
    for key in measuring(profile):
        one = profile.points[key].register
        assert one is not None
        if one.function == function and one.address in span and one.address + one.words - 1 in span:
            yield key


def _measured(point: ProfilePoint, v: Mapping[str, Any]) -> float:
    """What a circuit has of the quantity; of all phases together where the point has none."""
    own = point.phase.lower()
    phases = [own] if own in list(PHASES) else list(PHASES)
    match point.quantity.name:
        case "residual_current_ma":
            return float(v["ir"])
        case "temperature_c" if point.phase == "N":
            return float(v["amb"])
        case "ambient_temperature_c":
            return float(v["amb"])
        case "temperature_c":
            return max(float(v[f"t{phase}"]) for phase in phases)
        case "current_a":
            return max(float(v[f"i{phase}"]) for phase in phases)
        case "voltage_v":
            return max(float(v[f"u{phase}"]) for phase in phases)
        case "power_w":
            return sum(float(v[f"u{phase}"]) * float(v[f"i{phase}"]) for phase in phases)
        case "power_factor":
            return 1.0
        case "frequency_hz":
            return FREQUENCY_HZ if any(v[f"u{phase}"] for phase in phases) else 0.0
    return 0.0


def _raw(point: ProfilePoint, value: float) -> int | float:
    """The number that is written for `value`, within what the register can hold."""
    assert point.register is not None
    if value == PROBE_OPEN_C and point.quantity.name == "temperature_c" and point.open_at:
        return point.open_at[0]
    raw = (value - point.offset) / point.scale
    if point.register.type == "f32":
        return float(struct.unpack(">f", struct.pack(">f", raw))[0])
    bits = 16 * point.register.words
    least, most = (0, (1 << bits) - 1)
    if point.register.type.startswith("i"):
        least, most = -(1 << bits - 1), (1 << bits - 1) - 1
    return min(max(round(raw), least), most)


def _meaning(state: StateRegister, level: str) -> int:
    """A number that says `level` (or nothing, where it has no number for it)."""
    for number, words in state.meanings.items():
        if level in words:
            return number
    most = ADDRESSES - 1 if state.register.mask is None else state.register.mask >> state.register.shift
    return next(number for number in (0, most, 1, 2) if number not in state.meanings)


def _write(image: dict[tuple[int, int], int], register: Register, number: int | float) -> None:
    """Beside what stands there already, where the register picks some bits."""
    if register.mask is not None or register.shift:
        number = int(number) << register.shift
    whole = int(number) if register.type != "f32" else number
    data = struct.pack(TYPES[register.type], whole)
    words = [int.from_bytes(data[at : at + 2], register.byte_order) for at in range(0, len(data), 2)]
    if register.word_order == "little":
        words.reverse()
    for place, word in enumerate(words):
        where = (register.function, register.address + place)
        image[where] = image.get(where, 0) | word
