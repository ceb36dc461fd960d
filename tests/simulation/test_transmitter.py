"""What a simulated transmitter of GB/T 26875.3 says, as the standard and the profile read it."""

from datetime import UTC, datetime
from random import Random

import pytest

from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.readings import Mark
from flameblue.intake.decode import DeviceEntry, Message, decode
from flameblue.intake.payloads.gb26875_unit.codec import topic
from flameblue.intake.protocols.gb26875 import numbers, objects
from flameblue.intake.protocols.gb26875.codec import Frame
from flameblue.intake.protocols.gb26875.fields import text, time_label
from flameblue.profiles.loader import Shelf, package_folder
from flameblue.simulation import faults, transmitter
from flameblue.simulation.kinds import KINDS
from flameblue.simulation.measuring import Sample, sample_of
from flameblue.simulation.transmitter import SAMPLES_PER_FRAME, Transmitter, as_sent
from tests.simulation.valley import number_of, small_world

NOW_MS = 1_768_417_200_000  # 2026-01-15 03:00 in China
CENTRE = bytes((0x38, 0x5B, 1, 0, 0, 0))
BATH = {"premises": "白桦客栈", "circuit": "浴室"}
PROFILE = Shelf(package_folder()).current()[KINDS["gb26875"].model]
QUANTITY = {"ir": "residual_current_ma", "ta": "temperature_c", "tb": "temperature_c", "tc": "temperature_c"}
NUMBERS = {transmitter.STATE_KEY: 1} | {
    transmitter.key(name): 2 + place for place, name in enumerate(transmitter.ANALOGUES)
}
POINTS = {transmitter.STATE_KEY: (1, QUANTITIES["residual_current_ma"])} | {
    transmitter.key(name): (NUMBERS[transmitter.key(name)], QUANTITIES[QUANTITY[name]])
    for name in transmitter.ANALOGUES
}


@pytest.fixture
def device() -> Transmitter:
    return Transmitter(bytes((2, 0, 1, 0, 0xAA, 5)), "浴室")


def samples(count: int, fault: faults.Fault | None = None) -> list[Sample]:
    """Of one circuit, ten seconds apart."""
    world = small_world()
    number = number_of(world, BATH["premises"], BATH["circuit"])
    if fault is not None:
        world.inject(fault)
    found = []
    for place in range(count):
        world.advance(world.now_s + 10)
        found.append(sample_of(world.measured(), number, NOW_MS + 10_000 * place + 123))
    return found


def unit(frame: Frame) -> objects.Unit:
    found = objects.read(frame.unit)
    assert found is not None
    return found


def asked(flag: int, *items: object, command: int = numbers.REQUEST) -> Frame:
    """A centre's question or command."""
    written = objects.written(objects.unit(flag, *items))
    return Frame(
        9, 1, 1, time_label(datetime.fromisoformat("2026-01-15T03:00")), CENTRE, bytes(6), command, written
    )


def test_a_component_s_state_comes_first_and_then_the_values(device: Transmitter) -> None:
    waiting = samples(3)
    first = device.next_report(waiting, NOW_MS)
    assert (first.frame.command, unit(first.frame).flag, first.samples) == (numbers.SEND, 2, ())
    (state,) = unit(first.frame).objects
    assert (state.component, state.state, text(state.text)) == (17, 1, "浴室")
    device.bits = first.bits
    second = device.next_report(waiting, NOW_MS)
    assert second.samples == waiting
    assert unit(second.frame).flag == 3
    assert second.frame.serial == first.frame.serial + 1


def test_the_values_are_read_as_they_were_sent(device: Transmitter) -> None:
    waiting = samples(3)
    device.bits = 1
    report = device.next_report(waiting, NOW_MS)
    entry = DeviceEntry("D1", PROFILE.name, "", POINTS)
    message = Message(topic(report.frame.unit), report.frame.unit)
    found = decode(entry, PROFILE, message, (NOW_MS + 60_000) * 1_000_000)
    assert found.rejects == ()
    expected = {
        (NUMBERS[key], at_ms * 1_000_000, round(value * POINTS[key][1].steps_per_unit))
        for at_ms, values in map(as_sent, waiting)
        for key, value in values.items()
        if value is not None
    }
    rows = {(int(row["point"]), int(row["at_ns"]), int(row["value"])) for row in found.readings}
    assert rows == expected
    assert len(found.readings) == 3 * len(transmitter.ANALOGUES)


