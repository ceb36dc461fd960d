"""Which texts a provider has approved: a TOML file, a table a language, our name of each text and the provider's id."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from flameblue.domain.errors import BadInput
from flameblue.notices.texts.carrying import carriage, languages

Approved = Mapping[str, Mapping[str, str]]  # language → form → id


@cache
def approved(path: Path) -> Approved:
    """The ids of a file; empty ones count as not there. BadInput when it can't be read. Read once a process."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"http_sms.templates {path} can't be read: {error}.") from error
    if unknown := set(table) - set(languages()):
        raise BadInput(
            f"http_sms.templates {path} has the tables {', '.join(sorted(unknown))}; "
            f"a table is a language: {', '.join(languages())}."
        )
    if not all(isinstance(ids, dict) for ids in table.values()):
        raise BadInput(f"http_sms.templates {path}: a language is a table of names and ids.")
    return {
        language: {form: str(one) for form, one in ids.items() if str(one).strip()}
        for language, ids in table.items()
    }


def lacking(found: Approved) -> list[str]:
    """What a person has to see to, a sentence each."""
    said = []
    for language, ids in found.items():
        wanted = [form.id for form in carriage(language).all_forms]
        if missing := [form for form in wanted if form not in ids]:
            said.append(
                f"{len(missing)} of {len(wanted)} texts have no approved template in {language}. Such a message "
                f"fails at once; an urgent one takes the other channel. They are: {', '.join(missing)}."
            )
        if unknown := sorted(set(ids) - set(wanted)):
            said.append(f"There is no text in {language} that is named {', '.join(unknown)}.")
    return said
