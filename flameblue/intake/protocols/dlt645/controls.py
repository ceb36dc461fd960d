"""The control codes of DL/T 645 and how the data after each is laid out, in both directions.

The editions share frame and check sum and are told apart by the control code: those of 1997 have not bit 4, those of
2007 have; 08 (broadcast time) is both.
Sources: DL/T 645-2007, 5.2.3 and clause 7; the codes of the 1997 edition beyond 01 and 81 were not seen in a frame.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flameblue.intake.protocols.dlt645.values import bcd, digits
from flameblue.intake.protocols.layouts import RAW, REST, Kind, Misfit, Part, read, write

ANSWER, ABNORMAL, FOLLOWS, FUNCTION = 0x80, 0x40, 0x20, 0x1F  # 5.2.3
TIME_TO_ALL, READ, READ_MORE, CONTROL = 0x08, 0x11, 0x12, 0x1C
OLD, NEW = 1997, 2007  # the editions


class Control(NamedTuple):
    """A control code taken apart; `edition` is 0 where none has it."""

    edition: int
    function: int
    name: str
    answer: bool
    abnormal: bool
    follows: bool


def control(code: int) -> Control:
    """What `code` says."""
    function = code & FUNCTION
    edition = NEW if function in EDITION_2007 else OLD if function in EDITION_1997 else 0
    name = EDITION_2007.get(function) or EDITION_1997.get(function, "")
    return Control(edition, function, name, bool(code & ANSWER), bool(code & ABNORMAL), bool(code & FOLLOWS))


def edition(found: Control) -> str:
    """Which edition has this control code."""
    return f"{OLD} and {NEW}" if found.function == TIME_TO_ALL else str(found.edition or "not known")


def decode(code: int, data: bytes) -> dict[str, Any]:
    """The fields of `data` by the standard's names. Raises Misfit."""
    misfits = []
    for parts in _layouts(code):
        try:
            return read(parts, data)
        except Misfit as misfit:
            misfits.append(misfit)
    raise max(misfits, key=lambda misfit: misfit.at)


def encode(code: int, fields: Mapping[str, Any]) -> bytes:
    """The data with these `fields`, which must be those of one of the code's layouts."""
    for parts in _layouts(code):
        if [part.name for part in parts] == list(fields):
            return write(parts, fields)
    raise ValueError(f"no layout of control code {code:02X}H has the fields {', '.join(fields)}")


def _layouts(code: int) -> tuple[tuple[Part, ...], ...]:
    found = control(code)
    if found.answer and found.abnormal:
        return ((ERROR_WORD,), (SECURITY_ERROR,)) if found.function == CONTROL else ((ERROR_WORD,),)
    table = (ANSWERS if found.answer else REQUESTS) if found.edition == NEW else OF_1997
    return table.get(found.function, ((DATA,),))


def _identifier_read(data: bytes) -> str:
    return data[::-1].hex().upper()


IDENTIFIER = Kind(_identifier_read, lambda text: bytes.fromhex(text)[::-1])
BCD = Kind(digits, bcd)
BYTE = Kind(lambda data: data[0], lambda value: bytes([value]))

DI = Part("data_identifier", 4, IDENTIFIER)
DATA = Part("data", REST, RAW)
SEQUENCE = Part("sequence", 1, BYTE)
ADDRESS = Part("address", 6, BCD)
TIME = Part("time_YYMMDDhhmmss", 6, BCD)
PASSWORD = Part("password", 4, RAW)  # its level first
OPERATOR = Part("operator_code", 4, RAW)
BAUD_RATE = Part("baud_rate", 1, BYTE)
ERROR_WORD = Part("error_word", 1, BYTE)
SECURITY_ERROR = Part("security_error_word", 2, RAW)
NEW_PASSWORD = Part("new_password", 4, RAW)
EVENT = Part("event_identifier", 4, IDENTIFIER)
BLOCKS = Part("load_blocks", 1, BYTE)
FROM = Part("from_YYMMDDhhmm", 5, BCD)
FREEZE = Part("freeze_at_MMDDhhmm", 4, BCD)  # 99 in a place: each month, day, hour
COMMAND = Part("command", 1, BYTE)
RESERVED = Part("reserved", 1, BYTE)
UNTIL = Part("valid_until_YYMMDDhhmmss", 6, BCD)
EMPTY: tuple[tuple[Part, ...], ...] = ((),)

EDITION_2007 = {
    TIME_TO_ALL: "broadcast time",
    READ: "read data",
    READ_MORE: "read following data",
    0x13: "read address",
    0x14: "write data",
    0x15: "write address",
    0x16: "freeze",
    0x17: "change baud rate",
    0x18: "change password",
    0x19: "clear maximum demand",
    0x1A: "clear meter",
    0x1B: "clear events",
    CONTROL: "control",
}
EDITION_1997 = {
    0x01: "read data",
    0x02: "read following data",
    0x03: "read again",
    0x04: "write data",
    0x0A: "write address",
    0x0C: "change baud rate",
    0x0F: "change password",
    0x10: "clear maximum demand",
}
REQUESTS = {
    TIME_TO_ALL: ((TIME,),),
    READ: ((DI,), (DI, BLOCKS), (DI, BLOCKS, FROM)),
    READ_MORE: ((DI, SEQUENCE),),
    0x13: EMPTY,
    0x14: ((DI, PASSWORD, OPERATOR, DATA),),
    0x15: ((ADDRESS,),),
    0x16: ((FREEZE,),),
    0x17: ((BAUD_RATE,),),
    0x18: ((DI, PASSWORD, NEW_PASSWORD),),
    0x19: ((PASSWORD, OPERATOR),),
    0x1A: ((PASSWORD, OPERATOR),),
    0x1B: ((PASSWORD, OPERATOR, EVENT),),
    CONTROL: ((PASSWORD, OPERATOR, COMMAND, RESERVED, UNTIL), (PASSWORD, OPERATOR, DATA)),
}
ANSWERS = {
    READ: ((DI, DATA),),
    READ_MORE: ((DI, DATA, SEQUENCE),),
    0x13: ((ADDRESS,),),
    0x14: EMPTY,
    0x15: EMPTY,
    0x16: EMPTY,
    0x17: ((BAUD_RATE,),),
    0x18: ((NEW_PASSWORD,),),
    0x19: EMPTY,
    0x1A: EMPTY,
    0x1B: EMPTY,
    CONTROL: EMPTY,
}
OF_1997 = {0x01: ((Part("data_identifier", 2, IDENTIFIER), DATA),)}

ERRORS_STANDARD = (
    "other error",
    "no such data",
    "password wrong or not authorised",
    "baud rate can not be changed",
    "too many year zones",
    "too many day periods",
    "too many rates",
)  # bit 0 first: DL/T 645-2007, annex on the error word
ERRORS_ONE_LOWER = ERRORS_STANDARD[1:]  # of a breaker's firmware: 01 no data, 02 password, 04 baud rate


def errors(word: int) -> dict[str, list[str]]:
    """What an abnormal answer says, by the standard and as some firmware numbers it; the profile says which holds."""
    return {
        "by_the_standard": [said for bit, said in enumerate(ERRORS_STANDARD) if word >> bit & 1],
        "one_bit_lower": [said for bit, said in enumerate(ERRORS_ONE_LOWER) if word >> bit & 1],
    }
