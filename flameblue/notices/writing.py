"""A planned message becomes a row of the notices' log: text, template id and variables, channel, due time."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from flameblue.notices.facts import Facts
from flameblue.notices.models import Notice
from flameblue.notices.planning import GROUP, VOICE, Planned
from flameblue.notices.texts.catalogue import VOICE as VOICE_ENDS
from flameblue.notices.texts.catalogue import Template
from flameblue.notices.texts.group import catalogue_for
from flameblue.notices.texts.rendering import Rendered, Values, render
from flameblue.notices.wording import values
from flameblue.people.models import Person

NO_PHONE = "No phone number is known."


@dataclass(frozen=True, slots=True)
class Letter:
    """A text, and whom it goes to."""

    to: Person
    template: Template
    rendered: Rendered
    reason: str


def channel_for(medium: str) -> str:
    """The plug-in that carries `sms`, `voice` or `group` in this installation."""
    messages = settings.CONFIG.messages
    carried: str = {VOICE: messages.voice_channel, GROUP: messages.group_channel}.get(
        medium, messages.sms_channel
    )
    return carried


def second_for(notice: Notice) -> str:
    """The channel that carries what the first could not; empty where there is none, or this came by it."""
    messages = settings.CONFIG.messages
    is_voice = notice.template.endswith(VOICE_ENDS)
    second: str = messages.voice_second_channel if is_voice else messages.sms_second_channel
    return "" if second == notice.channel or notice.instead_of_id is not None else second


def notice(planned: Planned, facts: Facts, now: datetime) -> Notice:
    """The row of `planned`, not yet saved; failed at once, with the reason, where nobody can be reached."""
    words = catalogue_for(planned.template, _language(planned, facts))
    return _row(planned, facts, now, values(facts.row.data, facts.standing, words))


def plain(planned: Planned, facts: Facts, now: datetime) -> Notice:
    """The same with nothing but the case's number to say."""
    return _row(planned, facts, now, {"number": str(facts.standing.number)})


def _language(planned: Planned, facts: Facts) -> str:
    person = facts.persons.get(planned.person) if planned.person is not None else None
    return person.language if person else str(settings.CONFIG.language)


def _row(planned: Planned, facts: Facts, now: datetime, said: Values) -> Notice:
    person = facts.persons.get(planned.person) if planned.person is not None else None
    is_group = planned.medium == GROUP
    words = catalogue_for(planned.template, _language(planned, facts))
    template = words.template(planned.template, planned.family)
    rendered = render(template, said, facts.signature(person))
    missing = planned.missing or ("" if is_group or (person and person.phone) else NO_PHONE)
    text = rendered.text + _link(facts) if is_group else rendered.text
    made = Notice(
        event=facts.row,
        case=facts.row.case,
        person=person,
        to=person.phone if person else "",
        channel=channel_for(planned.medium),
        template=template.id,
        variables=rendered.variables,
        language=template.language,
        text="" if missing and person is None else text,
        reason=planned.reason,
        created_at=now,
        due_at=max(planned.held_until, now) if planned.held_until else now,
    )
    if missing:
        made.state, made.ended_at, made.detail = Notice.State.FAILED, now, missing
    return made


def _link(facts: Facts) -> str:
    """Where the case is shown; nothing where nobody has said where browsers find the pages."""
    url = settings.CONFIG.web.public_url.rstrip("/")
    return f"\n{url}/cases/{facts.standing.number}/" if url else ""


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
