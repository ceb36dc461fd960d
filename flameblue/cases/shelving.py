"""Shelving keeps a case's notices back till a set time, with a reason. It filters nothing of detection.

Invariants: it ends before its time at what is worse or new (breaking.py), and when the case is made safe, repaired
or proven; at the end of its time a still active alarm announces itself anew.
"""

from datetime import datetime

from django.db import transaction

from flameblue.cases import events, kinds
from flameblue.cases.alarms import settle
from flameblue.cases.announcing import announce, clear_shelf, of_case, untake
from flameblue.cases.event_data import EventData
from flameblue.cases.events import Draft
from flameblue.cases.handling import record_by
from flameblue.cases.models import Case, State
from flameblue.cases.outcome import DONE, Outcome, refused
from flameblue.cases.policy import Policy, current
from flameblue.domain.transitions import Level
from flameblue.people.models import Person


@transaction.atomic
def shelve(case_id: int, by: Person, reason: str, until: datetime, now: datetime) -> Outcome:
    """Nobody is told of the case until `until`, unless it becomes worse or another alarm joins."""
    if not reason.strip():
        return refused("text_missing")
    if until <= now:
        return refused("not_in_the_future")
    case = Case.objects.select_for_update(of=("self",)).get(pk=case_id)
    if case.state == State.CLOSED:
        return refused("closed")
    case.shelved_until, case.shelved_level, case.shelve_reason = until, case.level, reason.strip()[:200]
    settle(case)
    case.save()
    data: EventData = {"reason": case.shelve_reason, "until": until.isoformat()}
    data["in_alarm"] = list(case.alarms.filter(level=Level.ALARM).order_by("pk").values_list("pk", flat=True))
    record_by(case, kinds.SHELVED, by, now, data)
    return DONE


def unshelve_due(now: datetime, policy: Policy | None = None) -> int:
    """Ends the shelvings whose time is over; returns how many."""
    due = Case.objects.filter(shelved_until__lte=now).exclude(state=State.CLOSED)
    ids = list(due.order_by("pk").values_list("pk", flat=True))
    return sum(_unshelve(case_id, now, policy or current()) for case_id in ids)


@transaction.atomic
def _unshelve(case_id: int, now: datetime, policy: Policy) -> bool:
    case = Case.objects.select_for_update(of=("self",)).get(pk=case_id)
    if case.state == State.CLOSED or case.shelved_until is None or case.shelved_until > now:
        return False
    clear_shelf(case)
    drafts: list[Draft] = []
    told: EventData = {"announces": False, "steps": [], "reason": "time_over"}
    if case.level != Level.NORMAL and case.state in {State.OPEN, State.TAKEN} and case.announced:
        drafts += untake(case, now, of_case(case))
        told = {**told, **announce(case, policy, now), "new": "reason_ended"}
    settle(case)
    case.save()
    events.record([*drafts, Draft(case, kinds.UNSHELVED, now, {**of_case(case), **told})])
    return True
