"""A level became worse: the case opens, is joined, raised or re-opened, and says so."""

from datetime import timedelta

from flameblue.cases import breaking, endings, event_data, grouping, incidents, kinds
from flameblue.cases.alarms import settle
from flameblue.cases.announcing import Run, announce, break_through, reopen, untake
from flameblue.cases.event_data import EventData
from flameblue.cases.events import Draft
from flameblue.cases.finding import Rise, case_for
from flameblue.cases.loads import currents_at, currents_behind, told_of
from flameblue.cases.models import AppliedTransition, Case, Family, State
from flameblue.domain.clock import to_datetime
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.transitions import Level, Rule

NEW = {
    kinds.OPENED: "case",
    kinds.JOINED: "place",
    kinds.RAISED: "level",
    kinds.REOPENED: "relapse",
    kinds.LATE: "past",
    kinds.SUSPECTED: "case",
}
TELLS_NOBODY: EventData = {"announces": False, "steps": []}


def rise(run: Run, seen: Rise, applied: AppliedTransition | None) -> Case:
    """Brings the rise to its case and writes the events; `applied` is the transition's row, not yet saved."""
    case, kind = case_for(run, seen)
    data = event_data.of_transition(seen.transition, seen.point, to_datetime(seen.transition.at_ns))
    data.update({"family": case.family, "is_test": case.is_test})
    data.update(_climb(seen))
    who: EventData = {}
    drafts: list[Draft] = []
    broken = breaking.why_broken(case, seen, kind, run.policy.again_after_s)
    kind = kinds.RAISED if broken and kind == kinds.NOTED else kind
    if kind in {kinds.JOINED, kinds.RAISED, kinds.REOPENED}:
        drafts += break_through(case, broken, seen.at, data)
        drafts += untake(case, seen.at, data)
    if kind == kinds.REOPENED:
        who = reopen(case)
    left = _set_alarm(run, seen, case, anew=kind == kinds.REOPENED)
    settle(case)
    data.update({"case_level": event_data.word(case.level), **event_data.of_load(seen.alarm)})
    data["worst_value"] = event_data.value_of(seen.point.quantity, seen.alarm.worst_value)
    if kind in NEW:
        data["new"] = NEW[kind]
    data.update(_telling(run, seen, case, kind))
    case.save()
    if applied is not None:
        applied.case = case
        applied.save()
    if kind:
        drafts.append(Draft(case, kind, seen.at, {**data, **who}))
    run.drafts += drafts
    if left is not None:
        settle(left)
        left.save()
        endings.all_back(run, left, seen.at, seen.transition.offset)
    if kind and case.family == Family.SILENCE and not case.is_test:
        incidents.gather(run, case, seen.at, seen.transition.offset)
    return case


def _telling(run: Run, seen: Rise, case: Case, kind: str) -> EventData:
    """Starts the ladder anew where people are told; a silence is held back for the grace."""
    if kind == kinds.LATE:
        return _of_the_past(run, case)
    if kind not in {kinds.OPENED, kinds.JOINED, kinds.RAISED, kinds.REOPENED}:
        return TELLS_NOBODY
    if case.family == Family.SILENCE and not case.is_test:
        case.announced = False
        case.quiet_until = seen.at + timedelta(seconds=run.policy.silence_grace_s)
        return TELLS_NOBODY
    return announce(case, run.policy, run.now)


def _of_the_past(run: Run, case: Case) -> EventData:
    """What is past is told once and rings nobody; it changes nothing of a case that is open already."""
    steps = run.policy.ladders["late"].at_once()
    if not case.steps_taken:
        case.steps_taken = [step.id for step in steps]
    if case.shelved_until is not None:
        return {**TELLS_NOBODY, "shelved": True}
    return {"announces": True, "steps": [event_data.step_data(step) for step in steps]}


def _climb(seen: Rise) -> EventData:
    """How far the value has risen since the level before, and how long it took."""
    alarm, value = seen.alarm, seen.transition.value
    if alarm.level != Level.WARNING or NO_VALUE in {alarm.value, value}:
        return {}
    quantity = seen.point.quantity
    before, after = event_data.value_of(quantity, alarm.value), event_data.value_of(quantity, value)
    assert before is not None
    assert after is not None
    took_s = (to_datetime(seen.transition.at_ns) - alarm.since).total_seconds()
    return {"rise": round(after - before, 3), "rise_s": took_s}


def _set_alarm(run: Run, seen: Rise, case: Case, *, anew: bool) -> Case | None:
    """Writes the alarm's row; returns the unclosed case that it has left for this one, if any."""
    alarm, transition = seen.alarm, seen.transition
    left = alarm.case if alarm.case_id != case.pk else None
    if anew or alarm.case_id != case.pk:
        alarm.worst_level, alarm.worst_value = Level.NORMAL, transition.value
    alarm.case = case
    past = transition.rule == Rule.LATE and case.state == State.CLOSED
    alarm.level = Level.NORMAL if past else transition.level
    alarm.worst_level = grouping.worst([alarm.worst_level, transition.level])
    if transition.level == alarm.worst_level:
        alarm.worst_limit = transition.limit
    alarm.since = to_datetime(transition.at_ns)
    alarm.value, alarm.limit, alarm.why = transition.value, transition.limit, transition.why
    if transition.value != NO_VALUE:
        pick = min if transition.rule in {Rule.UNDER, Rule.PHASE_LOSS} else max
        known = alarm.worst_value != NO_VALUE
        alarm.worst_value = pick(alarm.worst_value, transition.value) if known else transition.value
    if transition.rule not in grouping.DEVICE_WIDE:
        _set_load(run, seen)
    alarm.save()
    if left is None or left.state == State.CLOSED:
        return None
    return Case.objects.select_for_update(of=("self",)).get(pk=left.pk)


def _set_load(run: Run, seen: Rise) -> None:
    """The current at the rise beside the value at the rise; a late one has none that is known."""
    alarm, transition, found = seen.alarm, seen.transition, None
    if transition.rule != Rule.LATE:
        points = currents_behind([seen.point])[seen.point.pk]
        found = currents_at(points, run.latest, transition.arrival_ns, run.policy.load_fresh_s)
    told = None if found is None else told_of(found, seen.point.phase)
    alarm.load = None if found is None else sum(current.value for current in found)
    alarm.load_phase, alarm.load_of_phase = ("", None) if told is None else told
    alarm.load_at, alarm.load_value = to_datetime(transition.at_ns), transition.value
