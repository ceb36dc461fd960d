"""A text as the parts of submit_sm, and what comes back in deliver_sm. Pure.

Source: SMPP 3.4 §5.2.12 (esm_class), §5.2.19 (data_coding), §5.2.28 (message_state), appendix B (delivery receipt);
3GPP TS 23.038 §6.2.1 (default alphabet), TS 23.040 §9.2.3.24.1 (concatenation, 8-bit reference).
"""

import re
from typing import NamedTuple

from flameblue.notices.texts.lengths import split

UCS2 = 8  # data_coding
GSM, LATIN_1 = 0, 3
WITH_HEADER = 0x40  # esm_class: a user data header leads the text
MESSAGE_TYPE = 0x3C  # the bits of esm_class that say what a deliver_sm is
IS_RECEIPT, IS_INTERMEDIATE = 0x04, 0x20
STATES = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
_RECEIPT = re.compile(rb"id:(\S+).*?stat:(\w+)", re.IGNORECASE | re.DOTALL)
_GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


class PartPdu(NamedTuple):
    """The esm_class and the bytes of one submit_sm."""

    esm_class: int
    message: bytes


class Receipt(NamedTuple):
    """A delivery receipt: the part's id and a word of `STATES`."""

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


def is_receipt(esm_class: int) -> bool:
    """A deliver_sm that tells of a message of ours; otherwise it is somebody's own message."""
    return esm_class & MESSAGE_TYPE in {IS_RECEIPT, IS_INTERMEDIATE}


def receipt(message: bytes, receipted_id: str = "", state: int | None = None) -> Receipt | None:
    """The receipt: its optional parameters where they are there, else its text; None where neither says enough."""
    found = _RECEIPT.search(message)
    message_id = receipted_id or (found[1].decode("ascii", "replace") if found else "")
    said = STATES.get(state or 0) or (found[2].decode("ascii", "replace").upper() if found else "")
    return Receipt(message_id, said) if message_id and said else None


def inbound_text(message: bytes, data_coding: int, esm_class: int = 0) -> str:
    """The text of an incoming message without its user data header. Never raises."""
    if esm_class & WITH_HEADER and message:
        message = message[1 + message[0] :]
    if data_coding == UCS2:
        return message.decode("utf-16-be", "replace")
    if data_coding == GSM:
        return "".join(_GSM[byte] if byte < len(_GSM) else "?" for byte in message)
    return message.decode("latin-1")
