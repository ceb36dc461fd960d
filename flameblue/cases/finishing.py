"""What people do to end a case: made safe, repaired, closed.

Invariants: switched off is not repaired; a case closes when it is proven and has a named cause and action;
a leader may close without proof, with a reason, and that is counted apart; whichever it is, its shelving is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, Unpack

from django.db import transaction
from django.db.models import Q

from flameblue.cases import kinds, presents
from flameblue.cases.alarms import reset_latched, settle
from flameblue.cases.announcing import NOT_SHELVED, clear_shelf
from flameblue.cases.causes import CAUSES, MADE_SAFE
from flameblue.cases.event_data import ContraryData, EventData
from flameblue.cases.handling import record_by
from flameblue.cases.models import Case, State
from flameblue.cases.outcome import DONE, Outcome, refused
from flameblue.cases.policy import current
from flameblue.cases.presents import Readings
from flameblue.domain.clock import to_ns
from flameblue.people.models import Person, Shift

UNSAFE = (State.OPEN, State.TAKEN)


class Finding(TypedDict, total=False):
    """What was found and done; `without_proof_reason`: why a leader closes a case that can't be proven."""

    cause: str  # a word of causes.CAUSES
    action: str
    without_proof_reason: str
    latest: Readings  # what says otherwise where nothing is proven is kept on record


class Against(TypedDict, total=False):
    """What says otherwise, for the record."""

    contrary: Sequence[ContraryData]


@dataclass(frozen=True, slots=True)
class Safe:
    """What somebody says who made a case safe. `seen`: they have seen that a reading says otherwise."""

    how: str  # a word of causes.MADE_SAFE
    seen: bool = False


@dataclass(frozen=True, slots=True)
class Repair:
    """What somebody says who repaired it. `seen`: they have seen that a reading says otherwise."""

    cause: str  # a word of causes.CAUSES
    action: str
    seen: bool = False


def say_safe(case_id: int, by: Person, said: Safe, now: datetime, latest: Readings) -> Outcome:
    """`by` says that the danger is off. Refused while a live reading says otherwise, unless they have seen that.

    Then the case is made safe on their word, and the event keeps what the readings said.
    """
    case = Case.objects.filter(pk=case_id).first()
    if case is None or said.how not in MADE_SAFE:
        return refused("unknown_how")
    contrary = presents.contrary_to(case, said.how, latest, to_ns(now), current())
    if contrary and not said.seen and case.state in UNSAFE:
        return refused("readings_say_otherwise")
    return made_safe(case_id, by, said.how, now, contrary)


@transaction.atomic
def made_safe(
    case_id: int, by: Person | None, how: str, now: datetime, contrary: Sequence[ContraryData] = ()
) -> Outcome:
    """The danger is off (`how`: a word of causes.MADE_SAFE); `by` None: the readings say so. Proves
    nothing. `contrary`: what says otherwise, for the record."""
    if how not in MADE_SAFE:
        return refused("unknown_how")
    unsafe = Case.objects.filter(pk=case_id, state__in=UNSAFE)
    won = unsafe.update(state=State.MADE_SAFE, made_safe_at=now, made_safe_how=how, **NOT_SHELVED)
    case = _case(case_id)
    if not won:
        return refused("closed" if case.state == State.CLOSED else "already", case.taken_by)
    settle(case)
    data: EventData = {"how": how}
    if contrary:
        data["contrary"] = list(contrary)
    record_by(case, kinds.MADE_SAFE, by, now, data)
    return DONE


def say_repaired(case_id: int, by: Person, said: Repair, now: datetime, latest: Readings) -> Outcome:
    """`by` says that it is repaired. What nobody had made safe is asked as `say_safe` asks."""
    if (wrong := _incomplete(said.cause, said.action)) is not None:
        return wrong
    case = _case(case_id)
    contrary = _contrary(case, latest, now) if case.state == State.TAKEN else []
    if contrary and not said.seen:
        return refused("readings_say_otherwise")
    return repaired(case_id, by, said.cause, said.action, now, contrary=contrary)


@transaction.atomic
def repaired(
    case_id: int, by: Person, cause: str, action: str, now: datetime, **against: Unpack[Against]
) -> Outcome:
    """`by` says what it was and what was done. What is read from now on can prove it."""
    if (wrong := _incomplete(cause, action)) is not None:
        return wrong
    ready = Case.objects.filter(pk=case_id, state__in=(State.TAKEN, State.MADE_SAFE))
    won = ready.update(state=State.REPAIRED, repaired_at=now, cause=cause, action=action, **NOT_SHELVED)
    case = _case(case_id)
    if not won:
        return refused("closed" if case.state == State.CLOSED else "wrong_state", case.taken_by)
    settle(case)
    data: EventData = {"cause": cause, "action": action}
    if contrary := against.get("contrary"):
        data["contrary"] = list(contrary)
    record_by(case, kinds.REPAIRED, by, now, data)
    return DONE


@transaction.atomic
def close(case_id: int, by: Person, now: datetime, **finding: Unpack[Finding]) -> Outcome:
    """Closes a proven case with its cause and action (those named at the repair stand in for missing ones).

    With `without_proof_reason` a leader closes it unproven; it is counted apart.
    """
    case = Case.objects.select_for_update(of=("self",)).get(pk=case_id)
    cause, action = finding.get("cause") or case.cause, (finding.get("action") or case.action).strip()
    reason = finding.get("without_proof_reason", "").strip()
    if case.state == State.CLOSED:
        return refused("closed")
    if (wrong := _incomplete(cause, action)) is not None:
        return wrong
    proven = case.state == State.PROVEN
    if not proven and not reason:
        return refused("not_proven")
    if not proven and not is_leader(by, now):
        return refused("not_a_leader")
    contrary = _contrary(case, finding.get("latest"), now) if not proven else []
    case.state, case.closed_at, case.cause, case.action = State.CLOSED, now, cause, action
    case.closed_without_proof = not proven
    clear_shelf(case)
    reset_latched(case)
    settle(case)
    case.save()
    data: EventData = {"cause": cause, "action": action, "without_proof": not proven}
    if not proven:
        data["reason"] = reason
    if contrary:
        data["contrary"] = contrary
    record_by(case, kinds.CLOSED, by, now, data)
    return DONE


def is_leader(person: Person, now: datetime) -> bool:
    """The person is a station's leader at `now`."""
    begun = Q(starts_at=None) | Q(starts_at__lte=now)
    going_on = Q(ends_at=None) | Q(ends_at__gt=now)
    return Shift.objects.filter(begun, going_on, person=person, role=Shift.Role.LEADER).exists()


def _contrary(case: Case, latest: Readings | None, now: datetime) -> list[ContraryData]:
    """What says now that the case is not safe; empty where no reading can be asked."""
    if latest is None:
        return []
    return presents.contrary_of(presents.of_case(case, latest, to_ns(now)))


def _incomplete(cause: str, action: str) -> Outcome | None:
    if not cause:
        return refused("cause_missing")
    if cause not in CAUSES:
        return refused("unknown_cause")
    return None if action.strip() else refused("action_missing")


def _case(case_id: int) -> Case:
    return Case.objects.select_related("taken_by", "premises", "site").get(pk=case_id)
