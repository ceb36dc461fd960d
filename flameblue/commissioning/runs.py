"""Tests of a device's points: begun and waived by people, settled by the core, read by pages.

Invariants: a run is under way only while its device's test window is open; a point has one run under way at most;
what a run was compared with is written into it when it begins, so that later limits change no record.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from flameblue.cases.models import Alarm, AppliedTransition
from flameblue.cases.standard_clock import RESPONSE, Clause
from flameblue.commissioning import judging
from flameblue.commissioning.judging import Facts, Verdict
from flameblue.commissioning.models import TestRun
from flameblue.domain.clock import to_datetime, to_ns
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.points import NO_LIMIT, ON_CHANGE, POINT
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet import audit, point_table, testing
from flameblue.fleet.audit import Deed
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device, Point, TestWindow
from flameblue.fleet.shelf import profiles
from flameblue.history.board import Latest

REASON_MAX = 200
LOOK_BACK_NS = 5 * SECOND_NS  # the core looks every second, on a busy machine every few
ENTERING = (Rule.OVER, Rule.REPORTED)
UNDER_WAY = TestRun.State.UNDER_WAY


@dataclass(frozen=True, slots=True)
class Measure:
    """What a point is tested against. `clause` None: it has to be seen, nothing more."""

    clause: Clause | None
    limit: int | None  # in the quantity's steps
    step_s: float = 0.0  # between two readings, as the model promises; 0: it speaks when something changes


def measure_of(point: Point) -> Measure:
    """The clause and the alarm limit of `point`, as detection knows them now; no alarm limit, no clause."""
    row = np.frombuffer(point.row, dtype=POINT)[0] if point.row else None
    limit = int(row["over_alarm"]) if row is not None else NO_LIMIT
    clause = RESPONSE.get(point.quantity)
    if row is None or clause is None or limit == NO_LIMIT:
        return Measure(None, None)
    step_s = 0.0 if int(row["flags"]) & ON_CHANGE else int(row["interval_ns"]) / SECOND_NS
    return Measure(clause, limit, step_s)


class Told(NamedTuple):
    """What the readings say: the newest of a point; (times, values) of points between two device times in ns."""

    latest: Callable[[int], Latest | None]
    past: Callable[[Sequence[int], int, int], Mapping[int, tuple[NDArray[Any], NDArray[Any]]]]


@transaction.atomic
def begin(device: Device, duration_s: float, hand: Hand) -> TestWindow:
    """Opens the device's test window, in which every point that only has to be seen has a run from now on.

    BadInput as `testing.begin`. Runs that were under way are broken off.
    """
    window = testing.begin(device, duration_s, hand)
    _break_off(Q(point__device=device))
    for point in device.points.filter(retired=False).order_by("id"):
        if measure_of(point).clause is None:
            _add(point, window, Measure(None, None), hand)
    return window


@transaction.atomic
def apply(point: Point, hand: Hand) -> TestRun:
    """Somebody applies the current or the heat to `point` now. BadInput where its device is not under test.

    A run of the point that was under way is broken off.
    """
    window = testing.open_now(point.device, hand.now)
    if window is None:
        raise BadInput(_("The test has ended: begin it again."))
    if not testing.is_known_to_core():
        raise BadInput(_("The test is not in force yet: wait a second, or people are called."))
    measure = measure_of(point)
    if measure.clause is not None and _is_in_alarm(point):
        raise BadInput(_("This point is in alarm already: let it return to normal first."))
    _break_off(Q(point=point))
    return _add(point, window, measure, hand)


@transaction.atomic
def waive(point: Point, hand: Hand) -> TestRun:
    """`point` is not tested, for `hand.reason`; BadInput where none is given."""
    reason = hand.reason.strip()
    if not reason or len(reason) > REASON_MAX:
        raise BadInput(_("Say why it is not tested, in at most %(n)d characters.") % {"n": REASON_MAX})
    _break_off(Q(point=point))
    run = TestRun.objects.create(
        point=point,
        by=hand.by[: audit.BY_MAX],
        began_at=hand.now,
        until=hand.now,
        state=TestRun.State.WAIVED,
        reason=reason,
    )
    _tell(run, "waived test", {"reason": reason}, hand)
    return run


@transaction.atomic
def end(device: Device, hand: Hand) -> bool:
    """Ends the device's test; what was under way is broken off. False where there was none."""
    ended = testing.end(device, hand)
    _break_off(Q(point__device=device))
    return ended


def newest(points: Mapping[int, Point]) -> dict[int, TestRun]:
    """The run of each of `points` that counts: the newest one, where it was not broken off."""
    found: dict[int, TestRun] = {}
    runs = TestRun.objects.filter(point__in=list(points)).exclude(state=TestRun.State.BROKEN_OFF)
    for run in runs.order_by("id"):
        found[run.point_id] = run
    return found


