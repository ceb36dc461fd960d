"""Whoever speaks for others speaks for the devices behind it, and for nobody else (docs/decisions/0010)."""

import json
from typing import Any

import pytest

from flameblue.config import Broker
from flameblue.domain.clock import ManualClock
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.quantities import QUANTITIES
from flameblue.intake.broker import BrokerSource
from flameblue.intake.decode import Message
from flameblue.intake.directory import DeviceEntry, Directory, credential_hash
from flameblue.intake.reception import Batch, Intake
from tests.intake.mqtt_packets import puback, publish
from tests.intake.payload_vectors import fresh
from tests.intake.peer import connected, serving
from tests.intake.valley import KEY, MemorySink

DEGREE, VOLT = QUANTITIES["temperature_c"], QUANTITIES["voltage_v"]
GATEWAY = DeviceEntry("GW1", "thingsboard-gateway", credential_hash(KEY, "token-of-gw1"), {})
OTHER_GATEWAY = DeviceEntry("GW2", "thingsboard-gateway", credential_hash(KEY, "token-of-gw2"), {})
BEHIND = "thingsboard-gateway-device"
DEVICES = (
    GATEWAY,
    OTHER_GATEWAY,
    DeviceEntry("GW1>Device A", BEHIND, "", {"temperature": (1, DEGREE)}),
    DeviceEntry("GW2>Device A", BEHIND, "", {"temperature": (2, DEGREE)}),
    DeviceEntry("Device A", BEHIND, credential_hash(KEY, "own"), {"temperature": (3, DEGREE)}),
    DeviceEntry("GW1>safe", BEHIND, credential_hash(KEY, "its own"), {"temperature": (4, DEGREE)}),
    DeviceEntry("GW1>hub>inner", BEHIND, "", {"temperature": (8, DEGREE)}),
    DeviceEntry("zigbee2mqtt", "zigbee2mqtt-bridge", "", {}),
    DeviceEntry("zigbee2mqtt>厨房 插座", "zigbee2mqtt-plug", "", {"voltage": (5, VOLT)}),
    DeviceEntry("zigbee2mqtt>lost profile", "no-such-profile", "", {"voltage": (6, VOLT)}),
    DeviceEntry("D0300", "tasmota-energy", "", {"ENERGY.Voltage": (7, VOLT)}),
)


@pytest.fixture
def valley(desk: Intake) -> Intake:
    tokens = {entry.credential_hash: entry.name for entry in DEVICES if entry.credential_hash}
    desk.directory = Directory({entry.name: entry for entry in DEVICES}, tokens, 0, KEY)
    return desk


def sink_of(desk: Intake) -> MemorySink:
    assert isinstance(desk.sink, MemorySink)
    return desk.sink


async def said(desk: Intake, entry: DeviceEntry, topic: str, content: Any, *, retained: bool = False) -> None:
    """`entry` publishes on our own endpoint."""
    batch = Batch(desk.clock.now_ns())
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    batch.take(desk, entry, Message(topic, payload, retained))
    batch.start(desk)
    assert await batch.finished() is None


async def relayed(desk: Intake, topic: str, content: Any, *, retained: bool = False) -> None:
    """A broker passes a message on."""
    source = BrokerSource(desk, Broker(url="mqtt://127.0.0.1:1"))
    batch = Batch(desk.clock.now_ns())
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    source.take(batch, Message(topic, payload, retained))
    batch.start(desk)
    assert await batch.finished() is None


def kept(desk: Intake) -> list[tuple[str, str, str]]:
    return [(row.device, row.reason, row.detail) for row in reversed(desk.quarantine.rows())]


def telemetry(name: str, value: float) -> dict[str, Any]:
    return {name: [{"values": {"temperature": value}}]}


async def test_each_gateway_speaks_for_its_own_device_of_the_same_name(valley: Intake) -> None:
    await said(valley, GATEWAY, "v1/gateway/telemetry", telemetry("Device A", 41))
    await said(valley, OTHER_GATEWAY, "v1/gateway/telemetry", telemetry("Device A", 42))
    assert [(row[0], row[2]) for row in sink_of(valley).rows] == [(1, 410), (2, 420)]
    assert kept(valley) == []


@pytest.mark.parametrize(
    "name", ["Device B", "safe", "GW2>Device A", "hub>inner", "", ">", "D0300", "GW1", "../Device A"]
)
async def test_a_gateway_speaks_for_nobody_else(valley: Intake, name: str) -> None:
    await said(valley, GATEWAY, "v1/gateway/telemetry", telemetry(name, 0))
    await said(valley, GATEWAY, "v1/gateway/connect", {"device": name})
    await said(valley, GATEWAY, "v1/gateway/disconnect", {"device": name})
    assert sink_of(valley).rows == []
    assert sink_of(valley).connections == []
    assert {row[:2] for row in kept(valley)} <= {("GW1", "unknown_device"), ("GW1", "malformed")}


async def test_an_unknown_device_behind_a_gateway_is_kept_by_the_name_that_the_registry_wants(
    valley: Intake, clock: ManualClock
) -> None:
    await said(valley, GATEWAY, "v1/gateway/telemetry", telemetry("Device B", 20))
    assert kept(valley) == [("GW1", "unknown_device", "GW1>Device B")]
    valley.directory = Directory(
        valley.directory.devices, valley.directory.by_credential, clock.now_ns() + SECOND_NS, KEY
    )
    await said(valley, GATEWAY, "v1/gateway/telemetry", telemetry("Device C", 20))
    assert [row.name for row in valley.quarantine.unknown_devices()] == ["GW1>Device C"]


