"""What outlives a connection: subscriptions, messages on their way to a device, QoS 2 packet ids."""

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import JournalFull
from flameblue.domain.limits import (
    OUTGOING_MESSAGE_BYTES_MAX,
    OUTGOING_MESSAGES_MAX,
    SESSION_S_MAX,
    SESSIONS_PER_DEVICE_MAX,
)
from flameblue.intake.listener import Listener
from flameblue.intake.reception import Intake
from tests.intake import mqtt5_packets as packets
from tests.intake import mqtt_packets as packets_3
from tests.intake.peer import Peer, client, connected, connected_5, serving
from tests.intake.valley import TOKEN, TOPIC, MemorySink

READING = b'{"v":{"ir":12.5}}'
COMMAND = "flameblue/v1/D0217/command"
ALL = "flameblue/v1/D0217/#"
KEPT = {0x11: 300}  # a session expiry of 300 s


async def subscribed(listener: Listener, qos: int = 1, present: bool = False, **more: int) -> Peer:
    """A peer whose session goes on for 300 s, subscribed to all of its own."""
    asked = {**KEPT, **{int(name[1:], 16): value for name, value in more.items()}}
    peer = await connected_5(listener, "c1", asked, clean=False, present=present)
    peer.send(packets.subscribe(1, (ALL, qos)))
    await peer.receives(bytes([0x90, 4, 0, 1, 0, qos]))
    return peer


async def gone(listener: Listener, peer: Peer) -> None:
    """The network takes `peer` away, and the listener has noticed."""
    other = await connected(listener, user=TOKEN, password=None)
    peer.vanish()
    other.send(packets_3.PING)
    await other.receives(b"\xd0\x00")


async def test_pubrec_leaves_only_after_the_readings_are_durable(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener)
        sink.hold()
        peer.send(packets.publish(TOPIC, READING, 7, flags=4))
        await sink.called(1)
        assert bytes(peer.sent_to_it) == b""
        sink.release()
        await peer.receives(packets.pubrec_from_us(7))
        peer.send(packets.pubrel(7))
        await peer.receives(packets.pubcomp_from_us(7))
        assert sink.values(1) == [125]


@pytest.mark.parametrize(
    ("flags", "payload", "taken"),
    [
        (12, READING, [125]),
        (4, READING, [125, 125]),
        (12, b'{"v":{"ir":13}}', [125, 130]),
    ],
    ids=["sent again", "the same once more", "another one by a device that lost its memory"],
)
async def test_a_qos_2_message_sent_again_after_a_lost_line_is_not_taken_twice(
    desk: Intake, sink: MemorySink, flags: int, payload: bytes, taken: list[int]
) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener, "c1", KEPT, clean=False)
        peer.send(packets.publish(TOPIC, READING, 7, flags=4))
        await peer.receives(packets.pubrec_from_us(7))
        await gone(listener, peer)
        back = await connected_5(listener, "c1", KEPT, clean=False, present=True)
        back.send(packets.publish(TOPIC, payload, 7, flags=flags), packets.pubrel(7))
        await back.receives(packets.pubrec_from_us(7) + packets.pubcomp_from_us(7))
        assert sink.values(1) == taken


async def test_a_released_packet_id_is_free_for_the_next_message(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener)
        for _ in range(2):
            peer.send(packets.publish(TOPIC, READING, 7, flags=4))
            await peer.receives(packets.pubrec_from_us(7))
            peer.send(packets.pubrel(7))
            await peer.receives(packets.pubcomp_from_us(7))
        peer.send(packets.publish(TOPIC, READING, 7, flags=12))
        await peer.receives(packets.pubrec_from_us(7))
        assert sink.values(1) == [125] * 3


async def test_a_qos_2_message_that_was_not_durable_is_taken_when_it_comes_again(
    desk: Intake, sink: MemorySink
) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener, "c1", KEPT, clean=False)
        sink.failure = JournalFull("The disk is full.")
        peer.send(packets.publish(TOPIC, READING, 7, flags=4))
        await peer.is_closed()
        assert bytes(peer.sent_to_it) == packets.farewell(
            0x80, "nothing of the last messages was kept; send them again"
        )
        sink.failure = None
        back = await connected_5(listener, "c1", KEPT, clean=False, present=True)
        back.send(packets.publish(TOPIC, READING, 7, flags=12))
        await back.receives(packets.pubrec_from_us(7))
        assert sink.values(1) == [125]


async def test_a_release_that_means_nothing_is_answered_all_the_same(desk: Intake) -> None:
    async with serving(desk) as listener:
        new, old = await connected_5(listener, "new"), await connected(listener, client_id="old")
        new.send(packets.pubrel(9))
        old.send(packets.pubrel(9))
        await new.receives(b"\x70\x03\x00\x09\x92")
        await old.receives(b"\x70\x02\x00\x09")


