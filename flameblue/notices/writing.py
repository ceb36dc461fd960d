"""A planned message becomes a row of the notices' log: text, template id and variables, channel, due time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from flameblue.notices.channel import Carried, Outgoing
from flameblue.notices.facts import Facts
from flameblue.notices.models import Notice
from flameblue.notices.natures import nature_of
from flameblue.notices.planning import SMS, VOICE, Planned
from flameblue.notices.texts.carrying import render_carried
from flameblue.notices.texts.catalogue import Catalogue, Template, catalogue
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


def words_for(language: str, channel: str) -> Catalogue:
    """The texts of `language`, or of the first one whose approved templates the channel knows.

    They ask for an answer by SMS where one would be heard; a call asks for it too.
    """
    nature = nature_of(channel)
    hears = nature.hears or nature_of(channel_for(SMS)).hears
    known = language if not nature.carries or language in nature.carries else nature.carries[0]
    return catalogue(known, hears=hears)


def rendered_for(channel: str, template: Template, said: Values, signature: str) -> Rendered:
    """The text as it will arrive by this channel."""
    nature = nature_of(channel)
    signed = nature.signature or signature
    return (render_carried if nature.carries else render)(template, said, signed)


def carried(rendered: Rendered) -> dict[str, Any]:
    """What a row keeps beside the text, for a channel that takes approved templates."""
    if not rendered.form:
        return {}
    return {"form": rendered.form, "variables": [list(pair) for pair in rendered.variables.items()]}


def outgoing(notice: Notice, attempt: int) -> Outgoing:
    """`notice` as it is handed over."""
    return Outgoing(
        notice=notice.pk,
        attempt=attempt,
        channel=notice.channel,
        to=notice.to,
        text=notice.text,
        language=notice.language,
        carried=as_carried(notice.carried),
    )


def as_carried(kept: Mapping[str, Any]) -> Carried | None:
    """What a row keeps, as it is handed over."""
    if not kept:
        return None
    return Carried(kept["form"], tuple((str(name), str(value)) for name, value in kept["variables"]))


def notice(planned: Planned, facts: Facts, now: datetime) -> Notice:
    """The row of `planned`, not yet saved; failed at once, with the reason, where nobody can be reached."""
    words = words_for(_language(planned, facts), channel_for(planned.medium))
    return _row(planned, facts, now, values(facts.row.data, facts.standing, words))


def plain(planned: Planned, facts: Facts, now: datetime) -> Notice:
    """The same with nothing but the case's number to say."""
    return _row(planned, facts, now, {"number": str(facts.standing.number)})


def _language(planned: Planned, facts: Facts) -> str:
    person = facts.persons.get(planned.person) if planned.person is not None else None
    return person.language if person else str(settings.CONFIG.language)


def _row(planned: Planned, facts: Facts, now: datetime, said: Values) -> Notice:
    person = facts.persons.get(planned.person) if planned.person is not None else None
    channel = channel_for(planned.medium)
    template = words_for(_language(planned, facts), channel).template(planned.template, planned.family)
    rendered = rendered_for(channel, template, said, facts.signature(person))
    missing = planned.missing or ("" if person and person.phone else "No phone number is known.")
    made = Notice(
        event=facts.row,
        case=facts.row.case,
        person=person,
        to=person.phone if person else "",
        channel=channel,
        template=template.id,
        variables=rendered.variables,
        carried=carried(rendered),
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
        carried=carried(letter.rendered),
        language=letter.template.language,
        text=letter.rendered.text,
        reason=letter.reason,
        created_at=now,
        due_at=now,
    )
