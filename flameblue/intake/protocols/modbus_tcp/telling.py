"""Captured bytes of a Modbus TCP connection told to people: each frame, and each run of bytes that is none, and why."""

from collections.abc import Iterator

from flameblue.intake.protocols import modbus_telling
from flameblue.intake.protocols.modbus_tcp.codec import (
    HEAD_BYTES,
    LENGTH_ENDS,
    Frame,
    Session,
    frame,
    length,
    trouble,
)
from flameblue.intake.protocols.stream import in_order


def told(data: bytes) -> Iterator[dict[str, object]]:
    """In order, of each its place, its bytes and what they say."""
    for start, stop, found in in_order(Session(), data):
        if found is not None:
            yield _frame(found, data[start:stop])
        else:
            yield from _run(data[start:stop], start)


def _frame(found: Frame, whole: bytes) -> dict[str, object]:
    head = {
        "at": found.at,
        "hex": whole.hex(),
        "transaction_identifier": found.transaction,
        "protocol_identifier": 0,
        "length": found.size - LENGTH_ENDS,
        "unit_identifier": found.unit,
    }
    return head | modbus_telling.unit(found.pdu, found.at + HEAD_BYTES)


def _run(run: bytes, at: int) -> Iterator[dict[str, object]]:
    """A run of bytes in which no frame was found: right headers before a unit that can't be, then the rest."""
    done = 0
    while done < len(run):
        head = run[done : done + HEAD_BYTES]
        size = length(head)
        if trouble(head) or len(head) < HEAD_BYTES or size > len(run) - done:
            yield {"at": at + done, "hex": run[done:].hex(), "error": _trouble(run[done:], at + done)}
            return
        whole = run[done : done + size]
        yield _frame(frame(whole, at + done), whole)
        done += size


def _trouble(run: bytes, at: int) -> dict[str, object]:
    found = trouble(run[:HEAD_BYTES])
    if found is not None:
        return {"at": at + found[0], "why": f"no frame begins here: {found[1]}"}
    if len(run) <= HEAD_BYTES:
        return {"at": at + len(run), "why": f"the bytes end after {len(run)}, before the function code"}
    why = f"the length says that {length(run) - LENGTH_ENDS} bytes follow it, and {len(run) - LENGTH_ENDS} do"
    return {"at": at + len(run), "why": why}
