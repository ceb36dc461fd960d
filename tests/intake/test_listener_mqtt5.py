"""What a device of MQTT 5 is told: terms, reason codes, why it is sent away. Told time, no sockets."""

import asyncio
from contextlib import suppress

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.limits import (
    INFLIGHT_PER_CONNECTION_MAX,
    KEEP_ALIVE_S_MAX,
    SECOND_NS,
    SESSION_S_MAX,
    SUBSCRIBE_TOPICS_MAX,
    SUBSCRIPTIONS_MAX,
)
from flameblue.intake.listener import Listener
from flameblue.intake.reception import Intake
from tests.intake import mqtt5_packets as packets
from tests.intake.mqtt_packets import PING, packet, puback, text
from tests.intake.peer import Peer, connected, connected_5, serving
from tests.intake.valley import T0001, TOKEN, TOPIC, MemorySink, directory, settings

READING = b'{"v":{"ir":12.5}}'
TERMS = b"\x21\x00\x40\x27\x00\x04\x00\x00\x22\x00\x08\x29\x00\x2a\x00"


def welcome(more: bytes = b"", present: int = 0) -> bytes:
    return packet(0x20, bytes([present, 0, len(TERMS + more)]) + TERMS + more)


def who(user: str, password: str) -> bytes:
    return packet(0x10, text("MQTT") + b"\x05\xc2\x00\x3c\x00" + text("c") + text(user) + text(password))


@pytest.mark.parametrize(
    ("keep_alive_s", "asked", "told"),
    [
        (60, {}, b""),
        (KEEP_ALIVE_S_MAX, {0x11: SESSION_S_MAX}, b""),
        (0, {}, b"\x13\x0e\x10"),
        (KEEP_ALIVE_S_MAX + 1, {}, b"\x13\x0e\x10"),
        (60, {0x11: SESSION_S_MAX + 1}, b"\x11\x00\x09\x3a\x80"),
    ],
)
async def test_the_welcome_names_our_terms_and_what_differs_from_what_was_asked(
    desk: Intake, keep_alive_s: int, asked: dict[int, int], told: bytes
) -> None:
    async with serving(desk) as listener:
        peer = Peer(listener)
        peer.send(packets.connect("c", asked, keep_alive_s=keep_alive_s))
        await peer.receives(welcome(told))


async def test_the_keep_alive_that_we_name_is_the_one_that_counts(desk: Intake, clock: ManualClock) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener, keep_alive_s=0)
        clock.advance(1.5 * KEEP_ALIVE_S_MAX - 1)
        listener.sweep()
        assert not peer.is_closing()
        clock.advance(2)
        listener.sweep()
        await peer.receives(packets.farewell(0x8D, "nothing was heard within the keep-alive"))
        await peer.is_closed()


async def test_who_names_no_client_id_is_given_one_of_his_own(desk: Intake) -> None:
    async with serving(desk) as listener:
        names = set()
        for _ in range(2):
            peer = Peer(listener)
            peer.send(packets.connect("", clean=False))
            said = await peer.next_packet()
            place = said.index(b"\x12\x00\x16")
            names.add(said[place + 3 : place + 25])
        assert len(names) == 2
        back = Peer(listener)
        back.send(packets.connect(names.pop().decode()))
        await back.receives(welcome())
        assert desk.counts["taken_over"] == 1


@pytest.mark.parametrize(("user", "code"), [("D0217", 0x86), ("D9999", 0x87)])
async def test_who_is_refused_is_told_why(desk: Intake, user: str, code: int) -> None:
    async with serving(desk) as listener:
        peer = Peer(listener)
        peer.send(who(user, "wrong"), packets.publish(TOPIC, READING, 1))
        said = await peer.next_packet()
        assert (said[0], said[2:4], said[5]) == (0x20, bytes([0, code]), 0x1F)
        assert (b"credential" if code == 0x86 else b"No such device") in said
        await peer.is_closed()
        assert desk.counts["messages"] == 1


@pytest.mark.parametrize(
    ("name", "options", "granted"),
    [
        ("flameblue/v1/D0217/command", 0, 0),
        ("flameblue/v1/D0217/#", 1, 1),
        ("flameblue/v1/D0217/#", 2, 1),
        ("v1/devices/me/rpc/request/+", 0x2D, 1),
        ("#", 1, 0x87),
        ("+/v1/D0217/x", 1, 0x87),
        ("flameblue/v1/+/command", 1, 0x87),
        ("flameblue/v1/T0001/command", 1, 0x87),
        ("flameblue/v1/D0217x/#", 1, 0x87),
        ("flameblue/v1/D0217/a#", 1, 0x8F),
        ("flameblue/v1/D0217/a+/b", 1, 0x8F),
        ("", 1, 0x8F),
        ("$share/g/flameblue/v1/D0217/#", 1, 0x9E),
        ("$SYS/#", 1, 0x87),
    ],
)
async def test_a_device_may_subscribe_to_its_own_topics_only(
    desk: Intake, name: str, options: int, granted: int
) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener)
        peer.send(packets.subscribe(1, (name, options)))
        await peer.receives(bytes([0x90, 4, 0, 1, 0, granted]))


