"""The application unit: its information objects, of every type flag that the standard defines, read and written.

Invariants: what `read` takes, `written` gives back byte for byte; a field that is no time or no text is kept as it
came (fields.py says what it means); what is reserved or user-defined is kept whole, as one `Raw`. Objects longer
than the standard's are in use: their size is then (N - 2) / count, and what is too much is kept as `extra`.
Source: GB/T 26875.3-2011, 8.2.1 (fields), 8.3.1 (up), 8.3.2 (down); sizes with the time label of 8.2.2.
"""

import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from flameblue.domain.limits import GB26875_UNIT_BYTES_MAX
from flameblue.intake.protocols.gb26875.numbers import Word

HEAD_BYTES = 2  # type flag, count
CRT_OBJECT_BYTES = 50  # of the CRT protocol, which frames alike (README.md)
_new = tuple.__new__  # half of a NamedTuple's own price
_HEAD = struct.Struct("BB")


class BadUnit(Exception):
    """The unit is not what its type flag and count say; `at` is the byte of the unit where that shows."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(why)
        self.at = at


class SystemState(NamedTuple):
    """8.2.1.1."""

    system: int
    system_address: int
    state: int
    time: bytes
    extra: bytes = b""


class ComponentState(NamedTuple):
    """8.2.1.2. The standard does not divide `address` into loop and point; makers differ."""

    system: int
    system_address: int
    component: int
    address: bytes
    state: int
    text: bytes
    time: bytes
    extra: bytes = b""


class ComponentValue(NamedTuple):
    """8.2.1.3. `raw` is in steps of the `analogue` type."""

    system: int
    system_address: int
    component: int
    address: bytes
    analogue: int
    raw: int
    time: bytes
    extra: bytes = b""


class SystemOperation(NamedTuple):
    """8.2.1.4."""

    system: int
    system_address: int
    operation: int
    operator: int
    time: bytes
    extra: bytes = b""


class SystemVersion(NamedTuple):
    """8.2.1.5."""

    system: int
    system_address: int
    major: int
    minor: int
    extra: bytes = b""


class SystemConfiguration(NamedTuple):
    """8.2.1.6, of any length up to 255 bytes of text."""

    system: int
    system_address: int
    text: bytes


class ComponentConfiguration(NamedTuple):
    """8.2.1.7."""

    system: int
    system_address: int
    component: int
    address: bytes
    text: bytes
    extra: bytes = b""


class SystemTime(NamedTuple):
    """8.3.1.8."""

    system: int
    system_address: int
    time: bytes
    extra: bytes = b""


class DeviceState(NamedTuple):
    """8.2.1.8, of the user information transmission device itself, as are the next four."""

    state: int
    time: bytes
    extra: bytes = b""


class DeviceOperation(NamedTuple):
    """8.2.1.9."""

    operation: int
    operator: int
    time: bytes
    extra: bytes = b""


class DeviceVersion(NamedTuple):
    """8.2.1.10."""

    major: int
    minor: int
    extra: bytes = b""


class DeviceConfiguration(NamedTuple):
    """8.2.1.11."""

    text: bytes


class DeviceTime(NamedTuple):
    """A time alone: the device's (8.3.1.13), or the one that its clock is to be set to."""

    time: bytes
    extra: bytes = b""


class ReadSystem(NamedTuple):
    """Which system is asked."""

    system: int
    system_address: int
    extra: bytes = b""


class ReadComponent(NamedTuple):
    """Which component is asked. It is named without its type (figures 32, 33 and 37)."""

    system: int
    system_address: int
    address: bytes
    extra: bytes = b""


class ReadSystemOperations(NamedTuple):
    """How many records are asked for, and since when."""

    system: int
    system_address: int
    records: int
    time: bytes
    extra: bytes = b""


class ReadDeviceOperations(NamedTuple):
    """Likewise, of the device."""

    records: int
    time: bytes
    extra: bytes = b""


class Reserved(NamedTuple):
    """One byte, 0: a question or command that says nothing more."""

    reserved: int = 0
    extra: bytes = b""


class DutyCheck(NamedTuple):
    """Who is on duty is to press the key within so many minutes."""

    minutes: int
    extra: bytes = b""


