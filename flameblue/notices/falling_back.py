"""What does not get through by one channel is said by another.

The order: the first channel, the second of the same medium, then the other medium for what is urgent (an SMS is
called, a call is written); last, the desk is told on the case's time line.
Invariants: a message has at most one second way of its medium (`instead_of` is unique) and one of the other, and
neither begins anew, so four channels at most carry it, each once.
"""

from dataclasses import replace
from datetime import datetime

from flameblue.cases import kinds
from flameblue.cases.handling import record_by
from flameblue.notices import facts, reasons, writing
from flameblue.notices.models import Notice
from flameblue.notices.natures import nature_of
from flameblue.notices.planning import SMS, VOICE, Planned, family_of
from flameblue.notices.texts.catalogue import VOICE as VOICE_ENDS
from flameblue.notices.texts.catalogue import catalogue
from flameblue.notices.texts.group import is_group

State = Notice.State


def by_another_way(notice: Notice, now: datetime) -> bool:
    """Plans the next way for `notice`, once; False where none is left. Last in the caller's transaction."""
    taken_over = Notice.objects.filter(instead_of=notice).first()
    if taken_over is not None and taken_over.state != State.FAILED:
        return True
    if taken_over is None and by_second_channel(notice, reasons.FIRST_FAILED, now):
        return True
    return _by_another_medium(notice, now)


def by_second_channel(notice: Notice, because: str, now: datetime) -> bool:
    """Plans the same message by the medium's second channel; False where it has none, or has taken it already.

    Last in the caller's transaction.
    """
    second = writing.second_for(notice)
    if not second or not notice.to or Notice.objects.filter(instead_of=notice).exists():
        return False
    said = _as_said_by(second, notice, now)
    Notice.objects.create(
        event=notice.event,
        case=notice.case,
        person=notice.person,
        to=notice.to,
        channel=second,
        template=said.template,
        variables=said.variables,
        carried=said.carried,
        language=said.language,
        text=said.text,
        reason=notice.reason,
        created_at=now,
        due_at=now,
        instead_of=notice,
        instead_because=because,
    )
    words = catalogue(notice.language)
    _tell_desk(notice, words.word("second_way").replace("{why}", words.word(because)), now)
    return True


def _as_said_by(channel: str, notice: Notice, now: datetime) -> Notice:
    """The message in the words of `channel`, not saved; what belongs to no event keeps its words."""
    if notice.event_id is None or nature_of(channel).says_as(nature_of(notice.channel)):
        return notice
    medium = VOICE if notice.template.endswith(VOICE_ENDS) else SMS
    found = _facts(notice, now)
    base = catalogue(notice.language).templates[notice.template].base
    planned = Planned(notice.person_id, "", medium, base, family_of(found.row.data), notice.reason)
    return writing.notice(planned, found, now, channel)


def no_longer_wanted(notice: Notice) -> str:
    """Why a message need not go by the second channel any more; empty where it must, or never was to."""
    first = notice.instead_of
    if first is None:
        return ""
    arrived = first.state == State.DELIVERED
    if arrived or (first.state == State.SENT and notice.instead_because != reasons.FIRST_SILENT):
        return "The first channel has taken it after all."
    return ""


def spare_first(notice: Notice, now: datetime) -> bool:
    """The second channel has taken `notice`: the first need not go on trying; False where it had ended."""
    first = Notice.objects.filter(second=notice, state=State.PLANNED)
    return first.update(state=State.CANCELLED, ended_at=now, detail="The second channel has taken it.") == 1


def tell_failure(notice: Notice, why: str, now: datetime) -> None:
    """What follows a message that did not get through; last in the caller's transaction."""
    if by_another_way(notice, now):
        return
    first = notice.instead_of
    if first is not None and first.state in {State.PLANNED, State.DELIVERED}:
        return  # it still tries, and tells when it gives up; or it has arrived
    said = catalogue(notice.language).word(_failed(notice))
    _tell_desk(notice, said.replace("{why}", why), now)


def _failed(notice: Notice) -> str:
    """The word that says it."""
    if is_group(notice.template):
        return "failed_group"
    return "failed_voice" if notice.template.endswith(VOICE_ENDS) else "failed_sms"


def _by_another_medium(notice: Notice, now: datetime) -> bool:
    template = catalogue(notice.language).templates.get(notice.template)
    if template is None or not (template.urgent and template.instead) or notice.event_id is None:
        return False
    medium = SMS if notice.template.endswith(VOICE_ENDS) else VOICE
    if notice.reason == reasons.CHANNEL_FAILED or writing.channel_for(medium) == notice.channel:
        return False
    found = _facts(notice, now)
    family = family_of(found.row.data)
    planned = Planned(notice.person_id, "", medium, template.instead, family, reasons.CHANNEL_FAILED)
    other = writing.notice(planned, found, now)
    same = Notice.objects.filter(
        event=other.event, person=other.person, channel=other.channel, template=other.template
    )
    if not same.exists():
        other.save()
    return True


def _facts(notice: Notice, now: datetime) -> facts.Facts:
    """Of the notice's event; whoever it went to is among the persons."""
    assert notice.event_id is not None
    found = facts.of(notice.event_id, now)
    if notice.person is None or notice.person_id in found.persons:
        return found
    return replace(found, persons={**found.persons, notice.person.pk: notice.person})


def _tell_desk(notice: Notice, text: str, now: datetime) -> None:
    """A line on the case's time line; what belongs to no case is seen on the health page's counts."""
    if notice.case is None:
        return
    who = notice.person.name if notice.person else notice.to
    record_by(notice.case, kinds.COMMENTED, None, now, {"text": text.replace("{who}", who)})
