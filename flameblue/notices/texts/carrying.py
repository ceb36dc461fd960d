"""The texts as providers of approved templates carry them: fixed words, and variables that are short and harmless.

Such a provider knows each text by an id and is handed the variables alone, so that what arrives is what was approved.
Invariants: the text is the form with its variables put in, nothing else; a variable has at most VARIABLE_UNITS_MAX
units and looks like no link and no number of an account; names alone are shortened, never a value, and what has no
room is said in the form's or the variable's next, shorter way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from flameblue.domain.errors import BadInput
from flameblue.notices.texts.catalogue import (
    FAMILIES,
    PHRASE,
    VARIABLE,
    Piece,
    Template,
    catalogue,
    pieces,
)
from flameblue.notices.texts.lengths import units
from flameblue.notices.texts.names import VARIABLE_UNITS_MAX, carriable, clean, harmless
from flameblue.notices.texts.rendering import SHRINK_STEPS, Rendered, Values, known, said

FOLDER = Path(__file__).with_name("carried")
SHRINKS = (0.0, *(1 + step / SHRINK_STEPS for step in range(SHRINK_STEPS + 1)))


@dataclass(frozen=True, slots=True)
class Form:
    """One text to be approved. `base`: the template that says it; `reader`: owner or officer."""

    id: str
    base: str
    text: str
    reader: str

    @property
    def variables(self) -> list[str]:
        """In the order in which they stand in the text."""
        return VARIABLE.findall(self.text)


@dataclass(frozen=True, slots=True)
class Carriage:
    """Every text to be approved of one language, and what is said of them to who approves."""

    language: str
    kind: str
    labels: Mapping[str, str]  # of what is printed
    forms: Mapping[str, tuple[Form, ...]]  # by the template's base
    composed: Mapping[str, tuple[str, ...]]
    unknown: Mapping[str, str]
    remarks: Mapping[str, str]  # by reader
    variables: Mapping[str, tuple[str, str]]  # what it holds, an example

    @property
    def all_forms(self) -> list[Form]:
        """Each once."""
        return list({form.id: form for forms in self.forms.values() for form in forms}.values())


def languages() -> list[str]:
    """Those whose texts can be carried."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def carriage(language: str) -> Carriage:
    """The texts to be approved of `language`; BadInput where there are none."""
    path = FOLDER / f"{language}.yaml"
    if language not in languages():
        raise BadInput(f"There are no texts for approval in {language}; there are: {', '.join(languages())}.")
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        forms = {name: tuple(_forms(language, name, texts)) for name, texts in table["forms"].items()}
        return Carriage(
            language=table["language"],
            kind=table["kind"],
            labels=table["labels"],
            forms={**forms, **{name: forms[other] for name, other in table["same"].items()}},
            composed={name: tuple(_listed(ways)) for name, ways in table["composed"].items()},
            unknown=table["unknown"],
            remarks=table["remarks"],
            variables={name: (held, example) for name, (held, example) in table["variables"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"The texts {path.name} lack or misuse {error}.") from error


def render_carried(template: Template, values: Values, signature: str) -> Rendered:
    """What the person gets and the provider is handed; of a text that has no form its own name, without words."""
    forms = carriage(template.language).forms.get(template.base)
    if forms is None:
        return Rendered("", {}, fits=False, form=template.id)
    prefix = template.prefix.replace("{signature}", clean(signature))
    rendered = Rendered("", {}, fits=False)
    for form, shrink in _tries(forms, template, values):
        rendered = _rendered(form, _Speech(template, values, shrink), prefix)
        if rendered.fits:
            break
    return rendered


@dataclass(frozen=True, slots=True)
class _Speech:
    """What is there to be said, and how short names are (`shrink` as in rendering)."""

    template: Template
    values: Values
    shrink: float


def _tries(forms: tuple[Form, ...], template: Template, values: Values) -> Iterator[tuple[Form, float]]:
    composed = carriage(template.language).composed
    for form in forms:
        plain = [name for name in form.variables if name not in composed]
        if form is forms[-1] or all(values.get(name) for name in plain):
            yield from ((form, shrink) for shrink in SHRINKS)


def _rendered(form: Form, speech: _Speech, prefix: str) -> Rendered:
    variables = {name: _variable(name, speech) for name in form.variables}
    text = prefix + _put_in(form.text, variables)
    return Rendered(text, variables, units(text) <= speech.template.room, form.id)


def _variable(name: str, speech: _Speech) -> str:
    there = carriage(speech.template.language)
    if name not in there.composed:
        return _plain(name, speech)
    ways = [
        pieces(PHRASE.sub(lambda match: speech.template.phrases[match[1]], way))
        for way in there.composed[name]
    ]
    possible = [
        way for way in ways if all(known(piece, speech.values) for piece in way if not piece.optional)
    ]
    value = ""
    for way in possible or ways[-1:]:
        for words in _shorter([piece for piece in way if not piece.optional or known(piece, speech.values)]):
            value = _filled(words, speech)
            if units(value) <= VARIABLE_UNITS_MAX:
                return value
    return carriable(value)


def _shorter(way: list[Piece]) -> Iterator[list[Piece]]:
    """`way`, and then without its optional words, the last first."""
    yield way
    while optional := [index for index, piece in enumerate(way) if piece.optional]:
        way = way[: optional[-1]] + way[optional[-1] + 1 :]
        yield way


def _filled(words: list[Piece], speech: _Speech) -> str:
    """The words with names as long as there is room for."""
    text = "".join(piece.text for piece in words)
    value = ""
    for shrink in (shrink for shrink in SHRINKS if shrink >= speech.shrink):
        shorter = _Speech(speech.template, speech.values, shrink)
        said_now = {name: _plain(name, shorter) for name in VARIABLE.findall(text)}
        value = harmless(_put_in(text, said_now))
        if units(value) <= VARIABLE_UNITS_MAX:
            break
    return value


def _put_in(text: str, variables: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda match: variables[match[1]], text)


def _plain(name: str, speech: _Speech) -> str:
    unknown = carriage(speech.template.language).unknown
    if not speech.values.get(name) and name in unknown:
        return unknown[name]
    return carriable(said(speech.template, speech.values, name, speech.shrink))


def _forms(language: str, base: str, texts: str | list[str]) -> Iterator[Form]:
    known_texts = catalogue(language)
    reader = known_texts.template(base, FAMILIES[0]).reader
    for number, text in enumerate(_listed(texts), 1):
        yield Form(base if number == 1 else f"{base}_{number}", base, text, reader)


def _listed(texts: Any) -> list[str]:
    return list(texts) if isinstance(texts, list) else [texts]
