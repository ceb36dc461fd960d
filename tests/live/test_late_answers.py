"""A device that stalls once, and then answers what it was asked meanwhile, over real sockets and a serial port.

Its two registers are read by two questions whose answers look alike: the late one must not become the other's.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pymodbus.transport.serialtransport import create_serial_connection

from flameblue.config import ModbusDialIn
from flameblue.intake.asking.addresses import Address, AskedDevice, SerialPort
from flameblue.intake.asking.dial_in import MOBILE_S, DialIn
from flameblue.intake.asking.poller import Poller
from flameblue.intake.asking.wire import ClientLine, Line
from flameblue.intake.protocols import modbus_rtu
from flameblue.intake.protocols.modbus_rtu.codec import encode
from flameblue.intake.reception import Intake
from flameblue.profiles.loader import Shelf
from tests.intake.asking.models import model, point
from tests.intake.asking.units import IMEI, know_units
from tests.intake.valley import MemorySink
from tests.live.desks import desk, sink
from tests.live.installation import HOST, free_port
from tests.live.modbus_lines import cable

__all__ = ["desk", "sink"]
pytestmark = pytest.mark.live
REGISTERS = {0: 250, 100: 12}
TIMEOUT_S, AGAIN_S = 0.3, 1.0
APART_S = 0.15  # two turns of an RS-485 line
SOON_S = 0.02
STALLS_AT = 5  # the question that it does not answer in time: the first one of its third turn
WITHIN_S = 40.0


class Stalling(asyncio.Protocol):
    """The device. The question STALLS_AT, and those after it, wait until `stall_s` is over."""

    def __init__(self, stall_s: float, hello: bytes = b"") -> None:
        self._stall_s, self._hello = stall_s, hello
        self._free_from_s = 0.0
        self._answers: list[asyncio.TimerHandle] = []
        self._session = modbus_rtu.PLUGIN.session()
        self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        for frame in self._session.feed(data):
            self.asked += 1
            loop = asyncio.get_running_loop()
            word = REGISTERS[int.from_bytes(frame.pdu[1:3], "big")]
            answer = encode(frame.address, bytes([frame.pdu[0], 2]) + word.to_bytes(2, "big"))
            stall_s = self._stall_s if self.asked == STALLS_AT else SOON_S
            at_s = max(loop.time() + stall_s, self._free_from_s)
            self._free_from_s = at_s + (APART_S if self.asked >= STALLS_AT else 0.0)
            self._answers.append(loop.call_at(at_s, self._transport.write, answer))

    def connection_lost(self, _error: Exception | None) -> None:
        for one in self._answers:
            one.cancel()


@asynccontextmanager
async def converter(_desk: Intake) -> AsyncIterator[Line[Any, Any]]:
    far = Stalling(TIMEOUT_S + AGAIN_S + 0.05)
    server = await asyncio.get_running_loop().create_server(lambda: far, HOST, 0)
    async with server:
        yield ClientLine(Address(HOST, server.sockets[0].getsockname()[1], "rtu"))


@asynccontextmanager
async def serial(_desk: Intake) -> AsyncIterator[Line[Any, Any]]:
    with cable() as (ours, theirs):
        loop, far = asyncio.get_running_loop(), Stalling(TIMEOUT_S + AGAIN_S + 0.05)
        transport, _ = await create_serial_connection(loop, lambda: far, theirs, 9600, 8, "N", 1)
        yield ClientLine(SerialPort(ours))
        transport.close()


@asynccontextmanager
async def dialled_in(desk: Intake) -> AsyncIterator[Line[Any, Any]]:
    where = free_port()
    port = DialIn(desk, ModbusDialIn(host=HOST, port=where))
    task = asyncio.create_task(port.serve())
    await port.started.wait()
    far = Stalling(TIMEOUT_S + MOBILE_S + AGAIN_S + 0.05, IMEI.encode())
    await asyncio.get_running_loop().create_connection(lambda: far, HOST, where)
    yield port.line(IMEI)
    await _ended(task)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("far", [converter, serial, dialled_in])
async def test_an_answer_that_comes_late_is_no_other_registers(
    desk: Intake, sink: MemorySink, tmp_path: Path, far: Any
) -> None:
    points = point("a", "address: 0") + point("b", "address: 100")
    profile = model(tmp_path, points, modbus=f"{{timeout_ms: {TIMEOUT_S * 1000:g}}}", every=0.5)
    know_units(desk, profile, {"d": f"dtu:{IMEI}?unit=17"})
    desk.shelf = Shelf(tmp_path)
    desk.look_at_profiles()
    async with AsyncExitStack() as stack:
        line = await stack.enter_async_context(far(desk))
        poller = Poller(desk, line, [AskedDevice("d", 17)])
        task = asyncio.create_task(poller.serve())
        async with asyncio.timeout(WITHIN_S):
            while len(sink.values(2)) < 6:
                await asyncio.sleep(0.1)
        await _ended(task)
    assert poller.round_trips["d"].failures.total() == 1, "it stalled once"
    assert (set(sink.values(1)), set(sink.values(2))) == ({2500}, {120})
