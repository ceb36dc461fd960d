"""The message that says all is well: daily to the phone of the settings, and when an administrator tries the way."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from flameblue.cases.models import Alarm, Case, State
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import TEST_NOTICES_PER_HOUR_MAX
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet import audit
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device
from flameblue.notices import facts, reasons, writing
from flameblue.notices.models import Notice
from flameblue.notices.planning import SMS
from flameblue.notices.texts.catalogue import Catalogue
from flameblue.people.models import Person

ALIVE_HOUR = 9  # local time of the daily sign of life
HOUR = timedelta(hours=1)


def plan_alive(now: datetime) -> bool:
    """The daily sign of life to `messages.alive_to`, once a day from 09:00 on; False when it is not due."""
    to = settings.CONFIG.messages.alive_to
    local = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    if not to or local.hour < ALIVE_HOUR:
        return False
    if Notice.objects.filter(reason=reasons.ALIVE, created_at__gte=_midnight(now)).exists():
        return False
    made = _row(settings.CONFIG.language, facts.signature_of(None), now)
    made.to, made.reason = to, reasons.ALIVE
    made.save()
    return True


@transaction.atomic
def try_way(person: Person, hand: Hand) -> Notice:
    """The same to `person` now, by the channel that carries SMS; BadInput beyond TEST_NOTICES_PER_HOUR_MAX."""
    if tried(person, hand.now).count() >= TEST_NOTICES_PER_HOUR_MAX:
        raise BadInput(f"{TEST_NOTICES_PER_HOUR_MAX} test messages an hour are enough: wait a while.")
    made = _row(person.language, facts.signature_of(person), hand.now)
    made.person, made.to, made.reason = person, person.phone, reasons.TEST
    made.save()
    told = {"channel": made.channel, "to": audit.mask_phone(person.phone)}
    audit.record(hand.by, "sent test message", str(person), told, hand.now)
    return made


def tried(person: Person, now: datetime) -> QuerySet[Notice]:
    """The test messages of the last hour, the newest first."""
    lately = Notice.objects.filter(person=person, reason=reasons.TEST, created_at__gt=now - HOUR)
    return lately.order_by("-id")


def _midnight(now: datetime) -> datetime:
    local = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _row(language: str, signature: str, now: datetime) -> Notice:
    """A notice that is due at once, to nobody yet."""
    channel = writing.channel_for(SMS)
    words = writing.words_for("alive", language, channel)
    template = words.template("alive")
    rendered = writing.rendered_for(channel, template, _said(words, now), signature)
    return Notice(
        channel=channel,
        template=template.id,
        variables=rendered.variables,
        carried=writing.carried(rendered),
        language=words.language,
        text=rendered.text,
        created_at=now,
        due_at=now,
    )


def _said(words: Catalogue, now: datetime) -> dict[str, str]:
    today = _midnight(now)
    silent = Alarm.objects.filter(rule=Rule.SILENCE, level=Level.FAULT).values("point__device").distinct()
    real = Case.objects.filter(is_test=False)
    return {
        "date": words.word("date").replace("{month}", str(today.month)).replace("{day}", str(today.day)),
        "devices": str(Device.objects.filter(enabled=True).count()),
        "silent": str(silent.count()),
        "open": str(real.exclude(state=State.CLOSED).count()),
        "opened": str(real.filter(opened_at__gte=today - timedelta(days=1), opened_at__lt=today).count()),
    }
