"""The current that a point's circuit carries."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from flameblue.cases.models import Family
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.quantities import NO_VALUE
from flameblue.fleet.models import Point

FED_BY_THE_CIRCUIT = frozenset({Family.HEAT, Family.LEAKAGE, Family.LOAD, Family.ARC})  # off with its current
Latest = Callable[[int], tuple[int, int] | None]  # point id → (device time in ns, value in steps)


class Current(NamedTuple):
    """What one point measures, in current_a steps; `phase` empty: not said."""

    phase: str
    value: int


def load_points(point: Point) -> list[int]:
    """The points that measure the current behind `point`, as `currents_behind`."""
    return [current.pk for current in currents_behind([point])[point.pk]]


def currents_behind(points: Iterable[Point]) -> dict[int, list[Point]]:
    """The points that measure the current behind each of `points`: its circuit's, or the premises' incoming ones.

    Leakage is summed over all a residual-current transformer encloses; where its circuit measures no
    current, all the currents of the premises stand for the load. A temperature is proven under its own
    circuit's load alone.
    """
    points = list(points)
    currents = Point.objects.filter(quantity="current_a", retired=False).select_related("device", "circuit")
    of_circuit: dict[int | None, list[Point]] = defaultdict(list)
    for current in currents.filter(circuit__in={one.circuit_id for one in points} - {None}).order_by("pk"):
        of_circuit[current.circuit_id].append(current)
    rest = [one for one in points if _stands_for_all(one) and not of_circuit.get(one.circuit_id)]
    of_premises: dict[int, list[Point]] = defaultdict(list)
    premises = {one.device.premises_id for one in rest}
    for current in currents.filter(device__premises__in=premises).order_by("pk") if premises else ():
        of_premises[current.device.premises_id].append(current)
    found = {one.pk: of_premises.get(one.device.premises_id, []) for one in rest}
    return {one.pk: found.get(one.pk, of_circuit.get(one.circuit_id, [])) for one in points}


def _stands_for_all(point: Point) -> bool:
    return point.circuit_id is None or point.quantity == "residual_current_ma"


def currents_at(points: Sequence[Point], latest: Latest, at_ns: int, fresh_s: float) -> list[Current] | None:
    """The newest currents; None where there are none, or where one is unknown or too old at `at_ns`."""
    found = []
    for point in points:
        reading = latest(point.pk)
        if reading is None or reading[1] == NO_VALUE or at_ns - reading[0] > fresh_s * SECOND_NS:
            return None
        found.append(Current(point.phase, reading[1]))
    return found or None


def told_of(currents: Iterable[Current], own: str) -> Current | None:
    """The phase that is told where several are measured: `own`, else the one that carries most.

    None where one alone is measured, or where not all of them say their phase: then the sum is told.
    A breaker's current is that of a phase: three of 60 A are no 180 A.
    """
    by_phase: dict[str, int] = defaultdict(int)
    for current in currents:
        by_phase[current.phase] += current.value
    if len(by_phase) < 2 or "" in by_phase:
        return None
    worst = max(sorted(by_phase), key=lambda phase: abs(by_phase[phase]))
    phase = own if own in by_phase else worst
    return Current(phase, by_phase[phase])
