"""Through a real Mosquitto: a persistent session, acknowledged after the commit, whatever is killed."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from flameblue.config import Broker
from flameblue.domain.errors import JournalFull
from flameblue.domain.readings import Mark
from flameblue.intake import broker as broker_module
from flameblue.intake.broker import BrokerSource
from flameblue.intake.reception import Intake
from tests.intake.valley import TOPIC, MemorySink
from tests.live.binaries import needed
from tests.live.desks import desk, sink
from tests.live.installation import HOST, free_port, wait_for

__all__ = ["desk", "sink"]
pytestmark = pytest.mark.live
WITHIN_S = 20.0
INFLIGHT_MAX = 20  # Mosquitto's own default


@dataclass
class Mosquitto:
    """A broker that keeps its sessions over a restart, and all that is published while their owners are away."""

    folder: Path
    port: int = field(default_factory=free_port)
    persists: bool = True
    queued_max: int = 0  # 0: no bound; its own default throws away what passes 1,000
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://flame:blue@{HOST}:{self.port}"

    def start(self) -> None:
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} {HOST}\nallow_anonymous true\npersistence {str(self.persists).lower()}\n"
            f"persistence_location {self.folder}/\nmax_inflight_messages {INFLIGHT_MAX}\nuser root\n"
            f"max_queued_messages {self.queued_max}\n",
            encoding="ascii",
        )
        self.process = subprocess.Popen(
            [needed("mosquitto"), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(lambda: self.publish("probe", "x", "-q", "0") == 0, WITHIN_S, "Mosquitto answers")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(WITHIN_S)
        self.process = None

    def publish(self, topic: str, payload: str, *more: str) -> int:
        """Publishes one message (QoS 1 unless `more` says so); the return code."""
        arguments = ("-h", HOST, "-p", str(self.port), "-q", "1", *more, "-t", topic, "-m", payload)
        done = subprocess.run(
            [needed("mosquitto_pub"), *arguments], capture_output=True, timeout=WITHIN_S, check=False
        )
        return done.returncode

    def publish_all(self, values: range) -> None:
        lines = "".join(f'{{"v":{{"ir":{value}}}}}\n' for value in values)
        arguments = ("-h", HOST, "-p", str(self.port), "-q", "1", "-t", TOPIC, "-l")
        subprocess.run(
            [needed("mosquitto_pub"), *arguments], input=lines.encode(), timeout=WITHIN_S, check=True
        )


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


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_module, "BACK_OFF_S_MIN", 0.1)
    monkeypatch.setattr(broker_module, "BACK_OFF_S_MAX", 0.5)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def taking(desk: Intake, broker: Mosquitto) -> AsyncIterator[BrokerSource]:
    """Takes the broker's messages in, once the subscription stands."""
    before = desk.counts["broker_subscribed"]
    source = BrokerSource(desk, Broker(url=broker.url, client_id="flameblue-test"))
    task = asyncio.create_task(source.serve())
    await until(lambda: desk.counts["broker_subscribed"] > before)
    try:
        yield source
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_messages_arrive_in_order_and_retained_ones_are_marked(
    desk: Intake, sink: MemorySink, mosquitto: Mosquitto
) -> None:
    now_ms = desk.clock.now_ns() // 1_000_000
    retained = f'{{"t":{now_ms},"v":{{"tb":40}}}}'
    assert await asyncio.to_thread(mosquitto.publish, TOPIC, retained, "-r") == 0
    async with taking(desk, mosquitto) as source:
        assert source.connected()
        await until(lambda: sink.values(2) == [400])
        assert sink.rows[0][3] & Mark.RETAINED
        await asyncio.to_thread(mosquitto.publish_all, range(1, 501))
        await until(lambda: len(sink.rows) == 501)
        assert sink.values(1) == [value * 10 for value in range(1, 501)]
        assert not any(row[3] & Mark.RETAINED for row in sink.rows[1:])


async def test_nothing_is_acknowledged_to_the_broker_before_it_is_durable(
    desk: Intake, sink: MemorySink, mosquitto: Mosquitto
) -> None:
    async with taking(desk, mosquitto):
        sink.hold()
        await asyncio.to_thread(mosquitto.publish_all, range(1, 2 * INFLIGHT_MAX + 1))
        await until(lambda: desk.counts["messages"] == INFLIGHT_MAX)
        await asyncio.sleep(0.5)
        assert desk.counts["messages"] == INFLIGHT_MAX
        sink.release()
        await until(lambda: len(sink.rows) == 2 * INFLIGHT_MAX)


