"""Each fault crosses its limit in the time that it states, stays until it is repaired, and ends."""

from pathlib import Path

import numpy as np
import pytest

from flameblue.domain.errors import BadInput
from flameblue.simulation import faults, scenarios
from flameblue.simulation.plan import make_plan
from flameblue.simulation.weather import SteadyWeather
from flameblue.simulation.world import PROBE_OPEN_C, World
from tests.simulation.valley import WINTER_NIGHT_S, Condition, limit, number_of, seconds_until, small_world

HEATED, HEATING = "松林客栈", "203房暖气"
WET, BATH = "白桦客栈", "浴室"


def test_a_wet_cable_leaks_at_once_between_350_and_420_ma_and_stays() -> None:
    world = small_world()
    world.inject(faults.WetCable(premises=WET, circuit=BATH, ma=382))
    number = number_of(world, WET, BATH)
    seen = []
    for _ in range(360):
        world.advance(world.now_s + 10)
        seen.append(world.measured().leak_ma[number])
    assert min(seen) >= 350
    assert max(seen) <= 420


def test_a_cable_that_gets_wet_slowly_warns_before_it_alarms() -> None:
    world = small_world()
    world.inject(faults.WetCable(premises=WET, circuit=BATH, ma=340, over_s=1_200))
    number = number_of(world, WET, BATH)
    warning = limit("residual_current_ma", "over_warning")
    alarm = limit("residual_current_ma", "over_alarm")
    to_warning_s = seconds_until(world, Condition("leak_ma", number, warning), 900)
    to_alarm_s = seconds_until(world, Condition("leak_ma", number, alarm), 600)
    assert to_warning_s > 480
    assert to_alarm_s > 120


@pytest.mark.parametrize("seed", range(1, 9))
def test_the_demo_s_loose_terminal_passes_55_and_70_degrees_within_20_minutes(seed: int) -> None:
    world = small_world(seed=seed)
    due = next(due for due in scenarios.load("demo").faults if isinstance(due.fault, faults.LooseTerminal))
    world.inject(due.fault)
    place = number_of(world, HEATED, HEATING), 1
    warning_s = seconds_until(
        world, Condition("temperature_c", place, limit("temperature_c", "over_warning")), 1_200
    )
    alarm_s = warning_s + seconds_until(
        world, Condition("temperature_c", place, limit("temperature_c", "over_alarm")), 1_200
    )
    assert warning_s > 120  # slowly
    assert alarm_s <= 1_200


def test_a_loose_terminal_is_hot_on_its_phase_alone_and_cold_without_load() -> None:
    world = small_world(sky=SteadyWeather(-25.0))
    world.inject(faults.LooseTerminal(premises=HEATED, circuit=HEATING, rise_k=110, over_s=240))
    world.advance(world.now_s + 1_800)
    number = number_of(world, HEATED, HEATING)
    assert world.temperature_c[number, 1] > 50 + world.temperature_c[number, [0, 2]].max()
    world.isolate(HEATED, HEATING)
    world.advance(world.now_s + 3_600)
    assert world.temperature_c[number] == pytest.approx(world.ambient_c[number], abs=0.1)


def test_a_terminal_is_never_hotter_than_a_terminal_can_be() -> None:
    world = small_world()
    world.inject(faults.LooseTerminal(premises=HEATED, circuit=HEATING, rise_k=5_000, over_s=0))
    world.advance(world.now_s + 3_600)
    assert world.temperature_c.max() <= 250.0


def test_an_overload_passes_the_rating_within_a_minute() -> None:
    world = small_world()
    world.inject(faults.Overload(premises=HEATED, circuit=BATH, phase="C", of_rating=1.15))
    number = number_of(world, HEATED, BATH)
    rating = world.rating_a[number]
    condition = Condition("current_a", (number, 2), rating * limit("current_a", "over_alarm"))
    assert seconds_until(world, condition, 60) <= 10
    for _ in range(30):
        world.advance(world.now_s + 10)
        assert world.measured().current_a[number, 2] > rating


def test_an_unplugged_probe_sends_the_profile_s_sentinel_at_the_next_reading() -> None:
    world = small_world()
    world.inject(faults.ProbeUnplugged(premises=HEATED, circuit=BATH, phase="C"))
    number = number_of(world, HEATED, BATH)
    temperature = world.measured().temperature_c[number]
    assert temperature[2] == PROBE_OPEN_C
    assert temperature[:2].min() > -40


def test_a_detector_without_power_is_dark_and_its_circuit_goes_on() -> None:
    world = small_world()
    world.inject(faults.PowerLoss(premises=HEATED, circuit=BATH))
    world.advance(world.now_s + 60)
    number = number_of(world, HEATED, BATH)
    assert world.measured().dark.nonzero()[0].tolist() == [number]
    assert world.current_a[number].sum() > 0


def test_an_outage_shows_zero_volts_first_then_darkness_and_ends_by_itself() -> None:
    world = small_world()
    world.inject(faults.Outage(site="禾木", lasts_s=600))
    hemu, elsewhere = world.site == 1, world.site != 1
    world.advance(world.now_s + 10)
    measured = world.measured()
    assert (measured.voltage_v[hemu] == 0).all()
    assert (measured.current_a[hemu] == 0).all()
    assert (measured.leak_ma[hemu] == 0).all()
    assert not measured.dark.any()
    world.advance(world.now_s + 60)
    assert world.measured().dark[hemu].all()
    assert not world.measured().dark[elsewhere].any()
    assert world.measured().voltage_v[elsewhere].min() > 198
    world.advance(world.now_s + 600)
    assert not world.measured().dark.any()
    assert world.measured().voltage_v.min() > 198


