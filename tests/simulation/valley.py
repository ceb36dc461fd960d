"""Small worlds for the tests of the simulation."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from flameblue.profiles.default_limits import default_limits
from flameblue.simulation.plan import make_plan
from flameblue.simulation.weather import Sky
from flameblue.simulation.world import World

WINTER_NIGHT_S = datetime.fromisoformat("2026-01-15T03:00:00+08:00").timestamp()
SUMMER_NOON_S = datetime.fromisoformat("2026-07-15T12:00:00+08:00").timestamp()
SPRING_S = datetime.fromisoformat("2026-04-10T18:00:00+08:00").timestamp()
WARMED_UP_S = 7_200.0


def small_world(*, seed: int = 1, begin_s: float = WINTER_NIGHT_S, sky: Sky | None = None) -> World:
    """Ten premises, warmed up for two hours, as the demo is by its backlog."""
    world = World(make_plan(10, seed), begin_s, sky=sky)
    world.advance(begin_s + WARMED_UP_S)
    return world


def limit(quantity: str, name: str) -> float:
    """A default limit, in the quantity's unit; of a current: as a fraction of the rating."""
    return float(default_limits()[quantity][name].value)


def number_of(world: World, premises: str, circuit: str) -> int:
    """The number of that circuit, which is one."""
    (found,) = world.find("", premises, circuit)
    return int(found)


def seconds_until(world: World, condition: "Condition", within_s: float) -> float:
    """Advances until `condition` holds for the world's measurements; AssertionError after `within_s`."""
    began_s = world.now_s
    while world.now_s - began_s <= within_s:
        if condition(world):
            return world.now_s - began_s
        world.advance(world.now_s + world.step_s)
    raise AssertionError(f"not within {within_s} s")


class Condition:
    """What `seconds_until` waits for: one measured value of one circuit (and phase) beyond a limit."""

    def __init__(self, name: str, place: int | tuple[int, int], at_least: float) -> None:
        self.name, self.place, self.at_least = name, place, at_least

    def __call__(self, world: World) -> bool:
        values: NDArray[np.float64] = getattr(world.measured(), self.name)
        return bool(values[self.place] >= self.at_least)
