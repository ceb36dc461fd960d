"""The world: deterministic, and quiet while nothing is wrong."""

import numpy as np
import pytest

from flameblue.domain.errors import BadInput
from flameblue.simulation.plan import make_plan
from flameblue.simulation.world import World
from tests.simulation.valley import SPRING_S, SUMMER_NOON_S, WINTER_NIGHT_S, limit

WEEK_S = 7 * 86_400.0
STEP_S = 60.0


def everything(world: World) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    measured = world.measured()
    return [
        *(measured.leak_ma, measured.temperature_c, measured.current_a, measured.voltage_v),
        *(measured.ambient_c, world.loads.room_c, world.wet),
    ]


def test_the_same_seed_gives_the_same_world_and_another_one_does_not() -> None:
    worlds = [World(make_plan(10, seed), WINTER_NIGHT_S) for seed in (1, 1, 2)]
    for world in worlds:
        world.advance(WINTER_NIGHT_S + 3_600)
    one, same, other = (everything(world) for world in worlds)
    assert all(np.array_equal(left, right) for left, right in zip(one, same, strict=True))
    assert one[0].shape != other[0].shape or not np.array_equal(one[0], other[0])


def test_many_small_advances_are_one_large_one() -> None:
    whole, parts = (World(make_plan(10, 1), WINTER_NIGHT_S) for _ in range(2))
    whole.advance(WINTER_NIGHT_S + 1_000)
    for second in np.arange(0.0, 1_000.1, 3.7):
        parts.advance(WINTER_NIGHT_S + float(second))
    parts.advance(WINTER_NIGHT_S + 1_000)
    assert whole.now_s == parts.now_s
    assert all(np.array_equal(a, b) for a, b in zip(everything(whole), everything(parts), strict=True))


def test_looking_changes_nothing() -> None:
    seen, unseen = (World(make_plan(10, 1), WINTER_NIGHT_S) for _ in range(2))
    for second in range(0, 600, 10):
        seen.advance(WINTER_NIGHT_S + second)
        seen.measured()
    unseen.advance(seen.now_s)
    assert np.array_equal(seen.measured().current_a, unseen.measured().current_a)


def test_time_does_not_go_back() -> None:
    world = World(make_plan(10, 1), WINTER_NIGHT_S)
    world.advance(WINTER_NIGHT_S + 100)
    now_s, before = world.now_s, everything(world)
    world.advance(WINTER_NIGHT_S)
    assert world.now_s == now_s
    assert all(np.array_equal(a, b) for a, b in zip(before, everything(world), strict=True))


def test_a_place_that_does_not_exist_is_refused_by_name() -> None:
    world = World(make_plan(10, 1), WINTER_NIGHT_S)
    with pytest.raises(BadInput, match="没有这家"):
        world.find("", "没有这家", "")


@pytest.mark.parametrize(
    ("seed", "begin_s"),
    [(1, WINTER_NIGHT_S), (2, SPRING_S), (3, SUMMER_NOON_S), (4, WINTER_NIGHT_S), (5, SUMMER_NOON_S)],
)
def test_a_week_in_which_nothing_is_wrong_never_touches_a_default_limit(seed: int, begin_s: float) -> None:
    world = World(make_plan(50, seed), begin_s, step_s=STEP_S)
    rating = world.rating_a[:, None]
    most = {"leak": 0.0, "hot": -99.0, "load": 0.0, "high": 0.0, "low": 999.0}
    while world.now_s < begin_s + WEEK_S:
        world.advance(world.now_s + STEP_S)
        measured = world.measured()
        most["leak"] = max(most["leak"], float(measured.leak_ma.max()))
        most["hot"] = max(most["hot"], float(measured.temperature_c.max()))
        most["load"] = max(most["load"], float((measured.current_a / rating).max()))
        most["high"] = max(most["high"], float(measured.voltage_v.max()))
        most["low"] = min(most["low"], float(measured.voltage_v.min()))
    assert most["leak"] < limit("residual_current_ma", "over_warning")
    assert most["hot"] < limit("temperature_c", "over_warning")
    assert most["load"] < limit("current_a", "over_warning")
    assert most["high"] < limit("voltage_v", "over_warning")
    assert most["low"] > limit("voltage_v", "under_warning")
    assert most["leak"] > 30.0  # it is alive
    assert most["load"] > 0.5
