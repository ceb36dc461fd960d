"""The standard clock of a case: its first announced alarm, and the message to a person that told it.

Invariant: a copy that still waits, or never went, is not what the clock follows while another one has arrived.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, Expression, ExpressionWrapper, F, Q
from django.db.models.functions import Coalesce

from flameblue.cases import standard_clock
from flameblue.cases.models import AppliedTransition, Case, CaseEvent
from flameblue.domain.limits import PAGE_ROWS_MAX, SECOND_NS
from flameblue.domain.transitions import Level, Rule
from flameblue.notices.delivery import unwanted_when_due
from flameblue.notices.models import Attempt, Notice
from flameblue.notices.receipts import DELIVERED
from flameblue.web import case_limits

ACCEPTED = "accepted"
HOLDS = {Level.WARNING: "warning_hold_ns", Level.ALARM: "alarm_hold_ns"}


@dataclass(frozen=True, slots=True)
class Clock:
    """The table. `notice` None: nobody was told yet."""

    lines: list[standard_clock.Line]
    total_s: float | None
    notice: Notice | None
    failed: bool


def of(case: Case) -> Clock | None:
    """The clock of the case's first alarm of a limit; None where it began in another way."""
    first = (
        AppliedTransition.objects.filter(case=case, level__in=HOLDS, rule__in=(Rule.OVER, Rule.UNDER))
        .select_related("point")
        .order_by("offset", "index")
        .first()
    )
    if first is None:
        return None
    notice = _followed(case)
    handed_over_at, delivered_at = (None, None) if notice is None else _way(notice)
    known = standard_clock.Known(
        quantity=first.point.quantity,
        measured_at=first.at,
        hold_s=_hold_s(first),
        arrived_at=first.arrival,
        planned_at=None if notice is None else (notice.instead_of or notice).created_at,
        handed_over_at=handed_over_at,
        delivered_at=delivered_at,
    )
    return Clock(
        lines=standard_clock.lines(known),
        total_s=standard_clock.total_s(known),
        notice=notice,
        failed=notice is not None and notice.state == Notice.State.FAILED,
    )


def _followed(case: Case) -> Notice | None:
    """The message that arrived first, else was handed over first, of the first round before those of later ones.

    Where none was handed over: the oldest one that will go or was given up.
    """
    announced = CaseEvent.objects.filter(case=case, data__announces=True).order_by("number")
    second_round = announced.values_list("number", flat=True)[1:2].first()
    later = [_yes(Q(event__number__gte=second_round, event__isnull=False))] if second_round else []
    handed_over = Q(sent_at__isnull=False) | Q(state__in=(Notice.State.SENT, Notice.State.DELIVERED))
    found = (
        Notice.objects.filter(case=case, person__isnull=False)
        .exclude(state__in=(Notice.State.MERGED, Notice.State.CANCELLED))
        .select_related("person", "case", "instead_of")
        .order_by(
            _yes(handed_over).desc(),
            *later,
            _yes(Q(state=Notice.State.DELIVERED)).desc(),
            Coalesce(F("sent_at"), F("created_at")),
            "id",
        )
    )
    first = found.first()
    if first is None or first.state != Notice.State.PLANNED:
        return first
    return next((notice for notice in found[:PAGE_ROWS_MAX] if not unwanted_when_due(notice)), None)


def _yes(condition: Q) -> Expression:
    return ExpressionWrapper(condition, output_field=BooleanField())


def _way(notice: Notice) -> tuple[datetime | None, datetime | None]:
    """When the channel accepted the message, and when its last part had arrived."""
    accepted = (
        Attempt.objects.filter(notice=notice, outcome=ACCEPTED)
        .prefetch_related("parts")
        .order_by("-at", "-id")
        .first()
    )
    if accepted is None:
        return None, None
    parts = list(accepted.parts.all())
    at = [part.receipt_at for part in parts if part.receipt == DELIVERED and part.receipt_at is not None]
    return accepted.ended_at or accepted.at, max(at) if parts and len(at) == len(parts) else None


def _hold_s(first: AppliedTransition) -> float | None:
    """How long the value had to be beyond the limit, as detection had it then."""
    row = case_limits.row_at(first.point_id, first.arrival)
    return None if row is None else int(row[HOLDS[Level(first.level)]]) / SECOND_NS