async def test_what_is_published_while_we_are_away_is_kept_for_us(
    desk: Intake, sink: MemorySink, mosquitto: Mosquitto
) -> None:
    async with taking(desk, mosquitto):
        pass
    await asyncio.to_thread(mosquitto.publish_all, range(1, 51))
    async with taking(desk, mosquitto):
        await until(lambda: len(sink.rows) == 50)
    assert sink.values(1) == [value * 10 for value in range(1, 51)]


async def test_a_restarted_broker_is_found_again_and_nothing_is_lost(
    desk: Intake, sink: MemorySink, mosquitto: Mosquitto
) -> None:
    async with taking(desk, mosquitto) as source:
        sink.hold()
        await asyncio.to_thread(mosquitto.publish_all, range(1, 31))
        await until(lambda: desk.counts["messages"] == INFLIGHT_MAX)
        await asyncio.to_thread(mosquitto.stop)
        await until(lambda: not source.connected())
        sink.release()
        await asyncio.to_thread(mosquitto.start)
        await until(source.connected)
        await asyncio.to_thread(mosquitto.publish_all, range(31, 41))
        await until(lambda: set(sink.values(1)) == {value * 10 for value in range(1, 41)})


async def test_what_could_not_be_made_durable_is_sent_again_by_the_broker(
    desk: Intake, sink: MemorySink, mosquitto: Mosquitto
) -> None:
    async with taking(desk, mosquitto):
        sink.failure = JournalFull("The disk is full.")
        await asyncio.to_thread(mosquitto.publish_all, range(1, 6))
        await until(lambda: desk.counts["batches_failed"] > 0)
        assert sink.rows == []
        sink.failure = None
        await until(lambda: set(sink.values(1)) == {10, 20, 30, 40, 50})


def taker(url: str, folder: Path, enough: int = sys.maxsize) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen([sys.executable, "-m", "tests.live.broker_taker", url, str(folder), str(enough)])


def test_a_killed_process_gets_what_it_had_not_acknowledged_again(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    folder = tmp_path / "taker"
    arrived, values = folder / "arrived", folder / "values"
    process = taker(mosquitto.url, folder, 0)
    wait_for(
        lambda: mosquitto.publish(TOPIC, '{"v":{"ir":0}}') == 0 and arrived.exists(), WITHIN_S, "it listens"
    )
    mosquitto.publish_all(range(1, 101))
    wait_for(lambda: arrived.stat().st_size >= INFLIGHT_MAX, WITHIN_S, "messages have arrived")
    process.kill()
    process.wait()
    assert not values.exists()
    process = taker(mosquitto.url, folder)
    try:
        expected = {value * 10 for value in range(101)}
        wait_for(lambda: taken(values) == expected, WITHIN_S, "everything was sent again")
    finally:
        process.kill()
        process.wait()


def test_killed_at_many_moments_nothing_is_lost(mosquitto: Mosquitto, tmp_path: Path) -> None:
    folder = tmp_path / "taker"
    process = taker(mosquitto.url, folder)
    wait_for(
        lambda: mosquitto.publish(TOPIC, '{"v":{"ir":0}}') == 0 and taken(folder / "values") == {0},
        WITHIN_S,
        "it listens",
    )
    process.kill()
    process.wait()
    values = range(1, 1201)
    mosquitto.publish_all(values)
    for enough in (1, 5, 60, 300):  # each in the middle of what the broker has yet to send
        before = (folder / "values").stat().st_size
        process = taker(mosquitto.url, folder, enough)
        wait_for(
            lambda so_far=before: (folder / "values").stat().st_size > so_far, WITHIN_S, "some of it is taken"
        )
        process.kill()
        process.wait()
    assert len(taken(folder / "values")) < len(values)
    process = taker(mosquitto.url, folder)
    try:
        expected = {0, *(value * 10 for value in values)}
        wait_for(lambda: taken(folder / "values") == expected, WITHIN_S, "everything is there")
    finally:
        process.kill()
        process.wait()


def taken(values: Path) -> set[int]:
    return {int(line) for line in values.read_text(encoding="ascii").split()} if values.exists() else set()
