"""Simulated devices that report unasked, before ends that refuse and hang up: the same again until it is taken."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from flameblue.domain.clock import SystemClock
from flameblue.intake.protocols import gb26875
from flameblue.intake.protocols.gb26875 import numbers
from flameblue.intake.protocols.gb26875.codec import Frame, encode
from flameblue.simulation.bad_line import listening
from flameblue.simulation.device import Address, Reporting
from flameblue.simulation.line_faults import NO_FAULTS, LineFaults
from flameblue.simulation.measuring import sample_of
from flameblue.simulation.places import Wishes
from flameblue.simulation.plan import make_plan, with_devices
from flameblue.simulation.run import Course, Running
from flameblue.simulation.world import World
from tests.live.installation import HOST, free_port
from tests.live.test_simulation import background, until

pytestmark = pytest.mark.live
WITHIN_S = 20.0
End = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def one_device(kind: str, end: End, faults: LineFaults = NO_FAULTS) -> AsyncIterator[Running]:
    """One detector of a kind with two samples, before the other `end` of its connections."""
    port = free_port()
    world = World(with_devices(make_plan(3, 1), 1), SystemClock().now_ns() / 1e9)
    wishes = Wishes(HOST, {kind: port}, ((kind, ""),))
    valley = Running(world, wishes, Course(backlog_s=0, lines={kind: faults}), SystemClock())
    for place in range(2):
        now_ms = SystemClock().now_ns() // 1_000_000
        valley.detectors[0].take(sample_of(world.measured(), 0, now_ms + 10_000 * place))

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await end(reader, writer)
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    async with (
        listening(Address(HOST, port), served),
        background(valley.speakers[0].speak(valley.connected)),
    ):
        yield valley


def waiting(valley: Running) -> int:
    """How many samples nobody has acknowledged."""
    device = valley.detectors[0]
    assert isinstance(device, Reporting)
    return len(device.outbox.samples)


async def frames(reader: asyncio.StreamReader) -> AsyncIterator[Frame]:
    session = gb26875.PLUGIN.session()
    while data := await reader.read(4_096):
        for frame in session.feed(data):
            assert isinstance(frame, Frame)
            yield frame


def reply(frame: Frame, command: int) -> bytes:
    """As a centre says it."""
    return encode(
        frame._replace(source=frame.destination, destination=frame.source, command=command, unit=b"")
    )


async def test_a_denied_frame_comes_again_as_it_was_and_a_confirmed_one_never() -> None:
    came: list[Frame] = []

    async def centre(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for frame in frames(reader):
            came.append(frame)
            times = came.count(frame)
            writer.write(
                reply(frame._replace(serial=frame.serial - 1), numbers.ACKNOWLEDGE)
            )  # of the one before
            writer.write(reply(frame, numbers.ACKNOWLEDGE if times == 3 else numbers.DENY))

    async with one_device("gb26875", centre) as valley:
        await until(lambda: waiting(valley) == 0, WITHIN_S, "all is confirmed")
        assert [came.count(frame) for frame in dict.fromkeys(came)] == [3, 3]
        assert [frame.serial for frame in dict.fromkeys(came)] == [1, 2]
        assert (valley.counts.repeated, valley.counts.acknowledged) == (4, 2)


async def test_a_frame_whose_line_broke_comes_on_the_next_one_with_its_serial_number() -> None:
    came: list[Frame] = []

    async def centre(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for frame in frames(reader):
            came.append(frame)
            if came.count(frame) < 2:
                return
            writer.write(reply(frame, numbers.ACKNOWLEDGE))

    async with one_device("gb26875", centre) as valley:
        await until(lambda: waiting(valley) == 0, WITHIN_S, "all is confirmed")
        assert [came.count(frame) for frame in dict.fromkeys(came)] == [2, 2]
        assert valley.counts.connected == 3


async def request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """The next one's first line, and its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
    length = next(line for line in head.splitlines() if line.lower().startswith("content-length:"))
    return head.splitlines()[0], await reader.readexactly(int(length.partition(":")[2]))


async def test_a_cloud_sends_a_message_until_it_is_taken_and_now_and_then_once_more() -> None:
    came: list[bytes] = []
    lines: set[str] = set()

    async def other_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            line, body = await request(reader)
            lines.add(line)
            came.append(body)
            status = "503 Not Now" if came.count(body) == 1 else "200 OK"
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode("ascii"))

    async with one_device("push", other_end, LineFaults(duplicated=1.0)) as valley:
        await until(lambda: len(came) == 6, WITHIN_S, "twice, and once more")
        assert [came.count(body) for body in dict.fromkeys(came)] == [3, 3]
        assert lines == {f"POST /intake/v1/{valley.detectors[0].name} HTTP/1.1"}
        messages = [json.loads(body) for body in dict.fromkeys(came)]
        assert len({message["id"] for message in messages}) == 2
        assert [message["t"] for message in messages] == sorted(message["t"] for message in messages)
        assert valley.counts.acknowledged == 2
