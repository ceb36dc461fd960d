"""What became of the messages, by channel: for the health page and for health.json.

Counted over a day, so that the question costs the same after years; `created_at` has an index.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from flameblue.notices.models import Attempt, Notice

OVER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ChannelCount:
    """One channel's messages. `sent`: it accepted them; `taken_over`: from the first channel."""

    channel: str
    sent: int
    delivered: int
    failed: int
    waiting: int
    taken_over: int


def of_channels(now: datetime) -> list[ChannelCount]:
    """The channels that had a message within a day, by name."""
    lately = Notice.objects.filter(created_at__gt=now - OVER)
    rows = (
        lately.values_list("channel")
        .order_by("channel")
        .annotate(
            sent=Count("pk", filter=Q(sent_at__isnull=False)),
            delivered=Count("pk", filter=Q(state=Notice.State.DELIVERED)),
            failed=Count("pk", filter=Q(state=Notice.State.FAILED)),
            waiting=Count("pk", filter=Q(state=Notice.State.PLANNED)),
            taken_over=Count("pk", filter=Q(instead_of__isnull=False)),
        )
    )
    return [ChannelCount(*row) for row in rows]


def perhaps_repeated(since: datetime) -> int:
    """How many messages may have gone twice: an attempt ended without an answer."""
    unknown = Attempt.objects.filter(outcome="", ended_at__isnull=False, notice__created_at__gt=since)
    return unknown.values("notice").distinct().count()


def counters(now: datetime) -> dict[str, float]:
    """The same as counters of the core: notices_<channel>_<what>, over a day."""
    found: dict[str, float] = {"notices_perhaps_repeated": perhaps_repeated(now - OVER)}
    for count in of_channels(now):
        for what in ("sent", "delivered", "failed", "waiting", "taken_over"):
            found[f"notices_{count.channel}_{what}"] = getattr(count, what)
    return found
