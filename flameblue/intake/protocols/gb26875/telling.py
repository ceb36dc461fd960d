"""Frames for people: each field by the standard's name, what it means, and what is wrong at which byte."""

from collections.abc import Callable, Iterator
from typing import Any

from flameblue.intake.protocols.gb26875 import codec, four_faith, numbers, objects
from flameblue.intake.protocols.gb26875.codec import Frame, Heartbeat, Refused
from flameblue.intake.protocols.gb26875.fields import number, text, time, written_time
from flameblue.intake.protocols.gb26875.numbers import Word

Told = dict[str, Any]
_UNIT_AT = 27  # 0-based, of the application unit
_STATES = {1: numbers.SYSTEM_STATES, 2: numbers.COMPONENT_STATES, 21: numbers.DEVICE_STATES}
_OPERATIONS = {4: numbers.SYSTEM_OPERATIONS, 24: numbers.DEVICE_OPERATIONS}


def told(data: bytes) -> Iterator[dict[str, object]]:
    """Each frame, each heartbeat, and each run of bytes that is neither, in order."""
    at = 0
    for item in _whole_runs(data):
        size = codec.size_of(item)
        said: Told = {"at": at, "hex": data[at : at + size].hex(), "bytes": size}
        if isinstance(item, Frame):
            said |= {"kind": "frame"} | _frame(item, data[at : at + size], at)
        elif isinstance(item, Heartbeat):
            said |= {
                "kind": "short heartbeat",
                "id_hex": item.body[:6].hex(),
                "rest_hex": item.body[6:].hex(),
            }
        else:
            said |= {"kind": "no frame"} | _refused(item, at)
        yield said
        at += size


def _whole_runs(data: bytes) -> Iterator[codec.Item]:
    """The items of `data`; a run that came in parts is one again."""
    session = codec.Session()
    parts: list[Refused] = []
    for item in [*session.feed(data), *session.give_up()]:
        if type(item) is Refused and item.frame is None:
            parts.append(item)
            continue
        yield from _joined(parts)
        parts = []
        yield item
    yield from _joined(parts)


def _joined(parts: list[Refused]) -> list[Refused]:
    return [parts[0]._replace(data=b"".join(part.data for part in parts))] if parts else []


def _refused(item: Refused, at: int) -> Told:
    """What can be read of it all the same, and why it is none."""
    frame = item.frame or codec.head_of(item.data)
    said = _frame(frame, item.data, at) if frame else {}
    return said | {"error": {"at": at + item.at, "why": item.why}}


def _frame(frame: Frame, data: bytes, at: int) -> Told:
    """The fields of `frame`, whose bytes `data` are: what is not there is not told."""
    length = int.from_bytes(data[24:26], "little")
    said: Told = {
        "serial_number": frame.serial,
        "protocol_version": f"{frame.major}.{frame.user}",
        "time": written_time(frame.time),
        "source_address": number(frame.source),
        "source_address_hex": frame.source.hex(),
        "destination_address": number(frame.destination),
        "destination_address_hex": frame.destination.hex(),
        "application_unit_bytes": length,
        "command": frame.command,
        **_named("command", numbers.word(numbers.COMMANDS, frame.command)),
    }
    remarks = list(_remarks(frame))
    if remarks:
        said["remarks"] = remarks
    if len(frame.unit) < length:
        return said | _unit_head(frame.unit)
    stop = _UNIT_AT + length
    if len(data) > stop:
        computed = codec.check_sum(data[2:stop])
        said["check_sum"] = {"given": data[stop], "computed": computed, "right": data[stop] == computed}
    return said | _unit(frame.unit, at + _UNIT_AT)


def _remarks(frame: Frame) -> Iterator[str]:
    """What is odd in a frame, and no reason to refuse it."""
    if time(frame.time) is None:
        yield "the time label is no time"
    if frame.command not in numbers.COMMANDS and frame.command < numbers.USER_DEFINED_MIN:
        yield "the command is reserved: who gets it is to deny it (6.5.3)"
    kind = objects.KINDS.get(frame.unit[0]) if len(frame.unit) >= objects.HEAD_BYTES else None
    if kind and frame.unit[1] > kind.count_max:
        yield f"{frame.unit[1]} objects; the standard allows {kind.count_max} of this type"


def _unit_head(unit: bytes) -> Told:
    if len(unit) < objects.HEAD_BYTES:
        return {}
    flag, count = unit[0], unit[1]
    kind = objects.KINDS.get(flag)
    word = kind.word if kind else numbers.word({}, flag)
    return {"type_flag": flag, **_named("type", word), "object_count": count}


