"""Which case a rise belongs to: found under its lock, or opened.

Invariants: one open case a premises, family and test-ness; who loses the race to open it joins the winner's. That a
device is tested opens one case, however many points and families it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from flameblue.cases import events, grouping, kinds
from flameblue.cases.alarms import alarms_of, idle_s, place_of, places_of
from flameblue.cases.announcing import Run
from flameblue.cases.models import Alarm, Case, Family, State
from flameblue.domain.clock import to_datetime, to_ns
from flameblue.domain.transitions import Level, Rule, Transition
from flameblue.fleet.models import Point


@dataclass(frozen=True, slots=True)
class Rise:
    """A level that became worse, as it looks for its case."""

    transition: Transition
    point: Point
    alarm: Alarm
    family: str
    is_test: bool

    @property
    def at(self) -> datetime:
        """The arrival: the time of all that this rise causes."""
        return to_datetime(self.transition.arrival_ns)


def case_for(run: Run, rise: Rise) -> tuple[Case, str]:
    """The case, locked, and what the rise is to it: a word of kinds, or "" where nobody needs to know."""
    case = _unclosed(rise)
    if case is None and rise.transition.rule == Rule.SILENCE and not rise.is_test:
        case = _switched_off(rise.point.device.premises_id)
        if case is not None:
            return case, "" if _said_already(case, rise) else kinds.SILENT
    case = case or _open_one(rise) or _of_its_test(rise)
    if case is not None:
        return case, _news(run, case, rise)
    closed = None if rise.is_test else _closed(rise)
    if closed is not None and closed.closed_at is not None:
        if grouping.is_of_the_past(rise.transition, to_ns(closed.closed_at)):
            return closed, kinds.LATE
        window_s = run.policy.relapse_window_s
        if grouping.relapses(rise.transition.level, closed.closed_at, rise.at, window_s):
            return closed, kinds.REOPENED
    return _opened(run, rise)


def _unclosed(rise: Rise) -> Case | None:
    """The case that the alarm is in already, where it is still its case."""
    found = rise.alarm.case
    if found is None or found.state == State.CLOSED or found.is_test != rise.is_test:
        return None
    if found.family != rise.family:  # a silence that had joined a switched-off case is looked at anew
        return None
    return _locked(Case.objects.filter(pk=found.pk))


def _switched_off(premises: int) -> Case | None:
    cases = Case.objects.filter(premises=premises, is_test=False).exclude(state=State.CLOSED)
    for case in cases.order_by("-made_safe_at", "-pk"):
        if grouping.silence_belongs_to(case.made_safe_how, case.state):
            return _locked(Case.objects.filter(pk=case.pk))
    return None


def _open_one(rise: Rise) -> Case | None:
    return _locked(_of_family(rise).exclude(state=State.CLOSED))


def _of_its_test(rise: Rise) -> Case | None:
    """The case that says that the device is tested; one that says only that takes the family of what the test did."""
    if not rise.is_test:
        return None
    tests = Case.objects.filter(alarms__point__device=rise.point.device_id, is_test=True)
    told = tests.exclude(state=State.CLOSED).order_by("pk").values_list("pk", flat=True)
    case = _locked(Case.objects.filter(pk__in=list(told[:1])))
    if case is None or rise.transition.rule == Rule.TEST:
        return case
    if case.alarms.exclude(rule=Rule.TEST).exists():
        return None
    case.family = Family(rise.family)
    return case


def _closed(rise: Rise) -> Case | None:
    return _locked(_of_family(rise).filter(state=State.CLOSED).order_by("-closed_at", "-pk")[:1])


def _of_family(rise: Rise) -> QuerySet[Case]:
    premises = rise.point.device.premises_id
    return Case.objects.filter(premises=premises, family=rise.family, is_test=rise.is_test)


def _locked(cases: QuerySet[Case]) -> Case | None:
    return cases.select_for_update(of=("self",)).select_related("taken_by", "premises", "site").first()


def _said_already(case: Case, rise: Rise) -> bool:
    """Another point of the device has said the same: one device's silence is told once."""
    return (
        rise.transition.rule in grouping.DEVICE_WIDE
        and Alarm.objects.filter(case=case, rule=rise.transition.rule, point__device=rise.point.device_id)
        .exclude(level=Level.NORMAL)
        .exists()
    )


def _news(run: Run, case: Case, rise: Rise) -> str:
    if _said_already(case, rise):
        return ""
    if rise.transition.rule == Rule.LATE:
        return kinds.LATE
    alarms: Sequence[Alarm] = alarms_of(case)
    place = place_of(rise.point, rise.transition.rule)
    quiet = case.quiet_until is not None and rise.at < case.quiet_until
    facts = grouping.CaseFacts(case.state, quiet or case.incident_id is not None, places_of(alarms))
    idle = idle_s(alarms, place, to_datetime(rise.transition.at_ns))
    return grouping.news(
        rise.transition.level, facts, grouping.AlarmFacts(place, idle), run.policy.again_after_s
    )


def _opened(run: Run, rise: Rise) -> tuple[Case, str]:
    """A new case; where another has opened it in the meantime, that one."""
    silence = rise.family == Family.SILENCE and not rise.is_test
    quiet_until = rise.at + timedelta(seconds=run.policy.silence_grace_s) if silence else None
    premises = rise.point.device.premises
    case = Case(
        site=premises.site,
        premises=premises,
        family=Family(rise.family),
        is_test=rise.is_test,
        level=rise.transition.level,
        worst_level=rise.transition.level,
        opened_at=rise.at,
        announced=not silence,
        announced_at=run.now,
        quiet_until=quiet_until,
    )
    try:
        with transaction.atomic():
            case.number = events.next_case_number()
            case.save()
    except IntegrityError:
        winner = _open_one(rise)
        assert winner is not None
        return winner, _news(run, winner, rise)
    if silence:
        return case, kinds.SUSPECTED
    return case, kinds.LATE if rise.transition.rule == Rule.LATE else kinds.OPENED
