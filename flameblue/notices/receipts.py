"""What the network says of a message: a receipt a part. One that comes before its part is kept until then."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from flameblue.cases.models import Case
from flameblue.notices.models import EarlyReceipt, Notice, Part
from flameblue.people.models import Contact

DELIVERED = "DELIVRD"
FAILED = frozenset({"UNDELIV", "EXPIRED", "DELETED", "REJECTD"})


@transaction.atomic
def record(message_id: str, state: str, now: datetime) -> bool:
    """Takes the receipt of a part; False when the part is not known (yet)."""
    part = Part.objects.filter(message_id=message_id).order_by("-pk").first()
    if part is None:
        EarlyReceipt.objects.create(message_id=message_id, receipt=state[:12], at=now)
        return False
    _take(part, state, now)
    return True


def take_early(attempt: int, now: datetime) -> None:
    """The receipts that were quicker than the record of the attempt's parts."""
    for part in Part.objects.filter(attempt=attempt):
        early = EarlyReceipt.objects.filter(message_id=part.message_id).order_by("-pk").first()
        if early is not None:
            _take(part, early.receipt, now)
            EarlyReceipt.objects.filter(message_id=part.message_id).delete()


def _take(part: Part, state: str, now: datetime) -> None:
    Part.objects.filter(pk=part.pk).update(receipt=state[:12], receipt_at=now)
    parts = Part.objects.filter(attempt=part.attempt_id)
    notice = Notice.objects.filter(attempts=part.attempt_id, state=Notice.State.SENT)
    if not parts.exclude(receipt=DELIVERED).exists():
        notice.update(state=Notice.State.DELIVERED, ended_at=now)
    elif state in FAILED:
        notice.update(state=Notice.State.FAILED, ended_at=now, detail=f"the network says {state}")


def owner_has_it(case_id: int) -> bool:
    """Whether a message about the case is known to have arrived at the owner since the case was announced."""
    case = Case.objects.get(pk=case_id)
    if case.premises_id is None:
        return False
    owners = Contact.objects.filter(premises=case.premises_id, order=1).values("person")
    arrived = Q(state=Notice.State.DELIVERED)
    return Notice.objects.filter(
        arrived, case=case_id, person__in=owners, created_at__gte=case.announced_at
    ).exists()