async def test_a_session_has_a_few_subscriptions_and_the_next_is_refused(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener)
        names = [(f"flameblue/v1/D0217/{number}", 1) for number in range(SUBSCRIPTIONS_MAX)]
        peer.send(packets.subscribe(1, *names, ("flameblue/v1/D0217/one-more", 1), names[0]))
        await peer.receives(b"\x90\x15\x00\x01\x00" + b"\x01" * SUBSCRIPTIONS_MAX + b"\x97\x01")


async def test_an_answer_longer_than_the_client_takes_is_not_sent(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener, "c", {0x27: 64})
        peer.send(packets.subscribe(1, *[("x", 1)] * SUBSCRIBE_TOPICS_MAX))
        await peer.receives(packets.farewell(0x95, "the answer would be larger than you take"))
        await peer.is_closed()


@pytest.mark.parametrize(("code", "lost"), [(0x00, False), (0x04, True), (0x80, True)])
async def test_a_device_that_goes_may_ask_that_its_will_counts(
    desk: Intake, sink: MemorySink, code: int, lost: bool
) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener, will=("w", b"", {0x18: 30}))
        peer.send(packets.disconnect(code))
        await peer.is_closed()
        other = await connected(listener, user=TOKEN, password=None)
        other.send(PING)
        await other.receives(b"\xd0\x00")
        assert bool(sink.connections) is lost


async def test_whoever_is_sent_away_is_told_why(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener)
        desk.directory = directory(T0001)
        listener.sweep()
        await peer.receives(packets.farewell(0x87, "this device is no longer admitted"))
        await peer.is_closed()


async def test_when_we_end_the_devices_are_told(desk: Intake) -> None:
    listener = Listener(desk, settings())
    stage = asyncio.create_task(listener.serve())
    await listener.started.wait()
    peer = await connected_5(listener)
    stage.cancel()
    with suppress(asyncio.CancelledError):
        await stage
    assert bytes(peer.sent_to_it) == packets.farewell(0x8B, "the server goes down")
    assert peer.is_closing()


async def test_who_does_not_take_his_last_word_is_cut_off_without_it(desk: Intake) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener)
        peer.unread_bytes = 100
        desk.directory = directory(T0001)
        listener.sweep()
        await peer.is_closed()


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x30\xff\xff\xff\x7f", 0x95),
        (packets.connect(), 0x82),
        (packet(0x32, text("a+") + b"\x00\x01\x00"), 0x90),
        (packet(0xF0, b""), 0x82),
        (b"".join(packets.publish(TOPIC, READING, number) for number in range(1, 66)), 0x93),
    ],
    ids=["oversized", "second connect", "wildcard", "auth", "receive maximum"],
)
async def test_a_broken_protocol_is_told_before_the_end(desk: Intake, sent: bytes, code: int) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener)
        peer.send(sent)
        await peer.is_closed()
        taken = INFLIGHT_PER_CONNECTION_MAX if code == 0x93 else 0
        assert peer.sent_to_it.startswith(b"".join(puback(number) for number in range(1, taken + 1)))
        said = bytes(peer.sent_to_it[4 * taken :])
        assert (said[0], said[2]) == (0xE0, code)
        assert desk.counts["protocol_errors"] == 1


async def test_steady_publishing_at_the_maximum_in_flight_is_no_error(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected_5(listener)
        numbers = range(1, INFLIGHT_PER_CONNECTION_MAX + 1)
        for _ in range(3):
            peer.send(*(packets.publish(TOPIC, READING, number) for number in numbers))
            await peer.receives(b"".join(puback(number) for number in numbers))
        assert len(sink.rows) == 3 * INFLIGHT_PER_CONNECTION_MAX


async def test_a_device_in_the_pairing_window_may_speak_at_qos_2_but_hears_nothing(
    desk: Intake, clock: ManualClock
) -> None:
    desk.directory = directory(pairing_until_ns=clock.now_ns() + 60 * SECOND_NS)
    async with serving(desk) as listener:
        peer = Peer(listener)
        peer.send(who("D9999", "x"))
        await peer.receives(welcome())
        own = "flameblue/v1/D9999/readings"
        peer.send(packets.publish(own, READING, 1, flags=4))
        await peer.receives(packets.pubrec_from_us(1))
        peer.send(packets.pubrel(1), packets.subscribe(2, (own, 1)))
        await peer.receives(packets.pubcomp_from_us(1) + b"\x90\x04\x00\x02\x00\x87")
        assert [row.name for row in desk.quarantine.unknown_devices()] == ["D9999"]