@pytest.mark.parametrize(
    ("asked", "clean", "away_s", "present"),
    [
        (KEPT, False, 299, True),
        (KEPT, False, 301, False),
        (KEPT, True, 1, False),
        ({}, False, 0, False),
        ({0x11: 0xFFFFFFFF}, False, SESSION_S_MAX - 1, True),
        ({0x11: 0xFFFFFFFF}, False, SESSION_S_MAX + 1, False),
    ],
)
async def test_a_session_goes_on_as_long_as_was_agreed(
    desk: Intake, clock: ManualClock, asked: dict[int, int], clean: bool, away_s: float, present: bool
) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener, "c1", asked, clean=False)
        await gone(listener, peer)
        clock.advance(away_s)
        listener.sweep()
        await connected_5(listener, "c1", asked, clean=clean, present=present)


async def test_disconnect_may_change_how_long_the_session_goes_on(desk: Intake, clock: ManualClock) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener, "c1", KEPT, clean=False)
        peer.send(packets.disconnect(0, {0x11: 10}))
        await peer.is_closed()
        clock.advance(5)
        listener.sweep()
        back = await connected_5(listener, "c1", KEPT, clean=False, present=True)
        back.send(packets.disconnect(0, {0x11: 0}))
        await back.is_closed()
        await connected_5(listener, "c1", KEPT, clean=False, present=False)


async def test_mqtt_3_1_1_goes_on_with_its_session_unless_it_is_clean(desk: Intake) -> None:
    async with serving(desk) as listener:
        hello = client(clean=False)
        peer = await connected(listener, clean=False)
        peer.send(packets_3.subscribe(1, ALL))
        await peer.receives(b"\x90\x03\x00\x01\x01")
        await gone(listener, peer)
        assert listener.send("D0217", COMMAND, b"on")
        back = Peer(listener)
        back.send(hello.connect())
        await back.receives(b"\x20\x02\x01\x00" + packets_3.publish(COMMAND, b"on", 1))
        await gone(listener, back)
        await connected(listener, clean=True)


async def test_a_newer_connection_takes_the_session_over_and_the_older_is_told(desk: Intake) -> None:
    async with serving(desk) as listener:
        old = await subscribed(listener)
        new = await connected_5(listener, "c1", KEPT, clean=False, present=True)
        await old.receives(packets.farewell(0x8E, "the same client id has connected again"))
        await old.is_closed()
        assert listener.send("D0217", COMMAND, b"on")
        await new.receives(packets.message_from_us(COMMAND, b"on", 1))
        listener.sweep()
        assert not new.is_closing()


