"""When a device's test is over: what is still beyond its limit is real."""

from datetime import datetime, timedelta

from flameblue.cases import grouping
from flameblue.cases.announcing import Run
from flameblue.cases.finding import Rise
from flameblue.cases.models import Alarm, AppliedTransition, State
from flameblue.cases.rising import rise
from flameblue.domain.clock import to_ns
from flameblue.domain.points import NO_LIMIT, NO_LOWER_LIMIT
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.transitions import Level, Rule, Transition, Why
from flameblue.fleet.models import Point, TestWindow
from flameblue.fleet.shelf import profiles

VALUE_RULES = (Rule.OVER, Rule.UNDER, Rule.PHASE_LOSS, Rule.LATE)
AWAITED_S = 5.0  # beyond its interval, for a reading that says that the test's value is gone


def look_after(run: Run, point: Point, arrival_ns: int, offset: int) -> int:
    """Announces as real what the point's test case holds and the newest value confirms; returns how many.

    Detection says a level once: where it was entered during the test, no transition tells that it stays.
    """
    stands = Alarm.objects.filter(point=point, rule=Rule.TEST).exclude(level=Level.NORMAL).exists()
    if stands and not _is_over_unsaid(point, run.now):
        return 0
    rules = (*VALUE_RULES, Rule.REPORTED) if stands else VALUE_RULES
    held = Alarm.objects.select_related("case").filter(point=point, case__is_test=True, rule__in=rules)
    found = 0
    for alarm in held.exclude(level=Level.NORMAL).exclude(case__state=State.CLOSED).order_by("rule"):
        reading = run.latest(point.pk)
        if alarm.rule == Rule.REPORTED:  # the device's last word, with a value or without
            reading = (to_ns(alarm.since), alarm.value)
        elif reading is None or not _is_beyond(alarm, reading[1]):
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


def _is_over_unsaid(point: Point, now: datetime) -> bool:
    """Whether a test that people began is over, which a device that speaks on change may not say for hours.

    Any other device has said by its next reading whether the test's value is still there.
    """
    began = AppliedTransition.objects.filter(point=point, rule=Rule.TEST).exclude(level=Level.NORMAL)
    arrival = began.order_by("-pk").values_list("arrival", flat=True).first()
    profile = profiles().get(point.device.profile)
    if arrival is None or profile is None:
        return False
    windows = TestWindow.objects.filter(
        device=point.device_id, opened_at__lte=arrival, open_until__gte=arrival
    )
    until = windows.order_by("-open_until").values_list("open_until", flat=True).first()
    if until is None:
        return False
    waited_s = AWAITED_S + (0.0 if profile.on_change else profile.interval_s)
    return until + timedelta(seconds=waited_s) <= now


def _is_beyond(alarm: Alarm, value: int) -> bool:
    if value == NO_VALUE or alarm.limit in {NO_LIMIT, NO_LOWER_LIMIT}:
        return False
    under = alarm.rule in {Rule.UNDER, Rule.PHASE_LOSS}
    return value <= alarm.limit if under else value >= alarm.limit
