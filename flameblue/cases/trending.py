"""A warning that waits for the morning does not wait when the alarm limit is near."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from flameblue.cases import escalation, event_data, events, evidence, kinds
from flameblue.cases.announcing import ladder_of, of_case
from flameblue.cases.event_data import EventData
from flameblue.cases.events import Draft
from flameblue.cases.looks import Seen, anew
from flameblue.cases.models import Alarm, Case, State
from flameblue.cases.policy import Policy, Step
from flameblue.cases.traces import Past, Window, row_of
from flameblue.domain.clock import to_ns
from flameblue.domain.points import NO_LIMIT, NO_LOWER_LIMIT
from flameblue.domain.transitions import Level, Rule

ALARM_LIMIT = {Rule.OVER: ("over_alarm", NO_LIMIT), Rule.UNDER: ("under_alarm", NO_LOWER_LIMIT)}
STEP = Step(id="owner_soon", after_s=0, to="owner", channel="sms")


def look_at(seen: Seen, now: datetime, past: Past, policy: Policy) -> int:
    """Once an announcement, in the quiet hours: tells the owner at once where the alarm limit is near."""
    if _nearest(seen, now, past, policy) is None:
        return 0
    fresh = anew(seen)
    hours = _nearest(fresh, now, past, policy)
    return 0 if hours is None else _tell(fresh.case, hours, now)


def _nearest(seen: Seen, now: datetime, past: Past, policy: Policy) -> float | None:
    """In how many hours the alarm limit is reached, where the owner is to be told of it now."""
    case = seen.case
    if case.state not in {State.OPEN, State.TAKEN} or case.level != Level.WARNING or case.site is None:
        return None
    if STEP.id in case.steps_taken or not case.announced or case.shelved_until is not None:
        return None
    local = now.astimezone(ZoneInfo(case.site.time_zone)).time()
    waits = any(step.waits_for_morning for step in ladder_of(case, policy, seen.alarms).steps)
    if not waits or not escalation.is_quiet(policy.quiet_hours, local):
        return None
    window = Window(past, to_ns(now), policy.quiet_hours.trend_over_s)
    near = [hours for alarm in _warnings(seen) if (hours := _hours(alarm, window)) is not None]
    if not near or min(near) >= policy.quiet_hours.hours_to_limit_max:
        return None
    return min(near)


def _warnings(seen: Seen) -> list[Alarm]:
    return [alarm for alarm in seen.alarms if alarm.level == Level.WARNING and alarm.rule in ALARM_LIMIT]


def _hours(alarm: Alarm, window: Window) -> float | None:
    row = row_of(alarm.point)
    name, none = ALARM_LIMIT[Rule(alarm.rule)]
    if row is None or int(row[name]) == none:
        return None
    falling = alarm.rule == Rule.UNDER
    return evidence.hours_to_limit(window.trace(alarm.point), int(row[name]), falling=falling)


@transaction.atomic
def _tell(case: Case, hours: float, now: datetime) -> int:
    same = Case.objects.filter(pk=case.pk, state=case.state, announced_at=case.announced_at)
    if not same.update(steps_taken=[*case.steps_taken, STEP.id]):
        return 0
    said: EventData = {"step": STEP.id, "steps": [event_data.step_data(STEP)], "announces": False}
    said["hours_to_limit"] = round(hours, 1)
    return len(events.record([Draft(case, kinds.ESCALATED, now, {**of_case(case), **said})]))