async def test_what_was_not_acknowledged_is_sent_again_first_with_its_id_and_the_flag(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = await subscribed(listener)
        for payload in (b"1", b"2", b"3"):
            assert listener.send("D0217", COMMAND, payload)
            await peer.next_packet()
        peer.send(packets.puback(2), packets_3.PING)
        await peer.receives(b"\xd0\x00")
        await gone(listener, peer)
        assert listener.send("D0217", COMMAND, b"4")
        back = await connected_5(listener, "c1", KEPT, clean=False, present=True)
        for payload, number, again in ((b"1", 1, True), (b"3", 3, True), (b"4", 4, False)):
            await back.receives(packets.message_from_us(COMMAND, payload, number, again=again))


async def test_never_more_on_the_way_than_the_client_takes(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = await subscribed(listener, x21=2)
        for number in range(5):
            assert listener.send("D0217", COMMAND, b"%d" % number)
        for number in (1, 2):
            await peer.receives(packets.message_from_us(COMMAND, b"%d" % (number - 1), number))
        assert bytes(peer.sent_to_it) == b""
        peer.send(packets.puback(1, 0x87))
        await peer.receives(packets.message_from_us(COMMAND, b"2", 3))
        peer.send(packets.puback(9))
        peer.send(packets.puback(2), packets.puback(3))
        await peer.receives(packets.message_from_us(COMMAND, b"3", 4))
        await peer.receives(packets.message_from_us(COMMAND, b"4", 5))


async def test_a_message_larger_than_the_client_takes_is_passed_over(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = await subscribed(listener, x27=64)
        listener.send("D0217", COMMAND, b"x" * 64)
        listener.send("D0217", COMMAND, b"y")
        await peer.receives(packets.message_from_us(COMMAND, b"y", 2))
        assert desk.counts["outgoing_too_large"] == 1


async def test_a_message_is_sent_once_however_many_subscriptions_match(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = await subscribed(listener, qos=0)
        peer.send(packets.subscribe(2, (COMMAND, 1), ("flameblue/v1/D0217/+", 0)))
        await peer.receives(b"\x90\x05\x00\x02\x00\x01\x00")
        listener.send("D0217", COMMAND, b"once")
        await peer.receives(packets.message_from_us(COMMAND, b"once", 1))
        peer.send(packets.unsubscribe(3, ALL, "a", COMMAND), packets_3.PING)
        await peer.receives(b"\xb0\x06\x00\x03\x00\x00\x11\x00\xd0\x00")
        listener.send("D0217", COMMAND, b"at qos 0")
        await peer.receives(packets.message_from_us(COMMAND, b"at qos 0"))


async def test_who_is_away_gets_qos_1_and_nobody_elses(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = await subscribed(listener, qos=0)
        assert listener.send("D0217", COMMAND, b"now")
        await peer.receives(packets.message_from_us(COMMAND, b"now"))
        assert not listener.send("T0001", COMMAND, b"of another device")
        assert not listener.send("D0217", "flameblue/v1/D0217x", b"of another topic")
        await gone(listener, peer)
        assert not listener.send("D0217", COMMAND, b"late")


async def test_a_session_holds_a_few_messages_and_none_of_any_size(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = await subscribed(listener)
        await gone(listener, peer)
        assert not listener.send("D0217", COMMAND, b"x" * OUTGOING_MESSAGE_BYTES_MAX)
        taken = [listener.send("D0217", COMMAND, b"x") for _ in range(OUTGOING_MESSAGES_MAX + 1)]
        assert taken == [True] * OUTGOING_MESSAGES_MAX + [False]
        back = await connected_5(listener, "c1", KEPT, clean=False, present=True)
        back.send(*(packets.puback(number) for number in range(1, OUTGOING_MESSAGES_MAX + 1)), packets_3.PING)
        await back.until(lambda: back.sent_to_it.endswith(b"\xd0\x00"))
        assert listener.send("D0217", COMMAND, b"room again")


async def test_nothing_is_sent_before_the_client_was_welcomed(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        await gone(listener, await subscribed(listener))
        other = await connected(listener, client_id="other")
        sink.hold()
        other.send(packets_3.publish(TOPIC, READING, 1))
        await sink.called(1)
        back = Peer(listener)
        back.send(packets.connect("c1", KEPT, clean=False), packets.subscribe(2, (COMMAND, 1)))
        other.send(packets_3.publish(TOPIC, READING, 2))
        await sink.called(2)
        assert listener.send("D0217", COMMAND, b"on")
        assert bytes(back.sent_to_it) == b""
        sink.release()
        assert (await back.next_packet())[:4] == b"\x20\x12\x01\x00"
        assert {await back.next_packet(), await back.next_packet()} == {
            packets.message_from_us(COMMAND, b"on", 1),
            b"\x90\x04\x00\x02\x00\x01",
        }


async def test_who_does_not_read_is_not_sent_more_until_he_reads(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = await subscribed(listener)
        peer.line.pause_writing()
        assert listener.send("D0217", COMMAND, b"on")
        assert bytes(peer.sent_to_it) == b""
        peer.line.resume_writing()
        await peer.receives(packets.message_from_us(COMMAND, b"on", 1))


async def test_a_device_has_a_few_sessions_and_the_oldest_that_sleeps_goes_first(desk: Intake) -> None:
    async with serving(desk) as listener:
        awake = await connected_5(listener, "awake", KEPT, clean=False)
        for number in range(SESSIONS_PER_DEVICE_MAX):
            await gone(listener, await connected_5(listener, f"c{number}", KEPT, clean=False))
        await connected_5(listener, "c0", KEPT, clean=False, present=False)
        await connected_5(listener, f"c{SESSIONS_PER_DEVICE_MAX - 1}", KEPT, clean=False, present=True)
        await connected_5(listener, "awake", KEPT, clean=False, present=True)
        await awake.is_closed()


async def test_a_reply_is_sent_to_who_asked_and_subscribed(desk: Intake, sink: MemorySink) -> None:
    request, response = "v1/devices/me/attributes/request/7", "v1/devices/me/attributes/response/7"
    async with serving(desk) as listener:
        peer = await connected(listener, user=TOKEN, password=None, client_id="a")
        other = await connected(listener, user=TOKEN, password=None, client_id="b")
        for one in (peer, other):
            one.send(packets_3.subscribe(1, "v1/devices/me/attributes/response/+"))
            await one.receives(b"\x90\x03\x00\x01\x01")
        peer.send(packets_3.publish(request, b'{"sharedKeys":"a"}', 5))
        await peer.receives(packets_3.puback(5) + packets_3.publish(response, b"{}", 1))
        other.send(packets_3.PING)
        await other.receives(b"\xd0\x00")
        assert (desk.quarantine.rows(), sink.rows) == ([], [])


async def test_a_device_that_was_taken_over_leaves_no_trace_in_the_bounds(desk: Intake) -> None:
    """Its last frames may still ask for something, and the bound is one for all."""
    async with serving(desk) as listener:
        old = Peer(listener)
        old.send(packets_3.Client("c", TOKEN, None).connect())
        await old.receives(packets_3.ACCEPTED)
        sessions = listener._conversation.sessions
        new = packets_3.Client("c", TOKEN, None).connect()
        request = packets_3.publish("v1/devices/me/attributes/request/1", b"{}", 1)
        for _ in range(3):
            peer = Peer(listener)
            peer.send(new)
            old.send(packets_3.subscribe(1, "v1/devices/me/#"), request)
            await peer.receives(packets_3.ACCEPTED)
            await old.is_closed()
            old = peer
        old.send(packets_3.PING)
        await old.receives(b"\xd0\x00")
        assert (len(sessions), sessions.outgoing_bytes) == (1, 0)
