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
            yield from _run(run, start, last=stop == len(data))


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


def _run(run: bytes, at: int, *, last: bool) -> Iterator[dict[str, object]]:
    """A run of bytes in which no frame was found: frames whose CRC is wrong, one of a function that the standard does
    not lay out, one that breaks off, or anything else."""
    alone = FRAME_BYTES_MIN <= len(run) <= FRAME_BYTES_MAX
    sizes = [len(run)] if alone and crc(run[:-CRC_BYTES]) == run[-CRC_BYTES:] else _tiles(run)
    if not sizes:
        yield {"at": at, "hex": run.hex(), "error": _trouble(run, at, last=last)}
    done = 0
    for size in sizes:
        yield _frame(run[done : done + size], at + done)
        done += size


def _tiles(run: bytes) -> list[int]:
    """The sizes of frames that, one after the other and each as long as it may be, make up the whole run; empty: none
    do, and nothing says where a frame with a wrong CRC ends."""
    sizes: list[int] = []
    done = 0
    while done < len(run):
        pdu = run[done + HEAD_BYTES : done + HEAD_BYTES + modbus_pdu.PDU_BYTES_MAX]
        whole = [size + HEAD_BYTES + CRC_BYTES for size in modbus_pdu.sizes(pdu)] if pdu else []
        fitting = [size for size in whole if size <= len(run) - done]
        if not fitting:
            return []
        sizes.append(fitting[-1])
        done += fitting[-1]
    return sizes


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
