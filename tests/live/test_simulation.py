"""The false valley against a real Mosquitto: real MQTT 3.1.1, broken lines, and a broker that goes."""

import asyncio
import gc
import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from flameblue.domain.clock import SystemClock
from flameblue.simulation import faults
from flameblue.simulation.detector import Detector
from flameblue.simulation.device import Address, Reporting, Surroundings
from flameblue.simulation.places import Wishes
from flameblue.simulation.plan import make_plan
from flameblue.simulation.run import Course, Running, run
from flameblue.simulation.scenarios import Due
from flameblue.simulation.world import World
from tests.live.installation import HOST, free_port

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("mosquitto") is None, reason="2026-01-15: needs Debian's mosquitto"),
]
BACKLOG_S = 600.0
WET = {"premises": "白桦客栈", "circuit": "浴室"}


class Broker:
    """A Mosquitto with a password for every device, as Flameblue's own endpoint asks for."""

    def __init__(self, folder: Path, credentials: dict[str, str]) -> None:
        self.port = free_port()
        passwords = folder / "passwords"
        passwords.write_text("".join(f"{name}:{word}\n" for name, word in credentials.items()), "utf-8")
        passwords.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True, capture_output=True)
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(
            f"listener {self.port} {HOST}\nallow_anonymous false\npassword_file {passwords}\nuser root\n"
            "max_inflight_messages 1000\n",
            "utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["mosquitto", "-c", str(self._settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def at(broker: Broker) -> Wishes:
    """Detectors that speak MQTT, and where to."""
    return Wishes(HOST, {"mqtt": broker.port})


def first(valley: Running) -> Reporting:
    detector = valley.detectors[0]
    assert isinstance(detector, Reporting)
    return detector


class Heard:
    """What a subscriber saw: samples by device, and the wills."""

    def __init__(self) -> None:
        self.samples: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.wills: list[str] = []

    def take(self, topic: str, payload: bytes) -> None:
        _, _, device, kind = topic.split("/")
        if kind == "lost":
            self.wills.append(device)
            return
        content = json.loads(payload)
        self.samples[device].extend(content if isinstance(content, list) else [content])


@pytest.fixture
def world() -> World:
    return World(make_plan(5, 1), SystemClock().now_ns() / 1e9 - BACKLOG_S)


@pytest.fixture
def broker(tmp_path: Path, world: World) -> Iterator[Broker]:
    credentials = {circuit.device: circuit.credential for _, circuit in world.circuits}
    broker = Broker(tmp_path, credentials | {"listener": "listener"})
    broker.start()
    yield broker
    broker.kill()


@asynccontextmanager
async def listening(broker: Broker) -> AsyncIterator[Heard]:
    """A subscriber that comes back when the broker does."""
    heard = Heard()

    async def listen() -> None:
        while True:
            with suppress(aiomqtt.MqttError):
                async with aiomqtt.Client(
                    HOST, broker.port, username="listener", password="listener", identifier="listener"
                ) as client:
                    await client.subscribe("flameblue/v1/#", qos=1)
                    async for message in client.messages:
                        assert isinstance(message.payload, bytes)
                        heard.take(str(message.topic), message.payload)
            await asyncio.sleep(0.05)

    async with background(listen()):
        await asyncio.sleep(0.5)
        yield heard


@asynccontextmanager
async def background(work: Any) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


async def until(condition: Any, within_s: float, what: str) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not condition():
        assert loop.time() < deadline, f"not within {within_s} s: {what}"
        await asyncio.sleep(0.05)


async def test_every_detector_sends_its_backlog_first_and_then_every_ten_seconds(
    world: World, broker: Broker
) -> None:
    course = Course(backlog_s=BACKLOG_S)
    devices = {circuit.device for _, circuit in world.circuits}
    began_ms = SystemClock().now_ns() // 1_000_000
    async with listening(broker) as heard:
        async with background(run(world, at(broker), course, SystemClock())):
            await until(
                lambda: all(len(heard.samples[device]) >= 11 for device in devices),
                25,
                "backlog and one more",
            )
        for device in devices:
            times = [sample["t"] for sample in heard.samples[device]]
            assert times == sorted(times)
            past = [time for time in times if time < began_ms]
            assert len(past) >= 10
            assert 590_000 < began_ms - past[0] < 605_000
            assert times[-1] >= began_ms - 1_000


async def test_a_fault_comes_and_a_command_ends_it(tmp_path: Path, world: World, broker: Broker) -> None:
    (device,) = (
        circuit.device
        for place, circuit in world.circuits
        if (place.name, circuit.name) == (WET["premises"], WET["circuit"])
    )
    commands = tmp_path / "commands.jsonl"
    # Faster than the clock, so that the first reading after a change has it.
    course = Course(
        speed=20, backlog_s=60, commands=commands, faults=(Due(1.0, faults.WetCable(**WET, ma=382)),)
    )

    def last(heard: Heard, key: str) -> float:
        return float(heard.samples[device][-1]["v"][key]) if heard.samples[device] else -1.0

    async with (
        listening(broker) as heard,
        background(run(world, at(broker), course, SystemClock())),
    ):
        await until(lambda: last(heard, "ir") > 300, 20, "the leak")
        commands.write_text(json.dumps({"do": "isolate", **WET}) + "\n", "utf-8")
        await until(lambda: last(heard, "ir") == 0 and last(heard, "ib") == 0, 20, "switched off")
        with commands.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"do": "repair", **WET}) + "\n")
            lines.write(json.dumps({"do": "restore", **WET}) + "\n")
        await until(lambda: 0 < last(heard, "ir") < 200 and last(heard, "ib") > 5, 20, "load back, no leak")


