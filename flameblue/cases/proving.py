"""What the readings say of a case: switched off, load back, proven.

Invariants: switched off is not repaired; evidence counts only what came after the case was made safe,
repaired or announced anew; a case is proven only while every one of its alarms is back to normal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from flameblue.cases import (
    device_tests,
    event_data,
    events,
    evidence,
    grouping,
    kinds,
    looks,
    switching,
    trending,
)
from flameblue.cases.alarms import settle
from flameblue.cases.announcing import Run, clear_shelf, of_case
from flameblue.cases.event_data import EventData
from flameblue.cases.events import Draft
from flameblue.cases.loads import Latest
from flameblue.cases.looks import Seen
from flameblue.cases.models import Alarm, Case, Family, State
from flameblue.cases.policy import EvidencePolicy, Policy, current
from flameblue.cases.traces import Past, Window, clear_of
from flameblue.domain.clock import to_ns
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Point

HAD_BY_SOMEBODY = (State.TAKEN, State.MADE_SAFE, State.REPAIRED)
ABOUT_READINGS = {Family.SILENCE, Family.EQUIPMENT}  # their evidence is that readings come


@dataclass(frozen=True, slots=True)
class Proof:
    """One alarm of a case and what the readings prove of it."""

    alarm: Alarm
    verdict: evidence.Verdict
    for_s: float  # the time that is asked for


def prove_each(now: datetime, past: Past, latest: Latest, policy: Policy | None = None) -> Iterator[int]:
    """Looks at the readings of every unclosed case, one each time it is asked; yields how many events that made."""
    agreed = policy or current()
    unclosed = Case.objects.filter(is_test=False, premises__isnull=False).exclude(
        state__in=(State.PROVEN, State.CLOSED)
    )
    yield _look_at_tests(now, latest, agreed)
    for one in looks.each(unclosed.select_related("premises__site", "site").order_by("pk")):
        made = switching.look_at(one, now, past, agreed)
        yield made
        told = trending.look_at(looks.anew(one) if made else one, now, past, agreed)
        yield told
        yield _prove(looks.anew(one) if made or told else one, now, past, agreed)


def proofs(case: Case, now: datetime, past: Past, policy: Policy | None = None) -> list[Proof]:
    """What the readings prove of each alarm that the case has to prove, and why not."""
    agreed = policy or current()
    if case.family not in agreed.evidence:
        return []
    return _proofs(next(looks.each([case])), now, past, agreed)


def _proofs(seen: Seen, now: datetime, past: Past, policy: Policy) -> list[Proof]:
    wanted = policy.evidence[seen.case.family]
    window = Window(past, to_ns(now), wanted.for_s)
    return [Proof(alarm, _judge(seen, alarm, window, policy), wanted.for_s) for alarm in _to_prove(seen)]


def _to_prove(seen: Seen) -> Iterator[Alarm]:
    # elsewhere than about readings themselves a gap in them is seen in the evidence
    passed_over = {Rule.TEST, *(() if seen.case.family in ABOUT_READINGS else grouping.DEVICE_WIDE)}
    return (alarm for alarm in seen.alarms if not alarm.point.retired and alarm.rule not in passed_over)


def _judge(seen: Seen, alarm: Alarm, window: Window, policy: Policy) -> evidence.Verdict:
    case = seen.case
    if alarm.level != Level.NORMAL and alarm.rule != Rule.LATE:
        return evidence.Verdict(False, "still_beyond")
    wanted = policy.evidence[case.family]
    clear = evidence.Clear()
    if case.family not in ABOUT_READINGS:
        clear = clear_of(alarm.point, alarm.rule, alarm.limit)
    load, need = None, None
    if wanted.load_fraction > 0 and alarm.rule != Rule.LATE:
        if alarm.load is None:
            return evidence.Verdict(False, "load_unknown")
        points = seen.currents[alarm.point.pk]
        load = window.load(points) if points else None
        need = _load_need(alarm.load, wanted, policy)
    question = evidence.Question(wanted.for_s, to_ns(_counts_from(case)), window.now_ns, clear, need)
    return evidence.judge(window.trace(alarm.point), load, question)


def _load_need(load: int, wanted: EvidencePolicy, policy: Policy) -> evidence.LoadNeed:
    zero = QUANTITIES["current_a"].steps(policy.made_safe.current_zero_a)
    return evidence.LoadNeed(at_least=load * wanted.load_fraction, zero=zero)


def _counts_from(case: Case) -> datetime:
    return max(at for at in (case.announced_at, case.made_safe_at, case.repaired_at) if at is not None)


def _prove(seen: Seen, now: datetime, past: Past, policy: Policy) -> int:
    if not _proves(seen, now, past, policy):
        return 0
    fresh = looks.anew(seen)
    found = _proves(fresh, now, past, policy)
    return _proven(fresh.case, found, now) if found else 0


def _proves(seen: Seen, now: datetime, past: Past, policy: Policy) -> list[Proof]:
    """The proofs of a case that its readings prove now; none while they don't."""
    case = seen.case
    wanted = policy.evidence.get(case.family)
    if wanted is None or not (case.state in HAD_BY_SOMEBODY or (wanted.untaken and case.announced)):
        return []
    if case.incident_id is not None or case.state in {State.PROVEN, State.CLOSED}:
        return []
    found = _proofs(seen, now, past, policy)
    return found if all(proof.verdict.proven for proof in found) else []


@transaction.atomic
def _proven(seen: Case, found: list[Proof], now: datetime) -> int:
    """Marks the case proven, if it is still what was looked at."""
    case = Case.objects.select_for_update(of=("self",)).get(pk=seen.pk)
    active = case.alarms.exclude(level=Level.NORMAL).exclude(rule=Rule.LATE).exclude(point__retired=True)
    same = (case.state, case.announced_at) == (seen.state, seen.announced_at)
    if not same or active.exclude(rule=Rule.SILENCE).exists():
        return 0
    case.state, case.proven_at = State.PROVEN, now
    clear_shelf(case)
    settle(case)
    case.save()
    data: EventData = {**of_case(case), **_what_proves(found), "cause": case.cause, "action": case.action}
    return len(events.record([Draft(case, kinds.PROVEN, now, data)]))


def _what_proves(found: list[Proof]) -> EventData:
    """How long, how high and under which load the worst of them stayed."""
    first = found[0]
    data: EventData = {"proof_s": min(proof.verdict.run_s for proof in found)}
    if first.verdict.extreme is not None:
        data["proof_max"] = event_data.value_of(first.alarm.point.quantity, first.verdict.extreme)
    shares = [
        proof.verdict.load_min / proof.alarm.load
        for proof in found
        if proof.verdict.load_min is not None and proof.alarm.load
    ]
    if shares:
        data["proof_load"] = round(min(shares), 3)
    return data


def _look_at_tests(now: datetime, latest: Latest, policy: Policy) -> int:
    """A condition that began during a test, seen after it, is announced as real."""
    tested = Alarm.objects.filter(case__is_test=True).exclude(case__state=State.CLOSED)
    points = tested.exclude(level=Level.NORMAL).exclude(rule=Rule.TEST).values_list("point", flat=True)
    made = 0
    for point in (
        Point.objects.select_related("circuit__panel", "device__premises__site__station")
        .filter(pk__in=set(points))
        .order_by("pk")
    ):
        with transaction.atomic():
            run = Run(latest, now, policy)
            device_tests.look_after(run, point, to_ns(now), 0)
            made += len(events.record(run.drafts))
    return made
