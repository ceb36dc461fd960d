"""Through a real Mosquitto: what Home Assistant finds there, and what comes of a restart on either side."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from flameblue.config import Config, HomeAssistant
from flameblue.domain.clock import SystemClock, to_ns
from flameblue.domain.readings import Reading, readings_array
from flameblue.history.board import Board
from flameblue.runtime import home_publishing
from flameblue.runtime.home_publishing import HomePublishing
from flameblue.runtime.stages import Worker
from tests.cases.bench import Bench, another_cabin
from tests.cases.conftest import bench
from tests.live.installation import HOST
from tests.live.test_intake_broker import Mosquitto, mosquitto, until

__all__ = ["bench", "mosquitto"]
pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]
STATUS = "flameblue/home/status"


@dataclass
class Listener:
    """What a client of the broker sees: the newest message of each topic, and which were retained."""

    port: int
    seen: dict[str, str] = field(default_factory=dict)
    retained: set[str] = field(default_factory=set)
    client: paho.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self.client.on_message = self._heard
        self.client.reconnect_delay_set(1, 1)
        self.client.connect(HOST, self.port)
        self.client.loop_start()

    def _heard(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self.seen[message.topic] = message.payload.decode()
        if message.retain:
            self.retained.add(message.topic)

    def json(self, topic: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.seen[topic])
        return loaded

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def home(mosquitto: Mosquitto) -> Iterator[Listener]:
    listener = Listener(mosquitto.port)
    yield listener
    listener.close()


@pytest.fixture
def board(tmp_path: Path, bench: Bench) -> Board:
    made = Board(tmp_path / "board.bin", writable=True)
    measure(made, bench, 23.0)
    return made


def measure(board: Board, bench: Bench, residual_current_ma: float) -> None:
    at_ns = to_ns(bench.now)
    board.update(
        readings_array([Reading(bench.cast.ir.pk, at_ns, round(residual_current_ma * 10), 0)]), at_ns
    )


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_publishing, "LOOK_S", 0.1)
    monkeypatch.setattr(home_publishing, "REGISTRY_S", 0.3)
    monkeypatch.setattr(home_publishing, "AWAY_S_MAX", 1)


@asynccontextmanager
async def publishing(port: int, board: Board) -> AsyncIterator[HomePublishing]:
    worker = Worker("orm")
    settings = HomeAssistant(url=f"mqtt://{HOST}:{port}", every_s=0.2)
    stage = HomePublishing(Config(home_assistant=settings), worker, board, SystemClock())
    task = asyncio.create_task(stage.run())
    try:
        yield stage
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await worker(close_connection)
        worker.close()


def close_connection() -> None:
    from django.db import connection

    connection.close()


def names(bench: Bench) -> tuple[str, str, str]:
    """The topics of the cabin's residual current and of its danger: announcement, state, state."""
    point, premises = bench.cast.ir.pk, bench.cast.premises.pk
    return (
        f"homeassistant/sensor/flameblue/point_{point}/config",
        f"flameblue/home/point_{point}/state",
        f"flameblue/home/premises_{premises}_safety/state",
    )


async def test_a_subscriber_finds_premises_points_and_values_retained(
    bench: Bench, board: Board, mosquitto: Mosquitto, home: Listener
) -> None:
    config, state, safety = names(bench)
    async with publishing(mosquitto.port, board) as stage:
        await until(lambda: {config, state, safety, STATUS} <= home.seen.keys())
        late = Listener(mosquitto.port)
        await until(lambda: {config, state, safety, STATUS} <= late.retained)
        late.close()
        ours = {topic for topic in home.seen if "flameblue" in topic}
        assert stage.published == len(ours), "each topic once"
    assert late.json(config)["device"]["name"] == "禾木 松林客栈"
    assert late.json(config)["name"] == "203房暖气 剩余电流"
    assert (late.json(config)["unit_of_measurement"], late.seen[state]) == ("mA", "23.0")
    assert (late.seen[safety], late.seen[STATUS]) == ("OFF", "online")
    assert not any("+86" in payload or "1390" in payload for payload in late.seen.values())


async def test_an_opened_case_turns_the_premises_on_and_a_new_value_follows(
    bench: Bench, board: Board, mosquitto: Mosquitto, home: Listener
) -> None:
    _, state, safety = names(bench)
    async with publishing(mosquitto.port, board):
        await until(lambda: home.seen.get(safety) == "OFF")
        await asyncio.to_thread(bench.alarm, bench.cast.ir, value=382.0)
        bench.now = bench.now.replace(minute=8)
        measure(board, bench, 382.0)
        await until(lambda: home.seen.get(safety) == "ON" and home.seen.get(state) == "382.0")
        attributes = f"flameblue/home/premises_{bench.cast.premises.pk}_safety/attributes"
        await until(lambda: home.json(attributes)["cases"] != [])
        (case,) = home.json(attributes)["cases"]
        assert (case["family"], case["level"], case["state"]) == ("leakage", "alarm", "open")
        problem = f"flameblue/home/premises_{bench.cast.premises.pk}_problem/state"
        assert home.seen[problem] == "OFF"


