"""Devices that are asked over Modbus, by pymodbus' own server: TCP, and RTU frames inside TCP, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymodbus import FramerType
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer, ModbusTcpServer

from flameblue.domain.clock import SystemClock
from flameblue.domain.errors import WorldFailed
from flameblue.intake.asking.addresses import Address, AskedDevice, SerialPort
from flameblue.intake.asking.poller import Poller
from flameblue.intake.asking.round_trips import Failure
from flameblue.intake.asking.trying import asked
from flameblue.intake.asking.wire import ClientLine
from flameblue.intake.protocols import modbus_rtu
from flameblue.intake.reception import Intake
from flameblue.profiles.loader import Shelf, package_folder
from tests.intake.asking.models import model, point
from tests.intake.asking.world import exchange_s, know
from tests.intake.valley import MemorySink
from tests.live.desks import desk, sink
from tests.live.installation import HOST, free_port
from tests.live.modbus_devices import FRAMERS, device, serving
from tests.live.modbus_lines import VECTORS, cable, registers_of

__all__ = ["desk", "sink"]
pytestmark = pytest.mark.live
SHELF = Shelf(package_folder()).current()
WITHIN_S = 30.0
TWENTY = "".join(point(f"i{n}", f"address: {n}") for n in range(20))


@asynccontextmanager
async def polling(
    desk: Intake, where: Address | SerialPort, units: Mapping[str, int]
) -> AsyncIterator[Poller]:
    """The devices of a line, asked while the block lasts."""
    poller = Poller(desk, ClientLine(where), [AskedDevice(name, unit) for name, unit in units.items()])
    task = asyncio.create_task(poller.serve())
    try:
        yield poller
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("frames", sorted(FRAMERS))
@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
async def test_a_model_asked_once_measures_what_its_vector_lists(path: Path, frames: str) -> None:
    expected = json.loads(path.read_text(encoding="utf-8"))["readings"]
    async with serving([device(7, registers_of(path))], frames) as where:
        said = await asked(SHELF[path.stem], str(where), 7, SystemClock().now_ns())
    found = said["readings"]
    assert {one["point"]: one["value"] for one in found} == {
        key: value for key, (value, _) in expected.items()
    }
    assert "error" not in said


@pytest.mark.parametrize("frames", sorted(FRAMERS))
async def test_two_devices_of_a_line_are_asked_again_and_again(
    desk: Intake, sink: MemorySink, tmp_path: Path, frames: str
) -> None:
    know(desk, tmp_path, model(tmp_path, TWENTY, every=0.05), ["a", "b"])
    devices = [device(unit, {at: 100 * unit + at for at in range(20)}) for unit in (1, 2)]
    async with serving(devices, frames) as where, polling(desk, where, {"a": 1, "b": 2}) as poller:
        await sink.called(20)
    assert set(sink.values(1)) == {1000}
    assert set(sink.values(20)) == {1190}
    assert set(sink.values(21)) == {2000}
    assert poller.round_trips["a"].answered >= 9
    assert poller.round_trips["a"].failures.total() == 0


async def not_reached(*_arguments: Any) -> ExcCodes:
    """What a gateway does for a unit that it waited for in vain."""
    return ExcCodes.GATEWAY_NO_RESPONSE


@pytest.mark.parametrize("frames", sorted(FRAMERS))
@pytest.mark.parametrize("is_silent", [True, False])
async def test_a_unit_that_the_gateway_does_not_reach_costs_the_other_nothing_but_its_turn(
    desk: Intake, sink: MemorySink, tmp_path: Path, frames: str, is_silent: bool
) -> None:
    """A gateway says nothing of a unit that is gone, or says that it does not answer (exception 11)."""
    know(desk, tmp_path, model(tmp_path, TWENTY, every=0.05, modbus="{timeout_ms: 200}"), ["a", "gone"])
    unit_at = 0 if frames == "rtu" else 6

    def swallow(is_sent: bool, data: bytes) -> bytes:
        return b"" if is_silent and is_sent and data[unit_at] == 9 else data

    devices = [device(1, dict.fromkeys(range(20), 5)), device(9, dict.fromkeys(range(20), 6), not_reached)]
    async with (
        serving(devices, frames, trace_packet=swallow) as where,
        polling(desk, where, {"a": 1, "gone": 9}) as poller,
    ):
        await sink.connected(1)
    assert sink.connections == [(list(range(21, 41)), True)]
    assert poller.round_trips["a"].answered >= 30, "in the 3 s of waiting between the other's three turns"
    failure = Failure.TIME_OUT if is_silent else Failure.UNREACHED
    assert poller.round_trips["gone"].failures == {failure: 3}
    assert poller.round_trips["a"].failures.total() == 0


async def test_devices_on_a_serial_port_are_asked_with_the_silence_that_the_line_needs(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    know(desk, tmp_path, model(tmp_path, TWENTY, every=0.05), ["a", "b"])
    devices = [device(unit, {at: 100 * unit + at for at in range(20)}) for unit in (1, 2)]
    with cable() as (ours, theirs):
        server = ModbusSerialServer(devices, framer=FramerType.RTU, port=theirs, baudrate=9600)
        await server.serve_forever(background=True)
        port = SerialPort(ours)
        async with polling(desk, port, {"a": 1, "b": 2}) as poller:
            await sink.called(10)
        said = await asked(SHELF["lx47le-125"], f"serial:{ours}?baud=9600", 1, SystemClock().now_ns())
        await server.shutdown()
    assert (set(sink.values(1)), set(sink.values(40))) == ({1000}, {2190})
    assert poller.round_trips["b"].failures.total() == 0
    assert port.silence_s == pytest.approx(0.004, rel=0.01)
    assert any(one["value"] == 105.0 for one in said["readings"])


async def test_a_serial_port_that_is_not_there_is_told() -> None:
    with pytest.raises(WorldFailed, match="serial:/dev/no-such-port"):
        await ClientLine(SerialPort("/dev/no-such-port")).open()


async def test_an_answer_that_comes_too_late_is_nobody_elses(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    """RTU frames have no number: that of unit 9 arrives while unit 1 is asked for as many registers."""
    know(desk, tmp_path, model(tmp_path, TWENTY, every=0.02, modbus="{timeout_ms: 60}"), ["a", "late"])
    answers = {unit: modbus_rtu.codec.encode(unit, b"\x03\x28" + bytes([0, unit] * 20)) for unit in (1, 9)}
    late: list[asyncio.TimerHandle] = []
    is_left = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                unit = (await reader.readexactly(8))[0]
                delay_s = 0.1 if unit == 9 else 0.03
                late.append(asyncio.get_running_loop().call_later(delay_s, writer.write, answers[unit]))
        for one in late:
            one.cancel()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        is_left.set()

    server = await asyncio.start_server(answer, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        async with polling(desk, Address(HOST, port, "rtu"), {"a": 1, "late": 9}) as poller:
            await sink.connected(1)
        await is_left.wait()
    assert set(sink.values(1)) == {10}, "its own, whatever else came meanwhile"
    assert sink.values(21) == []
    assert poller.round_trips["late"].failures.total() == 3
    assert len(late) > 20


async def test_a_frame_with_a_wrong_crc_is_counted_as_one(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    know(desk, tmp_path, model(tmp_path, TWENTY, every=0.05, modbus="{timeout_ms: 100}"), ["a"])
    sent = 0

    def damage(is_sent: bool, data: bytes) -> bytes:
        nonlocal sent
        sent += is_sent
        return data[:-1] + bytes([data[-1] ^ 1]) if is_sent and sent == 2 else data

    devices = [device(1, dict.fromkeys(range(20), 5))]
    async with (
        serving(devices, "rtu", trace_packet=damage) as where,
        polling(desk, where, {"a": 1}) as poller,
    ):
        await sink.called(4)
    assert poller.round_trips["a"].failures == {Failure.GARBLED: 1}
    assert set(sink.values(1)) == {50}


async def test_a_server_that_is_started_again_is_found_again(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    know(desk, tmp_path, model(tmp_path, TWENTY, every=0.05, modbus="{timeout_ms: 200}"), ["a"])
    port = free_port()

    @asynccontextmanager
    async def server() -> AsyncIterator[None]:
        made = ModbusTcpServer([device(1, dict.fromkeys(range(20), 5))], address=(HOST, port))
        await made.serve_forever(background=True)
        try:
            yield
        finally:
            await made.shutdown()

    async with polling(desk, Address(HOST, port, "tcp"), {"a": 1}):
        async with server():
            await sink.called(2)
        before = sink.calls
        async with server():
            async with asyncio.timeout(WITHIN_S):
                await sink.called(before + 3)


@dataclass
class SlowLine:
    """The line behind a converter: one exchange after the other, each as long as its characters take."""

    baud: int
    free_from_s: float = 0.0
    busy_s: float = 0.0
    began_s: float = 0.0
    exchanges: int = 0

    async def carry(self, *arguments: Any) -> None:
        """What pymodbus calls for a request; the answer goes off when this returns."""
        loop, needed_s = asyncio.get_running_loop(), exchange_s(arguments[3], self.baud)
        now_s = loop.time()
        self.began_s = self.began_s or now_s
        self.free_from_s = max(now_s, self.free_from_s) + needed_s
        self.busy_s += needed_s
        self.exchanges += 1
        await asyncio.sleep(self.free_from_s - now_s)


async def test_a_hundred_detectors_are_asked_at_nine_tenths_of_what_9600_baud_allow(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    """20 registers of each, 60 characters of 10 bits: 62.5 ms an exchange, 6.25 s a round; two rounds are measured."""
    names = {f"d{unit}": unit for unit in range(1, 101)}
    know(desk, tmp_path, model(tmp_path, TWENTY, every=1), list(names))
    line = SlowLine(9600)
    devices = [device(unit, dict.fromkeys(range(20), unit), line.carry) for unit in names.values()]
    async with serving(devices, "rtu") as where, polling(desk, where, names) as poller:
        async with asyncio.timeout(3 * WITHIN_S):
            while line.exchanges < 200:
                await sink.called(sink.calls + 1)
        share = line.busy_s / (asyncio.get_running_loop().time() - line.began_s)
    print(f"{line.exchanges} exchanges, the line was busy {share:.1%} of the time")
    assert share >= 0.9
    assert min(trips.answered for trips in poller.round_trips.values()) >= 1
    assert not any(trips.failures for trips in poller.round_trips.values())
