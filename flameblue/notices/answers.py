"""What somebody's SMS means: 1, 2, or a digit and a case's number. Pure.

Strict on purpose: "1号箱冒烟" tells of smoke, it takes nothing over. Full-width digits, any spaces and a full stop
are read.
"""

import re
import unicodedata
from collections.abc import Container
from dataclasses import dataclass

YES, HELP = "1", "2"
_ANSWER = re.compile(r"([12])(?:[\s,、:#]+(\d{1,9})号?)?[\s.。!,]*")
_GLUED = re.compile(r"([12])(\d{2,9})")


@dataclass(frozen=True, slots=True)
class Answer:
    """`digit`: 1 or 2; `number`: of the case it names, or None."""

    digit: str
    number: int | None = None


def understood(text: str, numbers: Container[int]) -> Answer | None:
    """The answer in `text`, or None. Digits without a space count where the rest is one of `numbers`: 14823."""
    said = "".join(" " if unicodedata.category(c) in {"Zs", "Cf", "Cc"} else c for c in text)
    said = unicodedata.normalize("NFKC", said).strip()
    if found := _ANSWER.fullmatch(said):
        return Answer(found[1], int(found[2]) if found[2] else None)
    glued = _GLUED.fullmatch(said)
    if glued is not None and int(glued[2]) in numbers:
        return Answer(glued[1], int(glued[2]))
    return None
