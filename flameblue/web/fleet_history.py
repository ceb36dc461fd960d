"""What was done to a thing, as people read it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from flameblue.fleet.models import AuditEntry
from flameblue.web import fleet_words, words


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One entry. `changes` are (field, before, after); `reason` may be empty."""

    entry: AuditEntry
    by: str
    deed: str
    reason: str
    changes: list[tuple[str, Any, Any]] = field(default_factory=list)


def lines(entries: Iterable[AuditEntry]) -> list[HistoryLine]:
    """`entries` in their order."""
    return [_line(entry) for entry in entries]


def _line(entry: AuditEntry) -> HistoryLine:
    told = entry.detail.get("changes", {})
    changes = [
        (words.word(words.FLEET_FIELDS, name), _said(pair[0]), _said(pair[1]))
        for name, pair in sorted(told.items())
        if isinstance(pair, list) and len(pair) == 2
    ]
    deed = words.word(words.DEEDS, entry.verb.partition(" ")[0])
    by = words.word(fleet_words.BY, entry.by)
    return HistoryLine(entry, by, deed, _occasion(str(entry.detail.get("reason", ""))), changes)


def _occasion(reason: str) -> str:
    """A reason that Flameblue has written itself in the reader's language; what a person wrote as it is."""
    if reason.startswith(fleet_words.IMPORTED):
        return _("import of %(file)s") % {"file": reason.removeprefix(fleet_words.IMPORTED)}
    return words.word(fleet_words.OCCASIONS, reason)


def _said(value: Any) -> str:
    return "–" if value in (None, "") else str(value)
