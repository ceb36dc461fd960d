"""Telling people anew: what every announcement sets on the case and says in its event."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from flameblue.cases import escalation, event_data, grouping, kinds
from flameblue.cases.event_data import EventData
from flameblue.cases.events import Draft
from flameblue.cases.loads import Latest
from flameblue.cases.models import Alarm, Case, CaseEvent, Family, State
from flameblue.cases.policy import Ladder, Policy
from flameblue.domain.transitions import Level, Rule

WORSE_LEVEL = "worse_level"  # why a shelving ends before its time
ANOTHER_ALARM = "another_alarm"
REOPENED = "reopened"
NOT_SHELVED = {"shelved_until": None, "shelved_level": None, "shelve_reason": ""}  # a case's fields then


def told() -> Q:
    """The cases that people were told of; one that waits for the grace of one more silence still is one."""
    return Q(announced=True) | Q(Exists(CaseEvent.objects.filter(case=OuterRef("pk"), kind=kinds.OPENED)))


@dataclass(slots=True)
class Run:
    """One application: what it may ask, and the events it has written so far."""

    latest: Latest
    now: datetime
    policy: Policy
    drafts: list[Draft] = field(default_factory=list)


def ladder_of(case: Case, policy: Policy, alarms: Iterable[Alarm] | None = None) -> Ladder:
    """The escalation ladder that the case climbs now; `alarms`: its own, where they are at hand."""
    alarms = case.alarms.all() if alarms is None else alarms
    rules = {alarm.rule for alarm in alarms if alarm.level != Level.NORMAL}
    facts = escalation.LadderFacts(
        family=case.family,
        level=Level(case.level if case.level != Level.NORMAL else case.worst_level),
        is_test=case.is_test,
        is_incident=case.premises_id is None and case.family != Family.SYSTEM,
        is_late=rules == {Rule.LATE},
    )
    return policy.ladders[escalation.ladder_of(facts)]


def announce(case: Case, policy: Policy, now: datetime) -> EventData:
    """Starts the ladder anew at `now`; returns what the announcing event says about it."""
    steps = ladder_of(case, policy).at_once()
    case.announced, case.announced_at = True, now
    case.owner_answered_at = None
    case.steps_taken = [step.id for step in steps]
    if case.shelved_until is not None:
        return {"announces": False, "shelved": True, "steps": []}
    return {"announces": True, "steps": [event_data.step_data(step) for step in steps]}


def untake(case: Case, at: datetime, data: EventData) -> list[Draft]:
    """Takes the case from whoever has it; the event that says so, or nothing."""
    if case.state != State.TAKEN:
        return []
    extra: EventData = {"taken_by": case.taken_by.name if case.taken_by else ""}
    case.state, case.taken_by, case.taken_at = State.OPEN, None, None
    return [Draft(case, kinds.UNTAKEN, at, {**data, **extra})]


def reopen(case: Case) -> EventData:
    """Back to open, and heard, after made safe, repaired, proven or closed; what the event says of who had it."""
    people = [person for person in (case.taken_by_id, case.assigned_to_id) if person is not None]
    data: EventData = {"people": people, "taken_by": case.taken_by.name if case.taken_by else ""}
    case.state, case.taken_by, case.taken_at = State.OPEN, None, None
    case.made_safe_at = case.repaired_at = case.proven_at = case.closed_at = None
    case.made_safe_how = case.cause = case.action = ""
    case.closed_without_proof = False
    clear_shelf(case)
    case.reopened += 1
    return data


def break_through(case: Case, why: str, at: datetime, data: EventData) -> list[Draft]:
    """Ends the shelving before its time; the event that says `why`, or nothing where the case is not shelved."""
    if case.shelved_until is None or not why:
        return []
    clear_shelf(case)
    extra: EventData = {"reason": why, "announces": False}
    return [Draft(case, kinds.UNSHELVED, at, {**data, **extra})]


def clear_shelf(case: Case) -> None:
    """The case is shelved no longer."""
    for name, value in NOT_SHELVED.items():
        setattr(case, name, value)


def of_case(case: Case) -> EventData:
    """The case's standing for an event that no transition causes: its place, its leading alarm's values."""
    data: EventData = {"family": case.family, "is_test": case.is_test}
    data["case_level"] = event_data.word(case.level)
    if case.premises is None:
        return {**data, **event_data.of_site(case.site)} if case.site else data
    alarm = _leading(case)
    if alarm is None:
        return {**data, **event_data.of_premises(case.premises)}
    return {**data, **event_data.of_point(alarm.point), **of_alarm(alarm)}


def of_alarm(alarm: Alarm) -> EventData:
    """What an alarm row says: rule, values, limit, load."""
    quantity = alarm.point.quantity
    return {
        "rule": Rule(alarm.rule).name.lower(),
        "level": event_data.word(alarm.level),
        "value": event_data.value_of(quantity, alarm.value),
        "worst_value": event_data.value_of(quantity, alarm.worst_value),
        "limit": event_data.limit_of(quantity, alarm.limit),
        "device_at": alarm.since.isoformat(),
        **event_data.of_load(alarm),
    }


def _leading(case: Case) -> Alarm | None:
    """The alarm that a text names: the worst now, then the worst it had, then the newest."""
    alarms = case.alarms.select_related("point__circuit__panel", "point__device__premises__site__station")
    return max(
        alarms,
        key=lambda alarm: (
            grouping.SEVERITY[Level(alarm.level)],
            grouping.SEVERITY[Level(alarm.worst_level)],
            alarm.since,
            alarm.pk,
        ),
        default=None,
    )
