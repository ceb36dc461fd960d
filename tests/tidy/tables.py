"""Tables and sentences of generated pages."""

MADE = "Generated from {source}; after a change run `python -m tests.tidy.reference_pages`.\n"


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def head(*cells: str) -> str:
    return "\n".join((row(*cells), "|" + "---|" * len(cells)))


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if not text or text.endswith((".", ":")) else ".")
