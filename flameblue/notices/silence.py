"""A channel that takes a message and then stays silent: the second channel says it again, once.

Only what is urgent, only by a channel that is known to give receipts, and only within OLD_AFTER of its sending:
docs/decisions/0015-when-a-channel-is-silent.md says why, with the arithmetic.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from flameblue.notices import reasons
from flameblue.notices.falling_back import by_second_channel
from flameblue.notices.models import Notice
from flameblue.notices.texts.catalogue import catalogue

SILENT_AFTER = timedelta(seconds=60)
OLD_AFTER = timedelta(minutes=10)  # what was sent longer ago is old news: its case has called others by now
KNOWN_FOR = timedelta(days=30)  # a channel gives receipts if it has given one for a message of this age


def take_over(now: datetime) -> int:
    """Plans the second way of every message whose receipt is overdue; how many."""
    messages = settings.CONFIG.messages
    if not (messages.sms_second_channel or messages.voice_second_channel):
        return 0
    sent = Notice.objects.filter(sent_at__gt=now - OLD_AFTER, sent_at__lte=now - SILENT_AFTER)
    waiting = sent.filter(state=Notice.State.SENT, attempts__parts__isnull=False)
    untold = waiting.filter(second=None, instead_of=None).distinct().select_related("case", "person")
    overdue = [notice for notice in untold if _is_worth_it(notice)]
    telling = {name for name in {notice.channel for notice in overdue} if _gives_receipts(name, now)}
    return sum(_take_over(notice, now) for notice in overdue if notice.channel in telling)


@transaction.atomic
def _take_over(notice: Notice, now: datetime) -> bool:
    return by_second_channel(notice, reasons.FIRST_SILENT, now)


def _is_worth_it(notice: Notice) -> bool:
    """What calls for help, and the summaries that may say it; not each confirmation."""
    if notice.reason == reasons.MERGED:
        return True
    template = catalogue(notice.language).templates.get(notice.template)
    return template is not None and template.urgent


def _gives_receipts(channel: str, now: datetime) -> bool:
    known = Notice.objects.filter(channel=channel, state=Notice.State.DELIVERED, sent_at__gt=now - KNOWN_FOR)
    return known.exists()
