"""What is handed in for approval: each text as its provider writes it, with an example and what it is for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flameblue.domain.errors import BadInput
from flameblue.notices.channels.http_sms import find_providers
from flameblue.notices.texts.carrying import Carriage, Form, carriage
from flameblue.notices.texts.catalogue import FAMILIES, VARIABLE, catalogue
from flameblue.notices.texts.lengths import split, units

SIGNATURE = "禾木消防站"  # of the examples, where none is set


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which texts, and whose: `provider` takes templates, `signature` heads the examples."""

    language: str
    provider: str
    signature: str = ""


def lines(wanted: Wanted) -> Iterator[str]:
    """The texts to submit; BadInput where the provider asks for none."""
    asking = [name for name, one in find_providers().items() if one.TAKES_TEMPLATES]
    if wanted.provider not in asking:
        named = f"{wanted.provider} approves no templates" if wanted.provider else "No provider is named"
        raise BadInput(f"{named}; these approve them: --provider {' or '.join(asking)}.")
    there = carriage(wanted.language)
    yield f"{len(there.all_forms)} texts, {wanted.provider}, {wanted.language}."
    for form in there.all_forms:
        yield ""
        yield from _of(form, there, wanted)


def empty_file(language: str) -> Iterator[str]:
    """The file that http_sms.templates names, with each id still to be written."""
    yield f"[{language}]"
    yield from (f'{form.id} = ""' for form in carriage(language).all_forms)


def placed(form: Form, provider: str) -> str:
    """The text of `form` with its variables as the provider writes them."""
    placeholder = find_providers()[provider].placeholder
    written = {name: placeholder(name, position) for position, name in enumerate(form.variables, 1)}
    return _put_in(form.text, written)


def _of(form: Form, there: Carriage, wanted: Wanted) -> Iterator[str]:
    template = catalogue(there.language).template(form.base, FAMILIES[0])
    examples = {name: there.variables[name][1] for name in form.variables}
    signed = template.prefix.replace("{signature}", wanted.signature or SIGNATURE)
    example = signed + _put_in(form.text, examples)
    held = [
        f"{find_providers()[wanted.provider].placeholder(name, position)} {there.variables[name][0]}"
        for position, name in enumerate(form.variables, 1)
    ]
    told = {
        "text": placed(form, wanted.provider),
        "kind": there.kind,
        "length": f"{units(example)} / {template.room}, {len(split(example))} SMS",
        "example": example,
        "variables": "; ".join(held),
        "remark": there.remarks[form.reader],
    }
    yield form.id
    yield from (f"  {there.labels[what]}: {said}" for what, said in told.items() if said)


def _put_in(text: str, values: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda match: values[match[1]], text)
