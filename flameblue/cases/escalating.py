"""What time alone brings: a held-back silence is announced, a step is due, a taken case rings again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from flameblue.cases import escalation, event_data, events, incidents, kinds, presence
from flameblue.cases.alarms import is_beyond, settle
from flameblue.cases.announcing import announce, ladder_of, of_case, untake
from flameblue.cases.event_data import EventData
from flameblue.cases.events import Draft
from flameblue.cases.models import Case, CaseEvent, State
from flameblue.cases.policy import Policy, Step, current
from flameblue.domain.limits import CLOCK_JUMP_S_MIN
from flameblue.domain.transitions import Level

Delivered = Callable[[int], bool]  # case id → the owner's message is known to have arrived
Finds = Callable[[str, datetime], bool]  # a step's `to` → it has somebody to call at that time
JUMP = timedelta(seconds=CLOCK_JUMP_S_MIN)
NO_DESKS: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class NextCall:
    """A step that will be taken, when its message leaves, whom it calls and by which channel (of cases.policy)."""

    step: str
    at: datetime
    to: str
    channel: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What a look at the cases is told. `silent`: the stations whose desk is silent."""

    delivered: Delivered
    silent: frozenset[int]
    policy: Policy


def escalate_each(
    now: datetime, delivered: Delivered, policy: Policy | None = None, *, silent: frozenset[int] = NO_DESKS
) -> Iterator[int]:
    """Takes every step that is due at `now`, one case each time it is asked; yields how many events that made.

    A step names one event, `escalated`; each case is a transaction of its own. `silent`: the stations whose desk is.
    """
    known = _Known(delivered, silent, policy or current())
    waiting = Case.objects.filter(state__in=(State.OPEN, State.TAKEN), incident=None)
    together = waiting.select_related("premises", "site", "taken_by").prefetch_related("alarms")
    for seen in together.order_by("pk"):
        if _follow(seen, now, known.policy):
            _keep_followed(seen.pk, now, known.policy)
        is_due = _due(seen, now, known)  # a look without a lock; most cases have nothing due
        yield len(_take_steps(seen.pk, now, known)) if is_due else 0


@transaction.atomic
def _keep_followed(case_id: int, now: datetime, policy: Policy) -> None:
    case = Case.objects.select_for_update(of=("self",)).get(pk=case_id)
    if changed := _follow(case, now, policy):
        case.save(update_fields=changed)


def _follow(case: Case, now: datetime, policy: Policy) -> list[str]:
    """The names of the times of `case` that were ahead of `now`, which the case in memory now has as they can be.

    A clock that was set back leaves what has happened in the time to come (decision 0001): nobody would be called
    until the clock is there again. What has happened has happened now, at the latest.
    """
    latest = {
        "announced_at": now,
        "taken_at": now,
        "quiet_until": now + timedelta(seconds=max(policy.silence_grace_s, policy.incident.settle_s)),
    }
    ahead = [
        name for name, at in latest.items() if (told := getattr(case, name)) is not None and told - at >= JUMP
    ]
    for name in ahead:
        setattr(case, name, latest[name])
    return ahead


@transaction.atomic
def _take_steps(case_id: int, now: datetime, known: _Known) -> list[int]:
    case = Case.objects.select_for_update(of=("self",)).get(pk=case_id)
    drafts = _due(case, now, known)
    if drafts:
        settle(case)
        case.save()
    return events.record(drafts)


def _due(case: Case, now: datetime, known: _Known) -> list[Draft]:
    """The events that are due, and the case in memory as they leave it."""
    if case.state not in {State.OPEN, State.TAKEN} or case.incident_id is not None:
        return []
    drafts = _left_over(case, now, known.policy) if incidents.is_incident(case) else []
    if not case.announced:
        drafts += _announced(case, now, known.policy)
    elif case.shelved_until is None:
        drafts += _rung(case, now, known.policy) or _steps(case, now, known)
    return drafts


def _announced(case: Case, now: datetime, policy: Policy) -> list[Draft]:
    """The grace of a silence, or the settling of an incident, is over."""
    if case.quiet_until is None or case.quiet_until > now:
        return []
    told: EventData = {**announce(case, policy, now), "new": "case"}
    if incidents.is_incident(case):
        told.update(incidents.counts(case))
    return [Draft(case, kinds.OPENED, now, {**of_case(case), **told})]


