"""DL/T 645 devices asked over real sockets and a serial line: simulated meters that were written from the standard."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from flameblue.domain.clock import SystemClock
from flameblue.domain.errors import WorldFailed
from flameblue.intake.asking.addresses import AskedDevice
from flameblue.intake.asking.meter_line import line
from flameblue.intake.asking.poller import Poller
from flameblue.intake.asking.trying import meter_asked
from flameblue.intake.protocols.dlt645.addresses import Converter, SerialPort
from flameblue.intake.protocols.dlt645.codec import Session
from flameblue.intake.reception import Intake
from flameblue.profiles.loader import Shelf, package_folder
from tests.intake.asking.meters import Bus, Meter, voltage
from tests.intake.asking.world import know
from tests.intake.valley import MemorySink
from tests.live.desks import desk, sink
from tests.live.installation import HOST
from tests.live.modbus_lines import cable

__all__ = ["desk", "sink"]
pytestmark = pytest.mark.live
VECTORS = sorted((Path(__file__).parents[1] / "vectors/dlt645_models").glob("*.json"))
SHELF = Shelf(package_folder()).current()
WITHIN_S = 30.0
MODEL = """\
name: relay
protocol: dlt645
interval_s: 0.05
dlt645: {timeout_ms: 300}
points:
  u: {quantity: voltage_v, scale: 0.1, item: {identifier: "02010100", bytes: 2}}
"""
ONE, TWO, GONE = "000000000161", "202208310002", "999999999998"


def relays(desk: Intake, folder: Path, *names: str) -> None:
    """The desk knows these devices of the model above."""
    (folder / "relay.yaml").write_text(MODEL, encoding="utf-8")
    know(desk, folder, Shelf(folder).current()["relay"], names)


def meter(address: str, volts: float) -> Meter:
    return Meter(address, {"02010100": voltage(volts)})


@asynccontextmanager
async def converter(bus: Bus, port: int = 0) -> AsyncIterator[Converter]:
    """A transparent converter before `bus`: bytes from the socket to the line and back, piece by piece."""
    writers: list[asyncio.StreamWriter] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(ConnectionError):
            while data := await reader.read(5):
                answer = bus.hear(data)
                for at in range(0, len(answer), 7):
                    writer.write(answer[at : at + 7])
                    await writer.drain()
        writer.close()

    server = await asyncio.start_server(carry, HOST, port)
    try:
        yield Converter(HOST, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


@asynccontextmanager
async def polling(desk: Intake, where: Converter | SerialPort, **meters: str) -> AsyncIterator[None]:
    """The devices of a line, asked while the block lasts."""
    asked = [AskedDevice(name, int(address, 16)) for name, address in meters.items()]
    task = asyncio.create_task(Poller(desk, line(where), asked).serve())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def bus_of(path: Path) -> Bus:
    """The devices that answered in a model's vector."""
    data = bytes.fromhex("".join(json.loads(path.read_text(encoding="utf-8"))["frames"]))
    answers = [frame for frame in Session().feed(data) if frame.control == 0x91]
    holds = {frame.data[:4][::-1].hex().upper(): frame.data[4:] for frame in answers}
    return Bus(Meter(answers[0].address, holds))


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
@pytest.mark.parametrize("is_named", [True, False])
async def test_a_model_asked_once_measures_what_its_vector_lists(path: Path, is_named: bool) -> None:
    expected = json.loads(path.read_text(encoding="utf-8"))["readings"]
    bus = bus_of(path)
    async with converter(bus) as where:
        meter = f"?meter={next(iter(bus.meters))}" if is_named else ""
        said = await meter_asked(SHELF[path.stem], f"{where}{meter}", SystemClock().now_ns())
    assert {one["point"]: one["value"] for one in said["readings"]} == {
        key: value for key, (value, _) in expected.items()
    }
    assert "error" not in said


async def test_two_meters_of_a_line_are_asked_again_and_again_and_one_that_is_gone_is_told(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    relays(desk, tmp_path, "a", "b", "gone")
    bus = Bus(meter(ONE, 231.5), meter(TWO, 229.9))
    async with converter(bus) as where, polling(desk, where, a=ONE, b=TWO, gone=GONE):
        await sink.connected(1)
    assert (set(sink.values(1)), set(sink.values(2)), sink.values(3)) == ({2315}, {2299}, [])
    assert sink.connections == [([3], True)]
    assert len(sink.values(1)) >= 9


async def test_a_converter_that_is_started_again_is_found_again(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    relays(desk, tmp_path, "a")
    bus = Bus(meter(ONE, 231.5))
    async with converter(bus) as where, polling(desk, where, a=ONE), asyncio.timeout(WITHIN_S):
        await sink.called(2)
    async with polling(desk, where, a=ONE), asyncio.timeout(WITHIN_S):
        before = sink.calls
        async with converter(bus, where.port):
            await sink.called(before + 3)
        async with converter(bus, where.port):
            await sink.called(before + 6)
    assert set(sink.values(1)) == {2315}


async def test_a_meter_on_a_serial_port_is_asked(desk: Intake, sink: MemorySink, tmp_path: Path) -> None:
    relays(desk, tmp_path, "a", "b")
    bus = Bus(meter(ONE, 231.5), meter(TWO, 229.9))
    with cable() as (ours, theirs):
        end = os.open(theirs, os.O_RDWR | os.O_NOCTTY)
        asyncio.get_running_loop().add_reader(end, lambda: os.write(end, bus.hear(os.read(end, 4096))))
        try:
            async with polling(desk, SerialPort(ours, 9600, "none"), a=ONE, b=TWO), asyncio.timeout(WITHIN_S):
                await sink.called(10)
        finally:
            asyncio.get_running_loop().remove_reader(end)
            os.close(end)
    assert (set(sink.values(1)), set(sink.values(2))) == ({2315}, {2299})
    assert bus.woken == 4


async def test_a_line_that_is_not_there_is_told() -> None:
    with pytest.raises(WorldFailed, match="serial:/dev/no-such-port is not reached"):
        await line(SerialPort("/dev/no-such-port")).open()
    async with converter(Bus()) as where:
        pass
    with pytest.raises(WorldFailed, match=f"{where} is not reached"):
        await line(where).open()
