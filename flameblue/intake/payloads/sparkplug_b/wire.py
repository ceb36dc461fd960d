"""The bytes of a Sparkplug B payload: protobuf, only the fields that a reading needs.

    Payload   1 timestamp   2 metric …   3 seq
    Metric    1 name   2 alias   3 timestamp   4 datatype   7 is_null
              10 int   11 long   12 float   13 double   14 boolean   15 string

Source: Eclipse Tahu, sparkplug_b.proto. Integers of a signed datatype travel as unsigned ones of 32 or 64 bits.
"""

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import SPARKPLUG_METRICS_PER_MESSAGE_MAX

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # protobuf's wire types
VARINT_BYTES_MAX = 10
SIGNED_BITS = {1: 8, 2: 16, 3: 32, 4: 64}  # by datatype: Int8, Int16, Int32, Int64
BOOLEAN = 11
_FLOAT, _DOUBLE = struct.Struct("<f"), struct.Struct("<d")


class Metric(NamedTuple):
    """One metric as sent. `name` "" and `datatype` 0: its birth has told them, by `alias` or name."""

    name: str
    alias: int | None
    t_ms: int | None
    datatype: int
    value: Any


class Content(NamedTuple):
    """One payload."""

    t_ms: int | None
    seq: int | None
    metrics: list[Metric]


def decode(data: bytes) -> Content:
    """The payload in `data`; BadInput when it is none."""
    t_ms = seq = None
    metrics: list[Metric] = []
    for number, value in _fields(data):
        if number == 1:
            t_ms = _whole(value)
        elif number == 2:
            if len(metrics) == SPARKPLUG_METRICS_PER_MESSAGE_MAX:
                raise BadInput(f"more than {SPARKPLUG_METRICS_PER_MESSAGE_MAX} metrics")
            metrics.append(_metric(_bytes(value)))
        elif number == 3:
            seq = _whole(value)
    return Content(t_ms, seq, metrics)


def signed(value: Any, datatype: int) -> Any:
    """An integer as its datatype means it; anything else as it is."""
    bits = SIGNED_BITS.get(datatype)
    if bits is None or type(value) is not int:
        return value
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def command(name: str, t_ms: int) -> bytes:
    """A payload that sets the boolean metric `name`."""
    metric = _field(1, name.encode()) + _number(4, BOOLEAN) + _number(14, 1)
    return _number(1, t_ms) + _field(2, metric)


def broken_at(data: bytes) -> int:
    """Where the field begins that keeps `data` from being a payload; its length where none does."""
    at = 0
    while at < len(data):
        try:
            stop = _end(data, at)
            decode(data[at:stop])
        except BadInput:
            return at
        at = stop
    return at


def _end(data: bytes, at: int) -> int:
    key, at = _varint(data, at)
    length, start = _varint(data, at) if key & 7 in (VARINT, BYTES) else (8 if key & 7 == FIXED64 else 4, at)
    return start if key & 7 == VARINT else start + length


def _metric(data: bytes) -> Metric:
    name, alias, t_ms, datatype = "", None, None, 0
    value: Any = None
    is_null = False
    for number, field in _fields(data):
        match number:
            case 1:
                name = _text(field)
            case 2:
                alias = _whole(field)
            case 3:
                t_ms = _whole(field)
            case 4:
                datatype = _whole(field)
            case 7:
                is_null = bool(field)
            case 10 | 11 | 12 | 13 | 14 | 15:
                value = _value(number, field)
    return Metric(name, alias, t_ms, datatype, None if is_null else value)


def _value(number: int, field: int | bytes) -> Any:
    match number:
        case 12:
            return _unpacked(_FLOAT, field)
        case 13:
            return _unpacked(_DOUBLE, field)
        case 14:
            return bool(_whole(field))
        case 15:
            return _text(field)
    return _whole(field)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and values: an int of a varint, else the bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        match key & 7:
            case 0:
                value, at = _varint(data, at)
                yield key >> 3, value
                continue
            case 1:
                length = 8
            case 2:
                length, at = _varint(data, at)
            case 5:
                length = 4
            case other:
                raise BadInput(f"no protobuf: wire type {other}")
        if at + length > len(data):
            raise BadInput("no protobuf: it ends too soon")
        yield key >> 3, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(data[at : at + VARINT_BYTES_MAX]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value & (2**64 - 1), at + place + 1
    raise BadInput("no protobuf: a number without an end")


def _whole(field: int | bytes) -> int:
    if not isinstance(field, int):
        raise BadInput("no Sparkplug payload: bytes in the place of a number")
    return field


def _bytes(field: int | bytes) -> bytes:
    if isinstance(field, int):
        raise BadInput("no Sparkplug payload: a number in the place of bytes")
    return field


def _text(field: int | bytes) -> str:
    try:
        return _bytes(field).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput("no Sparkplug payload: a text that is not UTF-8") from error


def _unpacked(shape: struct.Struct, field: int | bytes) -> Any:
    data = _bytes(field)
    if len(data) != shape.size:
        raise BadInput("no Sparkplug payload: a number of the wrong width")
    return shape.unpack(data)[0]


def _number(number: int, value: int) -> bytes:
    return _packed(number << 3 | VARINT) + _packed(value)


def _field(number: int, data: bytes) -> bytes:
    return _packed(number << 3 | BYTES) + _packed(len(data)) + data


def _packed(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
