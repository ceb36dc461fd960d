"""Transmitters of GB/T 26875.3 that mean no good, in a process of their own: `… KIND PORT 0 COUNT`."""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta

from tests.intake.transmitter import Transmitter, value
from tests.live.hostile_clients import (
    NICE,
    Crowd,
    Hostile,
    Kind,
    again_and_again,
    hear,
    main,
    send_on,
    so_many_a_second,
    write_unread,
)

GARBAGE_BYTES = 1 << 20
RESIDUAL_CURRENT_MA = 130  # Four-Faith's number
UNKNOWN = b"\xfe" * 6
CHINA = timedelta(hours=8)


def known(number: int) -> Transmitter:
    """T0 is the healthy one."""
    return Transmitter((number + 1).to_bytes(6, "little"))


def reading(raw: int) -> bytes:
    """A residual current of this moment, in mA."""
    now = datetime.now(UTC) + CHINA
    label = (now.second, now.minute, now.hour, now.day, now.month, now.year - 2000)
    return value(raw, RESIDUAL_CURRENT_MA, time=label)


async def halve(crowd: Crowd, number: int) -> None:
    """Half a frame, byte by byte, that never ends."""
    reader, writer = await crowd.line()
    cut = asyncio.ensure_future(reader.read())
    for byte in known(number).frame(reading(1))[:-3]:
        writer.write(bytes([byte]))
        await asyncio.wait([cut], timeout=crowd.draw.uniform(0.1, 0.5))
        if cut.done():
            break
    crowd.done["cut off"] += cut.done()
    cut.cancel()
    writer.close()


async def spill(crowd: Crowd, number: int) -> None:
    """A megabyte of anything, with start marks and plausible lengths in it, then a frame."""
    reader, writer = await crowd.line()
    heard = asyncio.ensure_future(hear(reader))
    pieces = [crowd.draw.randbytes(997) + b"@@" for _ in range(GARBAGE_BYTES // 999)]
    writer.write(b"".join(pieces) + known(number).frame(reading(1)))
    crowd.done["written"] += 1
    await writer.drain()
    await asyncio.wait([heard], timeout=1.0)
    heard.cancel()
    writer.close()


async def turn_deaf(crowd: Crowd, number: int) -> None:
    """Sends what is denied, again and again, and does not read the denials."""
    device = known(number)
    await write_unread(crowd, b"", lambda: b"".join(device.frame(b"\2\1") for _ in range(64)))


async def pour(crowd: Crowd, number: int) -> None:
    """Good frames, as fast as they are taken."""
    reader, writer = await crowd.line()
    device = known(number)
    await send_on(crowd, reader, writer, b"".join(device.frame(reading(raw)) for raw in range(64)))


async def knock(crowd: Crowd, _: int) -> None:
    """A stranger, who is denied."""
    reader, writer = await crowd.line()
    writer.write(Transmitter(UNKNOWN).frame(reading(1)))
    answer = await reader.read(30)
    crowd.done["denied" if answer[26:27] == b"\6" else f"answered {answer!r}"] += 1
    writer.close()


KINDS: dict[str, Kind] = {
    "halving": (again_and_again, halve),
    "spilling": (again_and_again, spill),
    "deaf": (again_and_again, turn_deaf),
    "pouring": (again_and_again, pour),
    "knocking": (so_many_a_second, knock),
}


class HostileTransmitters(Hostile):
    """The process of one crowd, from inside a test."""

    module = "tests.live.hostile_transmitters"


if __name__ == "__main__":
    os.nice(NICE)
    asyncio.run(main(KINDS[sys.argv[1]], *(int(word) for word in sys.argv[2:5])))
