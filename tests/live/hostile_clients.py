"""Clients that mean no good, in a process of their own: `… KIND PORT TLS_PORT COUNT`.

COUNT: how many are kept open at once; for `knocking`, how many come a second. Says "begun" once they are at it, stops
when its standard input ends, and prints what was done, as JSON.
"""

import asyncio
import json
import os
import random
import socket
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.intake.mqtt_packets import PING, Client, publish, subscribe
from tests.intake.valley import CREDENTIAL
from tests.live.installation import HOST

NICE = 10  # they would not run on our machine: what they take must not count as the endpoint's
TOPICS = tuple(f"t{number}" for number in range(60))
FLOOD = 64  # messages in one write


@dataclass
class Crowd:
    """What the clients of one run share. Each is a device of its own."""

    port: int
    tls_port: int
    over: asyncio.Event
    draw: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.tls = ssl.create_default_context()
        self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE

    async def line(self, *, tls: bool = False) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.done["opened"] += 1
        port = self.tls_port if tls else self.port
        return await asyncio.open_connection(HOST, port, ssl=self.tls if tls else None)


Visit = Callable[[Crowd, int], Coroutine[Any, Any, None]]


def hello(number: int, **more: Any) -> bytes:
    """D0 is the healthy one."""
    name = f"D{number + 1}"
    return Client(**{"client_id": name, "user": name, "password": CREDENTIAL, **more}).connect()


async def crawl(crowd: Crowd, number: int) -> None:
    """A CONNECT byte by byte that never ends."""
    reader, writer = await crowd.line()
    cut = asyncio.ensure_future(reader.read())
    for byte in hello(number)[:-1]:
        writer.write(bytes([byte]))
        await asyncio.wait([cut], timeout=crowd.draw.uniform(0.2, 2.0))
        if cut.done():
            break
    crowd.done["cut off"] += cut.done()
    cut.cancel()
    writer.close()


async def fall_silent(crowd: Crowd, number: int) -> None:
    """Presents itself, promises a word every second, and says nothing more; every second one over TLS."""
    reader, writer = await crowd.line(tls=number % 2 == 1)
    writer.write(hello(number, keep_alive_s=1))
    await reader.read()
    crowd.done["cut off"] += 1
    writer.close()


async def turn_deaf(crowd: Crowd, number: int) -> None:
    """Asks and asks, and does not read the answers."""
    await write_unread(crowd, hello(number, keep_alive_s=1), lambda: subscribe(1, *TOPICS) * 20)


async def write_unread(crowd: Crowd, first: bytes, more: Callable[[], bytes]) -> None:
    """Says `first` and then `more`, again and again, as fast as it is taken; reads nothing."""
    loop = asyncio.get_running_loop()
    crowd.done["opened"] += 1
    with socket.socket() as line:
        line.setblocking(False)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        await loop.sock_connect(line, (HOST, crowd.port))
        await loop.sock_sendall(line, first)
        while not crowd.over.is_set():
            await loop.sock_sendall(line, more())


async def ask(crowd: Crowd, number: int) -> None:
    """Subscribes and pings as fast as it is taken, and reads the answers."""
    reader, writer = await crowd.line()
    writer.write(hello(number))
    await send_on(crowd, reader, writer, subscribe(1, *TOPICS) * 4 + PING * 200)


async def flood(crowd: Crowd, number: int) -> None:
    """Lets itself in and sends rubbish as fast as it is taken: no payload of it can be read."""
    reader, writer = await crowd.line()
    writer.write(hello(number))
    topic = f"flameblue/v1/D{number + 1}/readings"
    rubbish = (publish(topic, crowd.draw.randbytes(100), packet) for packet in range(1, FLOOD + 1))
    await send_on(crowd, reader, writer, b"".join(rubbish))


async def pour(crowd: Crowd, number: int) -> None:
    """As `flood`, with readings that are good."""
    reader, writer = await crowd.line()
    writer.write(hello(number))
    topic = f"flameblue/v1/D{number + 1}/readings"
    good = (publish(topic, b'{"v":{"ir":%d}}' % packet, packet) for packet in range(1, FLOOD + 1))
    await send_on(crowd, reader, writer, b"".join(good))


