"""How long a text is for an SMS: in UTF-16 units, since Chinese text goes as UCS-2 (data coding 8).

Both languages have the same room. English alone would fit 160 characters of the GSM alphabet into a message, but
the signature that mainland providers demand is Chinese, and one character outside that alphabet makes the whole
message UCS-2. Source: 3GPP TS 23.038, 23.040 (140 bytes a message, 6 of them for a concatenation header).
"""

from flameblue.domain.limits import SMS_UNITS_PART, SMS_UNITS_SINGLE


def units(text: str) -> int:
    """The UTF-16 units of `text`; a character outside the basic plane takes two."""
    return len(text.encode("utf-16-be", "surrogatepass")) // 2


def split(text: str) -> list[str]:
    """`text` as the parts that messages carry, in order; a surrogate pair is never cut."""
    if units(text) <= SMS_UNITS_SINGLE:
        return [text]
    parts, part, length = [], "", 0
    for character in text:
        size = units(character)
        if length + size > SMS_UNITS_PART:
            parts.append(part)
            part, length = "", 0
        part += character
        length += size
    return [*parts, part]
