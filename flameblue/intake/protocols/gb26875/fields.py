"""What the frames' fields are made of: time labels, addresses and texts, as they travel and for people.

Source: GB/T 26875.3-2011, 6.6 (addresses), 8.2.2 (time labels), 8.2.1.2 (texts).
"""

import re
import unicodedata
from datetime import datetime

from flameblue.domain.errors import BadInput

TIME_BYTES = 6  # second, minute, hour, day, month, year - 2000, each in plain binary
ADDRESS_BYTES = 6  # of the two ends of a line, low byte first
TEXT_BYTES = 31  # of a component's text, GB 18030
CENTURY, YEAR_MAX = 2000, 99
_WITHOUT_ZONE = datetime.fromisoformat("2000-01-01")


def time_label(at: datetime) -> bytes:
    """`at`, a time of the device's own zone, as it travels."""
    if not CENTURY <= at.year < CENTURY + YEAR_MAX + 1:
        raise BadInput(f"A time label can't hold the year {at.year}; it holds 2000 to 2099.")
    return bytes((at.second, at.minute, at.hour, at.day, at.month, at.year - CENTURY))


def time(label: bytes) -> datetime | None:
    """The time that a label says, in the device's own zone; None: no calendar has it (a clock that was not set)."""
    second, minute, hour, day, month, year = label
    if year > YEAR_MAX:
        return None
    try:
        return _WITHOUT_ZONE.replace(CENTURY + year, month, day, hour, minute, second)
    except ValueError:
        return None


def written_time(label: bytes) -> str:
    """A label for people, also one that is no time."""
    second, minute, hour, day, month, year = label
    return f"{CENTURY + year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"


def address(number: int) -> bytes:
    """The address `number` as it travels."""
    if not 0 <= number < 1 << 8 * ADDRESS_BYTES:
        raise BadInput(f"{number} is no address: an address has {ADDRESS_BYTES} bytes.")
    return number.to_bytes(ADDRESS_BYTES, "little")


def spelled_address(text: str) -> bytes:
    """The address that people write as 12 hex digits in the order of travel, or as the decimal number that it is.

    BadInput where it is neither. Twelve digits are hex digits.
    """
    plain = unicodedata.normalize("NFKC", text).strip().removeprefix("0x")
    if re.fullmatch(r"[0-9A-Fa-f]{2}([ :-]?[0-9A-Fa-f]{2}){5}", plain):
        return bytes.fromhex(re.sub("[ :-]", "", plain))
    if re.fullmatch(r"[0-9]{1,15}", plain) and int(plain) < 1 << 8 * ADDRESS_BYTES:
        return address(int(plain))
    raise BadInput(
        f"{text!r} is no address: 12 hex digits in the order of travel, or a number below 2 to the 48."
    )


def number(data: bytes) -> int:
    """What the bytes of an address, of a frame's end or of a component, are as one number."""
    return int.from_bytes(data, "little")


def text(data: bytes) -> str:
    """A text without its padding: makers fill it with blanks, with zeros, or with blanks and one zero.

    Half a character at the end, where a long text was cut, becomes U+FFFD.
    """
    return data.split(b"\0", 1)[0].decode("gb18030", errors="replace").strip(" ")


def padded_text(said: str, size: int = TEXT_BYTES) -> bytes:
    """`said` as it travels, cut between characters and filled with zeros to `size` bytes."""
    said = said[:size]  # no character has less than a byte
    data = said.encode("gb18030", errors="replace")
    while len(data) > size:
        said = said[:-1]
        data = said.encode("gb18030", errors="replace")
    return data.ljust(size, b"\0")
