"""A primary host through a real Mosquitto: nodes are told that we listen, that we are lost, and that we are back."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from flameblue.config import Broker
from flameblue.intake import broker as broker_module
from flameblue.intake.broker import BrokerSource
from tests.intake.valley import MemorySink, intake
from tests.live.installation import HOST
from tests.live.test_intake_broker import Mosquitto, until

pytestmark = pytest.mark.live
TOPIC = "spBv1.0/STATE/valley"


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder)
    broker.start()
    yield broker
    broker.stop()


class Node:
    """An edge node that waits for its host: it subscribes to the state."""

    def __init__(self, port: int) -> None:
        self.heard: list[dict[str, Any]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _client, _data, message: self.heard.append(
            json.loads(message.payload)
        )
        self._client.on_connect = lambda client, *_: client.subscribe(TOPIC, 1)
        self._client.connect(HOST, port)
        self._client.loop_start()

    def online(self) -> list[bool]:
        return [said["online"] for said in self.heard]

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


async def test_nodes_are_told_whether_their_host_listens(
    tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_module, "BACK_OFF_S_MIN", 0.1)
    desk = intake(tmp_path, MemorySink())
    source = BrokerSource(
        desk, Broker(url=mosquitto.url, client_id="flameblue-test", sparkplug_host="valley")
    )
    task = asyncio.create_task(source.serve())
    await until(lambda: desk.counts["broker_subscribed"] > 0)
    node = Node(mosquitto.port)
    try:
        await until(lambda: node.online() == [True])
        assert await asyncio.to_thread(mosquitto.publish, TOPIC, '{"online":false,"timestamp":1}', "-r") == 0
        await until(lambda: node.online() == [True, False, True])
        assert node.heard[2] == node.heard[0]
        assert source._client is not None
        line = source._client.socket()
        assert isinstance(line, socket.socket)
        line.shutdown(socket.SHUT_RDWR)
        await until(lambda: node.online()[3:5] == [False, True])
        will, birth = node.heard[3:5]
        assert will["timestamp"] == node.heard[0]["timestamp"]
        assert birth["timestamp"] > will["timestamp"]
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await until(lambda: not node.online()[-1])
        after = [said for said in node.heard[4:] if not said["online"]]
        assert after[0]["timestamp"] > birth["timestamp"]  # our own word; the will may still follow it
        assert desk.quarantine.rows() == []
    finally:
        task.cancel()
        node.leave()
        desk.quarantine.close()
