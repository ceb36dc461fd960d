"""A template and its values become a text that fits. Pure.

Where there is no room, in this order: names are shortened to their good length; the template's next, shorter form
is taken; optional words go, the last first; names are shortened to their minimum. Never shortened: the signature,
a value, a limit, the action, the number of a case.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flameblue.notices.texts.catalogue import VARIABLE, Piece, Template
from flameblue.notices.texts.lengths import units
from flameblue.notices.texts.names import VARIABLE_UNITS_MAX, Name, clean

Values = Mapping[str, str | Name]
SHRINK_STEPS = 20


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text ready to send. `variables` are those that stand in it; `form`: the approved text that they fill."""

    text: str
    variables: dict[str, str]
    fits: bool
    form: str = ""


@dataclass(frozen=True, slots=True)
class _Try:
    """One way to say it. `shrink` 0: names at full length, 1: at their good length, 2: at their minimum."""

    pieces: tuple[Piece, ...]
    shrink: float


def render(template: Template, values: Values, signature: str) -> Rendered:
    """The text of `template` with its signature, in the template's room. A missing value takes its stated word."""
    prefix = template.prefix.replace("{signature}", clean(signature))
    rendered = Rendered("", {}, False)
    for attempt in _tries(template, values):
        rendered = _rendered(template, values, attempt, prefix)
        if rendered.fits:
            break
    return rendered


def _tries(template: Template, values: Values) -> Iterator[_Try]:
    forms = [tuple(p for p in form if not p.optional or known(p, values)) for form in template.forms]
    for form in forms:
        yield _Try(form, 0)
        yield _Try(form, 1)
    last = forms[-1]
    while optional := [index for index, piece in enumerate(last) if piece.optional]:
        last = last[: optional[-1]] + last[optional[-1] + 1 :]
        yield _Try(last, 1)
    for step in range(1, SHRINK_STEPS + 1):
        yield _Try(last, 1 + step / SHRINK_STEPS)


def known(piece: Piece, values: Values) -> bool:
    """There is a value for each of its variables."""
    return all(values.get(name) for name in piece.variables)


def _rendered(template: Template, values: Values, attempt: _Try, prefix: str) -> Rendered:
    wanted = dict.fromkeys(name for piece in attempt.pieces for name in piece.variables)
    variables = {name: said(template, values, name, attempt.shrink) for name in wanted}

    def filled(words: str) -> str:
        return VARIABLE.sub(lambda match: variables[match[1]], words)

    text = prefix + "".join(filled(piece.text) for piece in attempt.pieces)
    return Rendered(text, variables, units(text) <= template.room)


def said(template: Template, values: Values, name: str, shrink: float) -> str:
    """One variable as it is said; `shrink` as in `_Try`."""
    value = values.get(name) or template.unknown.get(name, "?")
    if isinstance(value, str):
        return value
    full, good, minimum = (_length(template, size, name) for size in ("full", "good", "minimum"))
    wanted = full if shrink == 0 else round(good - (good - minimum) * max(0.0, shrink - 1))
    return value.at_most(min(wanted, VARIABLE_UNITS_MAX)) or template.unknown.get(name, "?")


def _length(template: Template, size: str, name: str) -> int:
    return template.names[size].get(name, template.names[size]["other"])
