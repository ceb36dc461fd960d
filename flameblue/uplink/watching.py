"""A broken uplink is an alarm too: a line that is down, what waits too long, what the centre denies, what had no room.

Nothing that a centre was to know is missed in silence: each end that is no confirm stands as a trouble for a while.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from flameblue.cases import actions as cases
from flameblue.domain.limits import UPLINK_DOWN_S, UPLINK_REFUSED_TOLD_S
from flameblue.uplink import answering, outbox
from flameblue.uplink.models import Ask, Upload

LINE, REFUSED = "uplink line", "uplink refused"  # the words of the system cases; a text says their first word
NOT_CONFIRMED = (Upload.State.DENIED, Upload.State.UNANSWERED)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the uplink found: numbers for metrics. `asked_until`: of the first duty check that waits."""

    waiting: int
    oldest_waiting_s: float
    refused: int
    sent_again: int
    asked_until: float


def watch(where: str, down_s: float, trouble: str, now: datetime) -> Seen:
    """Opens and clears the system cases of the uplink; `down_s`: for how long the line has been down."""
    outbox.prune(now)
    waiting = outbox.waiting()
    oldest_s = 0.0 if waiting.oldest_at is None else max(0.0, (now - waiting.oldest_at).total_seconds())
    if down_s >= UPLINK_DOWN_S or oldest_s >= UPLINK_DOWN_S:
        why = f"has been down for a minute ({trouble})" if down_s else "is slow"
        said = f"The line to the fire centre {where} {why}; {waiting.count} reports wait."
        cases.open_system_case(LINE, said, now)
    elif not down_s:
        cases.system_cleared(LINE, now)
    refused = _refused(now)
    if refused:
        said = (
            f"The fire centre {where} did not take {refused} reports within ten minutes: see the health page."
        )
        cases.open_system_case(REFUSED, said, now)
    else:
        cases.system_cleared(REFUSED, now)
    asked = answering.open_duty_checks(now).aggregate(first=Min("answer_by"))["first"]
    until = 0.0 if asked is None else asked.timestamp()
    return Seen(waiting.count, oldest_s, refused, outbox.sent_again(), until)


def latest_asks(count: int) -> list[Ask]:
    """What the centre wanted last, the newest first."""
    return list(Ask.objects.select_related("answered_by").order_by("-pk")[:count])


def latest_refused(count: int) -> list[Upload]:
    """What the centre did not get, the newest first."""
    rows = Upload.objects.filter(state__in=(*NOT_CONFIRMED, Upload.State.DROPPED)).select_related(
        "point__device"
    )
    return list(rows.order_by("-pk")[:count])


def _refused(now: datetime) -> int:
    lately = Upload.objects.filter(ended_at__gt=now - timedelta(seconds=UPLINK_REFUSED_TOLD_S))
    denied = lately.filter(state__in=NOT_CONFIRMED).count()
    return denied + lately.filter(state=Upload.State.DROPPED, detail=outbox.FULL).count()
