"""The lines of the listener: who is lost, who is cut off, what a flood may do. Peers without sockets, a told clock."""

import asyncio

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.limits import (
    CONNECT_WITHIN_S,
    CONNECTIONS_PER_DEVICE_MAX,
    HEAVY_FRAMES_MAX,
    INFLIGHT_PER_CONNECTION_MAX,
    ROUND_FRAMES_MAX,
    TURN_FRAMES_MAX,
)
from flameblue.intake import listener as listener_module
from flameblue.intake.listener import Listener
from flameblue.intake.reception import Intake
from tests.intake.mqtt_packets import ACCEPTED, DISCONNECT, PING, packet, puback, publish
from tests.intake.peer import Peer, client, connected, serving
from tests.intake.valley import T0001, TOKEN, TOPIC, MemorySink, directory, settings

READING = b'{"v":{"ir":12.5}}'


async def test_an_idle_line_of_a_device_that_is_gone_is_ended_by_the_sweep(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener)
        desk.directory = directory(T0001)
        listener.sweep()
        await peer.is_closed()


async def test_whoever_does_not_present_himself_in_time_is_cut_off(desk: Intake, clock: ManualClock) -> None:
    async with serving(desk) as listener:
        silent, dribbling = Peer(listener), Peer(listener)
        clock.advance(CONNECT_WITHIN_S - 1)
        dribbling.send(client().connect()[:5])
        listener.sweep()
        assert not silent.is_closing()
        clock.advance(2)
        listener.sweep()
        await silent.is_closed()
        await dribbling.is_closed()


@pytest.mark.parametrize(("keep_alive_s", "quiet_s"), [(60, 89), (10, 14), (0, 90_000)])
async def test_who_was_let_in_may_be_quiet_as_long_as_was_agreed(
    desk: Intake, clock: ManualClock, keep_alive_s: int, quiet_s: float
) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener, keep_alive_s=keep_alive_s)
        clock.advance(quiet_s)
        listener.sweep()
        assert not peer.is_closing()


async def test_keep_alive_is_one_and_a_half_times_what_was_promised(
    desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener, keep_alive_s=60)
        clock.advance(80)
        peer.send(PING)
        await peer.receives(b"\xd0\x00")
        clock.advance(89)
        listener.sweep()
        assert not peer.is_closing()
        peer.send(publish(TOPIC, READING, 1)[:-1])  # half a packet is no sign of life
        clock.advance(2)
        listener.sweep()
        await peer.is_closed()
        await sink.connected(1)
        assert sink.connections == [([1, 2, 3], True)]


async def test_a_will_starts_the_hold_and_coming_back_ends_it(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener, will=("flameblue/v1/D0217/state", b"offline"))
        peer.vanish()
        await sink.connected(1)
        back = await connected(listener, will=("flameblue/v1/D0217/state", b"offline"))
        await sink.connected(2)
        assert sink.connections == [([1, 2, 3], True), ([1, 2, 3], False)]
        back.send(DISCONNECT)
        await back.is_closed()
        await connected(listener)
        assert len(sink.connections) == 2