def told_unit(unit: bytes) -> Told:
    """An application unit alone."""
    return _unit(unit, 0)


def _unit(unit: bytes, at: int) -> Told:
    said = _unit_head(unit)
    try:
        found = objects.read(unit)
    except objects.BadUnit as error:
        return said | {"error": {"at": at + error.at, "why": str(error)}}
    if found is None:
        return said
    kind = objects.KINDS.get(found.flag)
    if kind is None:
        return said | {"objects_hex": unit[objects.HEAD_BYTES :].hex()} | _of_a_vendor(found)
    return said | {"objects": [_object(found.flag, item) for item in found.objects]}


def _of_a_vendor(unit: objects.Unit) -> Told:
    """What the type means to Four-Faith's devices, where it has a number of theirs."""
    word = four_faith.TYPES.get(unit.flag)
    if word is None:
        return {}
    said: Told = _named("type", word)
    line = four_faith.printer_line(unit.objects[0].data) if unit.flag == four_faith.PRINTER_LINE else None
    if line:
        said["printer_line"] = {
            "system_type": line.system,
            "system_address": line.system_address,
            "mark_hex": line.mark.hex(),
            "event": line.event,
            "device_text": line.device,
            "place_text": line.place,
            "event_text": line.happened,
            **_time(line.time),
        }
    return {"four_faith": said}


def _object(flag: int, item: Any) -> Told:
    said: Told = {}
    for name, value in zip(item._fields, item, strict=True):
        said |= _TOLD[name](flag, value)
    if "major" in said:
        said["version"] = f"{said.pop('major')}.{said.pop('minor')}"
    if "analogue_type" in said:
        said |= _measured(said["analogue_type"], said["raw"])
    hints = _hints(said)
    return {**said, "four_faith": hints} if hints else said


def _measured(analogue: int, raw: int) -> Told:
    known = numbers.ANALOGUES.get(analogue)
    if known is None:
        return {**_named("analogue", numbers.word({}, analogue)), "value": None, "unit": None}
    value = raw / known.steps if known.steps > 1 else raw
    said = {**_named("analogue", known.word), "value": value, "unit": known.unit}
    if known.least <= value <= known.most:
        return said
    return {**said, "remark": f"beyond the standard's {known.least:g} to {known.most:g} {known.unit}"}


def _hints(said: Told) -> Told:
    """What the user's numbers of an object mean to Four-Faith's devices."""
    hints: Told = {}
    for name, table in (("system", four_faith.SYSTEMS), ("component", four_faith.COMPONENTS)):
        word = table.get(said.get(f"{name}_type", -1))
        if word:
            hints |= _named(name, word)
    return hints | (four_faith.value(said.get("analogue_type", -1), said.get("raw", 0)) or {})


def _named(what: str, word: Word) -> Told:
    return {f"{what}_name": word.en, f"{what}_name_zh": word.zh}


def _system(_flag: int, system: int) -> Told:
    return {"system_type": system, **_named("system", numbers.word(numbers.SYSTEMS, system))}


def _component(_flag: int, component: int) -> Told:
    return {
        "component_type": component,
        **_named("component", numbers.word(numbers.COMPONENTS, component)),
    }


def _address(_flag: int, address: bytes) -> Told:
    return {"component_address": number(address), "component_address_hex": address.hex()}


def _bits(key: str, table: Any, bits: int) -> Told:
    found = numbers.words(table, bits)
    return {key: bits, f"{key}s": [word.en for word in found], f"{key}s_zh": [word.zh for word in found]}


def _state(flag: int, state: int) -> Told:
    return _bits("state", _STATES[flag], state)


def _operation(flag: int, operation: int) -> Told:
    return _bits("operation", _OPERATIONS[flag], operation)


def _time(label: bytes) -> Told:
    said: Told = {"time": written_time(label)}
    return said if time(label) else {**said, "time_remark": "no time"}


def _plain(key: str) -> Callable[[int, Any], Told]:
    return lambda _flag, value: {key: value}


_TOLD: dict[str, Callable[[int, Any], Told]] = {
    "system": _system,
    "system_address": _plain("system_address"),
    "component": _component,
    "address": _address,
    "state": _state,
    "operation": _operation,
    "operator": _plain("operator"),
    "analogue": _plain("analogue_type"),
    "raw": _plain("raw"),
    "text": lambda _flag, data: {"text": text(data)},
    "time": lambda _flag, label: _time(label),
    "major": _plain("major"),
    "minor": _plain("minor"),
    "records": _plain("record_count"),
    "minutes": _plain("reply_within_min"),
    "reserved": _plain("reserved"),
    "extra": lambda _flag, data: {"extra_hex": data.hex()} if data else {},
}
