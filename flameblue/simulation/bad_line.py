"""A device's end of a TCP connection, as good or as bad as its `LineFaults`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any

from flameblue.domain.errors import WorldFailed
from flameblue.simulation.device import Address, LineLost, Surroundings
from flameblue.simulation.line_faults import LineFaults, spoil

READ_BYTES = 4_096
LOOPBACK = "127.0.0.1"
CONNECT_WITHIN_S = 10.0

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


class BadLine:
    """One connection. Frames are sent one after the other, whatever their pieces take."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, who: str, around: Surroundings
    ) -> None:
        kind, _, _ = who.partition("/")
        self.faults: LineFaults = around.faults_of(kind)
        self._reader, self._writer, self._counts = reader, writer, around.counts
        self._chance = Random(f"{around.seed}/{who}")
        self._one_at_a_time = asyncio.Lock()

    async def send(self, frame: bytes, *, checked: bool) -> bool:
        """Whether `frame` left as it was; LineLost where the other end is gone."""
        spoilt = spoil(frame, self.faults, self._chance, checked=checked)
        self._counts.spoilt += spoilt.is_changed
        async with self._one_at_a_time:
            for pause_s, data in spoilt.pieces:
                if pause_s:
                    await asyncio.sleep(pause_s)
                if self._writer.is_closing():
                    raise LineLost("the line was lost")
                self._writer.write(data)
                await self._writer.drain()
        return spoilt.is_whole

    async def read(self) -> bytes:
        """The next bytes; LineLost where the other end is gone."""
        data = await self._reader.read(READ_BYTES)
        if not data:
            raise LineLost("the other end closed the line")
        return data

    async def last(self) -> None:
        """LineLost when the line has lasted as long as it does; without an end to it, never."""
        if not self.faults.drop_every_s:
            await asyncio.Event().wait()
        await asyncio.sleep(self.faults.drop_every_s)
        raise LineLost("the line broke, as it does")

    async def close(self) -> None:
        """Ends the connection without a word, as a radio link that is gone."""
        self._writer.transport.abort()
        with suppress(OSError):
            await self._writer.wait_closed()


@asynccontextmanager
async def dialled(address: Address, who: str, around: Surroundings) -> AsyncIterator[BadLine]:
    """A line to `address` of `who`, which is its kind, a stroke and its name."""
    async with asyncio.timeout(CONNECT_WITHIN_S):
        reader, writer = await asyncio.open_connection(address.host, address.port)
    line = BadLine(reader, writer, who, around)
    try:
        yield line
    finally:
        await line.close()


async def until_one_ends(*works: Coroutine[Any, Any, None]) -> None:
    """All at once; when the first ends, or fails, so do the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in done:
        task.result()


@asynccontextmanager
async def relayed(address: Address, name: str, kind: str, around: Surroundings) -> AsyncIterator[Address]:
    """Where a client that has its own sockets reaches `address` over a bad line; `address` itself where it is good."""
    faults = around.faults_of(kind)
    if not (faults.split or faults.delayed or faults.drop_every_s):
        yield address
        return

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back = BadLine(reader, writer, f"good/{name}", around)
        try:
            async with dialled(address, f"{kind}/{name}", around) as there:
                await until_one_ends(_pump(back, there), _pump(there, back), there.last())
        except OSError:
            pass  # whoever dialled through here hears it from his own end
        finally:
            await back.close()

    async with listening(Address(LOOPBACK, 0), relay) as server:
        host, port = server.sockets[0].getsockname()
        yield Address(host, port)


@asynccontextmanager
async def listening(address: Address, serve: Serve) -> AsyncIterator[asyncio.Server]:
    """A server whose connections end with it. WorldFailed where the port can't be had."""
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    try:
        server = await asyncio.start_server(accept, address.host, address.port)
    except OSError as error:
        raise WorldFailed(f"{address.host}:{address.port} can't be listened at: {error.strerror}.") from error
    try:
        yield server
    finally:
        server.close()
        open_ones = list(tasks)
        for task in open_ones:
            task.cancel()
        if open_ones:
            await asyncio.wait(open_ones)


async def _pump(one: BadLine, other: BadLine) -> None:
    while True:
        await other.send(await one.read(), checked=False)
