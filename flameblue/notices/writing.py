"""A planned message becomes a row of the notices' log: text, template id and variables, channel, due time."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from flameblue.notices.facts import Facts
from flameblue.notices.models import Notice
from flameblue.notices.planning import VOICE, Planned
from flameblue.notices.texts.catalogue import VOICE as VOICE_ENDS
from flameblue.notices.texts.catalogue import Template, catalogue
from flameblue.notices.texts.rendering import Rendered, Values, render
from flameblue.notices.wording import values
from flameblue.people.models import Person


@dataclass(frozen=True, slots=True)
class Letter:
    """A text, and whom it goes to."""

    to: Person
    template: Template
    rendered: Rendered
    reason: str


def channel_for(medium: str) -> str:
    """The plug-in that carries `sms` or `voice` in this installation."""
    messages = settings.CONFIG.messages
    return messages.voice_channel if medium == VOICE else messages.sms_channel


def second_for(notice: Notice) -> str:
    """The channel that carries what the first could not; empty where there is none, or this came by it."""
    messages = settings.CONFIG.messages
    is_voice = notice.template.endswith(VOICE_ENDS)
    second: str = messages.voice_second_channel if is_voice else messages.sms_second_channel
    return "" if second == notice.channel or notice.instead_of_id is not None else second


def notice(planned: Planned, facts: Facts, now: datetime) -> Notice:
    """The row of `planned`, not yet saved; failed at once, with the reason, where nobody can be reached."""
    words = catalogue(_language(planned, facts))
    return _row(planned, facts, now, values(facts.row.data, facts.standing, words))


def plain(planned: Planned, facts: Facts, now: datetime) -> Notice:
    """The same with nothing but the case's number to say."""
    return _row(planned, facts, now, {"number": str(facts.standing.number)})


def _language(planned: Planned, facts: Facts) -> str:
    person = facts.persons.get(planned.person) if planned.person is not None else None
    return person.language if person else str(settings.CONFIG.language)


def _row(planned: Planned, facts: Facts, now: datetime, said: Values) -> Notice:
    person = facts.persons.get(planned.person) if planned.person is not None else None
    words = catalogue(_language(planned, facts))
    template = words.template(planned.template, planned.family)
    rendered = render(template, said, facts.signature(person))
    missing = planned.missing or ("" if person and person.phone else "No phone number is known.")
    made = Notice(
        event=facts.row,
        case=facts.row.case,
        person=person,
        to=person.phone if person else "",
        channel=channel_for(planned.medium),
        template=template.id,
        variables=rendered.variables,
        language=template.language,
        text="" if person is None else rendered.text,
        reason=planned.reason,
        created_at=now,
        due_at=max(planned.held_until, now) if planned.held_until else now,
    )
    if missing:
        made.state, made.ended_at, made.detail = Notice.State.FAILED, now, missing
    return made


def of_letter(letter: Letter, channel: str, now: datetime) -> Notice:
    """The row of a letter, not yet saved, due at once."""
    return Notice(
        person=letter.to,
        to=letter.to.phone,
        channel=channel,
        template=letter.template.id,
        variables=letter.rendered.variables,
        language=letter.template.language,
        text=letter.rendered.text,
        reason=letter.reason,
        created_at=now,
        due_at=now,
    )