async def test_a_silent_point_is_unknown(
    bench: Bench, board: Board, mosquitto: Mosquitto, home: Listener
) -> None:
    _, state, _ = names(bench)
    async with publishing(mosquitto.port, board):
        await until(lambda: home.seen.get(state) == "23.0")
        await asyncio.to_thread(bench.silent, bench.cast.ir)
        await until(lambda: home.seen.get(state) == "None")


async def test_a_restarted_broker_that_forgot_everything_is_told_again(
    bench: Bench, board: Board, tmp_path: Path
) -> None:
    folder = tmp_path / "forgetful"
    folder.mkdir()
    broker = Mosquitto(folder, persists=False)
    await asyncio.to_thread(broker.start)
    config, state, safety = names(bench)
    try:
        async with publishing(broker.port, board) as stage:
            await until(lambda: stage.outbox.held.get(state) == "23.0")
            await asyncio.to_thread(broker.stop)
            await asyncio.to_thread(broker.start)
            home = Listener(broker.port)
            await until(lambda: {config, state, safety, STATUS} <= home.seen.keys())
            home.close()
    finally:
        await asyncio.to_thread(broker.stop)


async def test_a_broker_that_comes_later_is_found(bench: Bench, board: Board, tmp_path: Path) -> None:
    folder = tmp_path / "late"
    folder.mkdir()
    broker = Mosquitto(folder)
    _, state, _ = names(bench)
    async with publishing(broker.port, board) as stage:
        await asyncio.sleep(1.0)
        assert stage.published == 0
        await asyncio.to_thread(broker.start)
        try:
            await until(lambda: stage.outbox.held.get(state) == "23.0")
        finally:
            await asyncio.to_thread(broker.stop)


async def test_home_assistant_is_told_again_when_it_comes_back(
    bench: Bench, board: Board, mosquitto: Mosquitto, home: Listener
) -> None:
    config, state, _ = names(bench)
    async with publishing(mosquitto.port, board) as stage:
        await until(lambda: home.seen.get(state) == "23.0")
        before = stage.published
        home.seen.clear()
        assert await asyncio.to_thread(mosquitto.publish, "homeassistant/status", "online") == 0
        await until(lambda: {config, state, STATUS} <= home.seen.keys())
        assert stage.published == 2 * before


async def test_what_is_gone_is_taken_back_also_what_an_earlier_run_announced(
    bench: Bench, board: Board, mosquitto: Mosquitto, home: Listener
) -> None:
    await asyncio.to_thread(bench_cabin, bench)
    async with publishing(mosquitto.port, board):
        await until(lambda: len(announced(home)) == 4 + 3 + 1)
        await asyncio.to_thread(retire_all, bench)
        await until(lambda: len(announced(home)) == 2 + 1)
    old = "homeassistant/sensor/flameblue/point_999/config"
    for topic in (old, "flameblue/home/point_999/state"):
        assert await asyncio.to_thread(mosquitto.publish, topic, "{}", "-r") == 0
    other = "homeassistant/sensor/somebody/point_999/config"
    assert await asyncio.to_thread(mosquitto.publish, other, "{}", "-r") == 0
    async with publishing(mosquitto.port, board):
        await until(lambda: home.seen[old] == "" and home.seen["flameblue/home/point_999/state"] == "")
        assert home.seen[other] == "{}"


def bench_cabin(bench: Bench) -> None:
    another_cabin(bench.cast, "白桦客栈")


def retire_all(bench: Bench) -> None:
    bench.cast.device.points.update(retired=True)


def announced(home: Listener) -> list[str]:
    return [topic for topic, payload in home.seen.items() if topic.startswith("homeassistant/") and payload]


async def test_a_goodbye_says_that_flameblue_is_gone(
    bench: Bench, board: Board, mosquitto: Mosquitto, home: Listener
) -> None:
    async with publishing(mosquitto.port, board):
        await until(lambda: home.seen.get(STATUS) == "online")
    await until(lambda: home.seen.get(STATUS) == "offline")


async def test_a_command_changes_nothing(
    bench: Bench, board: Board, mosquitto: Mosquitto, home: Listener
) -> None:
    _, state, safety = names(bench)
    await asyncio.to_thread(bench.alarm, bench.cast.ir, value=382.0)
    async with publishing(mosquitto.port, board):
        await until(lambda: home.seen.get(safety) == "ON")
        for topic in (f"{safety}/set", safety.replace("state", "set"), "homeassistant/flameblue/close"):
            assert await asyncio.to_thread(mosquitto.publish, topic, "OFF") == 0
        bench.now = bench.now.replace(minute=9)
        measure(board, bench, 24.0)
        await until(lambda: home.seen.get(state) == "24.0")
        assert home.seen[safety] == "ON"
