"""What an item of DL/T 645's data is and how it is read and written: BCD, low byte first (DL/T 645-2007, annex A)."""

from typing import Any, NamedTuple

SIGN = 0x80  # of the highest byte, where an item has a sign (annex A, note on signed quantities)
NO_VALUE = 0xFF  # in every byte: what meters send for a phase that they do not have


class Item(NamedTuple):
    """One number or time. `kind`: bcd, digits, bin, time or raw; `decimals` are digits after the point."""

    name: str
    size: int
    kind: str = "bcd"
    decimals: int = 0
    unit: str = ""
    signed: bool = False


def digits(data: bytes) -> str:
    """The BCD digits of `data`, highest first. Raises ValueError where a half byte is no digit."""
    text = data[::-1].hex()
    if not text.isdecimal():
        wrong = next(byte for byte in data if byte & 0x0F > 9 or byte >> 4 > 9)
        raise ValueError(f"{wrong:02X}H is not BCD")
    return text


def bcd(text: str) -> bytes:
    """The bytes of these digits, as they travel."""
    return bytes.fromhex(text)[::-1]


def missing(data: bytes) -> bool:
    """Whether the device says that it has no value."""
    return bool(data) and data.count(NO_VALUE) == len(data)


def read(item: Item, data: bytes) -> Any:
    """The value of `item`; None: the device has none. Raises ValueError."""
    if item.kind == "raw":
        return data.hex()
    if item.kind == "bin":
        return int.from_bytes(data, "little")
    if missing(data):
        return None
    if item.kind != "bcd":
        return digits(data)
    negative = item.signed and bool(data[-1] & SIGN)
    number = int(digits(_unsigned(data) if negative else data))
    scaled = number / 10**item.decimals if item.decimals else number
    return -scaled if negative else scaled


def write(item: Item, value: Any) -> bytes:
    """`value` as it travels; the opposite of `read` (a negative zero comes back as zero)."""
    if value is None:
        return bytes([NO_VALUE]) * item.size
    if item.kind == "raw":
        return bytes.fromhex(value)
    if item.kind == "bin":
        return int(value).to_bytes(item.size, "little")
    if item.kind != "bcd":
        return bcd(value)
    number = round(abs(value) * 10**item.decimals)
    most = 10 ** (2 * item.size) * (8 if item.signed else 10) // 10  # the sign has the highest bit
    if number >= most or (value < 0 and not item.signed):
        raise ValueError(f"{value} does not fit {item.name}")
    data = bytearray(bcd(f"{number:0{2 * item.size}d}"))
    if value < 0:
        data[-1] |= SIGN
    return bytes(data)


def _unsigned(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] & ~SIGN])
