"""A text as the parts of submit_sm, and what comes back in deliver_sm. Pure.

Source: SMPP 3.4 §5.2.12 (esm_class), §5.2.19 (data_coding), appendix B (delivery receipt); 3GPP TS 23.040 §9.2.3.24.1
(concatenation, 8-bit reference).
"""

import re
from typing import NamedTuple

from flameblue.notices.texts.lengths import split

UCS2 = 8  # data_coding
WITH_HEADER = 0x40  # esm_class: a user data header leads the text
IS_RECEIPT = 0x04  # esm_class of a deliver_sm
_RECEIPT = re.compile(rb"id:(\S+).*?stat:(\w+)", re.IGNORECASE | re.DOTALL)


class PartPdu(NamedTuple):
    """The esm_class and the bytes of one submit_sm."""

    esm_class: int
    message: bytes


class Receipt(NamedTuple):
    """A delivery receipt."""

    message_id: str
    state: str


def parts(text: str, reference: int) -> list[PartPdu]:
    """`text` as UCS-2 parts of at most 140 bytes; `reference` (0–255) ties the parts together."""
    pieces = split(text)
    if len(pieces) == 1:
        return [PartPdu(0, text.encode("utf-16-be"))]
    return [
        PartPdu(
            WITH_HEADER,
            bytes([5, 0, 3, reference & 0xFF, len(pieces), number]) + piece.encode("utf-16-be"),
        )
        for number, piece in enumerate(pieces, 1)
    ]


def receipt(message: bytes) -> Receipt | None:
    """The receipt in a deliver_sm's text, or None where there is none."""
    found = _RECEIPT.search(message)
    return (
        Receipt(found[1].decode("ascii", "replace"), found[2].decode("ascii", "replace").upper())
        if found
        else None
    )


def inbound_text(message: bytes, data_coding: int) -> str:
    """The text of an incoming message: UCS-2, or ASCII and Latin-1 for the other codings."""
    if data_coding == UCS2:
        return message.decode("utf-16-be", "replace")
    return message.decode("latin-1")
