"""Captured bytes of a Modbus RTU line told to people: each frame, and each run of bytes that is none, and why."""

from collections.abc import Iterator
from typing import Any

from flameblue.intake.protocols import modbus_pdu, modbus_telling
from flameblue.intake.protocols.modbus_rtu.codec import (
    CRC_BYTES,
    FRAME_BYTES_MAX,
    FRAME_BYTES_MIN,
    HEAD_BYTES,
    Session,
)
from flameblue.intake.protocols.modbus_rtu.crc import crc
from flameblue.intake.protocols.stream import in_order

BROADCAST, ADDRESS_MAX = 0, 247  # MODBUS over Serial Line V1.02, 2.2


def told(data: bytes) -> Iterator[dict[str, object]]:
    """In order, of each its place, its bytes and what they say."""
    for start, stop, frame in in_order(Session(), data):
        run = data[start:stop]
        if frame is not None:
            yield _frame(run, start)
        else:
            yield _run(run, start, last=stop == len(data))


def _frame(frame: bytes, at: int) -> dict[str, object]:
    address, given, calculated = frame[0], frame[-CRC_BYTES:], crc(frame[:-CRC_BYTES])
    said: dict[str, object] = {"at": at, "hex": frame.hex(), "address": address}
    if not BROADCAST < address <= ADDRESS_MAX:
        said["address_meaning"] = "broadcast" if address == BROADCAST else "reserved"
    said |= modbus_telling.unit(frame[HEAD_BYTES:-CRC_BYTES], at + HEAD_BYTES)
    said["crc"] = {"given": given.hex(), "calculated": calculated.hex(), "right": given == calculated}
    if given != calculated:
        why = f"the CRC is {given.hex()}, and that of the bytes before it is {calculated.hex()}"
        said["error"] = {"at": at + len(frame) - CRC_BYTES, "why": why}
    return said


def _run(run: bytes, at: int, *, last: bool) -> dict[str, object]:
    """A run of bytes in which no frame was found: one whose CRC is wrong, one of a function that the standard does
    not lay out, one that breaks off, or anything else."""
    if FRAME_BYTES_MIN <= len(run) <= FRAME_BYTES_MAX:
        lengths = [size + HEAD_BYTES + CRC_BYTES for size in modbus_pdu.sizes(run[HEAD_BYTES:])]
        if len(run) in lengths or crc(run[:-CRC_BYTES]) == run[-CRC_BYTES:]:
            return _frame(run, at)
    return {"at": at, "hex": run.hex(), "error": _trouble(run, at, last=last)}


def _trouble(run: bytes, at: int, *, last: bool) -> dict[str, Any]:
    if len(run) <= HEAD_BYTES:
        return {"at": at, "why": f"{len(run)} byte is no frame; the shortest has {FRAME_BYTES_MIN}"}
    sizes = modbus_pdu.sizes(run[HEAD_BYTES : HEAD_BYTES + modbus_pdu.PDU_BYTES_MAX])
    if not sizes:
        why = f"no frame begins here: the length of a frame with function code {run[1]} is not known"
        return {"at": at + HEAD_BYTES, "why": why}
    lengths = [size + HEAD_BYTES + CRC_BYTES for size in sizes]
    whole = [length for length in lengths if length <= len(run)]
    if last and not whole:
        why = f"the bytes end after {len(run)}; a frame of function {run[1]} has at least {lengths[0]} here"
        return {"at": at + len(run), "why": why}
    parts = [
        f"as a frame of {length} bytes its CRC would be {crc(run[: length - CRC_BYTES]).hex()},"
        f" and {run[length - CRC_BYTES : length].hex()} stands there"
        for length in whole
    ]
    if len(whole) < len(lengths):
        parts.append(f"as a frame of {lengths[-1]} bytes it would reach into the next one")
    place = whole[0] - CRC_BYTES if whole else len(run)
    return {"at": at + place, "why": f"no frame begins here: {'; '.join(parts)}"}
