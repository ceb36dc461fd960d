"""The outbox: what waits is handed out in its order, each attempt is written before it is made, each end after it.

Invariants: an upload ends once; one that was handed out and not ended is handed out again after a crash, with the same
serial number and packet time, so that the centre can see that it is the same; nothing goes without a word in its row.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from flameblue.domain.limits import UPLINK_DROPPED_A_LOOK, UPLINK_ENDED_MAX, UPLINK_WAITING_MAX
from flameblue.uplink.models import Standing, Upload

SERIALS = 1 << 16
FULL = "too much was waiting"
DETAIL_MAX = 200


@dataclass(frozen=True, slots=True)
class Head:
    """What is to go next."""

    upload: int
    is_urgent: bool


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An upload on its way: its frame's serial number and time are those of its first try."""

    upload: int
    unit: bytes
    is_urgent: bool
    serial: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits, and since when."""

    count: int
    oldest_at: datetime | None


def head(but: int | None = None) -> Head | None:
    """What is to go next, `but` that one; None: nothing waits."""
    waiting = Upload.objects.filter(state=Upload.State.WAITING)
    if but is not None:
        waiting = waiting.exclude(pk=but)
    row = waiting.order_by("-is_urgent", "pk").values_list("pk", "is_urgent").first()
    return None if row is None else Head(*row)


@transaction.atomic
def claim(upload: int, now: datetime) -> Outgoing | None:
    """Writes that it is about to be sent; None: it waits no more."""
    row = Upload.objects.select_for_update().filter(pk=upload, state=Upload.State.WAITING).first()
    if row is None:
        return None
    if row.serial is None or row.first_sent_at is None:
        row.serial, row.first_sent_at = take_serial(), now
    row.sent += 1
    row.save(update_fields=["serial", "first_sent_at", "sent"])
    return Outgoing(row.pk, bytes(row.unit), row.is_urgent, row.serial, row.first_sent_at)


def settle(upload: int, state: str, detail: str, now: datetime) -> bool:
    """Writes how it ended; False: it had ended already."""
    waiting = Upload.objects.filter(pk=upload, state=Upload.State.WAITING)
    return waiting.update(state=state, ended_at=now, detail=detail[:DETAIL_MAX]) == 1


@transaction.atomic
def take_serial() -> int:
    """The next serial number, which begins anew at 0 after 65,535 (6.6)."""
    row = Standing.objects.select_for_update().first()
    if row is None:
        return 0
    taken = row.next_serial
    row.next_serial = (taken + 1) % SERIALS
    row.save(update_fields=["next_serial"])
    return taken


def waiting() -> Waiting:
    """What waits now."""
    rows = Upload.objects.filter(state=Upload.State.WAITING)
    return Waiting(rows.count(), rows.order_by("made_at").values_list("made_at", flat=True).first())


def sent_again() -> int:
    """How many of those that are kept were sent more than once: the centre may have them twice."""
    return Upload.objects.filter(sent__gt=1).count()


def prune(now: datetime) -> int:
    """Drops what is too much; how many that had not been sent."""
    ended = Upload.objects.exclude(state=Upload.State.WAITING)
    oldest_kept = ended.order_by("-pk").values_list("pk", flat=True)[UPLINK_ENDED_MAX : UPLINK_ENDED_MAX + 1]
    for last in list(oldest_kept):
        ended.filter(pk__lte=last).delete()
    rows = Upload.objects.filter(state=Upload.State.WAITING)
    too_many = max(0, rows.count() - UPLINK_WAITING_MAX)
    if not too_many:
        return 0
    first = list(
        rows.order_by("is_urgent", "pk").values_list("pk", flat=True)[: min(too_many, UPLINK_DROPPED_A_LOOK)]
    )
    going = rows.filter(pk__in=first)
    return going.update(state=Upload.State.DROPPED, ended_at=now, detail=FULL)
