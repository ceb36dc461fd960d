"""A bench for cases: transitions and readings go in at a told time, events come out; no detector needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flameblue.cases import actions
from flameblue.cases.actions import Change
from flameblue.cases.models import Alarm, Case, CaseEvent
from flameblue.domain.clock import to_ns
from flameblue.domain.points import ENABLED, NEVER_NS, NO_LIMIT, NO_LOWER_LIMIT, POINT
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.transitions import Level, Rule, Transition
from flameblue.fleet.models import Circuit, Device, Panel, Point, Premises
from tests.cast import Cast

S_NS = 1_000_000_000
LIMITS = {"residual_current_ma": (200.0, 300.0), "temperature_c": (60.0, 70.0), "current_a": (36.0, 40.0)}
HYSTERESIS = {"residual_current_ma": 20.0, "temperature_c": 5.0, "current_a": 2.0}


@dataclass(frozen=True)
class Said:
    """What detection says of one point."""

    point: Point
    level: Level
    value: float = 82.0
    rule: Rule = Rule.OVER
    before: Level | None = None
    why: int = 0
    ago_s: float = 0.0  # device time before arrival


@dataclass
class Bench:
    """The cast's cabin at `now`; the journal's offset goes up by one a record."""

    cast: Cast
    now: datetime
    offset: int = 0
    levels: dict[tuple[int, int], Level] = field(default_factory=dict)
    readings: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    delivered: set[int] = field(default_factory=set)
    lag_ns: int = 0  # of the devices' clocks
    log: list[tuple[Change, datetime]] = field(default_factory=list)

    # detection
    def say(self, *said: Said) -> list[int]:
        """One record's transitions are applied; the numbers of the new events."""
        self.offset += 1
        transitions = tuple(self._transition(index, each) for index, each in enumerate(said))
        change = Change(transitions, self.offset - 1, self.offset)
        self.log.append((change, self.now))
        return actions.apply(change, self.latest, self.now)

    def alarm(self, point: Point, level: Level = Level.ALARM, value: float = 82.0, **more: Any) -> list[int]:
        return self.say(Said(point, level, value, **more))

    def silent(self, *points: Point) -> list[int]:
        return self.say(*(Said(point, Level.FAULT, rule=Rule.SILENCE) for point in points))

    def heard(self, *points: Point) -> list[int]:
        return self.say(*(Said(point, Level.NORMAL, rule=Rule.SILENCE) for point in points))

    def _transition(self, index: int, said: Said) -> Transition:
        quantity = QUANTITIES[said.point.quantity]
        key = (said.point.pk, int(said.rule))
        before = said.before if said.before is not None else self.levels.get(key, Level.NORMAL)
        self.levels[key] = Level.NORMAL if said.rule == Rule.LATE else said.level
        at_ns = to_ns(self.now) - round(said.ago_s * S_NS)
        limit = LIMITS.get(said.point.quantity, (0.0, 0.0))[said.level == Level.ALARM]
        steps = quantity.steps(said.value), quantity.steps(limit)
        return Transition(
            self.offset,
            index,
            said.point.pk,
            said.rule,
            before,
            said.level,
            at_ns,
            to_ns(self.now),
            *steps,
            said.why,
        )

    # readings
    def read(self, point: Point, value: float, for_s: float = 0.0, every_s: float = 10.0) -> None:
        """Readings of `value` every `every_s` over the last `for_s` seconds, up to now."""
        steps = QUANTITIES[point.quantity].steps(value)
        rows = self.readings.setdefault(point.pk, [])
        for back in range(int(for_s / every_s), -1, -1):
            rows.append((to_ns(self.now - timedelta(seconds=back * every_s)) - self.lag_ns, steps))
        rows.sort(key=lambda row: row[0])

    def latest(self, point: int) -> tuple[int, int] | None:
        rows = [row for row in self.readings.get(point, []) if row[0] <= to_ns(self.now)]
        return rows[-1] if rows else None

    def query(
        self, points: Sequence[int], begin: int, end: int
    ) -> Mapping[int, tuple[NDArray[Any], NDArray[Any]]]:
        found = {}
        for point in points:
            rows = [row for row in self.readings.get(point, []) if begin <= row[0] <= end]
            if rows:
                found[point] = (np.array([row[0] for row in rows]), np.array([row[1] for row in rows]))
        return found

    def last_heard(self, point: int) -> actions.Heard | None:
        found = self.latest(point)
        return None if found is None else actions.Heard(found[0], found[0] + self.lag_ns)

    @property
    def past(self) -> actions.Past:
        return actions.Past(self.query, self.last_heard)

    # time
    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def pass_time(self, seconds: float, every_s: float = 10.0) -> None:
        """Time passes, and escalation looks at the cases every `every_s`."""
        for _ in range(int(seconds / every_s)):
            self.wait(every_s)
            self.escalate()

    def escalate(self) -> int:
        silent = actions.silent_desks(self.now)
        return sum(actions.escalate_each(self.now, lambda case: case in self.delivered, silent=silent))

    def look(self) -> int:
        return sum(actions.prove_each(self.now, self.past, self.latest))

    # what came of it
    def case(self) -> Case:
        """The only case that there is."""
        return Case.objects.get()

    def kinds(self, case: Case | None = None) -> list[str]:
        events = CaseEvent.objects.order_by("number")
        if case is not None:
            events = events.filter(case=case)
        return list(events.values_list("kind", flat=True))

    def last(self, kind: str | None = None) -> CaseEvent:
        events = CaseEvent.objects.order_by("-number")
        event = (events.filter(kind=kind) if kind else events).first()
        assert event is not None
        return event

    def isa(self, point: Point, rule: Rule = Rule.OVER) -> str:
        return Alarm.objects.get(point=point, rule=rule).isa

    def steps(self) -> list[str]:
        """The escalation steps taken by time, in order."""
        events = CaseEvent.objects.filter(kind="escalated").order_by("number")
        return [event.data["step"] for event in events]


