"""A Modbus unit told to people, whatever frame it came in."""

from typing import Any

from flameblue.intake.protocols.modbus_pdu import EXCEPTION, EXCEPTIONS, Pdu, fault, name, possible, readings

SWITCH = 5
SWITCHED = {0: "off", 0xFF00: "on"}  # MODBUS Application Protocol V1.1b3, 6.5


def unit(pdu: bytes, at: int) -> dict[str, Any]:
    """The function and what the unit may be; `at` is where its function code stands. "error": it is neither a
    request nor an answer, or the standard does not allow what it says."""
    told: dict[str, Any] = {"function": {"code": pdu[0], "name": name(pdu[0])}, "data": pdu[1:].hex()}
    fit, misfits = readings(pdu)
    told["readings"] = [_reading(one) for one in fit]
    faults = [reading.get("fault") for reading in told["readings"]]
    if not fit and not possible(pdu):
        furthest = max(misfits, key=lambda misfit: misfit.at)
        whys = dict.fromkeys(misfit.why for misfit in misfits)
        told["error"] = {"at": at + furthest.at, "why": "; ".join(whys)}
    elif fit and all(faults):
        told["error"] = {"at": at + 1, "why": "; ".join(dict.fromkeys(str(said) for said in faults))}
    return told


def _reading(pdu: Pdu) -> dict[str, Any]:
    told: dict[str, Any] = {"as": "answer" if pdu.answer else "request"}
    told |= {name: _plain(value) for name, value in pdu.fields.items()}
    if pdu.function & EXCEPTION:
        told["exception"] = EXCEPTIONS.get(pdu.fields["exception_code"], "")
    if pdu.function == SWITCH:
        told["output"] = SWITCHED.get(pdu.fields["output_value"], "")
    said = fault(pdu)
    return told | {"fault": said} if said else told


def _plain(value: Any) -> Any:
    """`value` as JSON has it; bytes as hexadecimal digits."""
    if isinstance(value, bytes):
        return value.hex()
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
