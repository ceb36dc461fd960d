"""What a detector sends, keeps and forgets."""

import json

import numpy as np
import pytest

from flameblue.intake.payloads import flameblue as payload
from flameblue.profiles.loader import Shelf, package_folder
from flameblue.simulation import faults, registry
from flameblue.simulation.detector import SAMPLES_PER_MESSAGE, encoded
from flameblue.simulation.device import OUTBOX_MAX, Counts, Outbox
from flameblue.simulation.measuring import sample_of
from tests.simulation.valley import number_of, small_world


def test_a_detector_sends_exactly_the_points_of_its_profile() -> None:
    profile = Shelf(package_folder()).current()[registry.PROFILE]
    sample = sample_of(small_world().measured(), 0, 1_000)
    assert set(sample["v"]) == set(profile.points)


def test_an_unplugged_probe_sends_a_value_that_the_profile_knows_as_open() -> None:
    world = small_world()
    world.inject(faults.ProbeUnplugged(premises="白桦客栈", circuit="浴室", phase="B"))
    profile = Shelf(package_folder()).current()[registry.PROFILE]
    sample = sample_of(world.measured(), number_of(world, "白桦客栈", "浴室"), 1_000)
    assert sample["v"]["tb"] in profile.points["tb"].open_at


def test_values_are_plain_numbers_within_what_is_plausible() -> None:
    profile = Shelf(package_folder()).current()[registry.PROFILE]
    measured = small_world().measured()
    for number in range(len(measured.leak_ma)):
        for key, value in sample_of(measured, number, 0)["v"].items():
            quantity = profile.points[key].quantity
            assert type(value) is float
            assert quantity.plausible_min <= value <= quantity.plausible_max


def test_a_wrong_clock_shows_in_the_time_alone() -> None:
    world = small_world()
    world.inject(faults.ClockOff(premises="白桦客栈", circuit="浴室", ahead_s=3_600))
    number = number_of(world, "白桦客栈", "浴室")
    assert sample_of(world.measured(), number, 1_000)["t"] == 1_000 + 3_600_000
    assert sample_of(world.measured(), number - 1, 1_000)["t"] == 1_000


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_sent_is_read_back_by_our_own_format(count: int) -> None:
    measured = small_world().measured()
    samples = [sample_of(measured, 0, place) for place in range(count)]
    found = payload.PLUGIN.parse("", encoded(samples))
    assert [one.t_ms for one in found] == list(range(count))
    assert [one.values for one in found] == [sample["v"] for sample in samples]


def test_one_message_has_a_bounded_size() -> None:
    outbox = Outbox(Counts())
    measured = small_world().measured()
    for place in range(3 * SAMPLES_PER_MESSAGE):
        outbox.add(sample_of(measured, 0, place))
    head = outbox.head(SAMPLES_PER_MESSAGE)
    assert [sample["t"] for sample in head] == list(range(SAMPLES_PER_MESSAGE))
    assert len(encoded(head)) < 16_384
    assert len(json.loads(encoded(head))) == SAMPLES_PER_MESSAGE


def test_a_sample_stays_until_it_is_acknowledged() -> None:
    outbox = Outbox(Counts())
    outbox.add({"t": 1, "v": {}})
    sent = outbox.head(SAMPLES_PER_MESSAGE)
    outbox.add({"t": 2, "v": {}})
    assert outbox.head(SAMPLES_PER_MESSAGE)[0] is sent[0]
    outbox.acknowledged(sent)
    assert [sample["t"] for sample in outbox.samples] == [2]
    assert outbox.filled.is_set()
    outbox.acknowledged(outbox.head(SAMPLES_PER_MESSAGE))
    assert not outbox.filled.is_set()


def test_a_full_outbox_drops_the_oldest_and_says_so() -> None:
    counts = Counts()
    outbox = Outbox(counts)
    for place in range(5):
        outbox.add({"t": place, "v": {}})
    sent = outbox.head(SAMPLES_PER_MESSAGE)
    for place in range(5, OUTBOX_MAX + 3):
        outbox.add({"t": place, "v": {}})
    assert counts.dropped == 3
    assert outbox.samples[0]["t"] == 3
    outbox.acknowledged(sent)
    assert [sample["t"] for sample in list(outbox.samples)[:2]] == [5, 6]


def test_noise_is_bounded() -> None:
    world = small_world()
    for _ in range(200):
        world.advance(world.now_s + 10)
        measured = world.measured()
        assert np.abs(measured.temperature_c - world.temperature_c).max() < 0.2501
        assert np.abs(measured.voltage_v - world.voltage_v).max() < 0.6251