async def test_a_stranger_among_its_devices_hides_no_other(valley: Intake) -> None:
    await said(valley, GATEWAY, "v1/gateway/telemetry", telemetry("Device B", 1) | telemetry("Device A", 41))
    assert sink_of(valley).values(1) == [410]


async def test_a_device_without_its_profile_hides_no_other(valley: Intake) -> None:
    await relayed(valley, "zigbee2mqtt/lost profile", {"voltage": 230})
    assert kept(valley) == [("zigbee2mqtt", "no_profile", "zigbee2mqtt>lost profile: no-such-profile")]
    await relayed(valley, "zigbee2mqtt/厨房 插座", {"voltage": 230})
    assert sink_of(valley).values(5) == [2300]


async def test_a_device_behind_a_gateway_is_lost_and_back_by_the_gateways_word(valley: Intake) -> None:
    await said(valley, GATEWAY, "v1/gateway/connect", {"device": "Device A", "type": "default"})
    assert sink_of(valley).connections == []
    await said(valley, GATEWAY, "v1/gateway/disconnect", {"device": "Device A"})
    await said(valley, GATEWAY, "v1/gateway/connect", {"device": "Device A"})
    await said(valley, GATEWAY, "v1/gateway/connect", {"device": "Device A"})
    assert sink_of(valley).connections == [([1], True), ([1], False)]


async def test_being_told_online_again_and_again_keeps_no_silent_point_from_falling_silent(
    valley: Intake,
) -> None:
    for _ in range(5):
        await relayed(valley, "tele/D0300/LWT", b"Online", retained=True)
    assert sink_of(valley).connections == []


async def test_a_retained_offline_counts_since_it_says_how_it_is_now(valley: Intake) -> None:
    await relayed(valley, "tele/D0300/LWT", b"Offline", retained=True)
    await relayed(valley, "tele/D0300/LWT", b"Online")
    assert sink_of(valley).connections == [([7], True), ([7], False)]


async def test_with_the_bridge_its_plugs_are_lost(valley: Intake) -> None:
    await relayed(valley, "zigbee2mqtt/bridge/state", {"state": "offline"})
    await relayed(valley, "zigbee2mqtt/厨房 插座/availability", b"online")
    await relayed(valley, "zigbee2mqtt/bridge/state", b"online")
    points = [5, 6]
    assert sink_of(valley).connections == [(points, True), ([5], False), (points, False)]


async def test_a_bridge_that_is_back_brings_its_plugs_back_once(valley: Intake) -> None:
    await relayed(valley, "zigbee2mqtt/bridge/state", b"offline")
    await relayed(valley, "zigbee2mqtt/bridge/state", b"online")
    await relayed(valley, "zigbee2mqtt/bridge/state", b"online")
    await relayed(valley, "zigbee2mqtt/厨房 插座/availability", b"online")
    assert [lost for _, lost in sink_of(valley).connections] == [True, False]


async def test_on_our_endpoint_a_bridge_bears_its_own_name(valley: Intake) -> None:
    bridge = DeviceEntry("Z1", "zigbee2mqtt-bridge", credential_hash(KEY, "z"), {})
    plug = DeviceEntry("Z1>厨房 插座", "zigbee2mqtt-plug", "", {"voltage": (9, VOLT)})
    without = {name: one for name, one in valley.directory.devices.items() if name != "zigbee2mqtt"}
    valley.directory = Directory(without | {"Z1": bridge, plug.name: plug}, {}, 0, KEY)
    await said(valley, bridge, "zigbee2mqtt/厨房 插座", {"voltage": 229})
    assert (sink_of(valley).values(9), sink_of(valley).values(5)) == ([2290], [])


async def test_a_gateways_lost_line_loses_the_devices_behind_it(valley: Intake) -> None:
    async with serving(valley) as listener:
        peer = await connected(listener, user="GW1", password="token-of-gw1", will=("x", b"y"))
        peer.send(publish("v1/gateway/telemetry", json.dumps(telemetry("Device A", 41)).encode(), 1))
        await peer.receives(puback(1))
        peer.vanish()
        await sink_of(valley).connected(1)
        await connected(listener, user="GW1", password="token-of-gw1")
        await sink_of(valley).connected(2)
    assert sink_of(valley).values(1) == [410]
    assert sink_of(valley).connections == [([1], True), ([1], False)]


def test_a_request_for_attributes_is_answered_as_the_official_client_expects() -> None:
    asked = b'{"keys":["limit"],"device":"Device A","client":false,"id":7}'
    ((topic, answer),) = fresh("thingsboard_gateway").replies("v1/gateway/attributes/request", asked)
    assert topic == "v1/gateway/attributes/response"
    assert json.loads(answer) == {"id": 7, "device": "Device A", "values": {}}


@pytest.mark.parametrize("name", ["\\ud800", "\\udc00\\ud800", "a\\u0000b", "木屋"])
def test_a_device_of_any_name_is_answered_by_that_name(name: str) -> None:
    asked = b'{"device":"%s","id":7}' % name.encode()
    ((_, answer),) = fresh("thingsboard_gateway").replies("v1/gateway/attributes/request", asked)
    assert json.loads(answer)["device"] == json.loads(f'"{name}"')


@pytest.mark.parametrize(
    "asked",
    [
        b"",
        b"[]",
        b"{}",
        b'{"device":"A"}',
        b'{"device":7,"id":7}',
        b'{"device":"A","id":"7"}',
        b'{"device":"A","id":36893488147419103232}',
    ],
)
def test_a_request_that_is_none_is_not_answered(asked: bytes) -> None:
    assert fresh("thingsboard_gateway").replies("v1/gateway/attributes/request", asked) == ()
    assert fresh("thingsboard_gateway").replies("v1/gateway/telemetry", asked) == ()
