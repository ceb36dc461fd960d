"""Which lines there are, and who is asked on each: worked out of the registry."""

from pathlib import Path

import pytest

from flameblue.intake.asking import grouping
from flameblue.intake.asking.addresses import Address, AskedDevice, DialIn, SerialPort
from flameblue.intake.asking.grouping import Asked, NotAsked, asked, units
from flameblue.intake.reception import Intake
from tests.intake.asking.models import model, point
from tests.intake.asking.units import IMEI, know_units


def found(desk: Intake, folder: Path, *, dial_in: bool = True, **addresses: str) -> Asked:
    profile = model(folder, point("ir", "address: 0"))
    know_units(desk, profile, addresses)
    return asked(desk.directory, {profile.name: profile}, dial_in=dial_in)


def test_devices_are_grouped_by_their_line(desk: Intake, tmp_path: Path) -> None:
    said = found(
        desk,
        tmp_path,
        b="tcp://192.0.2.7:502?unit=2",
        a="tcp://192.0.2.7:502?unit=1",
        c="rtu://192.0.2.7:502?unit=1",
        d=f"dtu:{IMEI}?unit=1",
        e="serial:/dev/ttyS1?baud=19200&unit=9",
    )
    assert said.lines == {
        Address("192.0.2.7", 502, "tcp"): [AskedDevice("a", 1), AskedDevice("b", 2)],
        Address("192.0.2.7", 502, "rtu"): [AskedDevice("c", 1)],
        DialIn(IMEI): [AskedDevice("d", 1)],
        SerialPort("/dev/ttyS1", 19200): [AskedDevice("e", 9)],
    }
    assert (said.devices, said.refused) == (5, {})


def test_who_can_not_be_asked_is_told_why_and_holds_up_nobody(desk: Intake, tmp_path: Path) -> None:
    said = found(
        desk,
        tmp_path,
        dial_in=False,
        a="serial:/dev/ttyS1?unit=1",
        b="serial:/dev/ttyS1?parity=even&unit=2",
        c="",
        d="790300000000",
        e=f"dtu:{IMEI}?unit=1",
    )
    assert said.lines == {SerialPort("/dev/ttyS1"): [AskedDevice("a", 1)]}
    assert {name: (one.why, one.said) for name, one in said.refused.items()} == {
        "b": (NotAsked.PORT_DIFFERS, "Another device says serial:/dev/ttyS1 of the same port."),
        "c": (NotAsked.NO_ADDRESS, "It has no address on the line."),
        "d": (NotAsked.WRONG_ADDRESS, "'790300000000' does not say the device's number: add ?unit=1."),
        "e": (NotAsked.NO_DIAL_IN, "There is no port for 4G units (modbus_dial_in.port is 0)."),
    }


def test_those_of_other_protocols_and_of_no_model_are_not_looked_at(desk: Intake, tmp_path: Path) -> None:
    profile = model(tmp_path, point("ir", "address: 0"))
    know_units(desk, profile, {"a": "tcp://192.0.2.7:502?unit=1"})
    assert asked(desk.directory, {}, dial_in=True) == Asked()
    assert asked(desk.directory, {"relay": desk.profiles["flameblue-generic"]}, dial_in=True) == Asked()


def test_beyond_the_limits_devices_are_told(
    desk: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = {f"d{n}": f"tcp://192.0.2.{n // 2}:502?unit={n % 2}" for n in range(6)}
    monkeypatch.setattr(grouping, "ASKED_LINES_MAX", 2)
    said = found(desk, tmp_path, **addresses)
    assert set(said.refused) == {"d4", "d5"}
    assert said.refused["d5"] == (NotAsked.TOO_MANY, "There are 2 lines already.")
    monkeypatch.setattr(grouping, "ASKED_DEVICES_MAX", 3)
    said = found(desk, tmp_path, **addresses)
    assert (said.devices, said.refused["d3"].said) == (3, "3 devices are asked already.")


def test_the_units_of_the_registry_are_known(desk: Intake, tmp_path: Path) -> None:
    found(desk, tmp_path, a=f"dtu:{IMEI}?unit=1", b=f"dtu:{IMEI}?unit=2", c="tcp://192.0.2.7:502?unit=1")
    profile = model(tmp_path, point("ir", "address: 0"))
    assert set(units(desk.directory, {profile.name: profile})) == {IMEI}
