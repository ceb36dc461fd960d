"""What may stand in a name or a line of the log: only what is seen, and nothing that turns round what stands beside it.

Invariant: a zero-width joiner or non-joiner stands between two letters of a joining script only (RFC 5892, appendix A):
there it changes how Kazakh or Uyghur in Arabic letters is written; elsewhere it makes two names of one. A character
that this Python does not know yet may stand: Unicode 15.1 gave 622 to Chinese names of persons alone (Extension I).
"""

import unicodedata
from typing import NamedTuple

BRACKETS = "【】"  # of the signature of a message
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
UNKNOWN = "Cn"
BLANK_LETTERS = (
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # letters and marks by category, drawn as nothing
)
# Default_Ignorable_Code_Point of Unicode 15.1, and its noncharacters
NEVER_DRAWN = ((0x2065, 0x2065), (0xFDD0, 0xFDEF), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF))
JOINERS = "\u200c\u200d"
JOINING = frozenset({"AL", "NSM"})


class Flaw(NamedTuple):
    """The first character that may not be there. `at` counts from 1; `name` is U+… for what is not seen."""

    at: int
    name: str


def flaw(text: str) -> Flaw | None:
    """What may not stand in the name `text`; None: all of it may."""
    for at, character in enumerate(text):
        if character in BRACKETS:
            return Flaw(at + 1, character)
        if _is_unseen(character) and not _joins(text, at):
            return Flaw(at + 1, f"U+{ord(character):04X}")
    return None


def all_seen(text: str, characters_max: int) -> str:
    """`text` as a log tells it: what is not seen is written as U+…, and what is beyond `characters_max` is cut."""
    seen = "".join(f"U+{ord(one):04X}" if _is_unseen(one) else one for one in text[:characters_max])
    return seen + "…" * (len(text) > characters_max)


def _is_unseen(character: str) -> bool:
    if character in BLANK_LETTERS:
        return True
    if character.isprintable():
        return False
    category = unicodedata.category(character)
    return category in UNSEEN or (category == UNKNOWN and _is_never_drawn(ord(character)))


def _is_never_drawn(code: int) -> bool:
    """Left out by who draws text, now and for ever, or no character at all (U+nFFFE and U+nFFFF)."""
    return code & 0xFFFE == 0xFFFE or any(first <= code <= last for first, last in NEVER_DRAWN)


def _joins(text: str, at: int) -> bool:
    beside = text[at - 1 : at], text[at + 1 : at + 2]
    return text[at] in JOINERS and all(one and unicodedata.bidirectional(one) in JOINING for one in beside)
