"""What a client is told before its end arrives, however much it had still on its way, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from flameblue.intake import listener as listener_module
from tests.intake import mqtt5_packets as packets
from tests.intake import mqtt_packets as packets_3
from tests.intake.valley import CREDENTIAL, TOPIC
from tests.live.installation import HOST
from tests.live.mqtt_endpoint import WITHIN_S, Endpoint, endpoint

pytestmark = pytest.mark.live
FLOOD = b"".join(packets.publish(TOPIC, b'{"v":{"ir":1}}' + b" " * 1000, number) for number in range(1, 5001))

SOME = packets.publish(TOPIC, b'{"v":{"ir":1}}' + b" " * 1000) * 20


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Endpoint]:
    async with endpoint(tmp_path) as serving:
        yield serving


async def until_taken(place: Endpoint, messages: int) -> None:
    while len(place.values(1)) < messages:
        await asyncio.sleep(0.02)


async def said(place: Endpoint, *sent: bytes) -> bytes:
    """Everything that is said to a client that sends all of `sent` and then reads; a reset is no end."""
    reader, writer = await asyncio.open_connection(HOST, place.port)
    async with asyncio.timeout(WITHIN_S):
        for part in sent:
            writer.write(part)
        answer = await reader.read()
        writer.close()
    return answer


async def test_a_client_that_floods_reads_that_it_sent_too_much(place: Endpoint) -> None:
    answer = await said(place, packets.connect(), FLOOD)
    place_of_farewell = answer.rindex(b"\xe0")
    assert answer[place_of_farewell + 2] == 0x93
    assert b"more than 64 messages in flight" in answer


@pytest.mark.parametrize("version", [4, 5])
async def test_a_client_that_is_refused_reads_why_although_it_went_on_talking(
    place: Endpoint, version: int
) -> None:
    wrong = packets_3.Client("c", "D9999", CREDENTIAL).connect()
    if version == 4:
        assert await said(place, wrong, FLOOD) == b"\x20\x02\x00\x05"
    else:
        hello = packets.connect().replace(b"\x05D0217", b"\x05D9999")
        assert (await said(place, hello, FLOOD))[2:4] == b"\x00\x87"


@pytest.mark.parametrize("busy", [False, True])
async def test_who_is_taken_over_reads_why_and_then_the_end_however_busy_it_is(
    place: Endpoint, busy: bool
) -> None:
    async def talk() -> None:
        while busy and not reader.at_eof():
            writer.write(SOME)
            await writer.drain()

    reader, writer = await asyncio.open_connection(HOST, place.port)
    writer.write(packets.connect())
    async with asyncio.timeout(WITHIN_S):
        assert (await reader.readexactly(1)) == b"\x20"
        talking = asyncio.create_task(talk())
        await until_taken(place, 200 if busy else 0)
        _, newer = await asyncio.open_connection(HOST, place.port)
        newer.write(packets.connect())
        answer = await reader.read()
        await talking
    writer.close()
    newer.close()
    assert answer.endswith(packets.farewell(0x8E, "the same client id has connected again"))


async def test_a_client_that_does_not_go_is_heard_for_a_while_only(
    place: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "CONNECT_WITHIN_S", 0.5)
    monkeypatch.setattr(listener_module, "SWEEP_S", 0.1)
    reader, writer = await asyncio.open_connection(HOST, place.port)
    writer.write(b"nonsense")
    async with asyncio.timeout(WITHIN_S):
        assert await reader.read() == b""
        while place.counts["connections_open"]:
            await asyncio.sleep(0.02)
    writer.close()
    assert place.counts["protocol_errors"] == 1
