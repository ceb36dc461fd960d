"""The last board of a station has fallen silent: whoever is on duty learns it before an alarm does.

Once a silence, and once an hour at most: boards are closed and opened again all day.
"""

from datetime import datetime, timedelta

from django.db import transaction

from flameblue.cases import actions as cases
from flameblue.domain.limits import BOARD_SILENT_TOLD_S
from flameblue.fleet.models import Station
from flameblue.notices import facts, reasons, writing
from flameblue.notices.models import Notice
from flameblue.notices.planning import SMS
from flameblue.people.models import Person

FRESH = timedelta(minutes=15)  # a silence that began longer ago, while we were away, is no news
TOLD = timedelta(seconds=BOARD_SILENT_TOLD_S)


def plan_silent(now: datetime, began: datetime | None = None) -> int:
    """Plans what the stations are told whose desk has just fallen silent; how many messages."""
    silent = cases.silent_desks(now, began)
    lately = {station for station, at in cases.desks_sounded(silent).items() if now - at < FRESH}
    return sum(_plan(station, now) for station in Station.objects.filter(pk__in=lately).order_by("pk"))


@transaction.atomic
def _plan(station: Station, now: datetime) -> int:
    people = Person.objects.filter(pk__in=facts.duty_of(station, now)).exclude(phone="")
    if Notice.objects.filter(
        reason=reasons.BOARD_SILENT, person__in=people, created_at__gt=now - TOLD
    ).exists():
        return 0
    rows = [_letter(person, station, now) for person in people.order_by("pk")]
    return len(Notice.objects.bulk_create(rows))


def _letter(person: Person, station: Station, now: datetime) -> Notice:
    channel = writing.channel_for(SMS)
    template = writing.words_for("board_silent", person.language, channel).template("board_silent")
    rendered = writing.rendered_for(channel, template, {}, station.signature)
    return writing.of_letter(writing.Letter(person, template, rendered, reasons.BOARD_SILENT), channel, now)
