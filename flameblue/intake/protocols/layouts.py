"""A message's layout as data: its parts by the standard's names, read and written one after the other."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

REST = -1  # the size of a part that has what is left


class Misfit(Exception):
    """The bytes do not have this layout; `at` is the offset of what does not fit."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.at = at
        self.why = why


class Kind(NamedTuple):
    """How a part is read from its bytes (ValueError: it can't be) and written to them."""

    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]


class Part(NamedTuple):
    """One field of a message."""

    name: str
    size: int
    kind: Kind


def raw(value: bytes) -> bytes:
    """Bytes as they are."""
    return bytes(value)


RAW = Kind(raw, raw)


def read(parts: tuple[Part, ...], data: bytes) -> dict[str, Any]:
    """The fields of `data`, all of which must be used."""
    fields: dict[str, Any] = {}
    at = 0
    rest = len(data) - sum(part.size for part in parts if part.size != REST)
    for part in parts:
        size = rest if part.size == REST else part.size
        if size < 0 or at + size > len(data):
            raise Misfit(at, f"{part.name} does not fit: {len(data) - at} bytes are left")
        try:
            fields[part.name] = part.kind.read(data[at : at + size])
        except ValueError as error:
            raise Misfit(at, f"{part.name}: {error}") from error
        at += size
    if at < len(data):
        raise Misfit(at, f"{len(data) - at} bytes too many")
    return fields


def write(parts: tuple[Part, ...], fields: Mapping[str, Any]) -> bytes:
    """The bytes of `fields`."""
    return b"".join(part.kind.write(fields[part.name]) for part in parts)
