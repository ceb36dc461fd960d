"""Planning as it is done: each waiting case event, in the order of its number, in a transaction of its own."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, transaction

from flameblue.cases.models import CaseEvent
from flameblue.cases.policy import current
from flameblue.notices import facts, reasons, writing
from flameblue.notices.models import Notice
from flameblue.notices.planning import LAY, SMS, Planned, for_group, plan

log = logging.getLogger("flameblue.notices")
EVENTS_A_ROUND = 200


def plan_pending(now: datetime) -> int:
    """Plans every case event that waits; how many notices that made.

    An event that can't be put into words (our fault) is told plainly, without its words: it holds up no other.
    """
    waiting = CaseEvent.objects.filter(planned_at=None).order_by("number").values_list("pk", flat=True)
    return sum(_plan(event, now) for event in list(waiting[:EVENTS_A_ROUND]))


def _plan(event: int, now: datetime) -> int:
    try:
        return _plan_one(event, now)
    except DatabaseError:
        raise  # the world failed: the event waits
    except Exception:
        log.exception("Case event %d could not be put into words; it is told plainly.", event)
        return _plan_plainly(event, now)


@transaction.atomic
def _plan_one(event: int, now: datetime) -> int:
    if not CaseEvent.objects.filter(pk=event, planned_at=None).update(planned_at=now):
        return 0
    found = facts.of(event, now)
    planned = plan(found.event, found.people, current().quiet_hours)
    if settings.CONFIG.messages.group_channel and (one := for_group(found.event, current().quiet_hours)):
        planned.append(one)
    rows = [writing.notice(one, found, now) for one in planned]
    return len(Notice.objects.bulk_create(rows, ignore_conflicts=True))  # one text by one channel is enough


@transaction.atomic
def _plan_plainly(event: int, now: datetime) -> int:
    """Tells whoever the steps name, and the station, that there is news of the case."""
    if not CaseEvent.objects.filter(pk=event, planned_at=None).update(planned_at=now):
        return 0
    found = facts.of(event, now)
    named = [step["to"] for step in found.row.data.get("steps") or () if step["to"] != "desk"]
    planned = [
        Planned(person, to, SMS, "owner_plain" if to in LAY else "officer_plain", "", reasons.FIRST_NOTICE)
        for to in dict.fromkeys([*named, "duty"])
        for person in found.people.role(to)
    ]
    rows = [writing.plain(one, found, now) for one in planned]
    return len(Notice.objects.bulk_create(rows, ignore_conflicts=True))
