"""Open cases of a large fleet, as a bad night would leave them: alarms, some taken, some of them days old."""

from datetime import datetime, timedelta

from flameblue.cases.models import Alarm, Case, Family, State
from flameblue.domain.transitions import Level, Rule

STEP = 397  # premises between two cases: every site has some


def open_cases(count: int, *, now: datetime) -> None:
    """`count` open cases, one alarm each, in premises that big_fleet.fill has made."""
    cases = Case.objects.bulk_create(_case(n, now) for n in range(1, count + 1))
    Alarm.objects.bulk_create(_alarm(case, n, now) for n, case in enumerate(cases, 1))


def _case(n: int, now: datetime) -> Case:
    level = Level.ALARM if n % 3 else Level.WARNING
    begun = now - timedelta(minutes=n)
    return Case(
        number=4000 + n,
        premises_id=n * STEP,
        site_id=n * STEP % 100 + 1,
        family=Family.LEAKAGE,
        state=State.OPEN,
        level=level,
        worst_level=level,
        opened_at=begun,
        announced_at=begun,
    )


def _alarm(case: Case, n: int, now: datetime) -> Alarm:
    return Alarm(
        case=case,
        point_id=5 * n * STEP - 4,
        rule=Rule.OVER,
        level=case.level,
        worst_level=case.worst_level,
        isa=Alarm.Isa.UNACKNOWLEDGED,
        since=case.opened_at,
        value=600,
        worst_value=700,
        limit=500,
    )
