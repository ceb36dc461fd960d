"""A case's time line: each event, who did it, and what its data adds in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from flameblue.cases import kinds
from flameblue.cases.event_data import ContraryData
from flameblue.cases.models import CaseEvent
from flameblue.web import sentences, words

TOLD = ("text", "reason", "action", "assigned_to", "without_proof_reason")  # said as it is
NAMED = ("cause", "how")  # words of cases.causes


@dataclass(frozen=True, slots=True)
class Item:
    """One line of it."""

    number: int
    at: datetime
    kind: str
    what: str
    by: str
    detail: str


def of(events: Iterable[CaseEvent]) -> list[Item]:
    """The events as people read them, the newest first."""
    return [
        Item(
            number=event.number,
            at=event.at,
            kind=event.kind,
            what=words.word(words.KINDS, event.kind),
            by=event.by.name if event.by else "",
            detail=_detail(event),
        )
        for event in sorted(events, key=lambda event: -event.number)
    ]


def _detail(event: CaseEvent) -> str:
    data = event.data
    parts = [_where(data), _measured(data)] if "offset" in data else []
    parts += [_step(data), _proof(data)]
    parts += [words.word(words.REASONS, data["because"])] if data.get("because") else []
    parts += [words.word(words.CAUSES, data[key]) for key in NAMED if data.get(key)]
    named = words.UNSHELVED if event.kind == kinds.UNSHELVED else {}
    parts += [words.word(named, data[key]) for key in TOLD if data.get(key)]
    parts += [_contrary(said) for said in data.get("contrary", ())]
    return " · ".join(part for part in parts if part)


def _contrary(said: ContraryData) -> str:
    return _("said though the reading said otherwise: %(what)s") % {"what": reading(said)}


def reading(said: ContraryData) -> str:
    """A reading that says otherwise than somebody: where, what, how much, beyond which limit."""
    data: dict[str, object] = {**said}
    phase = _("phase %(phase)s") % {"phase": said["phase"]} if said["phase"] else ""
    read_at = localtime(datetime.fromisoformat(said["read_at"]))
    what = " ".join(part for part in (_where(data), phase, _measured(data)) if part)
    return f"{what} ({read_at:%H:%M:%S})"


def _step(data: dict[str, object]) -> str:
    """Whom a step calls; one that has no words of its own (a policy may name its steps) says its role."""
    step, named = data.get("step"), data.get("steps")
    if not step or step in words.STEPS:
        return words.word(words.STEPS, step) if step else ""
    roles = [one.get("to") for one in named if one.get("id") == step] if isinstance(named, list) else []
    return ", ".join(str(words.ROLES[role]) for role in roles if role in words.ROLES)


def _proof(data: dict[str, object]) -> str:
    """What proved a repair: how long the readings were good, and under which load."""
    lasted_s, share = data.get("proof_s"), data.get("proof_load")
    if not isinstance(lasted_s, int | float):
        return ""
    facts = {"s": int(lasted_s)}
    if not isinstance(share, int | float):
        return _("good readings for %(s)d s") % facts
    said = _("good readings for %(s)d s, with at least %(share)d %% of the load at the alarm")
    return said % {**facts, "share": int(share * 100)}


def _where(data: dict[str, object]) -> str:
    named = sentences.where(str(data.get("place") or ""), str(data.get("circuit") or ""))
    return named or str(data.get("device") or "")


def _measured(data: dict[str, object]) -> str:
    value, limit, unit = data.get("value"), data.get("limit"), str(data.get("unit") or "")
    if not isinstance(value, int | float):
        return ""
    said = f"{value:.4g} {unit}".strip()
    if isinstance(limit, int | float):
        patterns = {
            "warning": _("%(value)s, warning limit %(limit)s"),
            "alarm": _("%(value)s, alarm limit %(limit)s"),
        }
        pattern = patterns.get(str(data.get("limit_level")), _("%(value)s, limit %(limit)s"))
        said = pattern % {"value": said, "limit": f"{limit:.4g} {unit}".strip()}
    quantity = data.get("quantity")
    return f"{words.word(words.QUANTITIES, quantity)} {said}" if quantity else said
