"""Clients that no one here wrote, against our endpoint as against a broker: mosquitto, paho, aiomqtt, gmqtt, and
ThingsBoard's own. Each publishes at QoS 0 to 2, comes back, goes on with its session, subscribes and is answered."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiomqtt
import gmqtt
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from tb_device_mqtt import TBDeviceMqttClient

from flameblue.domain.limits import INFLIGHT_PER_CONNECTION_MAX, PACKET_BYTES_MAX
from tests.intake.valley import CREDENTIAL, TOKEN, TOPIC
from tests.live.binaries import needed
from tests.live.installation import HOST, wait_for
from tests.live.mqtt_endpoint import WITHIN_S, Endpoint, endpoint

pytestmark = pytest.mark.live
COMMAND = "flameblue/v1/D0217/command"
ALL = "flameblue/v1/D0217/#"
VERSIONS = {"311": paho.MQTTv311, "5": paho.MQTTv5}


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Endpoint]:
    async with endpoint(tmp_path) as serving:
        yield serving


def reading(value: int) -> str:
    return json.dumps({"v": {"ir": value}})


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            await asyncio.sleep(0.02)


async def mosquitto(program: str, place: Endpoint, *more: str) -> tuple[int, str]:
    """Runs mosquitto_pub or mosquitto_sub as D0217 to its end: its return code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        needed(program),
        *("-h", HOST, "-p", str(place.port), "-u", "D0217", "-P", CREDENTIAL, *more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(WITHIN_S):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


@pytest.mark.parametrize("qos", ["0", "1", "2"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_mosquitto_pub_publishes(place: Endpoint, version: str, qos: str) -> None:
    said = await mosquitto("mosquitto_pub", place, "-V", version, "-q", qos, "-t", TOPIC, "-m", reading(12))
    assert said == (0, "")
    await place.holds(1, [120])


@pytest.mark.parametrize("qos", ["0", "1", "2"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_mosquitto_sub_receives_what_is_sent_to_its_device(
    place: Endpoint, version: str, qos: str
) -> None:
    arguments = ("-V", version, "-q", qos, "-t", ALL, "-C", "2", "-v")
    listening = asyncio.create_task(mosquitto("mosquitto_sub", place, *arguments))
    await place.sends("D0217", COMMAND, b"one")
    assert place.listener.send("D0217", COMMAND, b"two")
    assert await listening == (0, f"{COMMAND} one\n{COMMAND} two\n")
    assert not place.listener.send("D0217", COMMAND, b"three")
    assert not place.listener.send("T0001", COMMAND, b"four")


@pytest.mark.parametrize("version", VERSIONS)
async def test_mosquitto_sub_is_told_that_topics_of_others_are_not_its_own(
    place: Endpoint, version: str
) -> None:
    _, output = await mosquitto("mosquitto_sub", place, "-V", version, "-t", "#", "-t", "flameblue/v1/+/x")
    assert "All subscription requests were denied" in output


@pytest.mark.parametrize("version", [("311",), ("5", "-x", "300")], ids=lambda value: value[0])
async def test_mosquitto_sub_receives_what_was_sent_while_it_was_away(
    place: Endpoint, version: tuple[str, ...]
) -> None:
    arguments = ("-V", *version, "-c", "-i", "away", "-q", "1", "-t", ALL)
    assert await mosquitto("mosquitto_sub", place, *arguments, "-E") == (0, "")
    await until(lambda: place.counts["connections_open"] == 0)
    assert place.listener.send("D0217", COMMAND, b"one")
    assert place.listener.send("D0217", COMMAND, b"two")
    assert await mosquitto("mosquitto_sub", place, *arguments, "-C", "2") == (0, "one\ntwo\n")


class Paho:
    """A paho client as D0217 that notes what happens to it."""

    def __init__(self, version: str, client_id: str = "paho") -> None:
        clean = None if version == "5" else False
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean, protocol=VERSIONS[version]
        )
        self.client.username_pw_set("D0217", CREDENTIAL)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda *event: self.ends.append(event[3])
        self.client.on_message = lambda _client, _data, message: self.messages.append(message)
        self.client.on_publish = lambda *event: self.done.append(event[2])
        self.client.on_subscribe = lambda *event: self.granted.append([code.value for code in event[3]])
        self.present: list[bool] = []
        self.properties: list[Any] = []
        self.ends: list[Any] = []
        self.messages: list[paho.MQTTMessage] = []
        self.done: list[int] = []
        self.granted: list[list[int]] = []

    def start(self, port: int, session_s: int = 300) -> None:
        extra: dict[str, Any] = {}
        if self.client.protocol == paho.MQTTv5:
            extra = {"clean_start": False, "properties": Properties(PacketTypes.CONNECT)}
            extra["properties"].SessionExpiryInterval = session_s
        self.client.connect(HOST, port, keepalive=20, **extra)
        self.client.loop_start()

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def tear(self) -> None:
        """The network goes away without a word."""
        line = self.client.socket()
        assert line is not None
        line.shutdown(socket.SHUT_RDWR)

    def payloads(self) -> list[bytes]:
        return [message.payload for message in self.messages]

    def _on_connect(self, *event: Any) -> None:
        self.present.append(event[2].session_present)
        self.properties.append(event[4])


@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize("version", VERSIONS)
async def test_paho_goes_on_with_its_session_after_its_line_was_torn(
    place: Endpoint, version: str, qos: int
) -> None:
    device = Paho(version)
    await asyncio.to_thread(device.start, place.port)
    await until(lambda: device.present == [False])
    device.client.subscribe(ALL, qos)
    await until(lambda: device.granted == [[1]])
    for number in range(1, 201):
        device.client.publish(TOPIC, reading(number), qos=qos)
        if number == 100:
            device.tear()
    await until(lambda: len(device.present) == 2)
    assert device.present == [False, True]
    await until(lambda: len(device.done) == 200)
    assert place.listener.send("D0217", COMMAND, b"still subscribed")
    await until(lambda: device.payloads() == [b"still subscribed"])
    assert set(place.values(1)) == {number * 10 for number in range(1, 201)}
    assert (device.present, place.counts["protocol_errors"]) == ([False, True], 0)
    await asyncio.to_thread(device.stop)


@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize("version", VERSIONS)
async def test_paho_loses_nothing_when_we_start_anew_and_knows_that_its_session_is_gone(
    tmp_path: Path, version: str, qos: int
) -> None:
    device = Paho(version)
    async with endpoint(tmp_path) as before:
        await asyncio.to_thread(device.start, before.port)
        await until(lambda: device.present == [False])
        for number in range(1, 201):
            device.client.publish(TOPIC, reading(number), qos=qos)
        await until(lambda: len(device.done) >= 20)
    async with endpoint(tmp_path, before.port) as after:
        await until(lambda: len(device.done) == 200)
        assert device.present == [False, False]
        assert set(after.values(1)) == {number * 10 for number in range(1, 201)}
        await asyncio.to_thread(device.stop)


async def test_paho_5_is_told_our_terms_and_why_it_was_sent_away(place: Endpoint) -> None:
    old, new = Paho("5", "same"), Paho("5", "same")
    await asyncio.to_thread(old.start, place.port)
    await until(lambda: len(old.properties) == 1)
    terms = old.properties[0]
    assert (terms.ReceiveMaximum, terms.MaximumPacketSize) == (INFLIGHT_PER_CONNECTION_MAX, PACKET_BYTES_MAX)
    assert terms.SharedSubscriptionAvailable == 0
    await asyncio.to_thread(new.start, place.port)
    await until(lambda: bool(old.ends))
    assert old.ends[0] == "Session taken over"
    old.client.loop_stop()
    await asyncio.to_thread(new.stop)


async def test_paho_5_is_told_that_it_was_taken_over_while_it_has_much_to_send(place: Endpoint) -> None:
    old, new = Paho("5", "same"), Paho("5", "same")

    def publish() -> None:
        for number in range(3_000):
            old.client.publish(TOPIC, reading(number), qos=0)

    await asyncio.to_thread(old.start, place.port)
    await until(lambda: len(old.properties) == 1)
    publishing = asyncio.create_task(asyncio.to_thread(publish))
    await until(lambda: len(place.values(1)) > 100)
    await asyncio.to_thread(new.start, place.port)
    await until(lambda: bool(old.ends))
    assert old.ends[0] == "Session taken over"
    old.client.loop_stop()
    await publishing
    await asyncio.to_thread(new.stop)


async def test_aiomqtt_publishes_subscribes_and_is_answered(place: Endpoint) -> None:
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 300
    line = {"port": place.port, "username": "D0217", "password": CREDENTIAL, "identifier": "aio"}
    for protocol in (aiomqtt.ProtocolVersion.V5, aiomqtt.ProtocolVersion.V311):
        async with aiomqtt.Client(HOST, **line, protocol=protocol) as client:
            await client.subscribe(COMMAND, qos=1)
            for qos in (0, 1, 2):
                await client.publish(TOPIC, reading(qos + 1), qos=qos)
            assert place.listener.send("D0217", COMMAND, b"well?")
            async with asyncio.timeout(WITHIN_S):
                message = await anext(aiter(client.messages))
            assert (str(message.topic), message.payload, message.qos) == (COMMAND, b"well?", 1)
    await place.holds(1, [10, 20, 30] * 2)


async def test_aiomqtt_says_why_it_was_refused(place: Endpoint) -> None:
    line = {"port": place.port, "username": "D0217", "password": "wrong"}
    with pytest.raises(aiomqtt.MqttError, match=r"[Bb]ad user ?name or password"):
        async with aiomqtt.Client(HOST, **line, protocol=aiomqtt.ProtocolVersion.V5):
            pass


async def test_gmqtt_publishes_comes_back_and_receives(place: Endpoint) -> None:
    received: list[bytes] = []
    client = gmqtt.Client("gm", clean_session=False, session_expiry_interval=300)
    client.set_auth_credentials("D0217", CREDENTIAL)
    client.on_message = lambda *event: received.append(event[2]) or 0
    subscribed = asyncio.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    await client.connect(HOST, place.port)
    client.subscribe(ALL, qos=1)
    async with asyncio.timeout(WITHIN_S):
        await subscribed.wait()
    for qos in (0, 1, 2):
        client.publish(TOPIC, reading(qos + 1), qos=qos)
    await place.holds(1, [10, 20, 30])
    await client.disconnect()
    await until(lambda: place.counts["connections_open"] == 0)
    assert place.listener.send("D0217", COMMAND, b"while away")
    await client.connect(HOST, place.port)
    await until(lambda: received == [b"while away"])
    await client.disconnect()


async def test_the_official_thingsboard_client_connects_publishes_and_gets_its_answers(
    place: Endpoint,
) -> None:
    client = TBDeviceMqttClient(HOST, place.port, TOKEN)
    answers: list[Any] = []
    commands: list[Any] = []

    def talk() -> None:
        client.connect()
        wait_for(client.is_connected, WITHIN_S, "ThingsBoard's client is connected")
        assert client.send_telemetry({"temperature": 42.2}, quality_of_service=1).get() == 0
        client.request_attributes(["a"], ["b"], callback=lambda *answer: answers.append(answer))

    client.set_server_side_rpc_request_handler(lambda *asked: commands.append(asked))
    await asyncio.to_thread(talk)
    await place.holds(11, [422])
    await until(lambda: answers == [({}, None)])
    await until(lambda: client.rate_limits_received)
    assert place.listener.send("T0001", "v1/devices/me/rpc/request/7", b'{"method":"ping"}')
    await until(lambda: commands == [("7", {"method": "ping"})])
    await asyncio.to_thread(client.disconnect)
    client.stop()
    assert place.intake.quarantine.rows() == []
