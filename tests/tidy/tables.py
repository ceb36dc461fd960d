"""Tables and sentences of generated pages."""

import re

MADE = "Generated from {source}; after a change run `python -m tests.tidy.reference_pages`.\n"


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def head(*cells: str) -> str:
    return "\n".join((row(*cells), "|" + "---|" * len(cells)))


def sentence(text: str) -> str:
    """The text as a sentence; a word of code at its head stays small."""
    text = text[:1].upper() + text[1:] if re.match(r"\w+(?![\w\[:])", text) else text
    stop = "。" if re.search("[一-鿿]", text) else "."
    return text + ("" if not text or text.endswith((".", ":", "。")) else stop)
