"""Simulated devices that are asked, over real sockets and bad lines: nothing but what was measured is ever read."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from itertools import pairwise
from typing import Any

import pytest

from flameblue.domain.clock import SystemClock
from flameblue.domain.errors import WorldFailed
from flameblue.intake.asking.poller import asked_once
from flameblue.intake.asking.wire import Address, ClientLine
from flameblue.intake.protocols import dlt645, modbus_pdu, modbus_rtu
from flameblue.intake.protocols.dlt645 import codec as dlt645_codec
from flameblue.intake.protocols.modbus_rtu import codec as rtu_codec
from flameblue.simulation import fleet
from flameblue.simulation.bad_line import listening
from flameblue.simulation.device import Address as Place
from flameblue.simulation.kinds import KINDS
from flameblue.simulation.line_faults import LineFaults
from flameblue.simulation.measuring import sample_of
from flameblue.simulation.places import Wishes
from flameblue.simulation.plan import make_plan
from flameblue.simulation.run import Course, Running
from flameblue.simulation.world import World
from tests.live.installation import HOST, free_port

pytestmark = pytest.mark.live
BAD = LineFaults(split=0.4, corrupted=0.15, duplicated=0.15, garbage=0.15)
WITHIN_S = 20.0
TOLD = list[tuple[str, int, Mapping[str, Any]]]


@asynccontextmanager
async def speaking(kind: str, port: int, told: TOLD, faults: LineFaults) -> AsyncIterator[Running]:
    """Five cabins whose devices are all of one kind and have just measured; their servers, if any, are there."""
    world = World(make_plan(5, 1), SystemClock().now_ns() / 1e9)
    course = Course(
        backlog_s=0,
        lines={kind: faults},
        told=lambda name, at_ms, values, _: told.append((name, at_ms, values)),
    )
    valley = Running(world, Wishes(HOST, {kind: port}, ((kind, ""),)), course, SystemClock())
    for number, device in enumerate(valley.detectors):
        device.take(sample_of(world.measured(), number, SystemClock().now_ns() // 1_000_000))
    tasks = [asyncio.ensure_future(speaker.speak(valley.connected)) for speaker in valley.speakers]
    try:
        yield valley
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def reached(port: int) -> None:
    """The server that was about to listen does."""
    deadline = asyncio.get_running_loop().time() + WITHIN_S
    while True:
        with closing(socket.socket()) as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.02)


async def test_modbus_units_are_read_by_pymodbus() -> None:
    port, told = free_port(), TOLD()
    profile = KINDS["modbus"].profile("")
    async with speaking("modbus", port, told, LineFaults(split=0.5)) as valley:
        await reached(port)
        for unit in range(1, len(valley.detectors) + 1):
            samples, missing = await asked_once(ClientLine(Address(HOST, port, "tcp")), profile, unit)
            assert missing == {}
            (sample,) = samples
            device, _, values = told[-1]
            assert device == valley.detectors[unit - 1].name
            assert {key: profile.points[key].scale * raw for key, raw in sample.values.items()} == values


async def test_a_dark_unit_is_one_that_the_gateway_does_not_reach() -> None:
    port, told = free_port(), TOLD()
    async with speaking("modbus", port, told, LineFaults()) as valley:
        await reached(port)
        valley.detectors[0].lose_power()
        line = ClientLine(Address(HOST, port, "tcp"))
        _, missing = await asked_once(line, KINDS["modbus"].profile(""), 1)
        assert all("exception 11" in why for why in missing.values())
        assert missing


async def test_of_a_bad_converter_line_only_what_was_measured_is_read() -> None:
    port, told = free_port(), TOLD()
    async with speaking("dlt645", port, told, BAD) as valley:
        await reached(port)
        reader, writer = await asyncio.open_connection(HOST, port)
        session = dlt645.PLUGIN.session()
        heard: list[dlt645_codec.Frame] = []
        question = bytes.fromhex("02900100")[::-1]
        places = [place for _, place in fleet.places(make_plan(5, 1), Wishes(turns=(("dlt645", ""),)))]
        for turn in range(150):
            writer.write(dlt645_codec.encode(places[turn % len(places)].meter, 0x11, question))
            await asyncio.sleep(0.01)
        deadline = asyncio.get_running_loop().time() + WITHIN_S
        while len(told) < 100 or len(heard) < len(told):
            assert asyncio.get_running_loop().time() < deadline
            heard += session.feed(await reader.read(4_096))
        writer.transport.abort()
        names = {place.meter: place.name for place in places}
        said: dict[str, set[int]] = {}  # a slow machine takes longer than from one sample to the next
        for name, _, values in told:
            said.setdefault(name, set()).add(round(values["ir"]))
        assert said.keys() == {device.name for device in valley.detectors}
        for frame in heard:
            assert int(frame.data[4:][::-1].hex()) in said[names[frame.address]]
        assert valley.counts.spoilt > 60


async def test_a_dtu_says_its_imei_answers_and_comes_back_when_its_line_breaks() -> None:
    port, told = free_port(), TOLD()
    came: dict[str, list[float]] = {}
    registers: dict[str, set[tuple[int, ...]]] = {}
    clock = SystemClock()

    async def centre(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        imei = (await reader.readexactly(15)).decode("ascii")
        came.setdefault(imei, []).append(clock.monotonic_s())
        session = modbus_rtu.PLUGIN.session()
        while True:
            writer.write(rtu_codec.encode(1, bytes((3, 0, 0, 0, 0x1C))))
            async with asyncio.timeout(WITHIN_S):
                data = await reader.read(4_096)
            if not data:
                return
            for frame in session.feed(data):
                found = modbus_pdu.decode(frame.pdu, answer=True)
                registers.setdefault(imei, set()).add(found.fields["register_values"][:1])
            await asyncio.sleep(0.05)

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await centre(reader, writer)
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    faults = LineFaults(split=0.4, corrupted=0.15, duplicated=0.15, garbage=0.15, drop_every_s=1.5)
    async with listening(Place(HOST, port), served), speaking("dtu", port, told, faults) as valley:
        deadline = clock.monotonic_s() + WITHIN_S
        while min((len(times) for times in came.values()), default=0) < 3:
            assert clock.monotonic_s() < deadline
            await asyncio.sleep(0.1)
        assert len(came) == len(valley.detectors)
        assert all(later - earlier < 5 for times in came.values() for earlier, later in pairwise(times))
        said = {(round(values["ir"]),) for _, _, values in told}
        assert set.union(*registers.values()) <= said


async def test_a_port_that_is_taken_is_told() -> None:
    port = free_port()
    with socket.create_server((HOST, port)):
        world = World(make_plan(3, 1), SystemClock().now_ns() / 1e9)
        wishes = Wishes(HOST, {"modbus": port}, (("modbus", ""),))
        valley = Running(world, wishes, Course(backlog_s=0), SystemClock())
        with pytest.raises(WorldFailed, match="can't be listened at"):
            await valley.speakers[0].speak(valley.connected)
