"""A meter or a residual current breaker of DL/T 645-2007, without I/O: its answers to what is read, out of a sample.

It knows voltages, currents, powers, energy (0), frequency, its address and, as a breaker, residual current and status;
to all others it says, as the standard has it, that it has no such data. What would change it is refused.
Source: DL/T 645-2007, 5.2 (frame), 7 (reading), annex A; the breaker's identifiers: identifiers.py.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flameblue.intake.protocols.dlt645 import codec, controls, identifiers, values
from flameblue.intake.protocols.dlt645.identifiers import Variant
from flameblue.intake.protocols.dlt645.values import Item
from flameblue.intake.protocols.layouts import Misfit
from flameblue.simulation.levels import ALARM, level_of
from flameblue.simulation.measuring import Sample

ANYONE = "aa" * codec.ADDRESS_BYTES  # 7.1: whoever is alone on the line
READ_ADDRESS = 0x13
ENERGY = "kWh"
NO_SUCH_DATA = 1 << 1
REFUSED = 1 << 2
TOO_MUCH_LEAKAGE = identifiers.ALARM | 2  # identifiers.CAUSES; it warns and does not open
RATED_RESIDUAL_MA = 300  # as it is set, from 9.2.3 of GB 50116-2013
KEYS = {"residual current": "ir"} | {
    f"{name} {phase}": f"{letter}{phase.lower()}"
    for name, letter in (("voltage", "u"), ("current", "i"))
    for phase in "ABC"
}
NOTHING: Mapping[str, float] = {}
KNOWN = ("voltage", "current", "active power", "power factor", "residual current", "frequency", "phase")


class Meter(NamedTuple):
    """Its twelve digits, and whether it is a breaker, which writes its currents in other steps."""

    address: str
    variant: Variant


class Answer(NamedTuple):
    """The frame that is sent, and what it tells of a sample, by the keys of profile dlt645-residual-breaker."""

    frame: bytes
    values: Mapping[str, float] = NOTHING


def answer(meter: Meter, sample: Sample, frame: codec.Frame) -> Answer | None:
    """What `meter` says; None where the frame is not for it, or is an answer itself."""
    address = meter.address
    asked = controls.control(frame.control)
    if asked.answer or frame.address not in (address, ANYONE):
        return None
    if frame.control == READ_ADDRESS:
        code = READ_ADDRESS | controls.ANSWER
        return _said(address, code, controls.encode(code, {"address": address}))
    if frame.control != controls.READ:
        return _refused(address, frame.control, REFUSED)
    try:
        name = controls.decode(frame.control, frame.data)["data_identifier"]
    except Misfit:
        return _refused(address, frame.control, NO_SUCH_DATA)
    found = identifiers.find(name, meter.variant)
    if found is None or not all(_is_known(item) for item in found.items):
        return _refused(address, frame.control, NO_SUCH_DATA)
    told = {item: value_of(item, sample["v"], address) for item in found.items}
    data = b"".join(values.write(item, value) for item, value in told.items())
    fields = {"data_identifier": name, "data": data}
    code = controls.READ | controls.ANSWER
    return _said(address, code, controls.encode(code, fields))._replace(
        values={
            KEYS[item.name]: round(value, item.decimals) for item, value in told.items() if item.name in KEYS
        }
    )


def value_of(item: Item, v: Mapping[str, Any], address: str) -> Any:
    """What the meter has of `item`, in the item's own unit."""
    name, _, phase = item.name.rpartition(" ")
    at = phase.lower() if phase in ("A", "B", "C") else ""
    if item.name == "residual current":
        return min(round(v["ir"]), 9_999)
    if item.name == "rated residual current":
        return RATED_RESIDUAL_MA
    if item is identifiers.PHASE:
        return 1
    if item is identifiers.STATUS_1:
        return TOO_MUCH_LEAKAGE if level_of("residual_current_ma", v["ir"]) == ALARM else 0
    if item is identifiers.STATUS_2:
        return 0
    if item.name == "address":
        return address
    if item.unit == ENERGY:
        return 0.0  # the world counts none
    if item.name == "frequency":
        return 50.0 if v["ua"] else 0.0
    kinds = {"voltage": v.get(f"u{at}"), "current": v.get(f"i{at}")}
    if at and name in kinds:
        return kinds[name]
    phases = [at] if at else ["a", "b", "c"]
    kilowatts = sum(v[f"u{one}"] * v[f"i{one}"] for one in phases) / 1_000
    return 1.0 if name == "power factor" else kilowatts


def _is_known(item: Item) -> bool:
    others = (identifiers.STATUS_1, identifiers.STATUS_2, identifiers.PHASE)
    name = item.name.removesuffix(" total")
    name = name[:-2] if name[-2:] in (" A", " B", " C") else name
    return (
        item in others
        or item.unit == ENERGY
        or name in KNOWN
        or item.name in ("address", "rated residual current")
    )


def _said(address: str, control: int, data: bytes) -> Answer:
    return Answer(codec.encode(address, control, data, codec.PREAMBLE_MAX))


def _refused(address: str, control: int, error: int) -> Answer:
    return _said(address, control | controls.ANSWER | controls.ABNORMAL, bytes((error,)))
