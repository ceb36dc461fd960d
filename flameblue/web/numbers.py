"""Whole numbers that an address or a header names."""

DIGITS_MAX = 18  # of what every database keeps as a whole number


def number(text: str | None) -> int | None:
    """`text` as a whole number that is not negative; None: it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX else None
