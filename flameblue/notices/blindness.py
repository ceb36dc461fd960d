"""The message that needs no write: the disk is full, nothing more is recorded, and people must know."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from django.conf import settings

from flameblue.domain.errors import DeliveryError
from flameblue.fleet.models import Station
from flameblue.notices import delivery, writing
from flameblue.notices.channel import Channel, Outgoing
from flameblue.notices.planning import SMS
from flameblue.notices.texts.catalogue import catalogue
from flameblue.notices.texts.rendering import render
from flameblue.people import roster
from flameblue.people.actions import shift_facts
from flameblue.people.models import Person, Shift


def messages(now: datetime) -> list[Outgoing]:
    """What is said, to everybody on duty and to every leader: read while reading still works."""
    found = []
    shifts = shift_facts()
    for station in Station.objects.order_by("pk"):
        roles = (Shift.Role.DUTY, Shift.Role.LEADER)
        ids = [person for role in roles for person in roster.on_duty(shifts, station.pk, role, now)]
        people = Person.objects.filter(pk__in=ids, active=True).exclude(phone="")
        found += [_message(person, station.signature) for person in people.order_by("pk")]
    return list({message.to: message for message in found}.values())


def blind(messages: Iterable[Outgoing], channels: Mapping[str, Channel]) -> list[str]:
    """Sends them, without a single write; a sentence for each that did not go. Blocks as the channel does."""
    failures = []
    for message in messages:
        result = delivery.hand_over(message, channels)
        if isinstance(result, DeliveryError) and (second := settings.CONFIG.messages.sms_second_channel):
            result = delivery.hand_over(replace(message, channel=second), channels)
        if isinstance(result, DeliveryError):
            failures.append(f"{message.to}: {result}")
    return failures


def _message(person: Person, signature: str) -> Outgoing:
    template = catalogue(person.language).template("blind")
    text = render(template, {}, signature).text
    return Outgoing(0, 0, writing.channel_for(SMS), person.phone, text, person.language)
