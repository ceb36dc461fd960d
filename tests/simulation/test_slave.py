"""Simulated Modbus units of every model: what they answer is read back by the model as what was measured."""

from collections.abc import Mapping

import pytest

from flameblue.intake.asking import answers
from flameblue.intake.asking.blocks import planned, wanted
from flameblue.intake.protocols import modbus_pdu
from flameblue.intake.protocols.modbus_pdu import Pdu
from flameblue.profiles.loader import Profile, ProfilePoint, Shelf, package_folder
from flameblue.simulation import faults, slave
from flameblue.simulation.measuring import Sample, sample_of
from tests.simulation.valley import number_of, small_world

MODELS = {name: one for name, one in Shelf(package_folder()).current().items() if one.modbus is not None}
BATH = {"premises": "白桦客栈", "circuit": "浴室"}


def sample(*present: faults.Fault) -> Sample:
    world = small_world()
    for fault in present:
        world.inject(fault)
    world.advance(world.now_s + 10)
    return sample_of(world.measured(), number_of(world, BATH["premises"], BATH["circuit"]), 0)


def asked(function: int, start: int, count: int) -> bytes:
    """A request as MODBUS Application Protocol V1.1b3, 6.3, lays it out."""
    return bytes([function]) + start.to_bytes(2, "big") + count.to_bytes(2, "big")


def read(profile: Profile, measured: Sample) -> Mapping[str, object]:
    """One turn of the poller's questions, answered."""
    assert profile.modbus is not None
    registers = slave.registers_of(profile, slave.values_of(profile, measured))
    came = []
    keys: set[str] = set()
    for block in planned(profile.modbus, wanted(profile, profile.points)):
        said = slave.answer(profile, registers, asked(block.function, block.address, block.words))
        found = modbus_pdu.decode(said.pdu, answer=True)
        came.append((block, found.fields["register_values"]))
        keys |= set(said.keys)
    one = answers.sample(profile, answers.image(came))
    assert keys == set(slave.measuring(profile))
    return {"values": one.values, "states": one.states}


def step(point: ProfilePoint) -> float:
    assert point.register is not None
    return 1e-3 * 240 if point.register.type == "f32" else point.scale


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_model_reads_what_was_measured(name: str) -> None:
    profile, measured = MODELS[name], sample()
    values = slave.values_of(profile, measured)
    found = read(profile, measured)["values"]
    assert isinstance(found, dict)
    assert found.keys() == profile.points.keys()
    for key, raw in found.items():
        point = profile.points[key]
        assert point.register is not None
        least = point.offset if point.register.type.startswith("u") else values[key]  # it knows no frost
        expected = max(values[key], least)
        assert raw * point.scale + point.offset == pytest.approx(expected, abs=step(point)), key
        assert raw * point.scale + point.offset == pytest.approx(slave.as_read(point, values[key])), key


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_leak_is_an_alarm_of_each_model_that_has_one_and_of_its_residual_current_alone(name: str) -> None:
    profile = MODELS[name]
    leaks = {
        key for key, point in slave.measuring(profile).items() if point.quantity.name == "residual_current_ma"
    }
    alarming = {
        key
        for key in leaks
        if any("alarm" in words for one in profile.points[key].states for words in one.meanings.values())
    }
    for fault, expected in (((), set()), ((faults.WetCable(**BATH, ma=400),), alarming)):
        states = read(profile, sample(*fault))["states"]
        assert isinstance(states, dict)
        assert {key for key, words in states.items() if "alarm" in words} == expected
        assert not any("fault" in words for words in states.values())


def test_some_model_has_an_alarm_of_its_own() -> None:
    states = read(MODELS["acrel-asj10l"], sample(faults.WetCable(**BATH, ma=400)))["states"]
    assert states == {"ir": ["alarm"]}


@pytest.mark.parametrize(
    ("pdu", "code"),
    [
        (asked(4, 0, 1), slave.ILLEGAL_ADDRESS),
        (asked(3, 0x40, 1), slave.ILLEGAL_ADDRESS),
        (asked(3, 0x1B, 2), slave.ILLEGAL_ADDRESS),
        (asked(3, 0, 126), slave.ILLEGAL_VALUE),
        (asked(3, 0, 0), slave.ILLEGAL_VALUE),
        (asked(1, 0, 1), slave.ILLEGAL_FUNCTION),
        (
            modbus_pdu.encode(Pdu(6, False, {"register_address": 1, "register_value": 1})),
            slave.ILLEGAL_FUNCTION,
        ),
        (b"\x63", slave.ILLEGAL_FUNCTION),
    ],
)
def test_what_can_t_be_read_is_refused_with_the_standard_s_reason(pdu: bytes, code: int) -> None:
    profile = MODELS["acrel-asj10l"]
    registers = slave.registers_of(profile, slave.values_of(profile, sample()))
    said = slave.answer(profile, registers, pdu)
    assert (said.pdu, said.keys) == (bytes((pdu[0] | 0x80, code)), ())
