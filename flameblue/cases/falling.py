"""A level became better: the case hears of it. It proves nothing: evidence does (proving.py)."""

from flameblue.cases import device_tests, endings, event_data, grouping, kinds
from flameblue.cases.alarms import others_active, settle
from flameblue.cases.announcing import Run
from flameblue.cases.event_data import EventData
from flameblue.cases.events import Draft
from flameblue.cases.models import Alarm, Case, State
from flameblue.domain.clock import to_datetime
from flameblue.domain.transitions import Rule, Transition


def fall(run: Run, transition: Transition, alarm: Alarm) -> Case | None:
    """Brings the better level to the alarm and its case; returns the case, if it has one."""
    alarm.level = transition.level
    alarm.since = to_datetime(transition.at_ns)
    alarm.value, alarm.why = transition.value, transition.why
    if alarm.case_id is None:
        alarm.save()
        return None
    alarm.save()
    case = Case.objects.select_for_update(of=("self",)).get(pk=alarm.case_id)
    settle(case)
    case.save()
    if case.state == State.CLOSED:
        return case
    if not (transition.rule in grouping.DEVICE_WIDE and others_active(alarm)):
        at = to_datetime(transition.arrival_ns)
        run.drafts.append(Draft(case, kinds.RETURNED, at, _data(case, transition, alarm)))
    if transition.rule == Rule.TEST:
        device_tests.look_after(run, alarm.point, transition.arrival_ns, transition.offset)
        case.refresh_from_db()
    endings.all_back(run, case, to_datetime(transition.arrival_ns), transition.offset)
    return case


def _data(case: Case, transition: Transition, alarm: Alarm) -> EventData:
    data = event_data.of_transition(transition, alarm.point, to_datetime(transition.at_ns))
    data.update({"family": case.family, "is_test": case.is_test, "announces": False, "steps": []})
    data.update({"case_level": event_data.word(case.level), **event_data.of_load(alarm)})
    data["worst_value"] = event_data.value_of(alarm.point.quantity, alarm.worst_value)
    data["shelved"] = case.shelved_until is not None
    return data