async def test_a_dark_detector_leaves_without_a_word_and_comes_back(world: World, broker: Broker) -> None:
    device = world.circuits[0][1].device
    place, circuit = world.circuits[0]
    loss = faults.PowerLoss(premises=place.name, circuit=circuit.name, lasts_s=100)
    course = Course(speed=20, backlog_s=60, faults=(Due(2.0, loss),))
    async with (
        listening(broker) as heard,
        background(run(world, at(broker), course, SystemClock())),
    ):
        await until(lambda: heard.wills == [device], 20, "the will")
        before = len(heard.samples[device])
        await until(lambda: len(heard.samples[device]) > before, 30, "it is back")
        assert heard.wills == [device]


async def test_nothing_is_lost_while_the_broker_is_gone(world: World, broker: Broker) -> None:
    valley = Running(world, at(broker), Course(backlog_s=60), SystemClock())
    await valley.send_backlog()

    async def everything() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(valley.go_on())
            for speaker in valley.speakers:
                group.create_task(speaker.speak(valley.connected))

    counts = valley.counts
    async with background(everything()):
        await until(lambda: counts.acknowledged >= len(world.circuits), 10, "connected")
        broker.kill()
        measured = counts.samples
        await until(lambda: counts.samples > measured + len(world.circuits), 25, "they measure on")
        assert counts.acknowledged < counts.samples
        broker.start()
        await until(lambda: counts.acknowledged == counts.samples, 30, "all of it acknowledged")
    assert counts.broken > 0
    assert counts.dropped == 0


async def test_a_wrong_credential_is_refused_and_tried_again_quietly(world: World, broker: Broker) -> None:
    valley = Running(world, at(broker), Course(backlog_s=60), SystemClock())
    await valley.send_backlog()
    around = Surroundings(valley.counts)
    wrong = Detector(first(valley).name, "not-this", Address(HOST, broker.port), around)
    async with background(wrong.speak(valley.connected)):
        await until(lambda: valley.counts.broken >= 2, 15, "refused twice")
    assert valley.counts.connected == 0


async def test_being_stopped_after_the_broker_has_gone_leaves_no_trace_in_the_log(
    world: World, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    valley = Running(world, at(broker), Course(backlog_s=60), SystemClock())
    await valley.send_backlog()
    detector = first(valley)
    async with background(detector.speak(valley.connected)):
        await until(lambda: not detector.outbox.samples, 10, "connected and idle")
        broker.kill()
        await asyncio.sleep(0.3)
    gc.collect()
    await asyncio.sleep(0)
    assert [record for record in caplog.records if record.name == "asyncio"] == []
