"""What people do with a case before it is safe: take, answer, ask for help, comment, assign.

Invariants: only a person of a station takes a case; the owner's answer stops the owner's repeats and
nothing else; each action is one conditional update and one event in one transaction.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from flameblue.cases import events, kinds
from flameblue.cases.alarms import settle
from flameblue.cases.announcing import of_case
from flameblue.cases.event_data import EventData
from flameblue.cases.events import Draft
from flameblue.cases.models import Case, CaseEvent, State
from flameblue.cases.outcome import DONE, Outcome, refused
from flameblue.people.models import Contact, Person

TEXT_CHARS_MAX = 2_000
HELP_AGAIN_AFTER = timedelta(minutes=5)
GIVE_BACK_WITHIN = timedelta(seconds=15)  # ten are promised; the rest is for a slow network


@transaction.atomic
def take(case_id: int, by: Person, now: datetime) -> Outcome:
    """`by` takes the case over. Refused with who has it, or when `by` is nobody's fire officer.

    A case that became safe before anybody had taken it keeps its state.
    """
    if by.station_id is None or not by.active:
        return refused("not_of_a_station")
    free = Case.objects.filter(pk=case_id, taken_by=None).exclude(state=State.CLOSED)
    won = free.filter(state=State.OPEN).update(state=State.TAKEN, taken_by=by, taken_at=now)
    won = won or free.update(taken_by=by, taken_at=now)
    case = Case.objects.select_related("taken_by", "premises", "site").get(pk=case_id)
    if not won:
        return refused("closed" if case.state == State.CLOSED else "taken_by_other", case.taken_by)
    settle(case)
    record_by(case, kinds.TAKEN, by, now, {})
    return DONE


@transaction.atomic
def give_back(case_id: int, by: Person, now: datetime) -> Outcome:
    """`by` took the case by mistake a moment ago: nobody has it again, and escalation goes on as if nobody had."""
    mine = Case.objects.filter(
        pk=case_id, state=State.TAKEN, taken_by=by, taken_at__gte=now - GIVE_BACK_WITHIN
    )
    won = mine.update(state=State.OPEN, taken_by=None, taken_at=None)
    case = Case.objects.select_related("taken_by", "premises", "site").get(pk=case_id)
    if not won:
        return refused("too_late", case.taken_by)
    settle(case)
    record_by(case, kinds.GIVEN_BACK, by, now, {})
    return DONE


@transaction.atomic
def owner_acknowledge(case_id: int, by: Person, now: datetime) -> Outcome:
    """A contact of the premises has read the message: no more repeats to the owner. Nothing else stops."""
    case = Case.objects.select_related("premises", "site").get(pk=case_id)
    if case.premises_id is None or not Contact.objects.filter(premises=case.premises_id, person=by).exists():
        return refused("not_a_contact")
    open_case = Case.objects.filter(pk=case_id).exclude(state=State.CLOSED)
    if not open_case.filter(owner_answered_at=None).update(owner_answered_at=now):
        return refused("closed" if case.state == State.CLOSED else "already")
    record_by(case, kinds.OWNER_ANSWERED, by, now, {})
    return DONE


def ask_help(case_id: int, by: Person, now: datetime) -> Outcome:
    """`by` (a contact, or an officer) asks for people to come. Asking again within minutes rings nobody again."""
    asked = CaseEvent.objects.filter(case=case_id, kind=kinds.HELP_ASKED, by=by)
    if asked.filter(at__gt=now - HELP_AGAIN_AFTER).exists():
        return DONE
    return _say(case_id, kinds.HELP_ASKED, by, now, {})


def comment(case_id: int, by: Person, text: str, now: datetime) -> Outcome:
    """Adds a remark to the case, also to a closed one; it is cut at 2,000 characters."""
    clean = text.encode("utf-8", "replace").decode("utf-8").replace("\0", "").strip()
    if not clean:
        return refused("text_missing")
    return _say(case_id, kinds.COMMENTED, by, now, {"text": clean[:TEXT_CHARS_MAX]})


@transaction.atomic
def assign(case_id: int, by: Person, to: Person, now: datetime) -> Outcome:
    """`by` gives the case to `to` to work on; it stays with whoever has taken it."""
    unclosed = Case.objects.filter(pk=case_id).exclude(state=State.CLOSED)
    if not unclosed.filter(~Q(assigned_to=to) | Q(assigned_to=None)).update(assigned_to=to):
        return refused("already" if unclosed.exists() else "closed")
    case = Case.objects.select_related("premises", "site").get(pk=case_id)
    record_by(case, kinds.ASSIGNED, by, now, {"assigned_to": to.name})
    return DONE


def record_by(case: Case, kind: str, by: Person | None, now: datetime, extra: EventData) -> list[int]:
    """Appends one event of a person, with the case's standing; last in the caller's transaction."""
    data: EventData = {**of_case(case), **extra}
    if by is not None:
        data["by"] = by.name
    return events.record([Draft(case, kind, now, data, by)])


@transaction.atomic
def _say(case_id: int, kind: str, by: Person, now: datetime, extra: EventData) -> Outcome:
    case = Case.objects.select_related("premises", "site").get(pk=case_id)
    if case.state == State.CLOSED and kind != kinds.COMMENTED:
        return refused("closed")
    record_by(case, kind, by, now, extra)
    return DONE
