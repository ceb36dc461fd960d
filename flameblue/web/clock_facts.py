"""The standard clock of a case: its first announced alarm, and the first message to a person about it."""

from dataclasses import dataclass
from datetime import datetime

from flameblue.cases import standard_clock
from flameblue.cases.models import AppliedTransition, Case
from flameblue.cases.traces import row_of
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Point
from flameblue.notices.models import Attempt, Notice

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
    notice = (
        Notice.objects.filter(case=case, person__isnull=False, instead_of=None)
        .exclude(state__in=(Notice.State.MERGED, Notice.State.CANCELLED))
        .select_related("person")
        .order_by("created_at", "id")
        .first()
    )
    handed_over_at, delivered_at = (None, None) if notice is None else _way(notice)
    known = standard_clock.Known(
        quantity=first.point.quantity,
        measured_at=first.at,
        hold_s=_hold_s(first.point, Level(first.level)),
        arrived_at=first.arrival,
        planned_at=None if notice is None else notice.created_at,
        handed_over_at=handed_over_at,
        delivered_at=delivered_at,
    )
    return Clock(
        lines=standard_clock.lines(known),
        total_s=standard_clock.total_s(known),
        notice=notice,
        failed=notice is not None and notice.state == Notice.State.FAILED,
    )


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
    at = [part.receipt_at for part in parts if part.receipt == "DELIVRD" and part.receipt_at is not None]
    return accepted.ended_at or accepted.at, max(at) if parts and len(at) == len(parts) else None


def _hold_s(point: Point, level: Level) -> float | None:
    """How long the value had to be beyond the limit, as detection has it now."""
    row = row_of(point)
    return None if row is None else int(row[HOLDS[level]]) / SECOND_NS
