"""When a device's test is over: what is still beyond its limit is real."""

from flameblue.cases import grouping
from flameblue.cases.announcing import Run
from flameblue.cases.finding import Rise
from flameblue.cases.models import Alarm, State
from flameblue.cases.rising import rise
from flameblue.domain.points import NO_LIMIT, NO_LOWER_LIMIT
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.transitions import Level, Rule, Transition, Why
from flameblue.fleet.models import Point

VALUE_RULES = (Rule.OVER, Rule.UNDER, Rule.PHASE_LOSS, Rule.LATE)


def look_after(run: Run, point: Point, arrival_ns: int, offset: int) -> int:
    """Announces as real what the point's test case holds and the newest value confirms; returns how many.

    Detection says a level once: where it was entered during the test, no transition tells that it stays.
    """
    if Alarm.objects.filter(point=point, rule=Rule.TEST).exclude(level=Level.NORMAL).exists():
        return 0
    held = Alarm.objects.select_related("case").filter(point=point, case__is_test=True, rule__in=VALUE_RULES)
    found = 0
    for alarm in held.exclude(level=Level.NORMAL).exclude(case__state=State.CLOSED).order_by("rule"):
        reading = run.latest(point.pk)
        if reading is None or not _is_beyond(alarm, reading[1]):
            continue
        alarm.point = point
        transition = Transition(
            offset=offset,
            index=-1,
            point=point.pk,
            rule=Rule(alarm.rule),
            before=Level.NORMAL,
            level=Level(alarm.level),
            at_ns=reading[0],
            arrival_ns=arrival_ns,
            value=reading[1],
            limit=alarm.limit,
            why=alarm.why & ~Why.TEST,
        )
        family = grouping.family_of(point.quantity, transition.rule)
        rise(run, Rise(transition, point, alarm, family, is_test=False), None)
        found += 1
    return found


def _is_beyond(alarm: Alarm, value: int) -> bool:
    if value == NO_VALUE or alarm.limit in {NO_LIMIT, NO_LOWER_LIMIT}:
        return False
    under = alarm.rule in {Rule.UNDER, Rule.PHASE_LOSS}
    return value <= alarm.limit if under else value >= alarm.limit
