"""The message that needs no write: the disk is full, nothing more is recorded, and people must know."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.conf import settings

from flameblue.domain.errors import DeliveryError
from flameblue.fleet.models import Station
from flameblue.notices import delivery, writing
from flameblue.notices.channel import Channel, Outgoing
from flameblue.notices.planning import SMS
from flameblue.people import roster
from flameblue.people.actions import shift_facts
from flameblue.people.models import Person, Shift


def messages(now: datetime) -> list[Sequence[Outgoing]]:
    """What is said, to everybody on duty and to every leader, by the first channel, then by the second.

    Read while reading still works.
    """
    found = []
    shifts = shift_facts()
    for station in Station.objects.order_by("pk"):
        roles = (Shift.Role.DUTY, Shift.Role.LEADER)
        ids = [person for role in roles for person in roster.on_duty(shifts, station.pk, role, now)]
        people = Person.objects.filter(pk__in=ids, active=True).exclude(phone="")
        found += [_ways(person, station.signature) for person in people.order_by("pk")]
    return list({ways[0].to: ways for ways in found}.values())


def blind(messages: Iterable[Sequence[Outgoing]], channels: Mapping[str, Channel]) -> list[str]:
    """Sends them, without a single write; a sentence for each that did not go. Blocks as the channel does."""
    failures = []
    for ways in messages:
        for message in ways:
            result = delivery.hand_over(message, channels)
            if not isinstance(result, DeliveryError):
                break
        else:
            failures.append(f"{message.to}: {result}")
    return failures


def _ways(person: Person, signature: str) -> tuple[Outgoing, ...]:
    by = filter(None, (writing.channel_for(SMS), settings.CONFIG.messages.sms_second_channel))
    return tuple(_message(person, signature, channel) for channel in by)


def _message(person: Person, signature: str, channel: str) -> Outgoing:
    template = writing.words_for("blind", person.language, channel).template("blind")
    said = writing.rendered_for(channel, template, {}, signature)
    as_template = writing.as_carried(writing.carried(said))
    return Outgoing(0, 0, channel, person.phone, said.text, template.language, as_template)
