"""The protocol data units of Modbus, read and written, in both directions: what RTU and TCP frames carry.

A unit does not say whether it is a request or an answer; `readings` tells both where both fit its length.
Source: MODBUS Application Protocol Specification V1.1b3 (sections in brackets).
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flameblue.intake.protocols.layouts import RAW, REST, Kind, Misfit, Part, read, write

PDU_BYTES_MAX = 253  # [4.1]: 256 of an RTU frame less address and CRC
EXCEPTION = 0x80  # [7]: the function code of a refusal has this bit
DEVICE_IDENTIFICATION = 14  # [6.21], the only MEI type whose length the unit itself tells

FUNCTIONS = {
    1: "Read Coils",
    2: "Read Discrete Inputs",
    3: "Read Holding Registers",
    4: "Read Input Registers",
    5: "Write Single Coil",
    6: "Write Single Register",
    7: "Read Exception Status",
    8: "Diagnostics",
    11: "Get Comm Event Counter",
    12: "Get Comm Event Log",
    15: "Write Multiple Coils",
    16: "Write Multiple Registers",
    17: "Report Server ID",
    20: "Read File Record",
    21: "Write File Record",
    22: "Mask Write Register",
    23: "Read/Write Multiple Registers",
    24: "Read FIFO Queue",
    43: "Encapsulated Interface Transport",
}  # [6]
USER_DEFINED = {*range(65, 73), *range(100, 111)}  # [5]: their length is the device's own matter
EXCEPTIONS = {
    1: "Illegal Function",
    2: "Illegal Data Address",
    3: "Illegal Data Value",
    4: "Server Device Failure",
    5: "Acknowledge",
    6: "Server Device Busy",
    8: "Memory Parity Error",
    10: "Gateway Path Unavailable",
    11: "Gateway Target Device Failed to Respond",
}  # [7]

REFUSAL_BYTES = 2

Sizer = Callable[[bytes], int]


class Layout(NamedTuple):
    """One function in one direction. `size` tells, of the bytes that are there, how many the unit has; where they do
    not tell that yet, how many are needed to know more; 0: they are no such unit. `fault` says what the standard
    does not allow in the fields."""

    parts: tuple[Part, ...]
    size: Sizer
    fault: Callable[[Mapping[str, Any]], str] = lambda _fields: ""


class Pdu(NamedTuple):
    """A unit as one direction reads it."""

    function: int
    answer: bool
    fields: dict[str, Any]


def layout(function: int, *, answer: bool) -> Layout | None:
    """How `function` is laid out; None: the standard does not say."""
    if function & EXCEPTION:
        return REFUSAL if answer and function ^ EXCEPTION in FUNCTIONS else None
    return LAYOUTS[function][answer] if function in LAYOUTS else None


def sizes(pdu: bytes) -> list[int]:
    """How long the unit that begins with `pdu` is, as a request and as an answer (see `Layout.size`), rising."""
    sizers = SIZERS[pdu[0]]
    if not sizers:
        return []
    return sorted({size for sizer in sizers if 0 < (size := sizer(pdu)) <= PDU_BYTES_MAX})


def decode(pdu: bytes, *, answer: bool) -> Pdu:
    """The unit as a request, or as an answer. Raises Misfit."""
    if not pdu:
        raise Misfit(0, "no function code")
    found = layout(pdu[0], answer=answer)
    kind = "an answer" if answer else "a request"
    if found is None:
        known = pdu[0] & ~EXCEPTION in FUNCTIONS
        raise Misfit(0, f"function code {pdu[0]} is {f'not that of {kind}' if known else 'not known'}")
    size = found.size(pdu)
    if not size:
        raise Misfit(1, f"{kind} of function {pdu[0]} does not look like this")
    if size != len(pdu):
        raise Misfit(
            min(size, len(pdu)), f"{kind} of function {pdu[0]} has {size} bytes here, not {len(pdu)}"
        )
    try:
        return Pdu(pdu[0], answer, read(found.parts, pdu[1:]))
    except Misfit as misfit:
        raise Misfit(misfit.at + 1, misfit.why) from misfit


def encode(pdu: Pdu) -> bytes:
    """The bytes of `pdu`; counts are written as they stand there."""
    found = layout(pdu.function, answer=pdu.answer)
    if found is None:
        raise ValueError(f"function code {pdu.function} has no layout")
    return bytes([pdu.function]) + write(found.parts, pdu.fields)


def readings(pdu: bytes) -> tuple[list[Pdu], list[Misfit]]:
    """What the unit may be: request, answer or both; and of what it can't be, why."""
    fit: list[Pdu] = []
    misfits: list[Misfit] = []
    for answer in (False, True):
        try:
            fit.append(decode(pdu, answer=answer))
        except Misfit as misfit:
            misfits.append(misfit)
    return fit, misfits