async def test_a_line_without_a_will_that_just_closes_is_not_lost(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        (await connected(listener)).vanish()
        await connected(listener)
        assert sink.connections == []


async def test_the_will_counts_when_the_device_breaks_the_protocol(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener, will=("w", b""))
        peer.send(b"\x30\xff\xff\xff\x7f")
        await peer.is_closed()
        await sink.connected(1)
        assert [row.reason for row in desk.quarantine.rows()] == ["oversized"]


async def test_a_device_that_connects_again_takes_its_old_line_over_without_its_will(
    desk: Intake, sink: MemorySink
) -> None:
    async with serving(desk) as listener:
        old = await connected(listener, will=("w", b""))
        new = await connected(listener, will=("w", b""))
        await old.is_closed()
        new.send(publish(TOPIC, READING, 1))
        await new.receives(puback(1))
        assert (sink.connections, desk.counts["taken_over"]) == ([], 1)


async def test_a_device_is_lost_only_with_its_last_line(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        one = await connected(listener, client_id="a", will=("w", b""))
        two = await connected(listener, client_id="b", will=("w", b""))
        one.vanish()
        two.send(PING)
        await two.receives(b"\xd0\x00")
        assert sink.connections == []
        two.vanish()
        await sink.connected(1)


async def test_a_device_has_a_few_lines_at_most(desk: Intake) -> None:
    async with serving(desk) as listener:
        first = await connected(listener, client_id="first")
        for number in range(CONNECTIONS_PER_DEVICE_MAX):
            await connected(listener, client_id=f"c{number}")
        await first.is_closed()


async def test_messages_sent_before_a_lost_connection_are_still_taken(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener, will=("w", b""))
        peer.send(publish(TOPIC, READING, 1))
        peer.vanish()
        await sink.connected(1)
        assert sink.values(1) == [125]
        assert desk.counts["connections_open"] == 0


async def test_beyond_the_frames_in_flight_the_socket_is_not_read(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener)
        sink.hold()
        for number in range(1, INFLIGHT_PER_CONNECTION_MAX):
            peer.send(publish(TOPIC, READING, number))
        assert peer.reading
        peer.send(publish(TOPIC, READING, INFLIGHT_PER_CONNECTION_MAX))
        assert not peer.reading
        sink.release()
        await peer.until(lambda: peer.reading)


async def test_a_line_that_waits_for_our_disk_does_not_expire(
    desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener, keep_alive_s=10)
        sink.hold()
        peer.send(publish(TOPIC, READING, 1))
        await sink.called(1)
        clock.advance(100)
        listener.sweep()
        assert not peer.is_closing()
        sink.release()
        await peer.receives(puback(1))


async def test_a_peer_that_does_not_read_its_answers_is_not_read_and_expires(
    desk: Intake, clock: ManualClock
) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener, keep_alive_s=10)
        peer.line.pause_writing()
        assert not peer.reading
        peer.line.resume_writing()
        assert peer.reading
        peer.line.pause_writing()
        clock.advance(16)
        listener.sweep()
        await peer.is_closed()


async def test_too_many_connections_are_closed_at_once_and_counted(
    desk: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module.Endpoint, "lines_max", 2)
    async with serving(desk) as listener:
        kept = [await connected(listener, client_id=name) for name in ("a", "b")]
        extra = Peer(listener)
        await extra.is_closed()
        assert not any(peer.is_closing() for peer in kept)
        assert desk.counts["connections_over_limit"] == 1
        kept[0].vanish()
        assert not Peer(listener).is_closing()


async def test_who_is_gone_with_much_to_say_counts_until_it_was_heard(
    desk: Intake, sink: MemorySink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever connects, talks, goes and comes again fills no memory."""
    monkeypatch.setattr(listener_module.Endpoint, "lines_max", 2)
    async with serving(desk) as listener:
        await connected(listener, client_id="stays")
        goes = await connected(listener, client_id="goes")
        goes.send(publish(TOPIC, b'{"v":{"ir":1}}', 1) * 3)
        goes.vanish()
        extra = Peer(listener)
        await extra.is_closed()
        assert desk.counts["connections_over_limit"] == 1
        await sink.called(1)
        assert not Peer(listener).is_closing()


@pytest.mark.parametrize(
    "packets",
    [
        [client().connect(), client().connect()],
        [publish(TOPIC, READING, 1)],
        [b"\x16\x03\x01\x00\xf0"],
        [client().connect(), packet(0x36, b"\x00\x01a\x00\x01")],
    ],
    ids=["second connect", "no connect", "tls on the plain port", "qos 3"],
)
async def test_a_broken_protocol_ends_the_line_and_is_kept_with_its_reason(
    desk: Intake, packets: list[bytes]
) -> None:
    async with serving(desk) as listener:
        peer = Peer(listener)
        peer.send(*packets)
        await peer.is_closed()
        assert [row.reason for row in desk.quarantine.rows()] == ["protocol"]


async def test_mqtt_3_1_is_told_that_its_version_is_not_spoken(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = Peer(listener)
        peer.send(bytes.fromhex("101000064d51497364700302003c00024431"))
        await peer.receives(b"\x20\x02\x00\x01")
        await peer.is_closed()


async def test_a_flood_larger_than_a_batch_is_taken_in_order(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener)
        numbers = range(1, 3001)
        peer.send(*(publish(TOPIC, b'{"v":{"ir":%d}}' % number, number) for number in numbers))
        await peer.receives(b"".join(puback(number) for number in numbers))
        assert sink.values(1) == [number * 10 for number in numbers]
        assert (
            len(numbers) / (ROUND_FRAMES_MAX + HEAVY_FRAMES_MAX)
            <= sink.calls
            <= len(numbers) / HEAVY_FRAMES_MAX
        )


async def test_a_flooding_device_keeps_nobody_waiting(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        flooding = await connected(listener)
        quiet = await connected(listener, user=TOKEN, password=None)
        flooding.send(*(publish(TOPIC, READING, number) for number in range(1, 5001)))
        quiet.send(publish("v1/devices/me/telemetry", b'{"temperature":42.2}', 1))
        await quiet.receives(puback(1))
        place = [row[0] for row in sink.rows].index(11)
        assert place < 2 * TURN_FRAMES_MAX


async def test_a_fault_of_ours_stops_the_stage_and_does_not_acknowledge(
    desk: Intake, sink: MemorySink
) -> None:
    listener = Listener(desk, settings())
    stage = asyncio.create_task(listener.serve())
    await listener.started.wait()
    peer = await connected(listener)
    sink.failure = AssertionError("we are wrong")
    peer.send(publish(TOPIC, READING, 1))
    with pytest.raises(ExceptionGroup) as raised:
        await stage
    assert raised.group_contains(AssertionError)
    assert peer.is_closing()
    assert bytes(peer.sent_to_it) == b""


async def test_a_client_may_publish_without_waiting_to_be_let_in(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = Peer(listener)
        peer.send(client().connect(), publish(TOPIC, READING, 1), DISCONNECT)
        await peer.receives(ACCEPTED + puback(1))
        await peer.is_closed()
        assert sink.values(1) == [125]
