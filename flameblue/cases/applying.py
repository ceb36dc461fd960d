"""Transitions → cases: one transaction moves the cursor, writes the rows and appends the case events.

Invariants: a transition that is applied already does nothing; what a transition causes depends on transitions
and rows alone (its arrival is the event's time), so that a replay gives the same events; a case's row is
changed under its lock, the event numbers are taken last.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from flameblue.cases import events, grouping
from flameblue.cases.announcing import Run
from flameblue.cases.cursors import move_cursor
from flameblue.cases.falling import fall
from flameblue.cases.finding import Rise
from flameblue.cases.loads import Latest
from flameblue.cases.models import Alarm, AppliedTransition, Case, State
from flameblue.cases.policy import Policy, current
from flameblue.cases.rising import rise
from flameblue.domain.clock import to_datetime
from flameblue.domain.transitions import Level, Transition
from flameblue.fleet.models import Point


@dataclass(frozen=True, slots=True)
class Change:
    """The transitions of the records after `before` up to and including `after`."""

    transitions: tuple[Transition, ...]
    before: int
    after: int


@transaction.atomic
def apply(change: Change, latest: Latest, now: datetime, policy: Policy | None = None) -> list[int]:
    """Applies `change` and returns the numbers of its case events; `latest` answers as of the last record.

    CursorMoved, and nothing is changed, when the cursor is not at `change.before`.
    """
    move_cursor(change.before, change.after)
    fresh = _not_applied(change.transitions)
    points = _points({transition.point for transition in fresh})
    run = Run(latest, now, policy or current())
    for transition in fresh:
        assert transition.point in points, f"point {transition.point} is not in the registry"
        _apply_one(run, transition, points[transition.point])
    return events.record(run.drafts)


def _not_applied(transitions: Sequence[Transition]) -> list[Transition]:
    offsets = {transition.offset for transition in transitions}
    applied = set(
        AppliedTransition.objects.filter(offset__in=offsets).values_list("offset", "index", "point", "rule")
    )
    return [
        transition
        for transition in transitions
        if (transition.offset, transition.index, transition.point, int(transition.rule)) not in applied
    ]


def _points(ids: Iterable[int]) -> dict[int, Point]:
    return Point.objects.select_related("circuit__panel", "device__premises__site__station").in_bulk(ids)


def _apply_one(run: Run, transition: Transition, point: Point) -> None:
    alarm = _alarm(transition, point)
    applied = AppliedTransition(
        offset=transition.offset,
        index=transition.index,
        point=point,
        rule=transition.rule,
        before=transition.before,
        level=transition.level,
        at=to_datetime(transition.at_ns),
        arrival=to_datetime(transition.arrival_ns),
        value=transition.value,
        limit=transition.limit,
        why=transition.why,
    )
    case: Case | None
    if grouping.rises(transition):
        family = grouping.family_of(point.quantity, transition.rule)
        case = rise(run, Rise(transition, point, alarm, family, _is_test(transition, alarm)), applied)
    else:
        case = fall(run, transition, alarm)
        applied.case = case
        applied.save()


def _alarm(transition: Transition, point: Point) -> Alarm:
    found = Alarm.objects.select_related("case").filter(point=point, rule=transition.rule).first()
    if found is not None:
        found.point = point
        return found
    return Alarm(
        point=point,
        rule=transition.rule,
        level=Level.NORMAL,
        worst_level=Level.NORMAL,
        isa=Alarm.Isa.NORMAL,
        since=to_datetime(transition.at_ns),
        value=transition.value,
        worst_value=transition.value,
        limit=transition.limit,
    )


def _is_test(transition: Transition, alarm: Alarm) -> bool:
    """A test's rise stays apart; one of an alarm that a real case has is real: a test hides nothing."""
    real = alarm.case is not None and not alarm.case.is_test and alarm.case.state != State.CLOSED
    return not real and grouping.is_test(transition.rule, transition.why)