def possible(pdu: bytes) -> bool:
    """Whether this can be a unit at all, by its function code and its length."""
    function = pdu[0] & ~EXCEPTION
    if function in USER_DEFINED:
        return pdu[0] == function or len(pdu) == REFUSAL_BYTES
    return bool(readings(pdu)[0])


def fault(pdu: Pdu) -> str:
    """What the standard does not allow in the fields of `pdu`; empty: nothing."""
    found = layout(pdu.function, answer=pdu.answer)
    return found.fault(pdu.fields) if found else ""


def name(function: int) -> str:
    """The standard's name; empty where it has none."""
    return FUNCTIONS.get(function & ~EXCEPTION, "")


def fixed(size: int) -> Sizer:
    """Always `size` bytes, the function code among them."""
    return lambda _pdu: size


def counted(size: int, width: int = 1, unit: int = 1, least: int = 0) -> Sizer:
    """After `size` bytes, the last `width` of which are a count, as many as it says: a multiple of `unit`."""

    def total(pdu: bytes) -> int:
        if len(pdu) < size:
            return size
        count = int.from_bytes(pdu[size - width : size], "big")
        return 0 if count % unit or count < least else size + count

    return total


def _identification_asked(pdu: bytes) -> int:
    return 4 if len(pdu) < 2 or pdu[1] == DEVICE_IDENTIFICATION else 0


def _identification(pdu: bytes) -> int:
    """Seven bytes, then of each object its number, its length and as many bytes [6.21]."""
    size = 7
    if len(pdu) < size:
        return size if len(pdu) < 2 or pdu[1] == DEVICE_IDENTIFICATION else 0
    if pdu[1] != DEVICE_IDENTIFICATION:
        return 0
    for _ in range(pdu[6]):
        size += 2
        if len(pdu) < size:
            return size
        size += pdu[size - 1]
    return size


def _registers_read(data: bytes) -> tuple[int, ...]:
    if len(data) % 2:
        raise ValueError("an odd number of bytes is no registers")
    return tuple(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))


def _bits_read(data: bytes) -> tuple[int, ...]:
    return tuple(byte >> bit & 1 for byte in data for bit in range(8))


def _bits_written(bits: tuple[int, ...]) -> bytes:
    return bytes(
        sum(bit << place for place, bit in enumerate(bits[at : at + 8])) for at in range(0, len(bits), 8)
    )


def _objects_read(data: bytes) -> tuple[tuple[int, bytes], ...]:
    objects, at = [], 0
    while at + 2 <= len(data):
        stop = at + 2 + data[at + 1]
        objects.append((data[at], data[at + 2 : stop]))
        at = stop
    return tuple(objects)


def _objects_written(objects: tuple[tuple[int, bytes], ...]) -> bytes:
    return b"".join(bytes([number, len(value)]) + value for number, value in objects)


def _number(size: int) -> Kind:
    return Kind(lambda data: int.from_bytes(data, "big"), lambda value: int(value).to_bytes(size, "big"))


BYTE, WORD = _number(1), _number(2)
REGISTERS = Kind(_registers_read, lambda words: b"".join(word.to_bytes(2, "big") for word in words))
BITS = Kind(_bits_read, _bits_written)
OBJECTS = Kind(_objects_read, _objects_written)


def _quantity(most: int, field: str = "quantity") -> Callable[[Mapping[str, Any]], str]:
    return lambda fields: (
        "" if 1 <= fields[field] <= most else f"{field} {fields[field]}: 1 to {most} are allowed"
    )


def _written(most: int, bits: int, quantity: str = "quantity") -> Callable[[Mapping[str, Any]], str]:
    allowed = _quantity(most, quantity)

    def said(fields: Mapping[str, Any]) -> str:
        needed = (fields[quantity] * bits + 7) // 8
        if fields["byte_count"] != needed:
            return f"{quantity} {fields[quantity]} takes {needed} bytes, and byte_count is {fields['byte_count']}"
        return allowed(fields)

    return said


def _switched(fields: Mapping[str, Any]) -> str:
    value = fields["output_value"]
    return (
        "" if value in (0, 0xFF00) else f"output_value {value:#06x} is neither 0x0000 (off) nor 0xFF00 (on)"
    )


