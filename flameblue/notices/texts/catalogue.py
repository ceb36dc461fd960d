"""The templates as data: one YAML file a language, read once, checked while it is read.

A text's `{variable}`s are filled by the renderer. Words in `[…]` are optional: they go when one of their variables
is empty, and, the last first, when there is no room. `<word>` is a phrase of the template's family. A template
may have several forms: the first that fits is sent; names are shortened below their good length in the last alone.
`~ask|tell~` asks for an answer where one can come back, and tells what to do instead where none can; of
`~ask|tell|taken~` the last stands where somebody has the case: who is told of it is not asked to take it.
A language may know a part of the texts only: the others are those of its `fallback`, with its `danger` behind them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import (
    GROUP_UNITS_MAX,
    SMS_UNITS_KAZAKH_MAX,
    SMS_UNITS_OFFICER_MAX,
    SMS_UNITS_OWNER_MAX,
)

LANGUAGES = ("zh-hans", "en", "kk")
FAMILIES = (
    "heat",
    "ambient",
    "leakage",
    "load",
    "voltage_high",
    "voltage_low",
    "phase_loss",
    "arc",
    "reported",
)
ROOM = {
    "owner": SMS_UNITS_OWNER_MAX,
    "officer": SMS_UNITS_OFFICER_MAX,
    "voice": 200,
    "group": GROUP_UNITS_MAX,
}
ROOMIER = {"kk": {"owner": SMS_UNITS_KAZAKH_MAX}}
NOBODY = "nobody yet"  # in `reviewed_by`, until somebody signs
VOICE = "_voice"
VARIABLE = re.compile(r"\{(\w+)\}")
PHRASE = re.compile(r"<(\w+)>")
_ANSWER = re.compile(r"(?P<gap> *)~(?P<ask>[^~|]*)\|(?P<tell>[^~|]*)(?:\|(?P<taken>[^~|]*))?~")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stand or go together."""

    text: str
    optional: bool

    @property
    def variables(self) -> list[str]:
        return VARIABLE.findall(self.text)


@dataclass(frozen=True, slots=True)
class Template:
    """One text with an id that providers know it by. `reader`: owner, officer or voice; `room` in UTF-16 units."""

    id: str
    base: str  # without the family
    family: str
    language: str
    reader: str
    forms: tuple[tuple[Piece, ...], ...]
    prefix: str
    urgent: bool = False  # worth another channel while this one still tries
    instead: str = ""  # the base of the template that says it by the other medium
    names: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # full, good and minimum units
    unknown: Mapping[str, str] = field(default_factory=dict)
    phrases: Mapping[str, str] = field(default_factory=dict)  # of the family

    @property
    def is_voice(self) -> bool:
        return self.reader == "voice"

    @property
    def room(self) -> int:
        return ROOMIER.get(self.language, ROOM).get(self.reader, ROOM[self.reader])

    @property
    def sources(self) -> list[str]:
        """Each form as it is written."""
        return ["".join(f"[{p.text}]" if p.optional else p.text for p in form) for form in self.forms]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every template and word of one language. `reviewed_by`: who has read the advice and answers for it.

    `needs`: who should read it, `fire_officer` or `native`.
    """

    language: str
    reviewed_by: str
    needs: str
    templates: Mapping[str, Template]
    words: Mapping[str, str]
    cold_months: frozenset[int]  # advice minds the cold in them

    @property
    def is_reviewed(self) -> bool:
        return self.reviewed_by != NOBODY

    def template(self, name: str, family: str = "") -> Template:
        """The template `name`, in its family's version where it has some; KeyError when there is none."""
        return self.templates.get(key_of(name, family)) or self.templates[name]

    def has(self, name: str) -> bool:
        """There is a template `name`, whatever the family."""
        return key_of(name, FAMILIES[0]) in self.templates or name in self.templates

    def word(self, key: str) -> str:
        """A stored word as this language says it; the word itself where it is not known."""
        return self.words.get(key, key)


def key_of(name: str, family: str) -> str:
    """The id of a family's version; those of voice calls end in `_voice`."""
    if not family:
        return name
    base = name.removesuffix(VOICE)
    return f"{base}_{family}{VOICE}" if base != name else f"{name}_{family}"


def catalogue(language: str, *, hears: bool = True, taken: bool = False) -> Catalogue:
    """The catalogue of `language`; Chinese where there is none.

    `hears`: answers to its texts come back. `taken`: its texts are of a case that somebody has.
    """
    known = language if language in LANGUAGES else LANGUAGES[0]
    return load(Path(__file__).with_name(f"{known}.yaml"), hears, taken)


@cache
def load(path: Path, hears: bool, taken: bool = False) -> Catalogue:
    """The catalogue of a file; BadInput says what is wrong with it."""

    def end(match: re.Match[str]) -> str:
        said = match["ask"] if hears else match["tell"]
        if taken and match["taken"] is not None:
            said = match["taken"] if hears else ""
        return match["gap"] + said if said else ""

    table = yaml.safe_load(_ANSWER.sub(end, path.read_text(encoding="utf-8")))
    try:
        templates = {template.id: template for template in read_templates(table)}
        words = {str(key): str(word) for key, word in table["words"].items()}
        cold, needs = frozenset(table["cold_months"]), table.get("needs", "fire_officer")
        if "fallback" in table:
            other = catalogue(table["fallback"], hears=hears, taken=taken)
            templates = {**_with(table["danger"], other.templates), **templates}
            words = {**other.words, **words}
        return Catalogue(table["language"], table["reviewed_by"], needs, templates, words, cold)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"The texts {path.name} lack or misuse {error}.") from error


def _with(danger: str, templates: Mapping[str, Template]) -> dict[str, Template]:
    """`templates` with `danger` at their end where there is room; a voice that speaks one language says no other."""
    piece = (Piece(danger, optional=True),)
    return {
        name: one if one.is_voice else replace(one, forms=tuple((*form, *piece) for form in one.forms))
        for name, one in templates.items()
    }


def read_templates(table: Mapping[str, Any]) -> Iterator[Template]:
    """The templates of a file's table, a family's versions apart."""
    for name, entry in table["templates"].items():
        families = FAMILIES if entry.get("families") else ("",)
        for family in families:
            yield _template(table, name, family)


def _template(table: Mapping[str, Any], name: str, family: str) -> Template:
    entry, phrases = table["templates"][name], table["phrases"][family] if family else {}
    texts = entry["text"] if isinstance(entry["text"], list) else [entry["text"]]
    reader = entry["to"]
    return Template(
        id=key_of(name, family),
        base=name,
        family=family,
        language=table["language"],
        reader=reader,
        forms=tuple(pieces(PHRASE.sub(lambda match: phrases[match[1]], text)) for text in texts),
        prefix=table["prefix"]["voice" if reader == "voice" else "sms"],
        urgent=entry.get("urgent", False),
        instead=entry.get("instead", ""),
        names=table["names"],
        unknown=table["unknown"],
        phrases=phrases,
    )


def pieces(text: str) -> tuple[Piece, ...]:
    """`text` cut where its optional words begin and end."""
    found, at = [], 0
    for match in _OPTIONAL.finditer(text):
        if match.start() > at:
            found.append(Piece(text[at : match.start()], False))
        if match[1]:
            found.append(Piece(match[1], True))
        at = match.end()
    if at < len(text):
        found.append(Piece(text[at:], False))
    return tuple(found)
