"""Notices → attempts: claim, hand over, settle. The handing over happens elsewhere, outside any transaction.

Invariants: a claim moves `due_at` ahead and writes the attempt before the try, so that a crash repeats a notice once
at most and never loops on it; every notice ends sent, delivered, failed, merged or cancelled, each with a reason.

An SMS can't be sent exactly once: a crash between the gateway's answer and its record repeats the message. Such an
attempt ends without an outcome and is counted (counting.py).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Min

from flameblue.cases import actions as cases
from flameblue.cases.models import State
from flameblue.domain.errors import DeliveryError
from flameblue.domain.limits import ATTEMPTS_MAX
from flameblue.notices import falling_back, merging, reasons, receipts, silence, writing
from flameblue.notices.channel import Channel, Outgoing, Sent
from flameblue.notices.models import Attempt, Notice, Part
from flameblue.notices.planning import GROUP
from flameblue.notices.texts.catalogue import VOICE
from flameblue.notices.texts.group import is_group
from flameblue.notices.writing import channel_for

TRY_S = 30  # how long a try may take before another one is made; channels give up sooner
BACK_OFF_S = (5, 15, 60, 180, 600)  # after the first, second … failed try
FALL_BACK_AFTER = 3  # failed tries (about 20 s), then the message takes another way
DEAF_S = 5.0  # a line that is down for longer does not come back within a breath: the second channel is taken at once
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
        error.deaf_s = channel.deaf_s()
        return error


def next_due() -> datetime | None:
    """When the next planned notice is due; None where none waits."""
    due: datetime | None = Notice.objects.filter(state=Notice.State.PLANNED).aggregate(due=Min("due_at"))[
        "due"
    ]
    return due


def answer_by(attempt: Attempt) -> datetime:
    """Until when an answer to `attempt` may come; after it there is another try."""
    return attempt.at + timedelta(seconds=TRY_S)


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
    silence.take_over(now)
    due = Notice.objects.filter(state=Notice.State.PLANNED, due_at__lte=now).order_by("due_at", "pk")
    whole = due.select_related("case", "person", "instead_of")
    claimed = [_claim_one(notice, now) for notice in whole[:notices_max]]
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
        spared = _accepted(outgoing, result, now)
        if spared is not None:
            text = f"{spared.channel} fails; {outgoing.channel} carries."
            cases.open_system_case(f"first {_medium(spared)}", text, now)
        return
    worn_out = _failed(outgoing, result, now)
    if worn_out is not None:
        cases.open_system_case(f"{_medium(worn_out)} refused", f"{outgoing.channel}: {result}", now)


@transaction.atomic
def _accepted(outgoing: Outgoing, sent: Sent, now: datetime) -> Notice | None:
    """The first channel's notice, where the second has just taken over what that one fails to send.

    A line that is down is no news here: watching.py tells of it.
    """
    Attempt.objects.filter(pk=outgoing.attempt).update(ended_at=now, outcome="accepted", detail="")
    Part.objects.bulk_create(
        Part(attempt_id=outgoing.attempt, sequence=number, message_id=message_id)
        for number, message_id in enumerate(sent.message_ids, 1)
    )
    waiting = Notice.objects.filter(pk=outgoing.notice, state=Notice.State.PLANNED)
    waiting.update(state=Notice.State.SENT, sent_at=now, ended_at=now, detail="")
    receipts.take_early(outgoing.attempt, now)
    notice = Notice.objects.select_related("instead_of").get(pk=outgoing.notice)
    cases.system_cleared(f"{_medium(notice)} refused", now)
    if notice.channel == channel_for(_medium(notice)):
        cases.system_cleared(f"first {_medium(notice)}", now)
    spared = falling_back.spare_first(notice, now)
    return notice.instead_of if spared and notice.instead_because == reasons.FIRST_FAILED else None


@transaction.atomic
def _failed(outgoing: Outgoing, error: DeliveryError, now: datetime) -> Notice | None:
    """The notice, where it is the channel that fails: every try, though the message itself was never refused.

    A robot that refuses one message refuses them all: its key or its signature is wrong.
    """
    outcome = "refused" if error.permanent else "failed"
    Attempt.objects.filter(pk=outgoing.attempt).update(ended_at=now, outcome=outcome, detail=str(error)[:200])
    notice = Notice.objects.select_related("case", "person", "event", "instead_of").get(pk=outgoing.notice)
    if notice.state != Notice.State.PLANNED:
        return None
    if error.permanent or notice.attempt_count >= ATTEMPTS_MAX:
        _give_up(notice, str(error), now)
        return None if error.permanent and not is_group(notice.template) else notice
    pause_s = BACK_OFF_S[min(notice.attempt_count, len(BACK_OFF_S)) - 1]
    due = now + timedelta(seconds=pause_s)
    Notice.objects.filter(pk=notice.pk).update(due_at=due, detail=str(error)[:200])
    if notice.attempt_count == FALL_BACK_AFTER:
        falling_back.by_another_way(notice, now)
    elif error.deaf_s >= DEAF_S:
        falling_back.by_second_channel(notice, reasons.FIRST_DEAF, now)
    return None


def _give_up(notice: Notice, why: str, now: datetime) -> None:
    """The notice has failed: another way is taken, or else the desk is told on the case's time line."""
    _end(notice, Notice.State.FAILED, why, now)
    falling_back.tell_failure(notice, why, now)


def _medium(notice: Notice) -> str:
    """The word of the system case about it."""
    if is_group(notice.template):
        return GROUP
    return "voice" if notice.template.endswith(VOICE) else "sms"


def unwanted_when_due(notice: Notice) -> str:
    """Why a notice that waits will not go when it is due, if nothing else happens; empty where it will."""
    if notice.state != Notice.State.PLANNED or notice.attempt_count:
        return ""
    return _no_longer_wanted(notice, notice.due_at)


def _no_longer_wanted(notice: Notice, now: datetime) -> str:
    """Why a notice that waited need not go any more; empty where it must go."""
    if why := falling_back.no_longer_wanted(notice):
        return why
    case, asked_at = notice.case, (notice.instead_of or notice).created_at
    if case is None:
        return ""
    if notice.reason in reasons.CALLS:
        if case.state == State.CLOSED:
            return "The case is closed."
        if case.taken_by_id is not None and case.taken_at is not None and case.taken_at > asked_at:
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
