"""A person's bound: what exceeds it is said in one summary, a line for all, and nothing is dropped.

At most NOTICES_PER_PERSON_PER_10_MIN messages by each channel in ten minutes, then a summary after a minute and no
other within five. Answers count too, so that a phone that answers by itself cannot talk to us for ever; but what tells
of danger is counted among its own kind only, so that no talk takes its room. Whatever happens, a phone rings about 42
times in ten minutes, and about 22 times where one kind comes alone. A second channel (decision 0015) has the bound for
itself: what the first had delivered without a receipt rings again.

The robot of a group chat has its provider's bound: GROUP_NOTICES_PER_MIN, then a summary too.
"""

from datetime import datetime, timedelta

from flameblue.domain.limits import GROUP_NOTICES_PER_MIN, NOTICES_PER_PERSON_PER_10_MIN
from flameblue.notices import facts, reasons, writing
from flameblue.notices.models import Notice
from flameblue.notices.texts.catalogue import VOICE
from flameblue.notices.texts.group import is_group
from flameblue.notices.wording import listed

WINDOW = timedelta(minutes=10)
GROUP_WINDOW = timedelta(minutes=1)
COLLECT = timedelta(minutes=1)
APART = timedelta(minutes=5)
KEPT = ("text", "variables", "carried")


def is_over_bound(notice: Notice, now: datetime) -> bool:
    """The person has got as many messages by this channel as they can read."""
    if notice.reason in reasons.GROUP:
        return _group_is_over_bound(notice, now)
    if notice.person_id is None or notice.reason == reasons.MERGED:
        return False
    tried = Notice.objects.filter(
        person=notice.person_id, channel=notice.channel, attempts__at__gt=now - WINDOW
    ).exclude(reason=reasons.MERGED)
    if notice.reason in reasons.ALARMING:
        tried = tried.filter(reason__in=reasons.ALARMING)
    return tried.distinct().count() >= NOTICES_PER_PERSON_PER_10_MIN


def _group_is_over_bound(notice: Notice, now: datetime) -> bool:
    """The robot has said as much within a minute as its provider takes."""
    lately = Notice.objects.filter(
        channel=notice.channel, reason__in=reasons.GROUP, attempts__at__gt=now - GROUP_WINDOW
    )
    return lately.distinct().count() >= GROUP_NOTICES_PER_MIN


def merge(notice: Notice, now: datetime) -> None:
    """Puts `notice` into the summary that waits for this person, or into a new one."""
    summary = _waiting(notice) or _new(notice, now)
    Notice.objects.filter(pk=notice.pk).update(
        state=Notice.State.MERGED,
        ended_at=now,
        merged_into=summary,
        detail="More messages than a person can read: said in a summary.",
    )
    _write(summary)


def _waiting(notice: Notice) -> Notice | None:
    summaries = Notice.objects.filter(
        person=notice.person_id, channel=notice.channel, reason=reasons.MERGED, template=_template(notice)
    ).filter(instead_of=None)  # what the second channel took over is said as it stands
    return summaries.filter(state=Notice.State.PLANNED, attempt_count=0).order_by("pk").first()


def _new(notice: Notice, now: datetime) -> Notice:
    last = (
        Notice.objects.filter(person=notice.person_id, channel=notice.channel, reason=reasons.MERGED)
        .order_by("-due_at")
        .first()
    )
    due = now + COLLECT
    return Notice.objects.create(
        person=notice.person,
        to=notice.to,
        channel=notice.channel,
        template=_template(notice),
        language=notice.language,
        reason=reasons.MERGED,
        created_at=now,
        due_at=max(due, last.created_at + APART) if last is not None else due,
    )


def _template(notice: Notice) -> str:
    if is_group(notice.template):
        return "group_merged"
    if notice.template.endswith(VOICE):
        return "merged_voice"
    lay = notice.person is not None and notice.person.station_id is None
    return "merged_owner" if lay else "merged"


def _write(summary: Notice) -> None:
    """The summary's text, anew: how many messages, of which cases, the newest first. One alone says what it says."""
    merged = Notice.objects.filter(merged_into=summary)
    if merged.count() == 1:
        only = merged.get()
        summary.text, summary.variables, summary.carried = only.text, only.variables, only.carried
        summary.save(update_fields=KEPT)
        return
    numbers = merged.filter(case__isnull=False).order_by("-pk").values_list("case__number", flat=True)
    words = writing.words_for(summary.template, summary.language, summary.channel)
    said = {"count": str(merged.count()), "numbers": listed(list(dict.fromkeys(numbers)), words)}
    template = words.template(summary.template)
    rendered = writing.rendered_for(summary.channel, template, said, _signature(summary))
    summary.text, summary.variables = rendered.text, rendered.variables
    summary.carried = writing.carried(rendered)
    summary.save(update_fields=KEPT)


def _signature(summary: Notice) -> str:
    """The reader's station; for the group the one whose case came last."""
    if is_group(summary.template):
        last = Notice.objects.filter(merged_into=summary, case__site__isnull=False).order_by("-pk")
        one = last.select_related("case__site__station").first()
        if one is not None and one.case is not None and one.case.site is not None:
            return one.case.site.station.signature
    return facts.signature_of(summary.person)
