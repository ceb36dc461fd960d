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
from flameblue.notices.planning import GROUP, SMS, VOICE, Planned
from flameblue.notices.texts.carrying import render_carried
from flameblue.notices.texts.catalogue import VOICE as VOICE_ENDS
from flameblue.notices.texts.catalogue import Catalogue, Template, catalogue
from flameblue.notices.texts.group import group_catalogue, is_group
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


def words_for(template: str, language: str, channel: str, *, taken: bool = False) -> Catalogue:
    """The catalogue that holds `template`: the group's own, or that of `language`, as far as the channel has it.

    A channel of approved templates speaks the first of its languages to whoever reads none of them. Texts ask for
    an answer by SMS where one would be heard; a call asks for it too. `taken`: somebody has the case already, so
    that nobody is asked to take it, where the text is not one that was approved as it stands.
    """
    if is_group(template):
        return group_catalogue(language)
    nature = nature_of(channel)
    hears = nature.hears or nature_of(channel_for(SMS)).hears
    known = language if not nature.carries or language in nature.carries else nature.carries[0]
    return catalogue(known, hears=hears, taken=taken and not nature.carries)


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


def notice(planned: Planned, facts: Facts, now: datetime, channel: str = "") -> Notice:
    """The row of `planned`, not yet saved; failed at once, with the reason, where nobody can be reached.

    `channel`: another than the first one of the medium.
    """
    channel = channel or channel_for(planned.medium)
    words = _words(planned, facts, channel)
    return _row(planned, facts, now, values(facts.row.data, facts.standing, words), channel)


def plain(planned: Planned, facts: Facts, now: datetime) -> Notice:
    """The same with nothing but the case's number to say."""
    return _row(planned, facts, now, {"number": str(facts.standing.number)}, channel_for(planned.medium))


def _words(planned: Planned, facts: Facts, channel: str) -> Catalogue:
    taken = facts.row.case.taken_by_id is not None
    return words_for(planned.template, _language(planned, facts), channel, taken=taken)


def _language(planned: Planned, facts: Facts) -> str:
    person = facts.persons.get(planned.person) if planned.person is not None else None
    return person.language if person else str(settings.CONFIG.language)


def _row(planned: Planned, facts: Facts, now: datetime, said: Values, channel: str) -> Notice:
    person = facts.persons.get(planned.person) if planned.person is not None else None
    template = _words(planned, facts, channel).template(planned.template, planned.family)
    rendered = rendered_for(channel, template, said, facts.signature(person))
    to_group = planned.medium == GROUP
    missing = planned.missing or ("" if to_group or (person and person.phone) else NO_PHONE)
    text = rendered.text + _link(facts) if to_group else rendered.text
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
        carried=carried(letter.rendered),
        language=letter.template.language,
        text=letter.rendered.text,
        reason=letter.reason,
        created_at=now,
        due_at=now,
    )