class Raw(NamedTuple):
    """All objects of a reserved or user-defined type, which the standard does not divide."""

    data: bytes


class Kind:
    """A type flag of the standard. `layout` ends before a text of a length of its own."""

    def __init__(self, word: Word, item: Any, layout: str, count_max: int = 1) -> None:
        self.word, self.item, self.count_max = word, item, count_max
        self.is_variable = item is SystemConfiguration or item is DeviceConfiguration
        self.fixed = struct.Struct(f"<{layout}" if self.is_variable else f"<{layout}0s")  # 0s: nothing extra


KINDS: Mapping[int, Kind] = {  # 8.1.1, table 3; the largest counts of 8.3
    1: Kind(Word("upload system state", "上传建筑消防设施系统状态"), SystemState, "BBH6s", 102),
    2: Kind(
        Word("upload component state", "上传建筑消防设施部件运行状态"), ComponentState, "BBB4sH31s6s", 22
    ),
    3: Kind(
        Word("upload component analogue value", "上传建筑消防设施部件模拟量值"),
        ComponentValue,
        "BBB4sBh6s",
        63,
    ),
    4: Kind(Word("upload system operation", "上传建筑消防设施操作信息"), SystemOperation, "BBBB6s", 102),
    5: Kind(Word("upload system software version", "上传建筑消防设施软件版本"), SystemVersion, "BBBB"),
    6: Kind(
        Word("upload system configuration", "上传建筑消防设施系统配置情况"), SystemConfiguration, "BBB", 3
    ),
    7: Kind(
        Word("upload component configuration", "上传建筑消防设施部件配置情况"),
        ComponentConfiguration,
        "BBB4s31s",
        26,
    ),
    8: Kind(Word("upload system time", "上传建筑消防设施系统时间"), SystemTime, "BB6s"),
    21: Kind(Word("upload device state", "上传用户信息传输装置运行状态"), DeviceState, "B6s"),
    24: Kind(Word("upload device operation", "上传用户信息传输装置操作信息"), DeviceOperation, "BB6s", 127),
    25: Kind(Word("upload device software version", "上传用户信息传输装置软件版本"), DeviceVersion, "BB"),
    26: Kind(Word("upload device configuration", "上传用户信息传输装置配置情况"), DeviceConfiguration, "B"),
    28: Kind(Word("upload device time", "上传用户信息传输装置系统时间"), DeviceTime, "6s"),
    61: Kind(Word("read system state", "读建筑消防设施系统状态"), ReadSystem, "BB", 102),
    62: Kind(Word("read component state", "读建筑消防设施部件运行状态"), ReadComponent, "BB4s", 22),
    63: Kind(Word("read component analogue value", "读建筑消防设施部件模拟量值"), ReadComponent, "BB4s", 63),
    64: Kind(Word("read system operations", "读建筑消防设施操作信息"), ReadSystemOperations, "BBB6s"),
    65: Kind(Word("read system software version", "读建筑消防设施软件版本"), ReadSystem, "BB"),
    66: Kind(Word("read system configuration", "读建筑消防设施系统配置情况"), ReadSystem, "BB", 3),
    67: Kind(Word("read component configuration", "读建筑消防设施部件配置情况"), ReadComponent, "BB4s", 26),
    68: Kind(Word("read system time", "读建筑消防设施系统时间"), ReadSystem, "BB"),
    81: Kind(Word("read device state", "读用户信息传输装置运行状态"), Reserved, "B"),
    84: Kind(Word("read device operations", "读用户信息传输装置操作信息"), ReadDeviceOperations, "B6s"),
    85: Kind(Word("read device software version", "读用户信息传输装置软件版本"), Reserved, "B"),
    86: Kind(Word("read device configuration", "读用户信息传输装置配置情况"), Reserved, "B"),
    88: Kind(Word("read device time", "读用户信息传输装置系统时间"), Reserved, "B"),
    89: Kind(Word("initialise device", "初始化用户信息传输装置"), Reserved, "B"),
    90: Kind(Word("set device clock", "同步用户信息传输装置时钟"), DeviceTime, "6s"),
    91: Kind(Word("duty check", "查岗命令"), DutyCheck, "B"),
}