def _rung(case: Case, now: datetime, policy: Policy) -> list[Draft]:
    facts = _facts(case, receipt=False, still_beyond=case.state == State.TAKEN and is_beyond(case))
    if not escalation.rings_again(ladder_of(case, policy), facts, now):
        return []
    standing = of_case(case)
    had: EventData = {"taken_by": case.taken_by.name if case.taken_by else ""}
    drafts = untake(case, now, standing)
    told = announce(case, policy, now)
    return [*drafts, Draft(case, kinds.RANG_AGAIN, now, {**standing, **had, **told})]


def _steps(case: Case, now: datetime, known: _Known) -> list[Draft]:
    ladder = ladder_of(case, known.policy)
    facts = replace(_facts(case, receipt=False), desk_is_silent=_desk_is_silent(case, known.silent))
    due = escalation.due_steps(ladder, facts, now)
    if any("receipt" in step.unless for step in due) and known.delivered(case.pk):
        due = escalation.due_steps(ladder, replace(facts, receipt=True), now)
    if not due:
        return []
    case.steps_taken = [*case.steps_taken, *(step.id for step in due)]
    standing = of_case(case)
    if incidents.is_incident(case):
        standing.update(incidents.counts(case))
    drafts: list[Draft] = []
    for step in due:
        said: EventData = {"step": step.id, "steps": [event_data.step_data(step)], "announces": False}
        if step.after_s > (now - case.announced_at).total_seconds():
            said["because"] = presence.NO_BOARD
        drafts.append(Draft(case, kinds.ESCALATED, now, {**standing, **said}))
    return drafts


def _left_over(case: Case, now: datetime, policy: Policy) -> list[Draft]:
    """Once, the set time after an incident began: who is still silent, one by one."""
    if case.quiet_until is None or case.level == Level.NORMAL:
        return []
    began = case.quiet_until - timedelta(seconds=policy.incident.settle_s)
    said = CaseEvent.objects.filter(case=case, kind=kinds.LEFT_OVER, at__gte=began).exists()
    if said or now - began < timedelta(seconds=policy.incident.left_over_after_s):
        return []
    names = incidents.left_over(case)
    if not names:
        return []
    data: EventData = {**of_case(case), **incidents.counts(case), "left_over": names}
    return [Draft(case, kinds.LEFT_OVER, now, data)]


def next_call(
    case: Case, *, receipt: bool, silent: frozenset[int] = NO_DESKS, finds: Finds = lambda _to, _at: True
) -> NextCall | None:
    """Who is called next while nothing changes; None: nobody else is.

    `receipt`: the owner's message is known to have arrived. `silent`: the stations whose desk is. A step that
    `finds` nobody is taken too, but it calls nobody: it is passed over here.
    """
    if case.state not in {State.OPEN, State.TAKEN} or case.incident_id is not None or not case.announced:
        return None
    if case.shelved_until is not None:
        return None
    policy = current()
    ladder = ladder_of(case, policy)
    facts = replace(_facts(case, receipt=receipt), desk_is_silent=_desk_is_silent(case, silent))
    first: NextCall | None = None
    for step in escalation.coming(ladder, facts):
        at = case.announced_at + timedelta(seconds=escalation.waits_s(ladder, step, facts))
        if first is not None and first.at <= at:
            break
        leaves_at = _leaves_at(case, step, at, policy)
        is_sooner = first is None or leaves_at < first.at
        if step.channel != "desk" and is_sooner and finds(step.to, at):
            first = NextCall(step.id, leaves_at, step.to, step.channel)
    return first


def _leaves_at(case: Case, step: Step, at: datetime, policy: Policy) -> datetime:
    """When the message of a step leaves that is taken at `at`: in the morning, where it may wait for it."""
    if not step.waits_for_morning:
        return at
    zone = ZoneInfo(case.site.time_zone if case.site is not None else settings.TIME_ZONE)
    return escalation.morning(at.astimezone(zone), policy.quiet_hours) or at


def _desk_is_silent(case: Case, silent: frozenset[int]) -> bool:
    """A case of no site is everybody's: one silent desk is enough."""
    return bool(silent) and (case.site is None or case.site.station_id in silent)


def _facts(case: Case, *, receipt: bool, still_beyond: bool = False) -> escalation.CaseFacts:
    return escalation.CaseFacts(
        announced_at=case.announced_at,
        taken_at=case.taken_at if case.state == State.TAKEN else None,
        owner_answered_at=case.owner_answered_at,
        receipt=receipt,
        steps_taken=frozenset(case.steps_taken),
        still_beyond=still_beyond,
    )
