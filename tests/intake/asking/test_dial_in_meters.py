"""Meters behind a 4G unit that dials in: asked as on any line, whatever else the unit sends. No sockets."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flameblue.intake.asking import dial_in
from flameblue.intake.asking.dial_in import DialIn, DialInMeters
from flameblue.intake.asking.metering import Question
from flameblue.intake.asking.round_trips import Failure, NoAnswer
from flameblue.intake.reception import Intake
from flameblue.profiles.loader import load
from tests.intake.asking.meters import Bus, Meter, framed, voltage
from tests.intake.asking.units import IMEI, Unit, know_units, port_for
from tests.intake.asking.world import OthersFirst

MODEL = """\
name: relay
protocol: dlt645
interval_s: 10
dlt645: {}
points:
  u: {quantity: voltage_v, scale: 0.1, item: {identifier: "02010100", bytes: 2}}
"""
METER, OTHER = "000000000161", "202208310002"
UNIT, VOLTAGE = 0x161, Question("02010100")


class MeterUnit(Unit):
    """A unit with a line of meters behind it."""

    def __init__(self, desk: DialIn, bus: Bus) -> None:
        super().__init__(desk)
        self.bus = bus

    def write(self, data: Any) -> None:
        answer = self.bus.hear(bytes(data))
        for piece in (self.before + answer[:7], answer[7:]) if answer else ():
            asyncio.get_running_loop().call_soon(self.says, piece)


@pytest.fixture
def port(desk: Intake, tmp_path: Path) -> DialIn:
    """It knows the unit IMEI by a meter behind it."""
    (tmp_path / "relay.yaml").write_text(MODEL, encoding="utf-8")
    know_units(desk, load(tmp_path / "relay.yaml"), {"a": f"dtu:{IMEI}?meter={METER}"})
    return port_for(desk, tmp_path)


@pytest.fixture
def bus() -> Bus:
    return Bus(Meter(METER, {"02010100": voltage(231.5), "0201FF00": bytes(range(30))}, frame_bytes=10))


@pytest.fixture
def dials(port: DialIn, bus: Bus) -> Callable[[], MeterUnit]:
    """A unit that has said its IMEI."""

    def dial() -> MeterUnit:
        unit = MeterUnit(port, bus)
        unit.says(IMEI.encode())
        return unit

    return dial


async def opened(port: DialIn) -> DialInMeters:
    line = port.meters(IMEI)
    await line.open()
    return line


async def test_a_meter_behind_a_unit_is_asked(port: DialIn, dials: Callable[[], MeterUnit], bus: Bus) -> None:
    dials()
    line = await opened(port)
    assert await line.read(UNIT, VOLTAGE, 1.0) == voltage(231.5)
    assert bus.woken == 4
    assert await line.read(UNIT, Question("0201FF00"), 1.0) == bytes(range(30)), "in three frames"


@pytest.mark.parametrize(
    "before",
    [
        b"ping",
        IMEI.encode(),
        b"\x68",
        bytes.fromhex("680000000000006891ff"),  # the start of a frame that has no end
        framed(OTHER, 0x91, bytes.fromhex("00010102") + voltage(1)),
        framed(METER, 0x91, bytes.fromhex("00020202") + voltage(1)),
    ],
)
async def test_what_is_no_answer_to_the_question_is_passed_over(
    port: DialIn, dials: Callable[[], MeterUnit], before: bytes
) -> None:
    unit = dials()
    line = await opened(port)
    unit.before = before
    for _ in range(3):
        unit.says(before)
        assert await line.read(UNIT, VOLTAGE, 1.0) == voltage(231.5)


async def test_another_meters_answer_is_told_apart_from_garbage(
    port: DialIn, dials: Callable[[], MeterUnit], bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dial_in, "MOBILE_S", 0.0)
    unit = dials()
    line = await opened(port)
    for said, failure in (
        (framed(OTHER, 0x91, bytes.fromhex("00010102") + voltage(1)), Failure.OTHER_ADDRESS),
        (framed(METER, 0x91, bytes.fromhex("00020202") + voltage(1)), Failure.OTHER_ANSWER),
        (b"ping", Failure.GARBLED),
    ):
        monkeypatch.setattr(bus, "hear", lambda _, said=said: unit.says(said))
        with pytest.raises(NoAnswer) as caught:
            await line.read(UNIT, VOLTAGE, 0.0)
        assert caught.value.failure is failure


async def test_a_refusal_is_an_answer(port: DialIn, dials: Callable[[], MeterUnit]) -> None:
    unit = dials()
    line = await opened(port)
    with pytest.raises(NoAnswer, match="no such data") as caught:
        await line.read(UNIT, Question("02020100"), 1.0)
    assert caught.value.failure is Failure.REFUSED
    assert (unit.is_cut, unit.connection.noise_bytes) == (False, 0)


async def test_a_unit_that_is_lost_while_it_is_asked_is_told(
    port: DialIn, dials: Callable[[], MeterUnit], bus: Bus
) -> None:
    bus.meters.clear()
    unit = dials()
    line = await opened(port)
    asked = asyncio.create_task(line.read(UNIT, VOLTAGE, 1_000.0))
    await OthersFirst()
    unit.vanish()
    with pytest.raises(NoAnswer) as caught:
        await asked
    assert caught.value.failure is Failure.LINE_LOST
