"""Notices → attempts: claim, hand over, settle. The handing over happens elsewhere, outside any transaction.

Invariants: a claim moves `due_at` ahead and writes the attempt before the try, so that a crash repeats a notice once
at most and never loops on it; every notice ends sent, delivered, failed, merged or cancelled, each with a reason.

An SMS can't be sent exactly once: a crash between the gateway's answer and its record repeats the message. Such an
attempt ends without an outcome and is counted (`counts`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Min

from flameblue.cases import actions as cases
from flameblue.cases.models import State
from flameblue.domain.errors import DeliveryError
from flameblue.domain.limits import ATTEMPTS_MAX
from flameblue.notices import merging, reasons, receipts, writing
from flameblue.notices.channel import Channel, Outgoing, Sent
from flameblue.notices.falling_back import by_another_channel, tell_failure
from flameblue.notices.models import Attempt, Notice, Part
from flameblue.notices.texts.catalogue import VOICE

TRY_S = 30  # how long a try may take before another one is made; channels give up sooner
BACK_OFF_S = (5, 15, 60, 180, 600)  # after the first, second … failed try
FALL_BACK_AFTER = 3  # failed tries (about 20 s), then an urgent message also takes the other channel
HELD = timedelta(minutes=10)  # a notice that is older when it is first tried was held for the morning
LOST = "No answer was recorded: it may have been sent."


def deliver_due(now: datetime, channels: Mapping[str, Channel], notices_max: int = 100) -> datetime | None:
    """Claims, hands over and settles all that is due, one after the other; when the next notice is due."""
    for outgoing in claim(now, notices_max):
        settle(outgoing, hand_over(outgoing, channels), now)
    return next_due()


def hand_over(outgoing: Outgoing, channels: Mapping[str, Channel]) -> Sent | DeliveryError:
    """What the channel says. Blocks as long as the channel does; touches no database."""
    channel = channels.get(outgoing.channel)
    if channel is None:
        return DeliveryError(f"The channel {outgoing.channel} is not configured.", permanent=True)
    try:
        return channel.send(outgoing)
    except DeliveryError as error:
        return error


def next_due() -> datetime | None:
    """When the next planned notice is due; None where none waits."""
    due: datetime | None = Notice.objects.filter(state=Notice.State.PLANNED).aggregate(due=Min("due_at"))[
        "due"
    ]
    return due


def resume(now: datetime) -> int:
    """For the start of the process that delivers: what it was trying when it ended is due at once."""
    lost = Attempt.objects.filter(ended_at=None)
    waiting = Notice.objects.filter(state=Notice.State.PLANNED, pk__in=lost.values("notice"))
    return waiting.update(due_at=now)


def hurry(channel: str, now: datetime) -> int:
    """For a channel whose line is up again: what had failed is due at once, what is under way is left alone."""
    under_way = Attempt.objects.filter(ended_at=None).values("notice")
    waiting = Notice.objects.filter(state=Notice.State.PLANNED, channel=channel, attempt_count__gt=0)
    return waiting.filter(due_at__gt=now).exclude(pk__in=under_way).update(due_at=now)


def claim(now: datetime, notices_max: int) -> list[Outgoing]:
    """The notices that are due, each with its attempt written and its next try moved ahead."""
    due = Notice.objects.filter(state=Notice.State.PLANNED, due_at__lte=now).order_by("due_at", "pk")
    claimed = [_claim_one(notice, now) for notice in due.select_related("case", "person")[:notices_max]]
    return [outgoing for outgoing in claimed if outgoing is not None]


@transaction.atomic
def _claim_one(notice: Notice, now: datetime) -> Outgoing | None:
    mine = Notice.objects.filter(pk=notice.pk, state=Notice.State.PLANNED, due_at=notice.due_at)
    if not mine.update(due_at=now + timedelta(seconds=TRY_S)):
        return None
    Attempt.objects.filter(notice=notice, ended_at=None).update(ended_at=now, detail=LOST)
    if why := _no_longer_wanted(notice, now):
        _end(notice, Notice.State.CANCELLED, why, now)
        return None
    if notice.attempt_count >= ATTEMPTS_MAX:
        _give_up(notice, LOST, now)
        return None
    if notice.attempt_count == 0 and merging.is_over_bound(notice, now):
        merging.merge(notice, now)
        return None
    Notice.objects.filter(pk=notice.pk).update(attempt_count=F("attempt_count") + 1)
    attempt = Attempt.objects.create(notice=notice, at=now)
    return writing.outgoing(notice, attempt.pk)


def settle(outgoing: Outgoing, result: Sent | DeliveryError, now: datetime) -> None:
    """Records what came of a try."""
    if isinstance(result, Sent):
        _accepted(outgoing, result, now)
        return
    worn_out = _failed(outgoing, result, now)
    if worn_out is not None:
        medium = "voice" if worn_out.template.endswith(VOICE) else "sms"
        cases.open_system_case(f"{medium} refused", f"{outgoing.channel}: {result}", now)


@transaction.atomic
def _accepted(outgoing: Outgoing, sent: Sent, now: datetime) -> None:
    Attempt.objects.filter(pk=outgoing.attempt).update(ended_at=now, outcome="accepted", detail="")
    Part.objects.bulk_create(
        Part(attempt_id=outgoing.attempt, sequence=number, message_id=message_id)
        for number, message_id in enumerate(sent.message_ids, 1)
    )
    waiting = Notice.objects.filter(pk=outgoing.notice, state=Notice.State.PLANNED)
    waiting.update(state=Notice.State.SENT, sent_at=now, ended_at=now, detail="")
    receipts.take_early(outgoing.attempt, now)
    medium = "voice" if Notice.objects.get(pk=outgoing.notice).template.endswith(VOICE) else "sms"
    cases.system_cleared(f"{medium} refused", now)


@transaction.atomic
def _failed(outgoing: Outgoing, error: DeliveryError, now: datetime) -> Notice | None:
    """The notice, where every try has failed though the message itself was never refused: the channel is deaf."""
    outcome = "refused" if error.permanent else "failed"
    Attempt.objects.filter(pk=outgoing.attempt).update(ended_at=now, outcome=outcome, detail=str(error)[:200])
    notice = Notice.objects.select_related("case", "person", "event").get(pk=outgoing.notice)
    if notice.state != Notice.State.PLANNED:
        return None
    if error.permanent or notice.attempt_count >= ATTEMPTS_MAX:
        _give_up(notice, str(error), now)
        return None if error.permanent else notice
    pause_s = BACK_OFF_S[min(notice.attempt_count, len(BACK_OFF_S)) - 1]
    due = now + timedelta(seconds=pause_s)
    Notice.objects.filter(pk=notice.pk).update(due_at=due, detail=str(error)[:200])
    if notice.attempt_count == FALL_BACK_AFTER:
        by_another_channel(notice, now)
    return None


def _give_up(notice: Notice, why: str, now: datetime) -> None:
    """The notice has failed: the other channel is taken, or else the desk is told on the case's time line."""
    _end(notice, Notice.State.FAILED, why, now)
    tell_failure(notice, why, now)


