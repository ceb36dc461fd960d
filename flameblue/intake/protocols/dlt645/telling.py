"""Captured bytes of a DL/T 645 line told to people: each frame, and each run of bytes that is none, and why."""

from collections.abc import Iterator
from typing import Any

from flameblue.intake.protocols.dlt645 import controls, identifiers
from flameblue.intake.protocols.dlt645.codec import (
    DATA_STARTS,
    END,
    PREAMBLE_MAX,
    SECOND_START,
    START,
    TAIL_BYTES,
    WAKING,
    Frame,
    Session,
    check_sum,
    length,
    parsed,
)
from flameblue.intake.protocols.dlt645.identifiers import Identifier, Value, Variant
from flameblue.intake.protocols.layouts import Misfit
from flameblue.intake.protocols.stream import in_order

WILDCARD, BROADCAST, PADDING = "aa" * 6, "99" * 6, "a"  # DL/T 645-2007, 5.2.2
SCALE = "what this identifier means, and its scale, depends on the model: the device's profile says which reading holds"


def told(data: bytes) -> Iterator[dict[str, object]]:
    """In order, of each its place, its bytes and what they say."""
    for start, stop, frame in in_order(Session(), data):
        if frame is not None:
            yield _frame(frame, data[start:stop])
        else:
            yield from _run(data[start:stop], start, last=stop == len(data))


def _frame(frame: Frame, whole: bytes) -> dict[str, object]:
    found = controls.control(frame.control)
    given, calculated = whole[-TAIL_BYTES], check_sum(whole[frame.preamble : -TAIL_BYTES])
    said: dict[str, object] = {
        "at": frame.at,
        "hex": whole.hex(),
        "edition": controls.edition(found),
        "preamble_fe": frame.preamble,
        "address": frame.address,
        "address_meaning": _address(frame.address),
        "control_code": {
            "code": f"{frame.control:02x}",
            "function": found.name or "not known",
            "from": "slave" if found.answer else "master",
            "abnormal": found.abnormal,
            "more_frames_follow": found.follows,
        },
        "data_length": len(frame.data),
        "data": frame.data.hex(),
    }
    said |= _data(frame, found)
    said["check_sum"] = {
        "given": f"{given:02x}",
        "calculated": f"{calculated:02x}",
        "right": given == calculated,
    }
    if given != calculated:
        why = f"the check sum is {given:02X}H, and that of the bytes before it is {calculated:02X}H"
        said["error"] = {"at": frame.at + len(whole) - TAIL_BYTES, "why": why}
    elif whole[-1] != END:
        said["error"] = {
            "at": frame.at + len(whole) - 1,
            "why": f"the end mark is {whole[-1]:02X}H, not {END:02X}H",
        }
    return said


def _address(address: str) -> str:
    if address == WILDCARD:
        return "any device: for a line with one device only"
    if address == BROADCAST:
        return "all devices, and none answers"
    if address.isdecimal():
        return "one device"
    shortened = address.lstrip(PADDING)
    return f"the devices whose address ends in {shortened}" if shortened.isdecimal() else "not BCD"


def _data(frame: Frame, found: controls.Control) -> dict[str, Any]:
    """The fields of the frame's data; "error": they do not have the code's layout, or a value can't be read."""
    place = frame.at + frame.preamble + DATA_STARTS
    try:
        fields = controls.decode(frame.control, frame.data)
    except Misfit as misfit:
        return {"error": {"at": place + misfit.at, "why": misfit.why}}
    content = fields.pop("data", b"")
    said = {name: value.hex() if isinstance(value, bytes) else value for name, value in fields.items()}
    if "error_word" in said and found.edition != controls.OLD:
        said["error_word"] = {"code": f"{fields['error_word']:02x}", **controls.errors(fields["error_word"])}
    identifier = said.get("data_identifier")
    if identifier is None:
        return said
    known = _known(identifier)
    said["means"] = sorted({one.name for one in known.values()})
    if not content:
        return said
    at = place + len(frame.data) - len(content) - ("sequence" in said)
    return said | _readings(known, content, at, partial=found.follows or found.function == controls.READ_MORE)


