"""What the points of a case say now, and which of them contradict that it is safe."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flameblue.cases import event_data, grouping
from flameblue.cases.contrary import BELOW, Present, contradicts, still_flows
from flameblue.cases.event_data import ContraryData
from flameblue.cases.loads import FED_BY_THE_CIRCUIT, load_points
from flameblue.cases.models import Alarm, Case
from flameblue.cases.policy import Policy
from flameblue.cases.traces import gap_ns, row_of
from flameblue.domain.points import NO_LIMIT, NO_LOWER_LIMIT
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Point
from flameblue.history.board import Latest as Reading

Readings = Callable[[Sequence[int]], Mapping[int, Reading]]  # the newest of each point that has one
NO_LIMITS = frozenset({NO_LIMIT, NO_LOWER_LIMIT, NO_VALUE})


@dataclass(frozen=True, slots=True)
class Now:
    """One alarm, the newest reading of its point, and its limits in steps, the nearest first.

    `reading` None: none yet.
    """

    alarm: Alarm
    reading: Reading | None
    limits: list[tuple[Level, int]]
    is_live: bool

    @property
    def limit(self) -> int | None:
        return self.limits[0][1] if self.limits else None

    @property
    def reached(self) -> tuple[Level, int] | None:
        """The limit of the worst level that the value is beyond now; None: it is beyond none."""
        if self.reading is None or self.reading.value == NO_VALUE:
            return None
        is_lower, value = self.alarm.rule in BELOW, self.reading.value
        beyond = [
            (level, limit) for level, limit in self.limits if (value <= limit if is_lower else value >= limit)
        ]
        return max(beyond, key=lambda pair: grouping.SEVERITY[pair[0]], default=None)

    @property
    def present(self) -> Present:
        value = NO_VALUE if self.reading is None else self.reading.value
        return Present(Rule(self.alarm.rule), Level(self.alarm.level), value, self.limit, self.is_live)

    @property
    def is_contrary(self) -> bool:
        return contradicts(self.present)


def of_case(case: Case, latest: Readings, now_ns: int) -> list[Now]:
    """Each alarm of the case with what its point says now, the worst first."""
    alarms = list(
        case.alarms.select_related("point__circuit__panel", "point__device").order_by("-level", "since", "pk")
    )
    found = latest([alarm.point_id for alarm in alarms])
    return [
        Now(
            alarm=alarm,
            reading=found.get(alarm.point_id),
            limits=limits_of(alarm, row_of(alarm.point)),
            is_live=is_live(alarm.point, found.get(alarm.point_id), now_ns),
        )
        for alarm in alarms
    ]


def contrary_to(case: Case, how: str, latest: Readings, now_ns: int, policy: Policy) -> list[ContraryData]:
    """What contradicts that the case was made safe by `how`, as an event carries it; empty: nothing does."""
    said = contrary_of(of_case(case, latest, now_ns))
    if how in grouping.SWITCHED_OFF and case.family in FED_BY_THE_CIRCUIT:
        said += _still_flowing(case, latest, now_ns, policy)
    return said


def contrary_of(found: Iterable[Now]) -> list[ContraryData]:
    """Those of `found` that contradict that the case is safe, however it was made so."""
    return [
        event_data.of_contrary(one.alarm.point, one.reading.value, one.reached, one.reading.at_ns)
        for one in found
        if one.reading is not None and one.is_contrary
    ]


def limits_of(alarm: Alarm, row: Any | None) -> list[tuple[Level, int]]:
    """The limits that a safe value must not reach, the nearest first: those of `row`, else that of the alarm."""
    if alarm.rule not in {Rule.OVER, *BELOW}:
        return []
    found = []
    if row is not None and alarm.rule != Rule.PHASE_LOSS:
        side = "over" if alarm.rule == Rule.OVER else "under"
        named = ((Level.WARNING, f"{side}_warning"), (Level.ALARM, f"{side}_alarm"))
        found = [(level, int(row[name])) for level, name in named if int(row[name]) not in NO_LIMITS]
    if found or alarm.limit in NO_LIMITS:
        return found
    limit = alarm.limit if alarm.worst_limit is None else alarm.worst_limit
    return [(Level(alarm.worst_level), limit)]


def _still_flowing(case: Case, latest: Readings, now_ns: int, policy: Policy) -> list[ContraryData]:
    """The currents of the circuits with an alarm that are not zero."""
    zero = QUANTITIES["current_a"].steps(policy.made_safe.current_zero_a)
    ids = {
        point
        for alarm in case.alarms.select_related("point__device")
        if alarm.load is not None and alarm.load > zero
        for point in load_points(alarm.point)
    }
    found = latest(sorted(ids))
    points = Point.objects.filter(pk__in=found).select_related("device", "circuit").order_by("pk")
    return [
        event_data.of_contrary(point, found[point.pk].value, None, found[point.pk].at_ns)
        for point in points
        if still_flows(found[point.pk].value, zero, is_live=is_live(point, found[point.pk], now_ns))
    ]


def is_live(point: Point, reading: Reading | None, now_ns: int) -> bool:
    """The reading has come within the time that its point promises."""
    return reading is not None and now_ns - reading.arrival_ns <= gap_ns(point)
