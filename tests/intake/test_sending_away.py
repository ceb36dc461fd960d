"""Who is sent away is heard out, so that our last word is not taken back; who lies dead is not."""

import asyncio

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import JournalFull
from flameblue.domain.limits import CONNECT_WITHIN_S
from flameblue.intake.listener import Listener
from flameblue.intake.reception import Intake
from tests.intake import mqtt5_packets as packets
from tests.intake.peer import Peer, connected_5, serving
from tests.intake.valley import T0001, TOPIC, MemorySink, directory

READING = b'{"v":{"ir":12}}'
TAKEN_OVER = packets.farewell(0x8E, "the same client id has connected again")


async def over_tcp(listener: Listener) -> Peer:
    peer = await connected_5(listener, "c1")
    peer.over_tcp = True
    return peer


async def test_who_spoke_lately_is_told_and_heard_out_for_a_while(
    desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    async with serving(desk) as listener:
        old = await over_tcp(listener)
        clock.advance(CONNECT_WITHIN_S - 1)
        new = await connected_5(listener, "c1")
        await old.receives(TAKEN_OVER)
        assert (old.told_the_end, old.is_closing()) == (True, False)
        old.send(packets.publish(TOPIC, READING, 1))
        new.send(packets.publish(TOPIC, READING, 1))
        await new.next_packet()
        assert (len(sink.rows), bytes(old.sent_to_it)) == (1, b"")
        clock.advance(CONNECT_WITHIN_S)
        listener.sweep()
        assert not old.is_closing()
        clock.advance(1)
        listener.sweep()
        await old.is_closed()


async def test_a_line_that_lies_dead_makes_room_at_once(desk: Intake, clock: ManualClock) -> None:
    async with serving(desk) as listener:
        old = await over_tcp(listener)
        clock.advance(CONNECT_WITHIN_S)
        await connected_5(listener, "c1")
        await old.receives(TAKEN_OVER)
        await old.is_closed()
        assert not old.told_the_end


async def test_who_is_no_longer_admitted_is_told_once_and_heard_out(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = await over_tcp(listener)
        desk.directory = directory(T0001)
        listener.sweep()
        await peer.receives(packets.farewell(0x87, "this device is no longer admitted"))
        listener.sweep()
        assert (peer.told_the_end, peer.is_closing(), bytes(peer.sent_to_it)) == (True, False, b"")


async def test_messages_that_fail_one_after_the_other_end_their_line_once(
    desk: Intake, sink: MemorySink, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed, add = asyncio.Event(), desk.counts.add

    def noted(name: str, count: int = 1) -> None:
        add(name, count)
        if desk.counts["batches_failed"] == 2:
            failed.set()

    monkeypatch.setattr(desk.counts, "add", noted)
    sink.failure = JournalFull("The disk is full.")
    sink.hold()
    async with serving(desk) as listener:
        peer = await over_tcp(listener)
        for number in (1, 2):
            peer.send(packets.publish(TOPIC, READING, number))
            await sink.called(number)
        sink.release()
        await peer.receives(packets.farewell(0x80, "nothing of the last messages was kept; send them again"))
        async with asyncio.timeout(10):
            await failed.wait()
        assert (peer.told_the_end, peer.is_closing(), bytes(peer.sent_to_it)) == (True, False, b"")


async def test_who_passes_its_keep_alive_counts_as_lost_at_once(
    desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener, "c1", keep_alive_s=2)
        peer.over_tcp = True
        clock.advance(4)
        listener.sweep()
        await peer.is_closed()
        await sink.connected(1)
        assert not peer.told_the_end
