"""Real messages of other people's devices, published by mosquitto_pub: each is a reading in a real journal."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from tb_gateway_mqtt import TBGatewayMqttClient

from flameblue.config import Broker, Mqtt
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.readings import Mark
from flameblue.intake.broker import BrokerSource
from flameblue.intake.directory import DeviceEntry, Directory, credential_hash
from flameblue.intake.listener import Listener
from flameblue.intake.payloads.sparkplug_b import wire
from flameblue.intake.payloads.thingsboard_gateway import PLUGIN
from flameblue.intake.payloads.thingsboard_gateway.codec import ATTRIBUTES_RESPONSE
from flameblue.intake.reception import Intake
from flameblue.journal.commit import Committer
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import Kind, connection_of, readings_of
from flameblue.profiles.loader import Shelf, package_folder
from flameblue.runtime.sink import JournalSink
from tests.intake.payload_vectors import FOLDER, content, read
from tests.intake.valley import CREDENTIAL, KEY, MemorySink, intake
from tests.live.binaries import needed
from tests.live.installation import HOST, free_port, wait_for
from tests.live.test_intake_broker import Mosquitto

pytestmark = pytest.mark.live
WITHIN_S = 20.0
PROFILES = Shelf(package_folder()).current()
OPEN = {"temperature": "temperature_c", "humidity": "humidity_percent"}
METRICS = {"Residual/mA": "residual_current_ma", "Temp/T1": "temperature_c"}


@dataclass
class Valley:
    """An intake that writes to a journal, and what stands in that."""

    desk: Intake
    journal: EmbeddedJournal
    names: dict[int, tuple[str, Any]] = field(default_factory=dict)  # by point: "device/key" and its quantity

    def register(
        self, name: str, profile: str, points: dict[str, str] | None = None, secret: str = ""
    ) -> None:
        """A device with the points of its profile, or with `points`."""
        fixed = {key: point.quantity for key, point in PROFILES[profile].points.items()}
        wanted = {key: QUANTITIES[quantity] for key, quantity in points.items()} if points else fixed
        numbered = {
            key: (len(self.names) + n, quantity) for n, (key, quantity) in enumerate(wanted.items(), 1)
        }
        self.names |= {point: (f"{name}/{key}", quantity) for key, (point, quantity) in numbered.items()}
        entry = DeviceEntry(name, profile, credential_hash(KEY, secret) if secret else "", numbered)
        devices = {**self.desk.directory.devices, name: entry}
        tokens = {one.credential_hash: one.name for one in devices.values() if one.credential_hash}
        self.desk.directory = Directory(devices, tokens, 0, KEY)

    def readings(self) -> dict[str, tuple[float, str]]:
        """The last value of each point in the journal, in its unit."""
        found = {}
        for record in self.journal.read(0, 1_000):
            if record.kind is Kind.READINGS:
                for point, _, steps, marks in (row.item() for row in readings_of(record)):
                    name, quantity = self.names[point]
                    assert not marks & Mark.REPORTED_FAULT
                    found[name] = (quantity.value(steps), quantity.unit)
        return found

    def connections(self) -> list[tuple[set[str], bool]]:
        """Whose connection was lost or came back."""
        told = [
            connection_of(record) for record in self.journal.read(0, 1_000) if record.kind is Kind.CONNECTION
        ]
        return [({self.names[point][0].partition("/")[0] for point in points}, lost) for points, lost in told]


@pytest.fixture
def valley(tmp_path: Path) -> Iterator[Valley]:
    journal = EmbeddedJournal(tmp_path / "journal.sqlite3")
    committer = Committer(journal)
    desk = intake(tmp_path, MemorySink())
    desk.sink, desk.directory = JournalSink(committer), Directory()
    yield Valley(desk, journal)
    committer.stop()
    journal.close()
    desk.quarantine.close()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def listening(desk: Intake) -> AsyncIterator[int]:
    """Our own endpoint; yields its port."""
    where = Mqtt(host=HOST, port=free_port())
    listener = Listener(desk, where)
    task = asyncio.create_task(listener.serve())
    await asyncio.wait_for(listener.started.wait(), WITHIN_S)
    try:
        yield where.port
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def relaying(desk: Intake, broker: Mosquitto, *topics: str) -> AsyncIterator[None]:
    """An existing broker."""
    source = BrokerSource(desk, Broker(url=broker.url, client_id="flameblue-test", topics=topics))
    task = asyncio.create_task(source.serve())
    await until(lambda: desk.counts["broker_subscribed"] == len(topics))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def publish(port: int, vector: str | tuple[str, bytes], *who: str) -> None:
    """mosquitto_pub at QoS 1: a vector by its path, or a topic and payload."""
    found = read(FOLDER / f"{vector}.json") if isinstance(vector, str) else None
    topic, payload = (found["topic"], content(found)) if found else vector
    process = await asyncio.create_subprocess_exec(
        needed("mosquitto_pub"),
        *("-h", HOST, "-p", str(port), *who, "-q", "1", "-t", topic, "-s"),
        stdin=asyncio.subprocess.PIPE,
    )
    await asyncio.wait_for(process.communicate(payload), WITHIN_S)
    assert process.returncode == 0


def with_password(name: str) -> tuple[str, ...]:
    return ("-u", name, "-P", CREDENTIAL)


async def test_tasmota(valley: Valley) -> None:
    valley.register("D0301", "tasmota-energy", secret=CREDENTIAL)
    async with listening(valley.desk) as port:
        await publish(port, "tasmota/tas-1", *with_password("D0301"))
    readings = valley.readings()
    assert readings["D0301/ENERGY.Voltage"] == (234, "V")
    assert readings["D0301/ENERGY.Current"] == (0.392, "A")
    assert readings["D0301/ENERGY.Total"] == (514.153, "kWh")
    assert valley.desk.quarantine.rows() == []


async def test_tasmota_in_fahrenheit(valley: Valley) -> None:
    valley.register("D0302", "tasmota-generic", {"DS18B20-1.Temperature": "temperature_c"}, CREDENTIAL)
    async with listening(valley.desk) as port:
        await publish(port, "tasmota/fahrenheit", *with_password("D0302"))
    assert valley.readings() == {"D0302/DS18B20-1.Temperature": (75.0, "°C")}


async def test_tasmota_through_a_broker_is_lost_and_back_by_its_will(
    valley: Valley, mosquitto: Mosquitto
) -> None:
    valley.register("desk", "tasmota-energy-2")
    will = ("tele/desk/LWT", b"Offline")
    await publish(mosquitto.port, will, "-r")
    async with relaying(valley.desk, mosquitto, "tele/+/SENSOR", "tele/+/LWT"):
        await until(lambda: valley.connections() == [({"desk"}, True)])
        await publish(mosquitto.port, ("tele/desk/LWT", b"Online"), "-r")
        await publish(mosquitto.port, "tasmota/tas-2ch")
        await until(lambda: valley.readings().get("desk/ENERGY.Current.2") == (0.044, "A"))
    assert valley.connections() == [({"desk"}, True), ({"desk"}, False)]


async def test_shelly_of_both_generations(valley: Valley) -> None:
    valley.register("D0303", "shelly-3em", secret=CREDENTIAL)
    valley.register("D0304", "shelly-pro-3em", secret="another")
    async with listening(valley.desk) as port:
        await publish(port, "shelly/shelly-3em-status", *with_password("D0303"))
        await publish(port, "shelly/notify_status", "-u", "D0304", "-P", "another")
    readings = valley.readings()
    assert readings["D0303/emeter.2.voltage"] == (232.0, "V")  # 232.05 in steps of 0.1 V
    assert readings["D0303/emeter.0.total"] == (0.005, "kWh")  # 5.3 Wh in steps of 1 Wh
    assert readings["D0304/em:0.a_current"] == (4.029, "A")
    assert readings["D0304/emdata:0.total_act"] == (30, "kWh")
    assert "D0304/em:0.n_current" not in readings


async def test_shelly_through_a_broker(valley: Valley, mosquitto: Mosquitto) -> None:
    valley.register("shellyproem50-aabbcc", "shelly-pro-em")
    async with relaying(valley.desk, mosquitto, "+/status/+", "shellies/+/emeter/+/+"):
        await publish(mosquitto.port, "shelly/shelly-proem1")
        await until(lambda: valley.readings().get("shellyproem50-aabbcc/em1:1.current") == (2.598, "A"))


async def test_zigbee2mqtt(valley: Valley, mosquitto: Mosquitto) -> None:
    valley.register("zigbee2mqtt", "zigbee2mqtt-bridge", {})
    valley.register("zigbee2mqtt>厨房 插座", "zigbee2mqtt-plug")
    topics = ("zigbee2mqtt/+", "zigbee2mqtt/+/availability", "zigbee2mqtt/bridge/state")
    async with relaying(valley.desk, mosquitto, *topics):
        await publish(mosquitto.port, "zigbee2mqtt/z2m-plug")
        await publish(mosquitto.port, "zigbee2mqtt/bridge_state", "-r")
        await until(lambda: len(valley.connections()) == 1)
    assert valley.connections() == [({"zigbee2mqtt>厨房 插座"}, True)]
    assert valley.readings() == {
        "zigbee2mqtt>厨房 插座/voltage": (233, "V"),
        "zigbee2mqtt>厨房 插座/current": (0, "A"),
        "zigbee2mqtt>厨房 插座/power": (0, "W"),
        "zigbee2mqtt>厨房 插座/energy": (1.92, "kWh"),
    }


async def test_a_thingsboard_gateway(valley: Valley) -> None:
    valley.register("GW1", "thingsboard-gateway", {}, "A1_GATEWAY_TOKEN")
    valley.register("GW1>Device A", "thingsboard-gateway-device", OPEN)
    async with listening(valley.desk) as port:
        await publish(port, "thingsboard_gateway/tb-gw", "-u", "A1_GATEWAY_TOKEN")
    assert valley.readings() == {
        "GW1>Device A/temperature": (43, "°C"),
        "GW1>Device A/humidity": (82, "%"),
    }
    assert [(row.reason, row.detail) for row in valley.desk.quarantine.rows()] == [
        ("unknown_device", "GW1>Device B")
    ]


async def test_sparkplug_b_asks_for_a_birth_that_it_missed(valley: Valley, mosquitto: Mosquitto) -> None:
    birth, data = (
        (f"spBv1.0/live/{kind}/node7/D0217", content(read(FOLDER / f"sparkplug_b/{name}.json")))
        for kind, name in (("DBIRTH", "spb-birth"), ("DDATA", "spb-data"))
    )  # of a node that no other test has heard
    valley.register("live:node7", "sparkplug-node", {})
    valley.register("live:node7>D0217", "sparkplug-device", METRICS)
    node = await asyncio.create_subprocess_exec(
        needed("mosquitto_sub"),
        *("-h", HOST, "-p", str(mosquitto.port), "-t", "spBv1.0/live/NCMD/node7", "-C", "1", "-N"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with relaying(valley.desk, mosquitto, "spBv1.0/+/+/+", "spBv1.0/+/+/+/+"):
            await asyncio.sleep(0.5)  # the subscription of mosquitto_sub, which says nothing of it
            await publish(mosquitto.port, data)
            asked, _ = await asyncio.wait_for(node.communicate(), WITHIN_S)
            assert [metric.name for metric in wire.decode(asked).metrics] == ["Node Control/Rebirth"]
            assert valley.readings() == {}
            await publish(mosquitto.port, birth)
            await publish(mosquitto.port, data)
            await until(lambda: len(valley.readings()) == 2)
    finally:
        if node.returncode is None:
            node.kill()
            await node.wait()
    assert valley.readings() == {
        "live:node7>D0217/Residual/mA": (312.5, "mA"),
        "live:node7>D0217/Temp/T1": (71.5, "°C"),
    }


def test_the_official_gateway_client_is_understood_and_understands_our_answer(mosquitto: Mosquitto) -> None:
    """It speaks MQTT 5; a broker stands between, so that this is about what its messages hold."""
    payload, samples, answers = PLUGIN, [], []
    ours = paho.Client(CallbackAPIVersion.VERSION2)

    def take(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        if message.topic == ATTRIBUTES_RESPONSE:
            return
        samples.extend(payload.parse(message.topic, message.payload))
        for topic, answer in payload.replies(message.topic, message.payload):
            ours.publish(topic, answer)

    ours.on_message = take
    ours.connect(HOST, mosquitto.port)
    ours.subscribe("v1/gateway/#", 1)
    ours.loop_start()
    theirs = TBGatewayMqttClient(HOST, mosquitto.port, "A1_GATEWAY_TOKEN")
    theirs.connect()
    try:
        wait_for(theirs.is_connected, WITHIN_S, "the gateway's client is connected")
        theirs.gw_connect_device("Device A")
        theirs.gw_send_telemetry("Device A", {"ts": 1_768_417_620_000, "values": {"temperature": 42.5}})
        theirs.gw_request_shared_attributes(
            "Device A", ["limit"], lambda content, _error: answers.append(content)
        )
        theirs.gw_disconnect_device("Device A")
        wait_for(lambda: answers and len(samples) >= 4, WITHIN_S, "everything is said and answered")
    finally:
        theirs.stop()
        theirs.disconnect()
        ours.disconnect()
        ours.loop_stop()
    told = [(one.device, one.online, one.t_ms, dict(one.values)) for one in samples]
    assert told[0] == ("Device A", True, None, {})
    assert ("Device A", None, 1_768_417_620_000, {"temperature": 42.5}) in told
    assert told[-1] == ("Device A", False, None, {})
    assert [(one["device"], one["values"]) for one in answers] == [("Device A", {})]
