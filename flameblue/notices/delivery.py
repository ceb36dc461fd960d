"""Notices → attempts: claim, hand over, settle. The handing over happens elsewhere, outside any transaction.

Invariants: a claim moves `due_at` ahead and writes the attempt before the try, so a crash repeats a notice once at
most and never loops on it; every notice ends sent, delivered, failed, merged or cancelled, each with a reason; a
person's bound merges what exceeds it into one summary and drops nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from flameblue.cases.models import State
from flameblue.domain.errors import DeliveryError
from flameblue.domain.limits import ATTEMPTS_MAX, NOTICES_PER_PERSON_PER_10_MIN
from flameblue.notices import reasons, receipts
from flameblue.notices.channel import Outgoing, Sent
from flameblue.notices.models import Attempt, Notice, Part
from flameblue.notices.texts.catalogue import catalogue
from flameblue.notices.texts.names import Name, name
from flameblue.notices.texts.rendering import render

TRY_S = 30  # how long a try may take before another one is made
BACK_OFF_S = (5, 15, 60, 180, 600)  # after the first, second … failed try
BOUND_S = 600
VOICE_ENDS = "_voice"


def claim(now: datetime, notices_max: int) -> list[Outgoing]:
    """The notices that are due, each with its attempt written and its next try moved ahead."""
    due = Notice.objects.filter(state=Notice.State.PLANNED, due_at__lte=now).order_by("due_at", "pk")
    claimed = (_claim_one(notice, now) for notice in list(due.select_related("case", "person")[:notices_max]))
    return [outgoing for outgoing in claimed if outgoing is not None]


@transaction.atomic
def _claim_one(notice: Notice, now: datetime) -> Outgoing | None:
    ahead = now + timedelta(seconds=TRY_S)
    mine = Notice.objects.filter(pk=notice.pk, state=Notice.State.PLANNED, due_at=notice.due_at)
    if not mine.update(due_at=ahead, attempt_count=F("attempt_count") + 1):
        return None
    if why := _no_longer_wanted(notice):
        _end(notice, Notice.State.CANCELLED, why, now)
        return None
    if notice.attempt_count == 0 and _over_bound(notice, now):
        _merge(notice, now)
        return None
    attempt = Attempt.objects.create(notice=notice, at=now)
    return Outgoing(notice.pk, attempt.pk, notice.channel, notice.to, notice.text, notice.language)


def settle(outgoing: Outgoing, result: Sent | DeliveryError, now: datetime) -> None:
    """Records what came of a try."""
    if isinstance(result, Sent):
        _accepted(outgoing, result, now)
    else:
        _failed(outgoing, result, now)


@transaction.atomic
def _accepted(outgoing: Outgoing, sent: Sent, now: datetime) -> None:
    Attempt.objects.filter(pk=outgoing.attempt).update(ended_at=now, outcome="accepted")
    Part.objects.bulk_create(
        Part(attempt_id=outgoing.attempt, sequence=number, message_id=message_id)
        for number, message_id in enumerate(sent.message_ids, 1)
    )
    waiting = Notice.objects.filter(pk=outgoing.notice, state=Notice.State.PLANNED)
    waiting.update(state=Notice.State.SENT, sent_at=now, ended_at=now, detail="")
    receipts.take_early(outgoing.attempt, now)


@transaction.atomic
def _failed(outgoing: Outgoing, error: DeliveryError, now: datetime) -> None:
    outcome = "refused" if error.permanent else "failed"
    Attempt.objects.filter(pk=outgoing.attempt).update(ended_at=now, outcome=outcome, detail=str(error)[:200])
    notice = Notice.objects.select_related("case", "person", "event").get(pk=outgoing.notice)
    if notice.state != Notice.State.PLANNED:
        return
    if error.permanent or notice.attempt_count >= ATTEMPTS_MAX:
        _end(notice, Notice.State.FAILED, str(error), now)
        _by_another_channel(notice, now)
        return
    pause_s = BACK_OFF_S[min(notice.attempt_count, len(BACK_OFF_S)) - 1]
    Notice.objects.filter(pk=notice.pk).update(
        due_at=now + timedelta(seconds=pause_s), detail=str(error)[:200]
    )
    if notice.attempt_count == 1:
        _by_another_channel(notice, now)


def _by_another_channel(notice: Notice, now: datetime) -> None:
    """An urgent SMS that does not go is also called; a call that does not go is also written."""
    messages = settings.CONFIG.messages
    is_voice = notice.template.endswith(VOICE_ENDS)
    other = messages.sms_channel if is_voice else messages.voice_channel
    words = catalogue(notice.language)
    if other == notice.channel or notice.reason == reasons.CHANNEL_FAILED or notice.case is None:
        return
    family = _family_of(notice)
    if not words.template(notice.template, family).urgent and not is_voice:
        return
    plain = "owner_plain_voice" if notice.template.startswith(("owner", "second")) else "officer_plain_voice"
    template = words.template("officer_plain" if is_voice else plain)
    rendered = render(template, {**notice.variables, "number": str(notice.case.number)}, _signature(notice))
    Notice.objects.bulk_create(
        [
            Notice(
                event=notice.event,
                case=notice.case,
                person=notice.person,
                to=notice.to,
                channel=other,
                template=template.id,
                variables=rendered.variables,
                language=notice.language,
                text=rendered.text,
                reason=reasons.CHANNEL_FAILED,
                created_at=now,
                due_at=now,
            )
        ],
        ignore_conflicts=True,
    )


def _family_of(notice: Notice) -> str:
    return "" if notice.case is None else str(notice.case.family)


def _signature(notice: Notice) -> str:
    found = notice.text.partition("】")[0].lstrip("【")
    return found if notice.text.startswith("【") else "Flameblue"


def _no_longer_wanted(notice: Notice) -> str:
    """Why a notice that waited need not go any more; empty where it must go."""
    case = notice.case
    if case is None or notice.reason not in reasons.CALLS | {reasons.NO_ANSWER}:
        return ""
    if case.state == State.CLOSED:
        return "the case is closed"
    if (
        notice.reason in reasons.CALLS
        and case.taken_by_id is not None
        and notice.reason != reasons.RANG_AGAIN
    ):
        return "the case is taken"
    if notice.reason == reasons.NO_ANSWER and case.owner_answered_at is not None:
        return "the owner has answered"
    return ""


def _over_bound(notice: Notice, now: datetime) -> bool:
    if notice.person_id is None or notice.reason in {reasons.MERGED, reasons.REPLY}:
        return False
    since = now - timedelta(seconds=BOUND_S)
    sent = Notice.objects.filter(
        person=notice.person_id, channel=notice.channel, attempts__at__gt=since
    ).exclude(reason__in=(reasons.MERGED, reasons.REPLY))
    return sent.distinct().count() >= NOTICES_PER_PERSON_PER_10_MIN


def _merge(notice: Notice, now: datetime) -> None:
    """Into the summary that waits for this person, or into a new one, due a minute from now."""
    summary = Notice.objects.filter(
        person=notice.person_id,
        channel=notice.channel,
        reason=reasons.MERGED,
        state=Notice.State.PLANNED,
        attempt_count=0,
    ).first()
    if summary is None:
        summary = Notice(
            person=notice.person,
            to=notice.to,
            channel=notice.channel,
            template="merged",
            language=notice.language,
            reason=reasons.MERGED,
            created_at=now,
            due_at=now + timedelta(seconds=60),
            variables={"count": "0", "numbers": ""},
        )
    count = int(summary.variables.get("count", 0)) + 1
    numbers = [n for n in str(summary.variables.get("numbers", "")).split(",") if n]
    if notice.case is not None and str(notice.case.number) not in numbers:
        numbers.append(str(notice.case.number))
    words = catalogue(notice.language)
    ending = _merged_template(notice)
    values: dict[str, str | Name] = {
        "count": str(count),
        "numbers": name(words.word("list").join(numbers[:3])),
    }
    summary.text = render(words.template(ending), values, _signature(notice)).text
    summary.template = ending
    summary.variables = {"count": str(count), "numbers": ",".join(numbers)}
    summary.save()
    Notice.objects.filter(pk=notice.pk).update(
        state=Notice.State.MERGED, ended_at=now, merged_into=summary, detail="more than one person can read"
    )


def _merged_template(notice: Notice) -> str:
    if notice.template.endswith(VOICE_ENDS):
        return "merged_voice"
    return "merged_owner" if notice.template.startswith(("owner", "second")) else "merged"


def _end(notice: Notice, state: str, why: str, now: datetime) -> None:
    Notice.objects.filter(pk=notice.pk).update(state=state, ended_at=now, detail=why[:200])


def blind_texts(phones: Sequence[tuple[str, str]], signature: str) -> list[Outgoing]:
    """What is said to `phones` (number, language) when the disk is full: sent without a single write."""
    channel = settings.CONFIG.messages.sms_channel
    return [
        Outgoing(
            0, 0, channel, phone, render(catalogue(language).template("blind"), {}, signature).text, language
        )
        for phone, language in phones
    ]
