"""Premises as their one-line diagram: panel → breakers → circuits, each with its latest values.

Three questions to the database and one look at the board, however many circuits there are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flameblue.domain.clock import to_datetime, to_ns
from flameblue.domain.limits import CIRCUIT_POINTS_MAX, CIRCUITS_SHOWN_MAX
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Circuit, Panel, Point, Premises
from flameblue.history.board import Latest
from flameblue.web import readings, tiles

COLUMNS = ("current_a", "residual_current_ma", "temperature_c", "voltage_v")
OLD_GAPS = 2  # of what is overdue: a reading that is a little late is not old
PHASE_ORDER = {"": 0, "A": 1, "B": 2, "C": 3, "N": 4}


@dataclass(frozen=True, slots=True)
class Value:
    """The latest reading of one point. `at` None: it never had one; `is_old`: it should have had another since."""

    point: Point
    level: Level
    steps: int
    at: datetime | None
    is_old: bool

    @property
    def amount(self) -> float | None:
        return None if self.steps == NO_VALUE else QUANTITIES[self.point.quantity].value(self.steps)

    @property
    def is_normal(self) -> bool:
        return self.level == Level.NORMAL


@dataclass(frozen=True, slots=True)
class Load:
    """What a circuit carries of what its breaker is for; the highest phase counts."""

    amount: float
    rating: float

    @property
    def percent(self) -> int:
        return round(100 * self.amount / self.rating)

    @property
    def bar(self) -> int:
        """The length of the bar: it ends at the rating."""
        return min(100, max(0, self.percent))


@dataclass(slots=True)
class Feeder:
    """One circuit of a panel; `circuit` None: points of a device that belong to none."""

    circuit: Circuit | None
    values: dict[str, list[Value]] = field(default_factory=dict)

    @property
    def cells(self) -> list[tuple[str, list[Value]]]:
        """The usual quantities in their order, also where they are not measured, then the others."""
        others = [quantity for quantity in self.values if quantity not in COLUMNS]
        return [(quantity, self.values.get(quantity, [])) for quantity in (*COLUMNS, *sorted(others))]

    @property
    def level(self) -> Level:
        return worst(value.level for values in self.values.values() for value in values)

    @property
    def load_level(self) -> Level:
        """Of the current alone: a hot terminal makes no heavy load."""
        return worst(value.level for value in self.values.get("current_a", ()))

    @property
    def load(self) -> Load | None:
        rating = self.circuit.rated_current_a if self.circuit else None
        amounts = [value.amount for value in self.values.get("current_a", ()) if value.amount is not None]
        return Load(max(amounts), rating) if rating and amounts else None

    @property
    def has_points(self) -> bool:
        return bool(self.values)


@dataclass(slots=True)
class Board:
    """A panel with its feeders; `panel` None holds what belongs to no circuit."""

    panel: Panel | None
    feeders: list[Feeder] = field(default_factory=list)

    @property
    def level(self) -> Level:
        return worst(feeder.level for feeder in self.feeders)


@dataclass(frozen=True, slots=True)
class Diagram:
    """What is drawn, and how many circuits are not."""

    boards: list[Board]
    left_out: int

    @property
    def is_empty(self) -> bool:
        return not self.boards


def of(premises: Premises, at: datetime) -> Diagram:
    """The diagram of `premises` at `at`."""
    points = list(
        Point.objects.filter(device__premises=premises, device__enabled=True, retired=False)
        .select_related("device", "circuit__panel")
        .order_by("id")[:CIRCUIT_POINTS_MAX]
    )
    circuits = Circuit.objects.filter(panel__premises=premises).select_related("panel")
    ordered = sorted(circuits, key=lambda one: (one.panel.name, one.panel_id, one.pk))
    shown = ordered[:CIRCUITS_SHOWN_MAX]
    numbers = [point.pk for point in points]
    levels, newest = tiles.of_points(numbers), readings.latest(numbers)
    values = [value_of(point, levels, newest.get(point.pk), to_ns(at)) for point in points]
    return Diagram(boards(shown, values), len(ordered) - len(shown))


def boards(circuits: Sequence[Circuit], values: Sequence[Value]) -> list[Board]:
    """The panels of `circuits` in their order; values of no circuit stand in a panel of their own, the last."""
    feeders = {circuit.pk: Feeder(circuit) for circuit in circuits}
    loose = Feeder(None)
    known = {circuit.pk for circuit in circuits}
    for value in sorted(values, key=lambda one: (PHASE_ORDER.get(one.point.phase, 9), one.point.pk)):
        number = value.point.circuit_id
        if number is None or number in known:
            feeder = loose if number is None else feeders[number]
            feeder.values.setdefault(value.point.quantity, []).append(value)
    made: dict[int, Board] = {}
    for circuit in circuits:
        made.setdefault(circuit.panel_id, Board(circuit.panel)).feeders.append(feeders[circuit.pk])
    return [*made.values(), *([Board(None, [loose])] if loose.has_points else [])]


def value_of(point: Point, levels: Mapping[int, Level], latest: Latest | None, now_ns: int) -> Value:
    """The latest reading of `point` as it is shown."""
    gap_ns = readings.gap_ns(point)
    return Value(
        point=point,
        level=levels.get(point.pk, Level.NORMAL),
        steps=latest.value if latest else NO_VALUE,
        at=to_datetime(latest.at_ns) if latest else None,
        is_old=latest is not None and 0 < OLD_GAPS * gap_ns < now_ns - latest.arrival_ns,
    )


def worst(levels: Iterable[Level]) -> Level:
    """The worst of `levels`; normal where there are none."""
    return min(levels, key=lambda level: tiles.RANK[level], default=Level.NORMAL)
