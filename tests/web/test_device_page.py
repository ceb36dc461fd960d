"""A device's own page: where it speaks from, and what it is asked."""

from datetime import datetime, timedelta

import pytest

from flameblue.domain.clock import to_ns
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet import commands, sources
from flameblue.fleet.models import AuditEntry, Device, DeviceCommand, Point
from flameblue.intake.device_commands import OPEN, Outcome, Told
from flameblue.intake.origins import Heard
from flameblue.web import words
from tests.cases.bench import Bench, Said
from tests.cast import Cast
from tests.intake.transmitter import state
from tests.web.readers import Reader


@pytest.fixture
def transmitter(cast: Cast) -> Device:
    return Device.objects.create(
        premises=cast.premises, name="用传1", profile="gb26875-generic", device_address="790300000000"
    )


def test_a_new_address_is_shown_and_accepted_by_who_is_on_duty(
    transmitter: Device, bolat: Reader, now: datetime
) -> None:
    page = f"/fleet/devices/{transmitter.pk}/"
    assert "none named: its first address is remembered" in bolat.sees(page)
    sources.keep_heard({"用传1": Heard("10.0.0.7", "203.0.113.9")}, now)
    assert "It speaks from the new address 203.0.113.9 since" in bolat.sees(page)
    said = bolat.presses(f"{page}address/", address="203.0.113.9")
    assert "用传1 may speak from 203.0.113.9." in said
    assert "new address" not in said
    assert "bolat accepted an address that it speaks from" in said.lower()
    assert AuditEntry.objects.latest("id").verb == "accepted address"
    again = bolat.presses(f"{page}address/", address="203.0.113.9")
    assert "That address does not wait any more." in again


def test_nobody_accepts_an_address_of_another_station(
    transmitter: Device, dana: Reader, now: datetime
) -> None:
    sources.keep_heard({"用传1": Heard("10.0.0.7", "203.0.113.9")}, now)
    answer = dana.client.post(f"/fleet/devices/{transmitter.pk}/address/", {"address": "203.0.113.9"})
    assert answer.status_code in (403, 404)
    assert sources.awaiting(transmitter) is not None


def test_where_networks_are_named_nothing_waits(transmitter: Device, bolat: Reader, now: datetime) -> None:
    sources.keep_heard({"用传1": Heard("10.0.0.7", "203.0.113.9")}, now)
    transmitter.networks = "10.0.0.0/8"
    transmitter.save()
    page = bolat.sees(f"/fleet/devices/{transmitter.pk}/")
    assert "Allowed networks 10.0.0.0/8" in page
    assert "203.0.113.9" not in page


def test_a_device_with_a_password_needs_no_address(cast: Cast, bolat: Reader) -> None:
    page = bolat.sees(f"/fleet/devices/{cast.ir.device_id}/")
    assert "its password or certificate is enough" in page


def asked(device: Device) -> DeviceCommand:
    return DeviceCommand.objects.filter(device=device).latest("id")


def component(device: Device, cast: Cast) -> None:
    Point.objects.create(
        device=device, key="1.17.2db83201.130", quantity="residual_current_ma", circuit=cast.circuit
    )


def comes_back(one: DeviceCommand, at: datetime, unit: str = "", outcome: Outcome = Outcome.DONE) -> None:
    """As the core writes it: sent at once, over three seconds later."""
    steps = [
        Told(one.pk, Outcome.SENT, to_ns(at)),
        Told(one.pk, outcome, to_ns(at + timedelta(seconds=3)), bytes.fromhex(unit)),
    ]
    commands.record(steps)


def test_the_state_of_a_component_is_asked_and_told_in_the_standards_words(
    transmitter: Device, cast: Cast, bolat: Reader, now: datetime
) -> None:
    component(transmitter, cast)
    page = f"/fleet/devices/{transmitter.pk}/"
    assert "Nothing was asked yet." in bolat.sees(page)
    said = bolat.presses(f"{page}ask/", kind="component_state", component="1.2db83201", system_address="1")
    assert "State of a component bolat on its way" in said
    assert asked(transmitter).arguments == {"system": 1, "system_address": 1, "component": "2db83201"}
    assert 'hx-trigger="every 2s"' in bolat.html(page)
    comes_back(asked(transmitter), now, state(6).hex())
    told = bolat.sees(f"{page}asked/")
    assert "answered residual current electrical fire detector 2db83201 · fire alarm, fault ·" in told
    assert "hx-trigger" not in bolat.html(f"{page}asked/")
    assert AuditEntry.objects.latest("id").verb == "asked component_state"


