"""The current that a point's circuit carries."""

from collections.abc import Callable, Sequence

from flameblue.cases.models import Family
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.quantities import NO_VALUE
from flameblue.fleet.models import Point

FED_BY_THE_CIRCUIT = frozenset({Family.HEAT, Family.LEAKAGE, Family.LOAD, Family.ARC})  # off with its current
Latest = Callable[[int], tuple[int, int] | None]  # point id → (device time in ns, value in steps)


def load_points(point: Point) -> list[int]:
    """The points that measure the current behind `point`: its circuit's, or the premises' incoming ones.

    Leakage is summed over all a residual-current transformer encloses; where its circuit measures no
    current, all the currents of the premises stand for the load. A temperature is proven under its own
    circuit's load alone.
    """
    currents = Point.objects.filter(quantity="current_a", retired=False).order_by("pk")
    if point.circuit_id is not None:
        own = list(currents.filter(circuit=point.circuit_id).values_list("pk", flat=True))
        if own or point.quantity != "residual_current_ma":
            return own
    premises = point.device.premises_id
    return list(currents.filter(device__premises=premises).values_list("pk", flat=True))


def load_at(points: Sequence[int], latest: Latest, at_ns: int, fresh_s: float) -> int | None:
    """The sum of the newest currents, in current_a steps; None where one is unknown or too old at `at_ns`."""
    found = [latest(point) for point in points]
    total = 0
    for reading in found:
        if reading is None or reading[1] == NO_VALUE or at_ns - reading[0] > fresh_s * SECOND_NS:
            return None
        total += reading[1]
    return total if found else None
