"""The log of case events: append-only, numbered in commit order.

Invariant: the number is taken last in the transaction, under one lock (the counter's row), so that no
reader can pass over the event of a slower transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from flameblue.cases.event_data import EventData
from flameblue.cases.models import Case, CaseEvent, Counter
from flameblue.people.models import Person

FIRST_CASE = 4001


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that has no number yet."""

    case: Case
    kind: str
    at: datetime
    data: EventData
    by: Person | None = None


def record(drafts: Sequence[Draft]) -> list[int]:
    """Appends `drafts` and returns their numbers. The caller's transaction must do nothing after it."""
    assert transaction.get_connection().in_atomic_block
    if not drafts:
        return []
    first = _take("case_event", len(drafts), start=0)
    CaseEvent.objects.bulk_create(
        CaseEvent(number=number, case=draft.case, kind=draft.kind, at=draft.at, by=draft.by, data=draft.data)
        for number, draft in enumerate(drafts, first)
    )
    return list(range(first, first + len(drafts)))


def next_case_number() -> int:
    """4001, 4002 …: what people say on the phone and send in an answer."""
    return _take("case", 1, start=FIRST_CASE - 1)


def _take(name: str, count: int, start: int) -> int:
    """The first of `count` numbers; the counter's row is locked until the transaction ends."""
    Counter.objects.get_or_create(name=name, defaults={"value": start})
    Counter.objects.filter(name=name).update(value=F("value") + count)
    return Counter.objects.get(name=name).value - count + 1