def test_an_unplugged_probe_is_a_fault_and_no_temperature(device: Transmitter) -> None:
    (sample,) = samples(1, faults.ProbeUnplugged(**BATH, phase="B"))
    state = device.next_report([sample], NOW_MS)
    assert state.bits == 1 | 4
    device.bits = state.bits
    report = device.next_report([sample], NOW_MS)
    entry = DeviceEntry("D1", PROFILE.name, "", POINTS)
    found = decode(entry, PROFILE, Message(topic(report.frame.unit), report.frame.unit), NOW_MS * 1_000_000)
    (row,) = [row for row in found.readings if row["point"] == NUMBERS[transmitter.key("tb")]]
    assert (row["value"], row["marks"] & Mark.SENSOR_OPEN) == (NO_VALUE, Mark.SENSOR_OPEN)
    assert as_sent(sample)[1][transmitter.key("tb")] is None


def test_a_leak_is_a_fire_in_the_component_s_state_until_it_is_over(device: Transmitter) -> None:
    well, leaking = samples(1), samples(1, faults.WetCable(**BATH, ma=400))
    device.bits = 1
    fire = device.next_report(leaking, NOW_MS)
    assert fire.bits == 1 | 2
    device.bits = fire.bits
    assert unit(device.next_report(leaking, NOW_MS).frame).flag == 3
    over = device.next_report(well, NOW_MS)
    assert (over.bits, unit(over.frame).flag) == (1, 2)


def test_a_frame_has_at_most_the_objects_that_the_standard_allows(device: Transmitter) -> None:
    waiting = samples(1) * 40
    device.bits = 1
    report = device.next_report(waiting, NOW_MS)
    assert len(report.samples) == SAMPLES_PER_FRAME
    assert unit(report.frame).object_count <= objects.KINDS[3].count_max


@pytest.mark.parametrize(("flag", "answer"), [(81, 21), (85, 25), (86, 26), (88, 28)])
def test_what_a_centre_asks_the_device_is_answered(device: Transmitter, flag: int, answer: int) -> None:
    (said,) = device.answers(asked(flag, objects.Reserved()), NOW_MS)
    assert (said.serial, said.command, said.destination) == (9, numbers.ANSWER, CENTRE)
    assert unit(said).flag == answer


def test_the_state_of_a_component_is_told_and_that_of_another_denied(device: Transmitter) -> None:
    device.bits = 1 | 2
    (said,) = device.answers(asked(62, objects.ReadComponent(129, 1, transmitter.COMPONENT_ADDRESS)), NOW_MS)
    assert unit(said).objects[0].state == 3
    (denied,) = device.answers(asked(62, objects.ReadComponent(129, 1, bytes(4))), NOW_MS)
    assert denied.command == numbers.DENY


def test_a_clock_that_was_set_goes_on_from_there(device: Transmitter) -> None:
    wanted = datetime.fromisoformat("2026-01-15T04:30")
    command = asked(90, objects.DeviceTime(time_label(wanted)), command=numbers.CONTROL)
    (said,) = device.answers(command, NOW_MS)
    assert said.command == numbers.ACKNOWLEDGE
    assert device.clock(NOW_MS + 5_000) == time_label(wanted.replace(second=5))


def test_somebody_is_on_duty(device: Transmitter) -> None:
    confirm, key = device.answers(asked(91, objects.DutyCheck(10), command=numbers.CONTROL), NOW_MS)
    assert (confirm.serial, confirm.command) == (9, numbers.ACKNOWLEDGE)
    assert (key.command, unit(key).flag) == (numbers.SEND, 24)
    assert unit(key).objects[0].operation == 1 << 5


def test_what_it_does_not_know_is_denied_and_what_ends_an_exchange_is_not_answered(
    device: Transmitter,
) -> None:
    (denied,) = device.answers(asked(89, objects.Reserved()), NOW_MS)
    assert denied.command == numbers.DENY
    for command in (numbers.ACKNOWLEDGE, numbers.DENY, numbers.SEND, numbers.ANSWER):
        assert device.answers(asked(81, objects.Reserved(), command=command), NOW_MS) == []


def test_no_bytes_of_a_centre_make_it_fall(device: Transmitter) -> None:
    chance = Random(1)
    for _ in range(2_000):
        frame = asked(81, objects.Reserved(), command=chance.choice((numbers.CONTROL, numbers.REQUEST)))
        data = bytes([chance.randrange(256), chance.randrange(3)]) + chance.randbytes(chance.randrange(12))
        assert device.answers(frame._replace(unit=data), NOW_MS)


def test_a_time_label_is_china_s_time() -> None:
    at = datetime.fromtimestamp(NOW_MS / 1_000, UTC)
    assert (at.hour, transmitter.label(NOW_MS)) == (19, bytes((0, 0, 3, 15, 1, 26)))
