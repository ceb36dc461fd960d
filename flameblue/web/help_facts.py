"""Who of the people at a place asks for help, until somebody has the case.

Invariant: one question to the database for however many cases.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.timezone import localtime

from flameblue.cases import kinds
from flameblue.cases.models import Case, CaseEvent


@dataclass(frozen=True, slots=True)
class Help:
    """The newest call for help in a case. `waits`: nobody has the case yet."""

    at: datetime
    when: str
    waits: bool


def asked(cases: Iterable[Case], now: datetime) -> dict[int, Help]:
    """The newest call in each of `cases`, or in its members, of somebody without a station.

    A case that came back starts anew: whoever asked before has been answered or is told again.
    """
    known = {case.pk: case for case in cases}
    if not known:
        return {}
    kind = Q(kind=kinds.HELP_ASKED, by__station=None, by__isnull=False) | Q(kind=kinds.REOPENED)
    which = Q(case__in=known) | Q(case__incident__in=known)  # a member stands on no board of its own
    rows = CaseEvent.objects.filter(kind, which).order_by("number")
    last = {row[0]: row for row in rows.values_list("case", "case__incident", "kind", "at")}
    found: dict[int, Help] = {}
    for case, incident, what, at in sorted(last.values(), key=lambda row: row[3]):
        shown = known.get(case) or known.get(incident or 0)
        if shown is not None and what == kinds.HELP_ASKED:
            found[shown.pk] = Help(at, _when(at, now), shown.taken_by_id is None)
    return found


def _when(at: datetime, now: datetime) -> str:
    local = localtime(at)
    return f"{local:%H:%M}" if local.date() == localtime(now).date() else f"{local:%m-%d %H:%M}"
