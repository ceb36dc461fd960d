"""Which unit has dialled in: the IMEI among the first bytes that a 4G unit (DTU) sends. Pure.

Makers send it bare, with a line end, inside a line or JSON, as hex text of its digits, or packed two digits a byte;
people can set the packet on most units, so that no list of forms would be whole. Therefore: fifteen digits that stand
alone. One that the registry knows counts at once; else all must have come, and one after the word "imei", one whose
check digit is right, or the only one is taken. Sources: 3GPP TS 23.003, 6.2.1 (fifteen digits) and annex B (the check
digit, by Luhn); an IMSI has fifteen digits too, and the ICCID of a card nineteen or twenty.
"""

import re
from collections.abc import Container, Iterator

TOPIC = "modbus_dial_in/registration"  # under which an unknown unit is listed or kept
ALONE = re.compile(rb"(?<![0-9])[0-9]{15}(?![0-9])")
IN_HEX = re.compile(rb"(?<![0-9a-fA-F])(?:3[0-9]){15}(?![0-9a-fA-F])")
NAMED = re.compile(rb"imei[^0-9]{0,8}$", re.IGNORECASE)
PACKED_BYTES = 8  # a zero and fifteen digits, two a byte


def imei(data: bytes, known: Container[str], *, ended: bool) -> str | None:
    """The IMEI in `data`. None: there is none, or (not `ended`) more bytes may say otherwise."""
    found = list(_found(data))
    for one, _ in found:
        if one in known:
            return one
    if not ended or not found:
        return None
    likely = [one for one, is_named in found if is_named] or [one for one, _ in found if has_check_digit(one)]
    if likely:
        return likely[0]
    return found[0][0] if len(found) == 1 else None


def has_check_digit(digits: str) -> bool:
    """Whether the last digit is the one that the others ask for."""
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _found(data: bytes) -> Iterator[tuple[str, bool]]:
    """Each number that may be an IMEI, and whether it is called so."""
    for match in ALONE.finditer(data):
        yield match[0].decode(), NAMED.search(data[: match.start()]) is not None
    for match in IN_HEX.finditer(data):
        yield bytes.fromhex(match[0].decode()).decode(), False
    packed = data.hex()
    if len(data) == PACKED_BYTES and packed.isdecimal() and packed.startswith("0"):
        yield packed[1:], False