async def send_on(
    crowd: Crowd, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes
) -> None:
    heard = asyncio.ensure_future(hear(reader))
    while not crowd.over.is_set() and not heard.done():
        writer.write(data)
        crowd.done["written"] += 1
        await writer.drain()
        await asyncio.sleep(0)  # a peer that takes all at once must not keep the others from writing
    heard.cancel()
    writer.close()


async def hear(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


async def knock(crowd: Crowd, number: int) -> None:
    """Comes with a wrong credential and hears that it is refused."""
    reader, writer = await crowd.line()
    writer.write(hello(number % 300, password="not this one"))
    try:
        answer = await reader.read()
        crowd.done["refused" if answer == b"\x20\x02\x00\x04" else f"answered {answer!r}"] += 1
    except OSError as error:
        crowd.done[repr(error)] += 1
    writer.close()


async def shake(crowd: Crowd, _: int) -> None:
    """A TLS handshake that is left half way."""
    reader, writer = await asyncio.open_connection(HOST, crowd.tls_port)
    crowd.done["opened"] += 1
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    shaking = crowd.tls.wrap_bio(incoming, outgoing)
    with suppress(ssl.SSLWantReadError):
        shaking.do_handshake()
    writer.write(outgoing.read())
    await reader.read(1)
    writer.transport.abort()
    await asyncio.sleep(crowd.draw.uniform(0.1, 0.5))


async def again_and_again(crowd: Crowd, visit: Visit, count: int) -> None:
    """So many at once, each again as soon as it has ended."""

    async def one(number: int) -> None:
        while not crowd.over.is_set():
            with suppress(OSError):
                await visit(crowd, number)

    visitors = [asyncio.ensure_future(one(number)) for number in range(count)]
    await crowd.over.wait()
    for visitor in visitors:
        visitor.cancel()
    await asyncio.wait(visitors)


async def so_many_a_second(crowd: Crowd, visit: Visit, rate: int) -> None:
    """Visits at a steady rate, however long each takes; those that are under way at the end are heard out."""
    loop = asyncio.get_running_loop()
    begin_s, visits, number = loop.time(), set[asyncio.Task[None]](), 0
    while not crowd.over.is_set():
        task = loop.create_task(visit(crowd, number))
        visits.add(task)
        task.add_done_callback(visits.discard)
        number += 1
        await asyncio.sleep(max(0.0, begin_s + number / rate - loop.time()))
    await asyncio.gather(*visits)


Kind = tuple[Callable[[Crowd, Visit, int], Coroutine[Any, Any, None]], Visit]
KINDS: dict[str, Kind] = {
    "crawling": (again_and_again, crawl),
    "silent": (again_and_again, fall_silent),
    "deaf": (again_and_again, turn_deaf),
    "asking": (again_and_again, ask),
    "flooding": (again_and_again, flood),
    "pouring": (again_and_again, pour),
    "knocking": (so_many_a_second, knock),
    "shaking": (again_and_again, shake),
}


class Hostile:
    """The process of one crowd, from inside a test."""

    module = "tests.live.hostile_clients"

    def __init__(self, kind: str, port: int, tls_port: int, count: int) -> None:
        arguments = (kind, str(port), str(tls_port), str(count))
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "begun\n"

    def stop(self) -> Counter[str]:
        """What it did."""
        try:
            output, _ = self._process.communicate("", timeout=60)
        finally:
            self._process.kill()
        assert self._process.returncode == 0
        return Counter(json.loads(output))


async def main(kind: Kind, port: int, tls_port: int, count: int) -> None:
    loop = asyncio.get_running_loop()
    crowd = Crowd(port, tls_port, asyncio.Event(), random.Random(7))
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    reading = asyncio.ensure_future(reader.read())
    reading.add_done_callback(lambda _: crowd.over.set())
    how, visit = kind
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    await how(crowd, visit, count)
    sys.stdout.write(json.dumps(crowd.done) + "\n")


if __name__ == "__main__":
    os.nice(NICE)
    asyncio.run(main(KINDS[sys.argv[1]], *(int(word) for word in sys.argv[2:5])))