def _no_longer_wanted(notice: Notice, now: datetime) -> str:
    """Why a notice that waited need not go any more; empty where it must go."""
    case = notice.case
    if case is None:
        return ""
    if notice.reason in reasons.CALLS:
        if case.state == State.CLOSED:
            return "The case is closed."
        if case.taken_by_id is not None and case.taken_at is not None and case.taken_at > notice.created_at:
            return "The case is taken."
    if notice.reason in reasons.REPEATS and case.owner_answered_at is not None:
        return "The owner has answered."
    held = notice.attempt_count == 0 and now - notice.created_at > HELD
    if held and notice.reason in reasons.NEWS:
        if case.state == State.CLOSED:
            return "The case was closed meanwhile."
        if _newer(notice):
            return "Something newer has been told of the case."
    return ""


def _newer(notice: Notice) -> bool:
    same = Notice.objects.filter(case=notice.case, person=notice.person, created_at__gt=notice.created_at)
    return same.exclude(reason=reasons.REPLY).exclude(state=Notice.State.CANCELLED).exists()


def _end(notice: Notice, state: str, why: str, now: datetime) -> None:
    Notice.objects.filter(pk=notice.pk).update(state=state, ended_at=now, detail=why[:200])


def counts() -> dict[str, int]:
    """How many notices are in each state, and how many messages may have gone twice."""
    found = {f"notices_{state}": Notice.objects.filter(state=state).count() for state in Notice.State.values}
    unknown = Attempt.objects.filter(outcome="", ended_at__isnull=False)
    found["notices_perhaps_repeated"] = unknown.values("notice").count()
    return found
