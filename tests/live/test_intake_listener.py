"""The listener and real clients over real sockets: mosquitto_pub, paho, openssl, and bytes that crawl."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from flameblue.config import Mqtt
from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import PACKET_BYTES_MAX
from flameblue.intake import listener as listener_module
from flameblue.intake.listener import Listener
from flameblue.intake.reception import Intake
from tests.intake import mqtt_packets as packets
from tests.intake.valley import CREDENTIAL, D0217, TOKEN, TOPIC, MemorySink, directory
from tests.live.binaries import needed
from tests.live.desks import desk, sink
from tests.live.installation import HOST, free_port

__all__ = ["desk", "sink"]
pytestmark = pytest.mark.live
HELLO = packets.Client(user="D0217", password=CREDENTIAL).connect()
WITHIN_S = 20.0


@asynccontextmanager
async def serving(desk: Intake, **more: Any) -> AsyncIterator[Mqtt]:
    """The listener on a free port of its own; yields where it is."""
    where = Mqtt(host=HOST, port=free_port(), **more)
    listener = Listener(desk, where)
    task = asyncio.create_task(listener.serve())
    try:
        started = asyncio.create_task(listener.started.wait())
        await asyncio.wait([started, task], return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if task.done():
            await task
        yield where
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def run(program: str, *arguments: str, stdin: bytes = b"") -> tuple[int, str]:
    """Runs a program to its end: its return code and what it complained about."""
    process = await asyncio.create_subprocess_exec(
        needed(program),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(WITHIN_S):
        output, _ = await process.communicate(stdin)
    return process.returncode or 0, output.decode()


def publisher(port: int, *more: str) -> list[str]:
    """mosquitto_pub's arguments for D0217."""
    who = ["-i", "D0217", "-u", "D0217", "-P", CREDENTIAL]
    return ["-h", HOST, "-p", str(port), *who, "-t", TOPIC, *more]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            await asyncio.sleep(0.02)


async def closed(reader: asyncio.StreamReader) -> bytes:
    """Everything until the other side closes."""
    async with asyncio.timeout(WITHIN_S):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize("qos", ["0", "1"])
async def test_mosquitto_pub_publishes_a_reading(desk: Intake, sink: MemorySink, qos: str) -> None:
    async with serving(desk) as where:
        code, output = await run(
            "mosquitto_pub", *publisher(where.port, "-q", qos, "-m", '{"v":{"ir":12.5}}')
        )
        assert (code, output) == (0, "")
        await until(lambda: sink.values(1) == [125])


@pytest.mark.parametrize(
    ("who", "complaint"), [("D0217", "bad user name or password"), ("D9", "not authorised")]
)
async def test_mosquitto_pub_says_why_it_was_refused(desk: Intake, who: str, complaint: str) -> None:
    async with serving(desk) as where:
        code, output = await run(
            "mosquitto_pub",
            *(
                "-h",
                HOST,
                "-p",
                str(where.port),
                "-u",
                who,
                "-P",
                "wrong",
                "-q",
                "1",
                "-t",
                TOPIC,
                "-m",
                "{}",
            ),
        )
        assert code != 0
        assert complaint in output


async def test_a_thingsboard_token_alone_opens_its_device(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as where:
        topic, payload = "v1/devices/me/telemetry", '{"temperature":42.2,"humidity":70}'
        arguments = ("-h", HOST, "-p", str(where.port), "-u", TOKEN, "-q", "1", "-t", topic, "-m", payload)
        assert await run("mosquitto_pub", *arguments) == (0, "")
        assert sink.values(11) == [422]
        assert [row.detail for row in desk.quarantine.rows()] == ["humidity (it has temperature)"]


async def test_paho_gets_a_puback_for_each_of_many_messages_and_they_keep_their_order(
    desk: Intake, sink: MemorySink
) -> None:
    def publish_all(port: int) -> None:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="", clean_session=True)
        client.username_pw_set("D0217", CREDENTIAL)
        client.connect(HOST, port)
        client.loop_start()
        sent = [client.publish(TOPIC, f'{{"v":{{"ir":{number}}}}}', qos=1) for number in range(1, 501)]
        for one in sent:
            one.wait_for_publish(WITHIN_S)
        client.disconnect()
        client.loop_stop()

    async with serving(desk) as where:
        await asyncio.to_thread(publish_all, where.port)
        assert sink.values(1) == [number * 10 for number in range(1, 501)]


async def test_paho_waits_as_long_as_nothing_is_durable(desk: Intake, sink: MemorySink) -> None:
    acknowledged: list[int] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="", clean_session=True)
    client.username_pw_set("D0217", CREDENTIAL)
    client.on_publish = lambda *event: acknowledged.append(event[2])
    async with serving(desk) as where:
        sink.hold()
        await asyncio.to_thread(client.connect, HOST, where.port)
        client.loop_start()
        client.publish(TOPIC, '{"v":{"ir":1}}', qos=1)
        await sink.called(1)
        await asyncio.sleep(0.3)
        assert acknowledged == []
        sink.release()
        await until(lambda: len(acknowledged) == 1)
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)


