"""Modbus devices by pymodbus' own server, which no one here wrote, for the tests of asking."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from typing import Any, TypeVar

from pymodbus import FramerType
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from flameblue.intake.asking.addresses import Address
from flameblue.intake.protocols.dlt645.addresses import Converter
from tests.live.installation import HOST, free_port

FRAMERS = {"tcp": FramerType.SOCKET, "rtu": FramerType.RTU}
READY_S = 20.0
Action = Callable[..., Awaitable[ExcCodes | None]]
T = TypeVar("T")


def device(unit: int, registers: Mapping[int, int], action: Action | None = None) -> SimDevice:
    """A device with these registers and no others."""
    data = [SimData(at, values=word, datatype=DataType.REGISTERS) for at, word in sorted(registers.items())]
    return SimDevice(unit, simdata=data, action=action)


@asynccontextmanager
async def serving(devices: list[SimDevice], frames: str, **more: Any) -> AsyncIterator[Address]:
    """pymodbus' server with these devices."""
    port = free_port()
    server = ModbusTcpServer(devices, framer=FRAMERS[frames], address=(HOST, port), **more)
    await server.serve_forever(background=True)
    try:
        yield Address(HOST, port, frames)
    finally:
        await server.shutdown()


@contextmanager
def beside(work: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """What `work` gives, kept in an event loop of its own thread while the test waits for other things."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        made = asyncio.run_coroutine_threadsafe(work.__aenter__(), loop).result(READY_S)
        try:
            yield made
        finally:
            asyncio.run_coroutine_threadsafe(work.__aexit__(None, None, None), loop).result(READY_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(READY_S)
        loop.close()


class Dtu:
    """A 4G unit: a pipe between the port `ours` and the line `behind` (its bytes inside TCP), after its registration.

    Every `drops_every_s` its network is gone for a moment; `heartbeat` is sent twice a second.
    """

    def __init__(
        self, ours: int, behind: Address | Converter, registration: bytes, drops_every_s: float = 3_600.0
    ) -> None:
        self._ours, self._behind, self._registration = ours, behind, registration
        self._drops_every_s = drops_every_s
        self.drops = 0
        self.broken = 0  # by the other end

    async def serve(self) -> None:
        """Dials in again and again until it is cancelled."""
        while True:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(self._drops_every_s):
                    await self._connected()
            self.drops += 1
            await asyncio.sleep(0.3)

    async def _connected(self) -> None:
        centre = await asyncio.open_connection(HOST, self._ours)
        line = await asyncio.open_connection(self._behind.host, self._behind.port)
        try:
            centre[1].write(self._registration)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_carry(centre[0], line[1]))
                tasks.create_task(_carry(line[0], centre[1]))
                tasks.create_task(_beat(centre[1]))
        except* ConnectionError:
            self.broken += 1
        finally:
            centre[1].transport.abort()
            line[1].transport.abort()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(512):
        writer.write(data)
    raise ConnectionResetError


async def _beat(writer: asyncio.StreamWriter) -> None:
    while True:
        await asyncio.sleep(0.5)
        writer.write(b"ping")


@asynccontextmanager
async def dialling(dtu: Dtu) -> AsyncIterator[Dtu]:
    """The unit, while the block lasts."""
    task = asyncio.create_task(dtu.serve())
    try:
        yield dtu
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