class Unit(NamedTuple):
    """An application unit. `object_count` is as sent: of `Raw` it says how many objects the one is."""

    flag: int
    object_count: int
    objects: Sequence[Any]


@lru_cache(maxsize=1)  # one asks whether a unit can be read, and the next what it says
def read(unit: bytes) -> Unit | None:
    """The objects of `unit`; None: it is empty, as of an acknowledgement. BadUnit says what is wrong with it."""
    if not unit:
        return None
    if len(unit) < HEAD_BYTES:
        raise BadUnit("the unit ends before the number of objects", 1)
    flag, count = unit[0], unit[1]
    kind = KINDS.get(flag)
    if kind is None:
        return Unit(flag, count, [Raw(unit[HEAD_BYTES:])])
    if kind.is_variable:
        return Unit(flag, count, _variable(kind, unit, count))
    fixed = kind.fixed
    if len(unit) == HEAD_BYTES + count * fixed.size:
        item = kind.item
        found = [_new(item, fields) for fields in fixed.iter_unpack(unit[HEAD_BYTES:])]
        return _new(Unit, (flag, count, found))
    return Unit(flag, count, _longer(kind, unit, count))


def _longer(kind: Kind, unit: bytes, count: int) -> list[Any]:
    """Objects that are not of the standard's size but alike: what it defines, and the rest."""
    size = kind.fixed.size
    has = len(unit) - HEAD_BYTES
    if not count:
        raise BadUnit(f"the unit says 0 objects, and has {has} bytes for them", 1)
    each, left = divmod(has, count)
    if each < size:
        said = f"{count} objects of {size} bytes make {count * size}; the unit has {has}"
        raise BadUnit(said, HEAD_BYTES + has // size * size)
    if left:
        raise BadUnit(f"{has} bytes are no {count} objects of one size", HEAD_BYTES + count * each)
    if kind.item is ComponentState and each == CRT_OBJECT_BYTES:
        said = f"objects of {each} bytes are the CRT protocol's, which frames alike and means something else"
        raise BadUnit(said, HEAD_BYTES)
    objects = []
    for at in range(HEAD_BYTES, len(unit), each):
        *fields, _ = kind.fixed.unpack_from(unit, at)
        objects.append(kind.item(*fields, unit[at + size : at + each]))
    return objects


def _variable(kind: Kind, unit: bytes, count: int) -> list[Any]:
    """Objects that end with a text and say its length before it."""
    objects: list[Any] = []
    at = HEAD_BYTES
    for place in range(1, count + 1):
        start = at + kind.fixed.size
        if start > len(unit):
            raise BadUnit(f"the unit ends before object {place} of {count}", len(unit))
        *fields, length = kind.fixed.unpack_from(unit, at)
        at = start + length
        if at > len(unit):
            said = f"the text of object {place} has {length} bytes; {len(unit) - start} are left"
            raise BadUnit(said, start - 1)
        objects.append(kind.item(*fields, unit[start:at]))
    if at < len(unit):
        raise BadUnit(f"{len(unit) - at} bytes follow the last object", at)
    return objects


def written(unit: Unit | None) -> bytes:
    """The bytes of `unit`; BadUnit where they can't be said."""
    if unit is None:
        return b""
    flag, count, objects = unit
    kind = KINDS.get(flag)
    if kind is not None and count != len(objects):
        raise BadUnit(f"a unit that says {count} objects has {len(objects)}", 1)
    try:
        parts = [item.data if kind is None else _written(kind, item) for item in objects]
        data = b"".join((_HEAD.pack(flag, count), *parts))
    except struct.error as error:
        raise BadUnit(f"a number that has no room: {error}", HEAD_BYTES) from error
    if len(data) > GB26875_UNIT_BYTES_MAX:
        said = f"a unit of {len(data)} bytes; the standard allows {GB26875_UNIT_BYTES_MAX}"
        raise BadUnit(said, GB26875_UNIT_BYTES_MAX)
    return data


def _written(kind: Kind, item: Any) -> bytes:
    *fields, last = item
    return kind.fixed.pack(*fields, len(last) if kind.is_variable else b"") + bytes(last)


def unit(flag: int, *objects: Any) -> Unit:
    """A unit of these objects."""
    return Unit(flag, len(objects), objects)
