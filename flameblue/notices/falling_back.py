"""What does not get through by one channel is said by the other: an urgent SMS is called, a call is written."""

from dataclasses import replace
from datetime import datetime

from flameblue.cases import kinds
from flameblue.cases.handling import record_by
from flameblue.notices import facts, reasons, writing
from flameblue.notices.models import Notice
from flameblue.notices.planning import SMS, VOICE, Planned, family_of
from flameblue.notices.texts.catalogue import VOICE as VOICE_ENDS
from flameblue.notices.texts.catalogue import catalogue


def by_another_channel(notice: Notice, now: datetime) -> bool:
    """Plans the other way for `notice`, once; False where there is none. In the caller's transaction."""
    template = catalogue(notice.language).templates.get(notice.template)
    if template is None or not (template.urgent and template.instead) or notice.event_id is None:
        return False
    medium = SMS if notice.template.endswith(VOICE_ENDS) else VOICE
    if notice.reason == reasons.CHANNEL_FAILED or writing.channel_for(medium) == notice.channel:
        return False
    found = facts.of(notice.event_id, now)
    if notice.person_id not in found.persons and notice.person is not None:
        found = replace(found, persons={**found.persons, notice.person.pk: notice.person})
    family = family_of(found.row.data)
    planned = Planned(notice.person_id, "", medium, template.instead, family, reasons.CHANNEL_FAILED)
    other = writing.notice(planned, found, now)
    same = Notice.objects.filter(
        event=other.event, person=other.person, channel=other.channel, template=other.template
    )
    if not same.exists():
        other.save()
    return True


def tell_failure(notice: Notice, why: str, now: datetime) -> None:
    """What follows a message that did not get through; last in the caller's transaction."""
    if by_another_channel(notice, now) or notice.case is None:
        return
    who = notice.person.name if notice.person else notice.to
    words = catalogue(notice.language)
    said = words.word("failed_voice" if notice.template.endswith(VOICE_ENDS) else "failed_sms")
    text = said.replace("{who}", who).replace("{why}", why)
    record_by(notice.case, kinds.COMMENTED, None, now, {"text": text})
