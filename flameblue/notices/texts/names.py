"""Names inside a message: cleaned as providers demand, and shortened where a text has no room.

A variable is at most `VARIABLE_UNITS_MAX` units, without brackets of a signature, links or phone numbers.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from flameblue.notices.texts.lengths import units

VARIABLE_UNITS_MAX = 20
PART_UNITS_MIN = 3  # a part of a name is never cut below it
CUT = "…"

_BRACKETS = str.maketrans({"【": "(", "】": ")", "\n": " ", "\r": " ", "\t": " "})
_LINK = re.compile(r"(?:\w*://|www\.)\S*", re.IGNORECASE)
_PHONE = re.compile(r"\+?\d[\d -]{5,}\d")
_LONG_NUMBER = re.compile(r"\d{5,}")  # five digits can be a chat account's number
_ADDRESS = re.compile(r"\d+(?:\.\d+){2,}|(?<=[^\W_])\.(?=[^\W\d_])")  # of a machine, or a name's dot


def clean(text: str) -> str:
    """`text` without what providers refuse inside a variable; of a phone number the last four digits stay."""
    text = text.translate(_BRACKETS)
    text = "".join(c for c in text if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF)
    text = _PHONE.sub(
        lambda match: CUT + match.group()[-4:] if _digits(match.group()) >= 7 else match.group(),
        _LINK.sub("", text),
    )
    return " ".join(text.split())


def harmless(text: str) -> str:
    """`text` with nothing in it that is, or looks like, a link or an account's number, as providers demand.

    A number of five digits and more is written in groups, 30 000, so that it stays what it is.
    """
    text = _ADDRESS.sub(lambda match: match.group().replace(".", CUT), clean(text))
    return _LONG_NUMBER.sub(lambda match: _grouped(match.group()), text)


def carriable(text: str) -> str:
    """`text` as a variable of an approved template: harmless and short."""
    return shortened(harmless(text), VARIABLE_UNITS_MAX)


@lru_cache(maxsize=4_096)
def shortened(text: str, units_max: int) -> str:
    """`text` in at most `units_max` units: its head and tail, with numbers kept whole where that is possible."""
    if units(text) <= units_max:
        return text
    best, best_score = "", (-1, -1, 0)
    for head in range(min(len(text), units_max)):
        for tail in range(min(len(text) - head, units_max - head)):
            kept = text[:head] + CUT + text[len(text) - tail :]
            if units(kept) > units_max:
                break
            if _splits_a_number(text, head) or _splits_a_number(text, len(text) - tail):
                continue
            score = (_digits(kept), units(kept), -abs(head - tail))
            if score > best_score:
                best, best_score = kept, score
    return best


@dataclass(frozen=True, slots=True)
class Name:
    """A name of one or more parts. `lead` before and `extra` after them say more and are left out first."""

    parts: tuple[str, ...]
    extra: str = ""
    lead: str = ""

    def __bool__(self) -> bool:
        return any((*self.parts, self.extra, self.lead))

    def at_most(self, units_max: int) -> str:
        """The name in at most `units_max` units (but no part below `PART_UNITS_MIN`)."""
        full = _joined([self.lead, *self.parts, self.extra])
        if units(full) <= units_max:
            return full
        parts = list(self.parts)
        while units(_joined(parts)) > units_max:
            longest = max(range(len(parts)), key=lambda index: units(parts[index]))
            if units(parts[longest]) <= PART_UNITS_MIN:
                break
            parts[longest] = shortened(self.parts[longest], units(parts[longest]) - 1)
        return _joined(parts)


def name(*parts: str, extra: str = "", lead: str = "") -> Name:
    """The Name of `parts` (empty ones are left out), each cleaned and bounded."""
    kept = [_bounded(part) for part in parts]
    return Name(tuple(part for part in kept if part), _bounded(extra), _bounded(lead))


def place(short_name: str, room: str, circuit: str) -> Name:
    """Premises, room and circuit as people say them: 松林客栈203房暖气."""
    if not room:
        return name(short_name, circuit)
    extra = circuit.removeprefix(room)
    return name(short_name, room, extra="" if extra == room else extra)


def switch(panel: str, isolator: str) -> Name:
    """The switch that a lay person is asked to pull: 2号箱3号开关. Empty where no isolator is known."""
    return name(isolator, lead=panel) if isolator else Name(())


def _bounded(text: str) -> str:
    return shortened(clean(text), VARIABLE_UNITS_MAX)


def _joined(parts: list[str]) -> str:
    said = ""
    for part in parts:
        if said and part and said[-1].isascii() and part[0].isascii() and part[0] not in ",.)":
            said += " "
        said += part
    return said


def _grouped(digits: str) -> str:
    first = len(digits) % 3
    groups = [digits[:first], *(digits[at : at + 3] for at in range(first, len(digits), 3))]
    return " ".join(group for group in groups if group)


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _splits_a_number(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isdigit() and text[at].isdigit()
