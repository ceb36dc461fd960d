"""Whether the circuit of a case is switched off, and whether its load is back.

Zero current makes safe and proves nothing. Current that comes back before a repair was named, while the
value is still beyond its limit, is a relapse: a thermostat had opened, nobody had pulled the switch.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from flameblue.cases import event_data, events, evidence, grouping, kinds
from flameblue.cases.alarms import is_beyond, settle
from flameblue.cases.announcing import REOPENED, announce, break_through, of_case, reopen
from flameblue.cases.event_data import EventData
from flameblue.cases.events import Draft
from flameblue.cases.finishing import made_safe
from flameblue.cases.loads import FED_BY_THE_CIRCUIT, Current, told_of
from flameblue.cases.looks import Seen, anew
from flameblue.cases.models import Alarm, Case, State
from flameblue.cases.policy import Policy
from flameblue.cases.traces import Past, Window
from flameblue.domain.clock import to_ns
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.transitions import Rule
from flameblue.fleet.models import Point

NOT_OF_A_VALUE = (*grouping.DEVICE_WIDE, Rule.SENSOR)


def look_at(seen: Seen, now: datetime, past: Past, policy: Policy) -> int:
    """Marks the case made safe or its load back, if the readings say so; returns how many events."""
    case = seen.case
    if case.family not in FED_BY_THE_CIRCUIT:
        return 0
    window = Window(past, to_ns(now), policy.made_safe.for_s)
    if case.state in {State.OPEN, State.TAKEN}:
        off = _is_off(seen, window, policy) and _is_off(anew(seen), window, policy)
        return int(bool(off and made_safe(case.pk, None, "zero_current", now)))
    if _waits_for_load(seen) and _load_back(seen, window, policy) is not None:
        return _say_load_back(anew(seen), window, now, policy)
    return 0


def _is_off(seen: Seen, window: Window, policy: Policy) -> bool:
    """Every circuit with an alarm carried load then and carries none now."""
    zero = QUANTITIES["current_a"].steps(policy.made_safe.current_zero_a)
    alarms = _alarms(seen)
    if not alarms or any(alarm.load is None or alarm.load <= zero for alarm in alarms):
        return False
    for points in _circuits(seen):
        since = evidence.off_since_ns(window.load(points), zero, policy.made_safe.for_s, window.now_ns)
        if since is None:
            return False
    return True


def _waits_for_load(seen: Seen) -> bool:
    case = seen.case
    switched_off = case.state in {State.MADE_SAFE, State.REPAIRED} and (
        case.made_safe_how in grouping.SWITCHED_OFF
    )
    return switched_off and not seen.load_back


def _load_back(seen: Seen, window: Window, policy: Policy) -> tuple[int, Current | None] | None:
    """The load that is back, and the phase that is told; None while there is none."""
    assert seen.case.made_safe_at is not None
    zero = QUANTITIES["current_a"].steps(policy.made_safe.current_zero_a)
    for points in _circuits(seen):
        load = window.load(points)
        since = evidence.back_since_ns(load, zero, policy.made_safe.for_s, window.now_ns)
        if since is not None and since > to_ns(seen.case.made_safe_at):
            return int(load.value[-1]), told_of(_newest(window, points), "")
    return None


def _newest(window: Window, points: Sequence[Point]) -> list[Current]:
    traces = zip(points, window.traces(points), strict=True)
    return [Current(row.phase, int(trace.value[-1])) for row, trace in traces]


@transaction.atomic
def _say_load_back(seen: Seen, window: Window, now: datetime, policy: Policy) -> int:
    found = _load_back(seen, window, policy) if _waits_for_load(seen) else None
    case = Case.objects.select_for_update(of=("self",)).get(pk=seen.case.pk)
    if found is None or case.state not in {State.MADE_SAFE, State.REPAIRED}:
        return 0
    load, phase = found
    data: EventData = {**of_case(case), "repaired": case.state == State.REPAIRED}
    data["current_a"] = event_data.ampere(None if load == NO_VALUE else load)
    if phase is not None and load != NO_VALUE:
        data.update({"current_phase": phase.phase, "current_phase_a": event_data.ampere(phase.value)})
    drafts = [Draft(case, kinds.LOAD_BACK, now, data)]
    if case.state == State.MADE_SAFE and is_beyond(case):
        drafts += break_through(case, REOPENED, now, data)
        had = reopen(case)
        settle(case)
        told: EventData = {**announce(case, policy, now), "new": "load_back"}
        drafts.append(Draft(case, kinds.REOPENED, now, {**data, **had, **told}))
        case.save()
    return len(events.record(drafts))


def _alarms(seen: Seen) -> list[Alarm]:
    return [alarm for alarm in seen.alarms if alarm.rule not in NOT_OF_A_VALUE and not alarm.point.retired]


def _circuits(seen: Seen) -> list[list[Point]]:
    """The currents of each circuit with an alarm, once."""
    behind = (seen.currents[alarm.point.pk] for alarm in _alarms(seen))
    circuits = {tuple(current.pk for current in points): points for points in behind}
    return [circuits[ids] for ids in sorted(circuits)]
