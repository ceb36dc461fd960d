"""What was done to a thing, as people read it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flameblue.fleet.models import AuditEntry
from flameblue.web import words


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One entry. `changes` are (field, before, after); `reason` may be empty."""

    entry: AuditEntry
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
    return HistoryLine(entry, deed, str(entry.detail.get("reason", "")), changes)


def _said(value: Any) -> str:
    return "–" if value in (None, "") else str(value)
