"""Protobuf messages that somebody broke on purpose where bytes alone seldom would: fields, types, numbers, lengths."""

import random
from dataclasses import dataclass, replace

from flameblue.domain.limits import PACKET_BYTES_MAX
from tests.hostile.mutations import TOKENS

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
METRIC = 2  # the field of a Sparkplug payload that is a message itself
NUMBERS = (0, 1, 2, 127, 128, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**63, 2**64 - 1, 1_768_417_620_000)
FIELDS = (0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19_000, 2**29 - 1)
FLOATS = (
    bytes(4),
    b"\0\0\x80\x7f",
    b"\0\0\xc0\x7f",
    bytes(8),
    bytes(6) + b"\xf0\x7f",
    bytes(6) + b"\xf8\xff",
)
MANY = (2, 2, 2, 2, 40, 40, 600, 5_000)


@dataclass(frozen=True)
class Field:
    """One field. `padding`: bytes too many in its number; `lie`: how much its length is off."""

    number: int
    kind: int
    value: int | bytes
    padding: int = 0
    lie: int = 0


def read(data: bytes) -> list[Field]:
    """The fields of a whole message; ValueError where it is none."""
    found, at = [], 0
    while at < len(data):
        key, at = _number(data, at)
        kind, value = key & 7, b""
        if kind == VARINT:
            number, at = _number(data, at)
            found.append(Field(key >> 3, kind, number))
            continue
        if kind not in (FIXED64, BYTES, FIXED32):
            raise ValueError("a type of its own")
        size, at = _number(data, at) if kind == BYTES else ({FIXED64: 8, FIXED32: 4}[kind], at)
        value, at = data[at : at + size], at + size
        if len(value) != size:
            raise ValueError("cut off")
        found.append(Field(key >> 3, kind, value))
    return found


def written(fields: list[Field]) -> bytes:
    """`fields` as they travel, lies and all."""
    return b"".join(_one(field) for field in fields)


def broken(draw: random.Random, data: bytes) -> bytes:
    """`data` with one to three of its fields broken; as it is where it is no protobuf."""
    try:
        fields = read(data)
    except ValueError:
        return data
    for _ in range(draw.choice((1, 1, 2, 3))):
        fields = _changed(draw, fields)
    return written(fields)


def _changed(draw: random.Random, fields: list[Field]) -> list[Field]:
    if not fields:
        return [Field(draw.choice(FIELDS), VARINT, draw.choice(NUMBERS))]
    place = draw.randrange(len(fields))
    field, way = fields[place], draw.randrange(8)
    if field.number == METRIC and isinstance(field.value, bytes) and draw.random() < 0.7:
        return [*fields[:place], replace(field, value=broken(draw, field.value)), *fields[place + 1 :]]
    if way == 0:
        return [*fields[:place], *fields[place + 1 :]]
    if way == 1:
        return [
            *fields[:place],
            *[field] * min(draw.choice(MANY), _room(fields, field)),
            *fields[place + 1 :],
        ]
    if way == 2:
        return draw.sample(fields, len(fields))
    return [*fields[:place], _other(draw, field, way), *fields[place + 1 :]]


def _room(fields: list[Field], field: Field) -> int:
    """How often `field` may stand there: messages are a packet long at most, however often they are broken."""
    size = len(field.value) if isinstance(field.value, bytes) else 0
    return max(1, min(2 * MANY[-1] - len(fields), PACKET_BYTES_MAX // (size + 2)))


def _other(draw: random.Random, field: Field, way: int) -> Field:
    if way == 3:
        return replace(field, number=draw.choice(FIELDS))
    if way == 4:
        return replace(field, padding=draw.choice((1, 8, 9, 12)), lie=draw.choice((-1, 1, 127, 2**31, 2**63)))
    if way == 5:
        return Field(field.number, draw.choice((0, 1, 2, 3, 4, 5, 6, 7)), field.value)
    if way == 6:
        return Field(field.number, draw.choice((FIXED32, FIXED64, BYTES)), draw.choice(FLOATS))
    if isinstance(field.value, int):
        return replace(field, value=draw.choice(NUMBERS))
    return replace(field, value=draw.choice((b"", *TOKENS)))


def _one(field: Field) -> bytes:
    key = _packed(field.number << 3 | field.kind)
    if field.kind == VARINT:
        value = field.value if isinstance(field.value, int) else len(field.value)
        return key + _packed(value, field.padding)
    data = field.value if isinstance(field.value, bytes) else field.value.to_bytes(8, "little")
    if field.kind == BYTES:
        return key + _packed(max(0, len(data) + field.lie), field.padding) + data
    return key + data


def _packed(value: int, padding: int = 0) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value | (0x80 if padding else 0))
    return bytes(found) + (b"\x80" * (padding - 1) + b"\0" if padding else b"")


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(10):
        if at + place >= len(data):
            break
        value |= (data[at + place] & 0x7F) << 7 * place
        if data[at + place] < 0x80:
            return value, at + place + 1
    raise ValueError("no end")
