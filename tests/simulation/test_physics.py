"""The heat of terminals and rooms, the leakage, the voltage."""

import numpy as np
import pytest

from flameblue.simulation import physics
from flameblue.simulation.loads import LIFT_K, SET_C
from flameblue.simulation.plan import make_plan
from flameblue.simulation.weather import SteadyWeather
from flameblue.simulation.world import World
from tests.simulation.valley import SUMMER_NOON_S, WINTER_NIGHT_S, small_world


@pytest.mark.parametrize("ambient_c", [-30.0, 0.0, 25.0])
@pytest.mark.parametrize("current_a", [0.0, 8.0, 16.0])
def test_a_terminal_settles_where_heat_in_and_heat_out_agree(ambient_c: float, current_a: float) -> None:
    k, tau_s = np.full((1, 3), 0.06), np.full((1, 3), 400.0)
    target = physics.terminal_target_c(np.array([ambient_c]), k, np.full((1, 3), current_a))
    temperature = np.full((1, 3), ambient_c)
    for _ in range(1_000):
        temperature = physics.towards(temperature, target, physics.share(10.0, tau_s))
    assert temperature == pytest.approx(np.full((1, 3), ambient_c + 0.06 * current_a**2), abs=1e-6)


def test_after_one_time_constant_63_percent_of_the_way_is_done_whatever_the_step() -> None:
    for steps in (1, 4, 40):
        value = np.zeros(1)
        for _ in range(steps):
            value = physics.towards(value, np.full(1, 100.0), physics.share(400.0 / steps, 400.0))
        assert value[0] == pytest.approx(100 * (1 - np.exp(-1)))


def test_the_terminals_of_the_world_follow_the_law_of_each_step() -> None:
    world = small_world()
    before = world.temperature_c.copy()
    world.advance(world.now_s + world.step_s)
    settled = world.ambient_c[:, None] + world.nature.k * world.current_a**2
    share = 1 - np.exp(-world.step_s / world.nature.terminal_tau_s)
    assert world.temperature_c == pytest.approx(before + (settled - before) * share)


def test_at_30_below_the_heaters_are_on_most_of_the_time_and_the_rooms_are_warm() -> None:
    world = small_world(sky=SteadyWeather(-30.0))
    heated = np.array([circuit.appliances.heater_w > 0 for _, circuit in world.circuits])
    on, rooms = [], []
    for _ in range(360):
        world.advance(world.now_s + 60)
        on.append(world.loads.heating[heated].mean())
        rooms.append(world.loads.room_c[heated])
    need = (np.mean(SET_C) + 30.0 - 2.0) / LIFT_K
    assert np.mean(on) == pytest.approx(need, abs=0.03)
    assert np.min(rooms) > 18.5
    assert np.max(rooms) < 23.5
    warm = small_world(sky=SteadyWeather(25.0), begin_s=SUMMER_NOON_S)
    assert not warm.loads.heating.any()


def test_heating_circuits_draw_more_in_winter_than_in_summer() -> None:
    cold, warm = (small_world(sky=SteadyWeather(outside_c)) for outside_c in (-30.0, 20.0))
    heating = [n for n, (_, circuit) in enumerate(cold.circuits) if circuit.name.endswith("房暖气")]
    assert heating
    assert cold.mean_square[heating].mean() > 20 * warm.mean_square[heating].mean()


def test_wet_insulation_leaks_more_than_dry_and_load_adds_a_little() -> None:
    nature = physics.draw_nature(np.full(4, 20.0), np.arange(4), np.random.default_rng(1))
    none, some = np.zeros((4, 3)), np.full((4, 3), 10.0)
    dry = physics.natural_leak_ma(nature, np.zeros(4), none, np.zeros(4))
    wet = physics.natural_leak_ma(nature, np.ones(4), none, np.zeros(4))
    loaded = physics.natural_leak_ma(nature, np.zeros(4), some, np.zeros(4))
    assert wet == pytest.approx(2.2 * dry)
    assert (dry > 5).all()
    assert loaded - dry == pytest.approx(np.full(4, 12.0))


def test_a_heavily_loaded_line_has_less_voltage() -> None:
    world = small_world(sky=SteadyWeather(-30.0))
    source = physics.source_v(world.now_s, np.zeros((3, 3, 3)))
    assert (np.abs(source - physics.SOURCE_V) <= physics.SOURCE_SWING_V).all()
    drop = world.nature.line_ohm[:, 0] * world.rating_a
    assert ((drop >= 3.0) & (drop <= 8.0)).all()


def test_a_live_circuit_never_reads_as_switched_off() -> None:
    world = small_world(begin_s=SUMMER_NOON_S)
    least = []
    for _ in range(24 * 60):
        world.advance(world.now_s + 60)
        least.append(world.measured().current_a.sum(axis=1).min())
    assert min(least) > 1.0  # the policy's zero is 0.2 A


def test_panels_of_one_building_stand_in_the_same_air() -> None:
    world = World(make_plan(10, 1), WINTER_NIGHT_S)
    by_building: dict[str, set[float]] = {}
    for number, (place, _) in enumerate(world.circuits):
        by_building.setdefault(place.name, set()).add(float(world.nature.shelter[number]))
    assert {len(shelters) for shelters in by_building.values()} == {1}
    assert len(set.union(*by_building.values())) == len(by_building)