def give_row(point: Point, gap_s: float = 16.0) -> Point:
    """The point as detection knows it: limits, hysteresis and the promised interval."""
    quantity = QUANTITIES[point.quantity]
    row = np.zeros(1, POINT)
    row["point"], row["quantity"], row["flags"] = point.pk, quantity.code, ENABLED
    for name in ("over_warning", "over_alarm"):
        row[name] = NO_LIMIT
    for name in ("under_warning", "under_alarm"):
        row[name] = NO_LOWER_LIMIT
    if point.quantity in LIMITS:
        row["over_warning"], row["over_alarm"] = (quantity.steps(limit) for limit in LIMITS[point.quantity])
        row["over_hysteresis"] = quantity.steps(HYSTERESIS[point.quantity])
    row["interval_ns"], row["gap_ns"] = 10 * S_NS, round(gap_s * S_NS)
    row["silence_ns"] = row["frozen_ns"] = NEVER_NS
    point.row = row.tobytes()
    point.save()
    return point


def another_room(cast: Cast, place: str = "204房") -> tuple[Point, Point]:
    """A second circuit of the cast's cabin: its temperature and its current."""
    circuit = Circuit.objects.create(
        panel=cast.panel, name=f"{place}暖气", isolator="4号开关", rated_current_a=40.0
    )
    keys = (("t", "temperature_c"), ("i", "current_a"))
    made = [
        Point.objects.create(
            device=cast.device,
            circuit=circuit,
            key=f"{key}{place}",
            quantity=quantity,
            phase="A",
            place=place,
        )
        for key, quantity in keys
    ]
    return give_row(made[0]), give_row(made[1])


def another_cabin(cast: Cast, name: str) -> tuple[Premises, Point]:
    """Another cabin of the cast's village with one voltage point."""
    premises = Premises.objects.create(site=cast.site, name=name, short_name=name)
    panel = Panel.objects.create(premises=premises, name="1号箱")
    circuit = Circuit.objects.create(panel=panel, name="总", isolator="1号开关", rated_current_a=63.0)
    device = Device.objects.create(premises=premises, name=f"D-{name}", profile="flameblue-generic")
    point = Point.objects.create(device=device, circuit=circuit, key="ua", quantity="voltage_v", phase="A")
    return premises, give_row(point)