def _words(*names: str) -> tuple[Part, ...]:
    return tuple(Part(name, 2, WORD) for name in names)


def _bytes(*names: str) -> tuple[Part, ...]:
    return tuple(Part(name, 1, BYTE) for name in names)


NOTHING = Layout((), fixed(1))
REFUSAL = Layout(_bytes("exception_code"), fixed(REFUSAL_BYTES))
SWITCH = Layout(_words("output_address", "output_value"), fixed(5), _switched)
WRITE_ONE = Layout(_words("register_address", "register_value"), fixed(5))
MASK = Layout(_words("reference_address", "and_mask", "or_mask"), fixed(7))
DIAGNOSTICS = Layout(_words("sub_function", "data"), fixed(5))
FILE_WRITTEN = Layout((*_bytes("request_data_length"), Part("records", REST, RAW)), counted(2))
BITS_ANSWER = Layout((*_bytes("byte_count"), Part("status", REST, BITS)), counted(2, least=1))
WORDS_ANSWER = Layout(
    (*_bytes("byte_count"), Part("register_values", REST, REGISTERS)), counted(2, unit=2, least=1)
)
SPAN = _words("starting_address", "quantity")

LAYOUTS: dict[int, tuple[Layout, Layout]] = {  # function code: request, answer
    1: (Layout(SPAN, fixed(5), _quantity(2000)), BITS_ANSWER),
    2: (Layout(SPAN, fixed(5), _quantity(2000)), BITS_ANSWER),
    3: (Layout(SPAN, fixed(5), _quantity(125)), WORDS_ANSWER),
    4: (Layout(SPAN, fixed(5), _quantity(125)), WORDS_ANSWER),
    5: (SWITCH, SWITCH),
    6: (WRITE_ONE, WRITE_ONE),
    7: (NOTHING, Layout(_bytes("output_data"), fixed(2))),
    8: (DIAGNOSTICS, DIAGNOSTICS),
    11: (NOTHING, Layout(_words("status", "event_count"), fixed(5))),
    12: (
        NOTHING,
        Layout(
            (
                *_bytes("byte_count"),
                *_words("status", "event_count", "message_count"),
                Part("events", REST, RAW),
            ),
            counted(2),
        ),
    ),
    15: (
        Layout(
            (*SPAN, *_bytes("byte_count"), Part("outputs_value", REST, BITS)),
            counted(6, least=1),
            _written(1968, 1),
        ),
        Layout(SPAN, fixed(5), _quantity(1968)),
    ),
    16: (
        Layout(
            (*SPAN, *_bytes("byte_count"), Part("register_values", REST, REGISTERS)),
            counted(6, unit=2, least=1),
            _written(123, 16),
        ),
        Layout(SPAN, fixed(5), _quantity(123)),
    ),
    17: (NOTHING, Layout((*_bytes("byte_count"), Part("server_data", REST, RAW)), counted(2))),
    20: (
        Layout((*_bytes("byte_count"), Part("sub_requests", REST, RAW)), counted(2)),
        Layout((*_bytes("response_data_length"), Part("records", REST, RAW)), counted(2)),
    ),
    21: (FILE_WRITTEN, FILE_WRITTEN),
    22: (MASK, MASK),
    23: (
        Layout(
            (
                *_words(
                    "read_starting_address", "quantity_to_read", "write_starting_address", "quantity_to_write"
                ),
                *_bytes("byte_count"),
                Part("write_register_values", REST, REGISTERS),
            ),
            counted(10, unit=2, least=1),
            _written(121, 16, "quantity_to_write"),
        ),
        WORDS_ANSWER,
    ),
    24: (
        Layout(_words("fifo_pointer_address"), fixed(3)),
        Layout(
            (*_words("byte_count", "fifo_count"), Part("fifo_values", REST, REGISTERS)),
            counted(3, width=2, unit=2),
        ),
    ),
    43: (
        Layout(_bytes("mei_type", "read_device_id_code", "object_id"), _identification_asked),
        Layout(
            (
                *_bytes(
                    "mei_type", "read_device_id_code", "conformity_level", "more_follows", "next_object_id"
                ),
                *_bytes("number_of_objects"),
                Part("objects", REST, OBJECTS),
            ),
            _identification,
        ),
    ),
}


def _sizers(function: int) -> tuple[Sizer, ...]:
    found = (layout(function, answer=answer) for answer in (False, True))
    return tuple({one.size: one for one in found if one})


SIZERS = [_sizers(function) for function in range(256)]  # of each function code, in both directions
