"""Clients that mean no good, in a process of their own: `… KIND PORT SECONDS RATE SEED`.

Prints what was done, as JSON: how many connections of which sort were opened, and how many of them failed to open.
RATE: connections a second for `knocking` and `shaking`, else how many are kept open at once.
"""

import asyncio
import json
import os
import random
import socket
import ssl
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tests.intake.mqtt_packets import DISCONNECT, Client, packet, publish, subscribe
from tests.intake.valley import CREDENTIAL
from tests.live.installation import HOST

NICE = 10  # they would not run on our machine: what they take must not count as the endpoint's
ANSWER_S = 30.0
DEVICES = 1_000
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST


@dataclass
class Crowd:
    """What the clients of one run share."""

    port: int
    until_s: float
    rate: float
    draw: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def over(self) -> bool:
        return asyncio.get_running_loop().time() >= self.until_s

    def name(self) -> str:
        return f"D{self.draw.randrange(DEVICES)}"

    async def line(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.done["opened"] += 1
        try:
            return await asyncio.open_connection(HOST, self.port)
        except OSError:
            self.done["failed"] += 1
            raise


Visit = Callable[[Crowd], Awaitable[None]]


def hello(crowd: Crowd, **more: object) -> bytes:
    name = crowd.name()
    return Client(
        **{"client_id": f"{name}-{crowd.draw.random()}", "user": name, "password": CREDENTIAL, **more}
    ).connect()


async def crawl(crowd: Crowd) -> None:
    """A CONNECT byte by byte that never ends."""
    reader, writer = await crowd.line()
    cut = asyncio.ensure_future(reader.read())
    for byte in hello(crowd)[:-1]:
        writer.write(bytes([byte]))
        done, _ = await asyncio.wait([cut], timeout=crowd.draw.uniform(0.2, 2.0))
        if done or crowd.over():
            break
    crowd.done["cut off" if cut.done() else "left"] += 1
    await gone(cut, writer)


async def fall_silent(crowd: Crowd) -> None:
    """Presents itself, promises a word every second, and says nothing more."""
    reader, writer = await crowd.line()
    writer.write(hello(crowd, keep_alive_s=1))
    crowd.done["welcome"] += 1
    await until_closed(crowd, reader, writer)


async def turn_deaf(crowd: Crowd) -> None:
    """Asks and asks, and does not read the answers."""
    loop = asyncio.get_running_loop()
    crowd.done["opened"] += 1
    crowd.done["welcome"] += 1
    questions = subscribe(1, *(f"t{number}" for number in range(2_000))) * 20
    with socket.socket() as line:
        line.setblocking(False)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        with suppress(ConnectionError, TimeoutError):
            await loop.sock_connect(line, (HOST, crowd.port))
            await loop.sock_sendall(line, hello(crowd, keep_alive_s=1))
            async with asyncio.timeout(max(0.1, crowd.until_s - loop.time())):
                while True:
                    await loop.sock_sendall(line, questions)


async def knock(crowd: Crowd) -> None:
    """One short visit: good, with a wrong credential, with garbage, without a word, or slammed shut."""
    sort = crowd.draw.choice(("good", "good", "wrong", "unknown", "garbage", "nothing", "slammed"))
    crowd.done[sort] += 1
    reader, writer = await crowd.line()
    if sort == "good":
        topic = "flameblue/v1/{}/readings"
        name = crowd.name()
        writer.write(Client(f"v{crowd.draw.random()}", name, CREDENTIAL).connect())
        writer.write(publish(topic.format(name), b'{"v":{"ir":1}}', 1) + DISCONNECT)
    elif sort == "wrong":
        writer.write(hello(crowd, password="not this one"))
    elif sort == "unknown":
        writer.write(hello(crowd, user="nobody"))
    elif sort == "garbage":
        writer.write(b"\x00" + crowd.draw.randbytes(crowd.draw.randrange(1, 400)))
    elif sort == "slammed":
        crowd.draw.random()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    if sort in ("nothing", "slammed"):
        writer.close()
        return
    async with asyncio.timeout(ANSWER_S):
        with suppress(ConnectionError):
            answer = await reader.read()
            crowd.done["acknowledged"] += sort == "good" and len(answer) == 8
    writer.close()


async def shake(crowd: Crowd) -> None:
    """A TLS handshake, and away."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    crowd.done["opened"] += 1
    async with asyncio.timeout(ANSWER_S):
        _, writer = await asyncio.open_connection(HOST, crowd.port, ssl=context)
        writer.transport.abort()


async def flood(crowd: Crowd) -> None:
    """Lets itself in and sends rubbish as fast as it is taken: no payload of it can be read."""
    reader, writer = await crowd.line()
    crowd.done["welcome"] += 1
    name = crowd.name()
    writer.write(Client(f"f{crowd.draw.random()}", name, CREDENTIAL).connect())
    heard = asyncio.ensure_future(reader.read())
    for number in range(1, 60_000):
        if crowd.over() or heard.done():
            break
        rubbish = crowd.draw.randbytes(crowd.draw.randrange(300))
        topic = f"flameblue/v1/{name}/readings" if number % 3 else f"rubbish/{crowd.draw.randrange(10**6)}"
        writer.write(publish(topic, rubbish, number))
        crowd.done["messages"] += 1
        with suppress(ConnectionError):
            await writer.drain()
    writer.write(packet(0x00, b"and now something that is no packet"))
    crowd.done["garbage"] += 1
    await until_closed(crowd, reader, writer, heard)


async def until_closed(
    crowd: Crowd,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    heard: "asyncio.Future[bytes] | None" = None,
) -> None:
    """Until the endpoint closes the line."""
    heard = heard or asyncio.ensure_future(reader.read())
    done, _ = await asyncio.wait([heard], timeout=ANSWER_S)
    crowd.done["cut off" if done else "never cut off"] += 1
    await gone(heard, writer)


async def gone(heard: "asyncio.Future[bytes]", writer: asyncio.StreamWriter) -> None:
    heard.cancel()
    with suppress(ConnectionError, asyncio.CancelledError):
        await heard
    writer.close()


async def again_and_again(crowd: Crowd, visit: Visit) -> None:
    """So many at once, each again as soon as it has ended."""

    async def one() -> None:
        while not crowd.over():
            with suppress(OSError):
                await visit(crowd)

    await asyncio.gather(*(one() for _ in range(round(crowd.rate))))


async def so_many_a_second(crowd: Crowd, visit: Visit) -> None:
    """Visits at a steady rate, however long each takes."""
    loop = asyncio.get_running_loop()
    begin_s, visits = loop.time(), set()
    while not crowd.over():
        task = asyncio.ensure_future(visit(crowd))
        visits.add(task)
        task.add_done_callback(visits.discard)
        await asyncio.sleep(max(0.0, begin_s + crowd.done["opened"] / crowd.rate - loop.time()))
    for result in await asyncio.gather(*visits, return_exceptions=True):
        if isinstance(result, BaseException):
            crowd.done[f"failed: {result!r}"] += 1


KINDS = {
    "crawling": (again_and_again, crawl),
    "silent": (again_and_again, fall_silent),
    "deaf": (again_and_again, turn_deaf),
    "flooding": (again_and_again, flood),
    "knocking": (so_many_a_second, knock),
    "shaking": (so_many_a_second, shake),
}


class Hostile:
    """The process of one crowd, from inside a test."""

    def __init__(self, kind: str, port: int, seconds: float, rate: float) -> None:
        arguments = (kind, str(port), str(seconds), str(rate), "7")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.live.hostile_clients", *arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "begun\n"

    def done(self) -> Counter[str]:
        """Waits for its end: what it did."""
        try:
            output, _ = self._process.communicate(timeout=180)
        finally:
            self._process.kill()
        return Counter(json.loads(output))


async def main(kind: str, port: int, seconds: float, rate: float, seed: int) -> None:
    how, visit = KINDS[kind]
    crowd = Crowd(port, asyncio.get_running_loop().time() + seconds, rate, random.Random(seed))
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    await how(crowd, visit)
    sys.stdout.write(json.dumps(crowd.done) + "\n")


if __name__ == "__main__":
    os.nice(NICE)
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])))
