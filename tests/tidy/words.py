"""What generated pages say, in each language they are written in.

English is what the generators and the code say themselves. Chinese stands in `reference.zh.po` and, where the product
shows the same words, in its own catalogue; what is in neither is an error, so that no page falls behind.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
OWN = Path(__file__).with_name("reference.zh.po")
PRODUCT = ROOT / "flameblue/locale/zh_Hans/LC_MESSAGES/django.po"

Say = Callable[[str], str]


def english(text: str) -> str:
    """The words as they are."""
    return text


def chinese(text: str) -> str:
    """The words in Chinese; what is code, or nothing, is itself."""
    if not text or re.fullmatch(r"`[^`]+`|[^A-Za-z;.]+", text):
        return text
    bare = text.rstrip("\n")
    said = catalogue(OWN).get(bare) or catalogue(PRODUCT).get(bare)
    assert said, f"{bare!r} is not said in Chinese: add it to {OWN.name}"
    return said + text[len(bare) :]


def chinese_where_known(text: str) -> str:
    """The words in Chinese, or as they are: a maker's names and documents."""
    return catalogue(OWN).get(text) or of_models().get(text) or text


LANGUAGES: Iterable[tuple[str, Say]] = (("", english), (".zh", chinese))


def strings(path: Path) -> list[str]:
    """Everything that the file says in Chinese, each form of a plural and each context."""
    with path.open("rb") as file:
        entries = [entry.string for entry in read_po(file) if entry.id]
    return [text for said in entries for text in ([said] if isinstance(said, str) else said or ())]


@cache
def of_models() -> Mapping[str, str]:
    """What the product's catalogue says for the models' makers and caveats."""
    with PRODUCT.open("rb") as file:
        entries = read_po(file)
    return {str(entry.id): str(entry.string) for entry in entries if entry.context == "model"}


@cache
def catalogue(path: Path) -> Mapping[str, str]:
    """What each text of the file is in Chinese."""
    with path.open("rb") as file:
        entries = read_po(file)
    return {entry.id: str(entry.string) for entry in entries if isinstance(entry.id, str) and entry.string}
