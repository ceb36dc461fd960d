"""What the network says of a message: a receipt a part. One that comes before its part is kept until then."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from flameblue.notices.falling_back import tell_failure
from flameblue.notices.models import EarlyReceipt, Notice, Part

DELIVERED = "DELIVRD"
FAILED = frozenset({"UNDELIV", "EXPIRED", "DELETED", "REJECTD"})
FINAL = FAILED | {DELIVERED}
EARLY_KEPT = timedelta(days=7)  # a receipt whose part never comes


@transaction.atomic
def record(message_id: str, state: str, now: datetime) -> bool:
    """Takes the receipt of a part; False when the part is not known (yet)."""
    part = Part.objects.filter(message_id=message_id).order_by("-pk").first()
    if part is None:
        EarlyReceipt.objects.filter(at__lt=now - EARLY_KEPT).delete()
        EarlyReceipt.objects.create(message_id=message_id[:80], receipt=state[:12], at=now)
        return False
    _take(part, state, now)
    return True


def take_early(attempt: int, now: datetime) -> None:
    """The receipts that were quicker than the record of the attempt's parts."""
    for part in Part.objects.filter(attempt=attempt):
        early = EarlyReceipt.objects.filter(message_id=part.message_id)
        for receipt in early.order_by("pk"):
            _take(part, receipt.receipt, now)
            part.refresh_from_db()
        early.delete()


def _take(part: Part, state: str, now: datetime) -> None:
    if part.receipt in FINAL:
        return  # a repeated receipt, or a late word from on the way
    Part.objects.filter(pk=part.pk).update(receipt=state[:12], receipt_at=now)
    parts = Part.objects.filter(attempt=part.attempt_id)
    notice = Notice.objects.filter(attempts=part.attempt_id, state=Notice.State.SENT)
    if not parts.exclude(receipt=DELIVERED).exists():
        notice.update(state=Notice.State.DELIVERED, ended_at=now)
    elif state in FAILED:
        _lost(part, state, now)


def _lost(part: Part, state: str, now: datetime) -> None:
    failed = Notice.objects.filter(attempts=part.attempt_id, state=Notice.State.SENT)
    why = f"The network could not deliver it: {state}."
    if failed.update(state=Notice.State.FAILED, ended_at=now, detail=why):
        notice = Notice.objects.select_related("case", "person", "instead_of").get(attempts=part.attempt_id)
        tell_failure(notice, why, now)


def owner_has_it(case_id: int) -> bool:
    """Whether a message about the case is known to have arrived at the owner since the case was announced."""
    return bool(owners_who_have_it((case_id,)))


def owners_who_have_it(case_ids: Collection[int]) -> set[int]:
    """The cases of `case_ids` of which that is so."""
    arrived = Notice.objects.filter(
        case__in=case_ids,
        state=Notice.State.DELIVERED,
        created_at__gte=F("case__announced_at"),
        person__contact_for__premises=F("case__premises"),
        person__contact_for__order=1,
    )
    return set(arrived.values_list("case", flat=True))
