"""What is no frame of GB/T 26875.3 and often comes instead: named, so that people know what was connected.

Told by what is certain (first bytes, lengths), never guessed from content.
"""

FIRST_BYTES = (
    (b"\x16\x03", "looks like TLS: the standard has none, and this is the plain port"),
    (b"GET ", "looks like HTTP"),
    (b"POST ", "looks like HTTP"),
    (b"\x55\xaa", "starts with 55 aa: another protocol that calls itself GB 26875"),
    (b"\x68", "starts with 68, as DL/T 645 and other meters' protocols do"),
)
DECIMAL_35 = b"\x35\x35"


def named(data: bytes) -> str:
    """Why `data`, which does not begin with a start mark, is passed over."""
    for first, why in FIRST_BYTES:
        if data.startswith(first):
            return why
    if len(data) > 1 and data[0] == 0x10 and data[2:8].find(b"MQ") >= 0:
        return "looks like MQTT"
    return f"no start mark 40 40: {data[:2].hex(' ')}"


def wrong_end(size: int, end: bytes) -> str:
    """Why a frame whose unit has `size` bytes is none: it ends with `end`."""
    said = f"after a unit of {size} bytes the frame ends with {end.hex(' ')} instead of 23 23"
    if end == DECIMAL_35:
        return f"{said}: a sender that takes the standard's decimal 35 for hexadecimal"
    return said