def test_one_thing_is_asked_at_a_time(transmitter: Device, bolat: Reader) -> None:
    page = f"/fleet/devices/{transmitter.pk}/"
    bolat.presses(f"{page}ask/", kind="device_state")
    said = bolat.presses(f"{page}ask/", kind="device_time")
    assert "Something else is being asked of this device; wait for its answer." in said
    assert asked(transmitter).kind == "device_state"


@pytest.mark.parametrize(
    ("kind", "unit", "told"),
    [
        ("set_clock", "", "answered confirmed"),
        ("duty_check", "18012001023a091a090c", "answered the key was pressed after 3 s"),
        ("device_state", "15010000070b0f011a", "no bit is set: not in normal operation, or a test"),
        (
            "device_state",
            "15014100070b0f011a",
            "normal monitoring, fault of a monitored line · 2026-01-15 11:07:00",
        ),
        ("device_version", "19010203", "answered 2.3"),
        ("device_configuration", "1a0104b5e7bbfa", "answered 电机"),
        ("device_time", "1c010d050b0f011a", "2026-01-15 11:05:13 ·"),
        ("device_operations", "1801200700070b0f011a", "answer to the duty check · operator 7"),
        ("device_operations", "1800", "nothing is recorded"),
        ("device_state", "1501", "It can't be read: 15 01"),
    ],
)
def test_each_answer_is_told_in_words(
    transmitter: Device, bolat: Reader, now: datetime, kind: str, unit: str, told: str
) -> None:
    page = f"/fleet/devices/{transmitter.pk}/"
    bolat.presses(f"{page}ask/", kind=kind, minutes="5", hours="24", records="20")
    comes_back(asked(transmitter), now, unit)
    assert told in bolat.sees(page)


@pytest.mark.parametrize("outcome", [one for one in Outcome if one not in OPEN])
def test_each_end_of_a_command_is_told_in_words(
    transmitter: Device, bolat: Reader, now: datetime, outcome: Outcome
) -> None:
    page = f"/fleet/devices/{transmitter.pk}/"
    bolat.presses(f"{page}ask/", kind="device_state")
    comes_back(asked(transmitter), now, "15010100070b0f011a", outcome)
    assert f"State of the device bolat {words.word(words.DEVICE_OUTCOMES, outcome)}" in bolat.sees(page)
    again = bolat.presses(f"{page}ask/", kind="device_time")
    assert "Time of the device bolat on its way" in again


def test_a_wrong_clock_is_offered_to_be_set(bench: Bench, transmitter: Device, bolat: Reader) -> None:
    component(transmitter, bench.cast)
    page = f"/fleet/devices/{transmitter.pk}/"
    assert "Its clock is wrong" not in bolat.sees(page)
    bench.say(Said(transmitter.points.get(), Level.FAULT, rule=Rule.CLOCK))
    assert "Its clock is wrong. Setting it may help" in bolat.sees(page)


def test_what_is_missing_or_not_offered_is_not_asked(transmitter: Device, bolat: Reader) -> None:
    page = f"/fleet/devices/{transmitter.pk}/"
    for said in (
        {"kind": "initialise"},
        {"kind": "duty_check", "minutes": "99"},
        {"kind": "component_state"},
    ):
        assert "A value is missing, or out of its range." in bolat.presses(f"{page}ask/", **said)
    assert not DeviceCommand.objects.exists()


def test_a_device_of_another_protocol_is_not_asked(cast: Cast, bolat: Reader) -> None:
    page = f"/fleet/devices/{cast.device.pk}/"
    assert "Ask the device" not in bolat.sees(page)
    bolat.presses(f"{page}ask/", kind="device_state")
    assert not DeviceCommand.objects.exists()
