"""ThingsBoard's own gateway client against our endpoint: it speaks for the devices behind it, is answered, goes and
comes back. It is made for MQTT 5; with 3.1.1 it differs in nothing but its version."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from tb_gateway_mqtt import TBGatewayMqttClient

from flameblue.domain.quantities import QUANTITIES
from tests.intake.valley import T0001, TOKEN, directory
from tests.live.installation import HOST, wait_for
from tests.live.mqtt_endpoint import WITHIN_S, Endpoint, endpoint

pytestmark = pytest.mark.live
VERSIONS = {"311": paho.MQTTv311, "5": paho.MQTTv5}
RPC = "v1/gateway/rpc"


def behind(name: str, point: int) -> Any:
    """A device of the registry that has no line of its own."""
    points = {"temperature": (point, QUANTITIES["temperature_c"])}
    return replace(T0001, name=f"T0001>{name}", credential_hash="", points=points)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Endpoint]:
    async with endpoint(tmp_path) as serving:
        serving.intake.directory = directory(T0001, behind("A", 12), behind("B", 13))
        yield serving


@dataclass
class Gateway:
    """The client, and what it was told."""

    port: int
    version: str
    client: Any = None
    answers: list[Any] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    replied: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = TBGatewayMqttClient(HOST, self.port, TOKEN, client_id="gateway")
        self.client._client._protocol = VERSIONS[self.version]
        self.client._client._clean_session = True  # what only MQTT 3.1.1 has
        self.client.gw_set_server_side_rpc_request_handler(self._reply)

    def comes(self) -> None:
        self.client.connect()
        wait_for(self.client.is_connected, WITHIN_S, "the gateway is connected")
        wait_for(lambda: not self.client.get_subscriptions_in_progress(), WITHIN_S, "it has subscribed")
        wait_for(lambda: self.client.rate_limits_received, WITHIN_S, "it knows its limits")

    def goes(self) -> None:
        self.client.disconnect()
        self.client.stop()

    def says(self, device: str, *temperatures: float) -> None:
        """One reading after the other, each acknowledged."""
        for temperature in temperatures:
            at_ms = time.time_ns() // 1_000_000
            sent = self.client.gw_send_telemetry(
                device, {"ts": at_ms, "values": {"temperature": temperature}}
            )
            assert sent.get() == 0

    def asks(self, ask: Callable[..., Any]) -> None:
        ask("A", ["limit"], lambda content, _error: self.answers.append(content))

    def _reply(self, client: Any, asked: Any) -> None:
        self.asked.append(asked)
        self.replied.append(client.gw_send_rpc_reply(asked["device"], asked["data"]["id"], {"pong": True}))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_official_gateway_client_speaks_for_the_devices_behind_it_goes_and_comes_back(
    place: Endpoint, version: str
) -> None:
    gateway = Gateway(place.port, version)
    client = gateway.client

    await asyncio.to_thread(gateway.comes)
    assert place.counts["connects"] == 1
    assert (await asyncio.to_thread(client.gw_connect_device, "A", "meter")).rc() == 0
    await asyncio.to_thread(gateway.says, "A", 42.5, 43.0)
    await asyncio.to_thread(gateway.says, "B", 17.0)
    assert (place.values(12), place.values(13)) == ([425, 430], [170])
    assert client.gw_send_attributes("A", {"firmware": "1.0"}).get() == 0

    await asyncio.to_thread(client.gw_disconnect_device, "A")
    await until(lambda: place.intake.gone == {"T0001>A"})
    await asyncio.to_thread(gateway.goes)
    await until(lambda: place.counts["connections_open"] == 0)

    back = Gateway(place.port, version)
    await asyncio.to_thread(back.comes)
    await asyncio.to_thread(back.client.gw_connect_device, "A", "meter")
    await until(lambda: not place.intake.gone)
    await asyncio.to_thread(back.says, "A", 44.0)
    assert place.values(12) == [425, 430, 440]
    await asyncio.to_thread(back.goes)
    assert (place.intake.quarantine.rows(), place.counts["protocol_errors"]) == ([], 0)


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_official_gateway_client_gets_its_attributes_and_is_asked(
    place: Endpoint, version: str
) -> None:
    gateway = Gateway(place.port, version)
    client = gateway.client
    await asyncio.to_thread(gateway.comes)
    await asyncio.to_thread(gateway.asks, client.gw_request_shared_attributes)
    await asyncio.to_thread(gateway.asks, client.gw_request_client_attributes)
    await until(lambda: len(gateway.answers) == 2)
    assert [(one["device"], one["values"]) for one in gateway.answers] == [("A", {}), ("A", {})]

    asked = {"device": "A", "data": {"id": 7, "method": "ping", "params": {}}}
    await place.sends("T0001", RPC, json.dumps(asked).encode())
    await until(lambda: len(gateway.replied) == 1)
    assert (gateway.asked, await asyncio.to_thread(gateway.replied[0].get)) == ([asked], 0)
    await asyncio.to_thread(gateway.goes)
    assert (place.intake.quarantine.rows(), place.counts["protocol_errors"]) == ([], 0)


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_official_gateway_client_goes_on_by_itself_after_its_line_was_torn(
    place: Endpoint, version: str
) -> None:
    gateway = Gateway(place.port, version)
    client = gateway.client
    await asyncio.to_thread(gateway.comes)
    await asyncio.to_thread(gateway.says, "A", 42.5)
    client._client.socket().shutdown(socket.SHUT_RDWR)
    await until(lambda: place.counts["connects"] == 2)
    await until(client.is_connected)
    await asyncio.to_thread(gateway.says, "A", 43.0)
    assert place.values(12) == [425, 430]
    asked = {"device": "A", "data": {"id": 8, "method": "ping", "params": {}}}
    await place.sends("T0001", RPC, json.dumps(asked).encode())
    await until(lambda: gateway.asked == [asked])
    await asyncio.to_thread(gateway.goes)
