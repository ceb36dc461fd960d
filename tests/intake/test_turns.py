"""Whose turn it is, and what waits for what: peers without sockets, a quarantine that is told when it is durable."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import JournalFull
from flameblue.domain.limits import (
    BUSY_BATCHES_MIN,
    FRUITLESS_BYTES_MAX,
    FRUITLESS_FRAMES_MAX,
    FRUITLESS_WITHIN_S,
    LIGHT_FRAMES_PER_S,
    PROBATION_FRAMES_MAX,
    REST_S,
    SUBSCRIBE_TOPICS_MAX,
    TURN_FRAMES_MAX,
)
from flameblue.intake import turns
from flameblue.intake.reception import Intake
from flameblue.intake.rest import Fruit, Pace
from tests.intake.mqtt_packets import ACCEPTED, PING, puback, publish, subscribe
from tests.intake.peer import Peer, client, connected, serving
from tests.intake.valley import TOKEN, TOPIC, MemorySink

READING = b'{"v":{"ir":12.5}}'
T0001_TOPIC, T0001_READING = "v1/devices/me/telemetry", b'{"temperature":42.2}'


@pytest.fixture
def slow_disk(desk: Intake) -> Iterator[threading.Event]:
    """Quarantine is written when it is set."""
    may_write, write = threading.Event(), desk.quarantine.add

    def add(items: Any) -> None:
        may_write.wait(10)
        write(items)

    desk.keeper._add = add
    yield may_write
    may_write.set()


async def test_a_line_has_a_few_frames_a_turn(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        flooding = [await connected(listener, client_id=f"c{number}") for number in range(5)]
        quiet = await connected(listener, user=TOKEN, password=None)
        for peer in flooding:
            peer.send(*(publish(TOPIC, READING, number) for number in range(1, 201)))
        quiet.send(publish(T0001_TOPIC, T0001_READING, 1))
        await quiet.receives(puback(1))
        assert [row[0] for row in sink.rows].index(11) <= len(flooding) * TURN_FRAMES_MAX


async def test_who_says_much_goes_after_the_others(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        flooding = [await connected(listener, client_id=f"c{number}") for number in range(5)]
        quiet = await connected(listener, user=TOKEN, password=None)
        for peer in flooding:
            peer.send(*(publish(TOPIC, READING, number) for number in range(1, LIGHT_FRAMES_PER_S + 200)))
        await flooding[0].receives(b"".join(puback(number) for number in range(1, LIGHT_FRAMES_PER_S + 2)))
        taken = len(sink.rows)
        quiet.send(publish(T0001_TOPIC, T0001_READING, 1))
        await quiet.receives(puback(1))
        assert [row[0] for row in sink.rows].index(11) - taken <= len(flooding) * TURN_FRAMES_MAX


async def test_readings_are_acknowledged_while_quarantine_waits(
    desk: Intake, sink: MemorySink, slow_disk: threading.Event
) -> None:
    async with serving(desk) as listener:
        good, bad = await connected(listener), await connected(listener, user=TOKEN, password=None)
        bad.send(publish(T0001_TOPIC, b"garbage", 1))
        good.send(publish(TOPIC, READING, 1))
        await good.receives(puback(1))
        assert bytes(bad.sent_to_it) == b""
        slow_disk.set()
        await bad.receives(puback(1))
        assert [row.device for row in desk.quarantine.rows()] == ["T0001"]


async def test_what_a_line_is_owed_leaves_in_the_order_of_its_frames(
    desk: Intake, sink: MemorySink, slow_disk: threading.Event
) -> None:
    async with serving(desk) as listener:
        peer, other = await connected(listener), await connected(listener, user=TOKEN, password=None)
        for number in range(1, 9):
            peer.send(publish(TOPIC, READING if number % 3 else b"garbage", number))
            other.send(publish(T0001_TOPIC, T0001_READING, number))
            await other.receives(puback(number))
        assert bytes(peer.sent_to_it) == puback(1) + puback(2)
        slow_disk.set()
        await peer.receives(b"".join(puback(number) for number in range(1, 9)))


async def test_who_is_refused_does_not_wait_for_quarantine(desk: Intake, slow_disk: threading.Event) -> None:
    async with serving(desk) as listener:
        peer = Peer(listener)
        peer.send(client(password="wrong").connect())
        await peer.receives(b"\x20\x02\x00\x04")
        await peer.is_closed()
        assert desk.quarantine.rows() == []
        slow_disk.set()
        await desk.keeper.flush()
        assert [row.reason for row in desk.quarantine.rows()] == ["wrong_credential"]


async def test_who_brings_no_reading_rests_and_is_counted_once(desk: Intake, clock: ManualClock) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener)
        for rests in (1, 2):
            frames = (
                FRUITLESS_FRAMES_MAX - 1 if rests == 1 else PROBATION_FRAMES_MAX
            )  # CONNECT is a frame too
            peer.send(PING * (frames - 1))
            await peer.receives(b"\xd0\x00" * (frames - 1))
            assert peer.reading
            peer.send(PING)
            await peer.receives(b"\xd0\x00")
            assert not peer.reading
            clock.advance(REST_S)
            await peer.until(lambda: peer.reading)
        assert desk.counts["connections_slowed"] == 1


async def test_a_topic_counts_as_a_frame(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener)
        packet = subscribe(1, *["x"] * SUBSCRIBE_TOPICS_MAX)
        times = FRUITLESS_FRAMES_MAX // SUBSCRIBE_TOPICS_MAX
        peer.send(packet * times)
        await peer.until(lambda: not peer.reading and peer.line.resting)
        assert desk.counts["connections_slowed"] == 1


async def test_whoever_rests_is_not_blamed_for_being_quiet(desk: Intake, clock: ManualClock) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener, keep_alive_s=1)
        peer.send(PING * FRUITLESS_FRAMES_MAX)
        await peer.until(lambda: peer.line.resting)
        listener.sweep()
        clock.advance(1.4)
        listener.sweep()
        assert not peer.is_closing()


async def test_a_reading_now_and_then_keeps_a_line_from_resting(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener)
        for number in range(1, 6):
            peer.send(PING * (FRUITLESS_FRAMES_MAX - 2), publish(TOPIC, READING, number))
            await peer.receives(b"\xd0\x00" * (FRUITLESS_FRAMES_MAX - 2) + puback(number))
        assert desk.counts["connections_slowed"] == 0


def test_slow_rubbish_is_not_slowed_down() -> None:
    fruit = Fruit()
    step_s = FRUITLESS_WITHIN_S / (FRUITLESS_FRAMES_MAX - 2)
    assert not any(fruit.failed(1, 100.0 + number * step_s) for number in range(5_000))


def test_large_rubbish_is() -> None:
    fruit = Fruit()
    outcomes = []
    for _ in range(6):
        fruit.heard_bytes += FRUITLESS_BYTES_MAX // 4
        outcomes.append(fruit.failed(1, 100.0))
    assert outcomes == [False] * 4 + [True, False]


def test_a_pace_is_of_one_second() -> None:
    pace = Pace()
    pace.said(LIGHT_FRAMES_PER_S, 100.0)
    assert not pace.is_heavy()
    pace.said(1, 100.5)
    assert pace.is_heavy()
    pace.said(1, 101.0)
    assert not pace.is_heavy()


async def test_who_was_let_in_hears_it_while_the_news_of_it_wait(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        gone = await connected(listener, will=("w", b""))
        gone.vanish()
        await sink.connected(1)
        peer = Peer(listener)
        peer.send(client().connect())
        await peer.receives(ACCEPTED)
        await sink.connected(2)
        assert sink.connections == [([1, 2, 3], True), ([1, 2, 3], False)]


async def test_connections_that_are_lost_together_are_one_record(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        news = listener._conversation.news
        for number in range(500):
            news.tell(f"D{number}", [number], lost=True)
        news.tell("D7", [7], lost=False)
        news.tell("D7", [7], lost=True)
        news.tell("D8", [8], lost=False)
        await sink.connected(2)
        lost, back = sink.connections
    assert (sorted(lost[0]), lost[1]) == ([number for number in range(500) if number != 8], True)
    assert back == ([8], False)


async def test_news_that_could_not_be_recorded_are_told_again(
    desk: Intake, sink: MemorySink, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, connection = asyncio.Event(), sink.connection

    async def fails_once(*news: Any) -> None:
        if not told.is_set():
            told.set()
            raise JournalFull("The disk is full.")
        await connection(*news)

    monkeypatch.setattr(sink, "connection", fails_once)
    async with serving(desk) as listener:
        listener._conversation.news.tell("D1", [1], lost=True)
        await sink.connected(1)
        assert sink.connections == [([1], True)]
        assert told.is_set()


async def test_a_batch_waits_for_company_while_many_are_on_their_way(
    desk: Intake, sink: MemorySink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "GATHER_S", 0.2)  # longer than it takes to send what follows
    async with serving(desk) as listener:
        peers = [await connected(listener, client_id=f"c{number}") for number in range(2 * BUSY_BATCHES_MIN)]
        sink.hold()
        for number, peer in enumerate(peers, 1):
            peer.send(publish(TOPIC, READING, number))
            await sink.called(min(number, BUSY_BATCHES_MIN + 1))
            await asyncio.to_thread(int)  # the loop turns, so that each has a chance to go alone
        sink.release()
        for number, peer in enumerate(peers, 1):
            await peer.receives(puback(number))
        assert sink.calls < len(peers)
        assert len(sink.rows) == len(peers)