async def test_a_process_that_is_killed_is_lost_and_comes_back(desk: Intake, sink: MemorySink) -> None:
    will = ("--will-topic", "flameblue/v1/D0217/state", "--will-payload", "offline")
    async with serving(desk) as where:
        process = await asyncio.create_subprocess_exec(
            needed("mosquitto_pub"),
            *publisher(where.port, "-q", "1", "-l", *will),
            stdin=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(b'{"v":{"ir":1}}\n')
        await until(lambda: sink.values(1) == [10])
        process.kill()
        await process.wait()
        await until(lambda: sink.connections == [([1, 2, 3], True)])
        assert (await run("mosquitto_pub", *publisher(where.port, "-q", "1", "-m", '{"v":{"ir":2}}')))[0] == 0
        await until(lambda: sink.connections[1:] == [([1, 2, 3], False)])


async def test_a_payload_that_is_too_large_ends_the_connection_and_is_counted(
    desk: Intake, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * (PACKET_BYTES_MAX + 1))
    async with serving(desk) as where:
        code, _ = await run("mosquitto_pub", *publisher(where.port, "-q", "1", "-f", str(large)))
        assert code != 0
        await until(lambda: [row.reason for row in desk.quarantine.rows()] == ["oversized"])


async def test_who_crawls_is_cut_off_while_others_are_served(
    desk: Intake, sink: MemorySink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "CONNECT_WITHIN_S", 1.0)
    monkeypatch.setattr(listener_module, "SWEEP_S", 0.1)
    async with serving(desk) as where:
        lines = [await asyncio.open_connection(HOST, where.port) for _ in range(50)]
        for _, writer in lines[:25]:
            writer.write(HELLO[:3])
        code, _ = await run("mosquitto_pub", *publisher(where.port, "-q", "1", "-m", '{"v":{"ir":1}}'))
        assert code == 0
        for reader, writer in lines:
            assert await closed(reader) == b""
            writer.close()
        assert desk.counts["connections_timed_out"] == 50
        await until(lambda: desk.counts["connections_open"] == 0)


async def test_keep_alive_is_watched_on_a_real_line(
    desk: Intake, sink: MemorySink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "SWEEP_S", 0.1)
    hello = packets.Client(user="D0217", password=CREDENTIAL, keep_alive_s=1).connect()
    async with serving(desk) as where:
        reader, writer = await asyncio.open_connection(HOST, where.port)
        writer.write(hello)
        assert await closed(reader) == packets.ACCEPTED
        writer.close()
        await until(lambda: sink.connections == [([1, 2, 3], True)])


async def test_byte_by_byte_over_a_socket_gives_the_same(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as where:
        reader, writer = await asyncio.open_connection(HOST, where.port)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in HELLO + packets.publish(TOPIC, b'{"v":{"ir":1}}', 5) + packets.DISCONNECT:
            writer.write(bytes([byte]))
            await writer.drain()
        assert await closed(reader) == packets.ACCEPTED + packets.puback(5)
        writer.close()
        assert sink.values(1) == [10]


async def test_a_peer_that_never_reads_is_not_read_for_ever(
    desk: Intake, sink: MemorySink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "SWEEP_S", 0.1)
    hello = packets.Client(user="D0217", password=CREDENTIAL, keep_alive_s=1).connect()
    subscriptions = packets.subscribe(1, *(f"t{number}" for number in range(1000))) * 100
    async with serving(desk) as where:
        loop = asyncio.get_running_loop()
        with socket.socket() as line:
            line.setblocking(False)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await loop.sock_connect(line, (HOST, where.port))
            await loop.sock_sendall(line, hello)
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(WITHIN_S):
                    while True:
                        await loop.sock_sendall(line, subscriptions)
            await until(lambda: desk.counts["connections_timed_out"] == 1)
            await until(lambda: desk.counts["connections_open"] == 0)


async def certificate(folder: Path) -> tuple[str, str]:
    """A self-signed certificate for localhost, and its key."""
    names = (str(folder / "certificate.pem"), str(folder / "key.pem"))
    code, output = await run(
        "openssl",
        *(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        *("-out", names[0], "-keyout", names[1]),
    )
    assert code == 0, output
    return names


async def test_tls_carries_readings_and_refuses_who_trusts_another(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    own, key = await certificate(tmp_path)
    (tmp_path / "other").mkdir()
    other, _ = await certificate(tmp_path / "other")
    port = free_port()
    message = ("-q", "1", "-m", '{"v":{"ir":1}}')
    async with serving(desk, tls_port=port, certificate=own, key=key) as where:
        assert await run("mosquitto_pub", *publisher(port, "--cafile", own, *message)) == (0, "")
        assert sink.values(1) == [10]
        assert (await run("mosquitto_pub", *publisher(port, "--cafile", other, *message)))[0] != 0
        assert (await run("mosquitto_pub", *publisher(port, *message)))[0] != 0
        assert (await run("mosquitto_pub", *publisher(where.port, *message)))[0] == 0
        assert len(sink.rows) == 2
        assert (await run("mosquitto_pub", *publisher(where.port, "--cafile", own, *message)))[0] != 0
        await until(lambda: any("TLS" in row.detail for row in desk.quarantine.rows()))


async def test_a_taken_port_or_a_missing_certificate_says_so(desk: Intake, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        where = Mqtt(host=HOST, port=taken.getsockname()[1])
        with pytest.raises(WorldFailed, match="can't be opened"):
            await Listener(desk, where).serve()
    where = Mqtt(host=HOST, port=0, tls_port=free_port(), certificate=str(tmp_path / "none.pem"))
    with pytest.raises(WorldFailed, match="can't be opened"):
        await Listener(desk, where).serve()


async def test_a_village_comes_back_at_once(desk: Intake) -> None:
    async def one(port: int, name: str) -> bytes:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(packets.Client(name, name, CREDENTIAL).connect() + packets.PING + packets.DISCONNECT)
        answer = await closed(reader)
        writer.close()
        return answer

    cabins = [replace(D0217, name=f"D{number}") for number in range(300)]
    desk.directory = directory(*cabins)
    async with serving(desk) as where:
        answers = await asyncio.gather(*(one(where.port, cabin.name) for cabin in cabins))
        assert set(answers) == {packets.ACCEPTED + b"\xd0\x00"}
        assert desk.counts["connects"] == len(cabins)