def test_a_wrong_clock_changes_times_and_no_values() -> None:
    right, wrong = small_world(), small_world()
    wrong.inject(faults.ClockOff(premises=HEATED, circuit=BATH, ahead_s=-7_200))
    for world in (right, wrong):
        world.advance(world.now_s + 100)
    number = number_of(wrong, HEATED, BATH)
    assert wrong.measured().clock_ahead_s[number] == -7_200
    assert np.count_nonzero(wrong.measured().clock_ahead_s) == 1
    assert np.array_equal(right.measured().current_a, wrong.measured().current_a)


def test_an_isolated_circuit_carries_nothing_and_leaks_nothing_but_has_voltage_before_the_switch() -> None:
    world = small_world()
    world.inject(faults.WetCable(premises=WET, circuit=BATH))
    world.isolate(WET, BATH)
    world.advance(world.now_s + 10)
    number = number_of(world, WET, BATH)
    measured = world.measured()
    assert measured.current_a[number].sum() == 0
    assert measured.leak_ma[number] == 0
    assert measured.voltage_v[number].min() > 198


def test_switched_on_without_a_repair_the_fault_is_still_there() -> None:
    world = small_world()
    world.inject(faults.WetCable(premises=WET, circuit=BATH, ma=382))
    world.isolate(WET, BATH)
    world.advance(world.now_s + 600)
    world.restore(WET, BATH)
    world.advance(world.now_s + 10)
    assert world.measured().leak_ma[number_of(world, WET, BATH)] > 300


@pytest.mark.parametrize("order", [("repair", "restore"), ("restore", "repair"), ("repair",)])
def test_after_a_repair_the_load_is_back_for_a_proof_and_the_value_is_clear(order: tuple[str, ...]) -> None:
    world = small_world()
    world.inject(faults.WetCable(premises=WET, circuit=BATH, ma=382))
    number = number_of(world, WET, BATH)
    at_alarm = 0.0
    for _ in range(4):
        world.advance(world.now_s + 10)
        at_alarm = max(at_alarm, float(world.measured().current_a[number].sum()))
    if len(order) > 1:
        world.isolate(WET, BATH)
        world.advance(world.now_s + 120)
    for do in order:
        getattr(world, do)(WET, BATH, 3_600)
    loads, leaks = [], []
    for _ in range(350):
        world.advance(world.now_s + 10)
        loads.append(world.measured().current_a[number].sum())
        leaks.append(world.measured().leak_ma[number])
    assert min(loads) >= 0.7 * at_alarm
    assert max(leaks) < limit("residual_current_ma", "over_warning")
    assert world.present == []


def test_a_load_test_never_overloads_the_circuit_and_ends() -> None:
    world = small_world()
    world.inject(faults.Overload(premises=HEATED, circuit=BATH, phase="A", of_rating=1.4))
    world.advance(world.now_s + 60)
    world.repair(HEATED, BATH, 600)
    world.advance(world.now_s + 10)
    number = number_of(world, HEATED, BATH)
    assert 0.75 < world.current_a[number, 0] / world.rating_a[number] < limit("current_a", "over_warning")
    world.advance(world.now_s + 3_600)
    assert world.current_a[number, 0] / world.rating_a[number] < 0.7


def test_a_repair_ends_the_faults_of_its_own_circuit_only() -> None:
    world = small_world()
    world.inject(faults.WetCable(premises=WET, circuit=BATH))
    world.inject(faults.LooseTerminal(premises=HEATED, circuit=HEATING))
    world.repair(WET, BATH)
    assert [type(one.fault) for one in world.present] == [faults.LooseTerminal]


def test_the_demo_leaks_within_45_seconds_and_heats_four_minutes_later() -> None:
    leak, heat = scenarios.load("demo").faults
    assert isinstance(leak.fault, faults.WetCable)
    assert leak.after_s + 2 * 10 <= 45
    assert isinstance(heat.fault, faults.LooseTerminal)
    assert heat.after_s - leak.after_s == 240


def test_every_scenario_on_disk_can_be_loaded_and_happens_in_the_valley() -> None:
    found = sorted(path.stem for path in scenarios.FOLDER.glob("*.yaml"))
    assert {"demo", "quiet", "everything", "outage"} <= set(found)
    world = World(make_plan(50, 1), WINTER_NIGHT_S)
    for name in found:
        scenario = scenarios.load(name)
        assert scenarios.possible(scenario, world) == scenario.faults
    kinds = {type(due.fault) for due in scenarios.load("everything").faults}
    assert kinds == set(faults.KINDS.values())


def test_the_faults_of_the_demo_happen_in_every_size_of_valley() -> None:
    scenario = scenarios.load("demo")
    for premises in (3, 5, 120):
        assert scenarios.possible(scenario, World(make_plan(premises, 1), WINTER_NIGHT_S)) == scenario.faults


def test_in_a_small_valley_what_has_no_place_is_left_out() -> None:
    world = World(make_plan(3, 1), WINTER_NIGHT_S)
    everything = scenarios.load("everything")
    assert 0 < len(scenarios.possible(everything, world)) < len(everything.faults)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("faults: [{fault: wet_cable}]", "after_s"),
        ("faults: [{after_s: 1, fault: dragon}]", "dragon"),
        ("faults: [{after_s: soon, fault: wet_cable}]", "soon"),
        ("faults: [{after_s: 1, fault: wet_cable, rise_k: 3}]", "rise_k"),
        ("faults: [{after_s: 1, fault: overload, phase: D}]", "phase"),
        ("fautls: []", "nothing else"),
        ("day: monday\nfaults: []", "monday"),
        ("faults: [", "not valid YAML"),
    ],
)
def test_a_wrong_scenario_is_refused_with_a_reason(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=what):
        scenarios.load(str(path))


def test_a_scenario_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadInput, match="can't be read"):
        scenarios.load("no-such")