def settle_each(now: datetime, told: Told) -> Iterator[int]:
    """Writes down what has come of the runs under way, one each time it is asked; yields how many that ended."""
    for run in TestRun.objects.filter(state=UNDER_WAY).select_related("point__device").order_by("id"):
        yield int(_settle_one(run, now, told))


@transaction.atomic
def _settle_one(run: TestRun, now: datetime, told: Told) -> bool:
    reading = told.latest(run.point_id)
    if run.seen_at is None and reading is not None and _counts(run, reading):
        run.seen_at, run.seen_value = to_datetime(reading.at_ns), reading.value
        run.waited_s = (to_datetime(reading.arrival_ns) - run.began_at).total_seconds()
        _keep_seen(run)
    entered = _entered(run)
    at, arrival = entered or (None, None)
    if at is not None and run.seen_at is not None and run.seen_at <= at:
        _look_back(run, at, told)
    seen = _before(run.seen_at, at)
    waited_s = None if seen is None else run.waited_s
    facts = Facts(run.began_at, run.until, run.within_s, seen, at, run.step_s or 0.0, waited_s)
    state, seconds = judging.verdict(facts, now)
    if state == Verdict.UNDER_WAY:
        return False
    won = TestRun.objects.filter(pk=run.pk, state=UNDER_WAY).update(
        state=state, seconds=seconds, entered_at=arrival, waited_s=waited_s
    )
    if won:
        said = {"state": str(state), "waited_s": waited_s, "seconds": seconds, "within_s": run.within_s}
        _tell(run, "tested point", said, Hand(run.by, now))
    return won > 0


def _look_back(run: TestRun, entered: datetime, told: Told) -> None:
    """The first value beyond the limit, of those too that came between two looks at the newest one.

    It is taken to have come as much sooner than that one as it was measured sooner.
    """
    if run.limit is None or run.seen_at is None:
        return
    found = told.past([run.point_id], to_ns(run.seen_at) - LOOK_BACK_NS, to_ns(entered))
    times, values = found.get(run.point_id, ((), ()))
    for at_ns, value in zip(times, values, strict=True):
        if value != NO_VALUE and value >= run.limit:
            sooner_s = (to_ns(run.seen_at) - int(at_ns)) / SECOND_NS
            run.waited_s = max(0.0, (run.waited_s or 0.0) - sooner_s)
            run.seen_at, run.seen_value = to_datetime(int(at_ns)), int(value)
            _keep_seen(run)
            return


def _keep_seen(run: TestRun) -> None:
    TestRun.objects.filter(pk=run.pk, state=UNDER_WAY).update(
        seen_at=run.seen_at, seen_value=run.seen_value, waited_s=run.waited_s
    )


def _counts(run: TestRun, reading: Latest) -> bool:
    """Whether `reading` is of this run, and at or beyond the limit where there is one."""
    if reading.arrival_ns < to_ns(run.began_at) or reading.value == NO_VALUE:
        return False
    return run.limit is None or reading.value >= run.limit


def _is_in_alarm(point: Point) -> bool:
    return Alarm.objects.filter(point=point, rule__in=ENTERING, level=Level.ALARM).exists()


def _entered(run: TestRun) -> tuple[datetime, datetime] | None:
    """When the alarm was entered after the run had begun: by the device's clock, and here."""
    if run.within_s is None:
        return None
    found = AppliedTransition.objects.filter(
        point=run.point_id, rule__in=ENTERING, level=Level.ALARM, arrival__gte=run.began_at
    )
    return found.order_by("id").values_list("at", "arrival").first()


def _before(seen: datetime | None, entered: datetime | None) -> datetime | None:
    """A value that came after the alarm was not what entered it."""
    return None if seen is not None and entered is not None and seen > entered else seen


def _add(point: Point, window: TestWindow, measure: Measure, hand: Hand) -> TestRun:
    clause = measure.clause
    run = TestRun(
        point=point,
        by=hand.by[: audit.BY_MAX],
        began_at=hand.now,
        until=window.open_until,
        state=UNDER_WAY,
    )
    if clause is not None:
        origins = {one.field: one for one in point_table.explain(point, profiles())}
        hold, alarm = origins.get("alarm_hold_s"), origins.get("over_alarm")
        run.step_s = measure.step_s
        run.within_s, run.clause, run.limit = (
            clause.limit_s,
            f"{clause.edition} {clause.clause}",
            measure.limit,
        )
        run.hold_s = hold.value if hold else None
        run.edition = alarm.edition[:200] if alarm else ""
    run.save(force_insert=True)
    return run


def _break_off(which: Q) -> None:
    TestRun.objects.filter(which, state=UNDER_WAY).update(state=TestRun.State.BROKEN_OFF)


def _tell(run: TestRun, verb: str, detail: Mapping[str, object], hand: Hand) -> None:
    point = run.point
    audit.record_deed(hand.by, Deed(verb, str(point), detail, audit.thing_of(point)), hand.now)