def _known(identifier: str) -> dict[str, Identifier]:
    """What the identifier means, by variant; one word where all variants agree."""
    if len(identifier) == 4:
        one = identifiers.EDITION_1997.get(identifier.lower())
        return {"edition of 1997": one} if one else {}
    found = {str(variant): one for variant in Variant if (one := identifiers.find(identifier, variant))}
    if len(set(found.values())) == 1 and len(found) == len(Variant):
        return {"any": next(iter(found.values()))}
    return found


def _readings(known: dict[str, Identifier], content: bytes, at: int, *, partial: bool) -> dict[str, Any]:
    """`content` as each variant reads it. A part of a longer answer is not read: its items go over its end."""
    said: dict[str, Any] = {"content": content.hex(), "digits": content[::-1].hex()}
    if partial or not known:
        return said
    readings, faults = [], []
    for variant, identifier in known.items():
        try:
            values = identifiers.read(identifier, content)
        except Misfit as misfit:
            faults.append({"at": at + misfit.at, "why": misfit.why})
            continue
        readings.append(
            {"variant": variant, "source": identifier.source, "values": [_value(one) for one in values]}
        )
        faults += _unread(values, at)
    if len(readings) > 1:
        said["note"] = SCALE
    return said | {"readings": readings} | ({"error": faults[0]} if len(faults) >= len(known) else {})


def _value(value: Value) -> dict[str, Any]:
    said = {"name": value.item.name, "digits": value.digits, "value": value.value, "unit": value.item.unit}
    if value.why:
        return said | {"why": value.why}
    return said | identifiers.meaning(value.item, value.value)


def _unread(values: list[Value], at: int) -> list[dict[str, Any]]:
    """The first value that is neither read nor missing, with its place."""
    for one in values:
        if one.why and one.digits.strip("f"):
            return [{"at": at, "why": f"{one.item.name}: {one.why}"}]
        at += len(one.digits) // 2
    return []


def _run(run: bytes, at: int, *, last: bool) -> Iterator[dict[str, object]]:
    """A run of bytes in which no frame was found: damaged frames, and what lies between them."""
    done = 0
    while done < len(run):
        start = _head(run, done, sure=not last)
        before = start - _waking(run, done, start)
        if before > done:
            yield _nothing(run[done:before], at + done)
        done = len(run)
        if start < len(run):
            stop = start + length(run, start)
            done = stop if stop <= len(run) else _head(run, start + 1, sure=True)
            yield _damaged(run[before:done], start - before, at + before)


def _head(run: bytes, at: int, *, sure: bool) -> int:
    """Where the next header begins: two 68H at their distance or, unless it is to be sure, a first one behind which
    there is no room for the second; else the end."""
    while (at := run.find(START, at)) >= 0:
        if length(run, at) and (not sure or at + SECOND_START < len(run)):
            return at
        at += 1
    return len(run)


def _waking(run: bytes, done: int, start: int) -> int:
    """How many FEH stand before the header at `start`."""
    if start == len(run):
        return 0
    count = 0
    while count < PREAMBLE_MAX and start - count > done and run[start - count - 1] == WAKING:
        count += 1
    return count


def _damaged(piece: bytes, preamble: int, at: int) -> dict[str, object]:
    whole = piece[preamble:]
    size = length(whole, 0)
    if len(whole) >= DATA_STARTS and size == len(whole):
        return _frame(parsed(whole, at + preamble, preamble), piece)
    if len(whole) <= SECOND_START:
        why = f"the bytes end after {len(whole)}, before the second 68H"
    else:
        why = f"the frame has {size} bytes or more, and breaks off after {len(whole)}"
    return {"at": at, "hex": piece.hex(), "error": {"at": at + len(piece), "why": why}}


def _nothing(piece: bytes, at: int) -> dict[str, object]:
    place = piece.find(START)
    if place < 0:
        why = "no frame begins here: there is no 68H"
        return {"at": at, "hex": piece.hex(), "error": {"at": at, "why": why}}
    why = f"no frame begins here: no second 68H stands {SECOND_START} bytes after the first"
    return {"at": at, "hex": piece.hex(), "error": {"at": at + place, "why": why}}
