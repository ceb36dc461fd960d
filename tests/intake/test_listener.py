"""The listener's promises, with peers that have no sockets and a clock that is told the time."""

from dataclasses import replace
from typing import Any

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import JournalFull
from flameblue.domain.limits import (
    PAIRING_WINDOW_S_MAX,
    SECOND_NS,
)
from flameblue.intake import reception
from flameblue.intake.decode import Draft
from flameblue.intake.reception import Intake
from tests.intake.mqtt_packets import PING, puback, publish, subscribe
from tests.intake.peer import Peer, client, connected, serving
from tests.intake.valley import CREDENTIAL, D0217, T0001, TOKEN, TOPIC, MemorySink, directory

READING = b'{"v":{"ir":12.5}}'


async def test_puback_leaves_only_after_the_readings_are_durable(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener)
        sink.hold()
        peer.send(publish(TOPIC, READING, 7))
        await sink.called(1)
        assert (bytes(peer.sent_to_it), sink.rows) == (b"", [])
        sink.release()
        await peer.receives(puback(7))
        assert sink.values(1) == [125]


async def test_pubacks_leave_in_the_order_of_the_messages(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener)
        numbers = [3, 1, 65535, 2, *range(10, 50)]
        for number in numbers:
            peer.send(publish(TOPIC, b'{"v":{"ir":%d}}' % number, number))
        await peer.receives(b"".join(puback(number) for number in numbers))
        assert sink.values(1) == [number * 10 for number in numbers]


async def test_messages_that_come_together_go_to_the_sink_together(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peers = [await connected(listener, client_id=f"c{number}") for number in range(3)]
        for peer in peers:
            peer.send(*(publish(TOPIC, READING, number) for number in range(1, 11)))
        for peer in peers:
            await peer.receives(b"".join(puback(number) for number in range(1, 11)))
        assert (sink.calls, len(sink.rows)) == (1, 30)


async def test_where_nothing_is_durable_nothing_is_acknowledged_and_the_line_ends(
    desk: Intake, sink: MemorySink
) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener, will=("w", b""))
        sink.failure = JournalFull("The disk is full.")
        peer.send(publish(TOPIC, READING, 7))
        await peer.is_closed()
        assert bytes(peer.sent_to_it) == b""
        sink.failure = None
        again = await connected(listener)
        again.send(publish(TOPIC, READING, 7))
        await again.receives(puback(7))
        assert sink.connections == []


async def test_a_quarantined_message_is_acknowledged_once_quarantine_is_durable(
    desk: Intake, sink: MemorySink
) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener)
        peer.send(publish(TOPIC, b"garbage", 1), publish(TOPIC, b'{"v":{"ir":1,"zz":2}}', 2))
        await peer.receives(puback(1) + puback(2))
        assert {row.reason for row in desk.quarantine.rows()} == {"malformed", "unknown_key"}
        assert sink.values(1) == [10]
        desk.quarantine.close()
        peer.send(publish(TOPIC, b"garbage", 3))
        await peer.is_closed()
        assert bytes(peer.sent_to_it) == b""


async def test_qos_0_is_journalled_too_and_not_answered(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener)
        peer.send(publish(TOPIC, READING), PING)
        await peer.receives(b"\xd0\x00")
        assert sink.values(1) == [125]


async def test_a_device_that_retains_its_message_sends_it_now(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener)
        peer.send(publish(TOPIC, READING, 1, retain=True))
        await peer.receives(puback(1))
        assert sink.values(1) == [125]


async def test_a_thingsboard_device_is_let_in_by_its_token(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener, user=TOKEN, password=None)
        peer.send(subscribe(1, "v1/devices/me/rpc/request/+"))
        await peer.receives(b"\x90\x03\x00\x01\x01")
        peer.send(publish("v1/devices/me/telemetry", b'{"temperature":42.2}', 2))
        await peer.receives(puback(2))
        assert sink.values(11) == [422]


@pytest.mark.parametrize(
    ("user", "password", "code", "reason"),
    [
        ("D0217", "wrong", 4, "wrong_credential"),
        ("D9999", "x", 5, "unknown_device"),
        (None, None, 5, "unknown_device"),
        ("D0217", b"\xff\xfe", 4, "wrong_credential"),
    ],
)
async def test_who_is_not_known_is_refused_with_its_code_and_counted(
    desk: Intake, sink: MemorySink, user: str | None, password: str | bytes | None, code: int, reason: str
) -> None:
    async with serving(desk) as listener:
        peer = Peer(listener)
        peer.send(client(user=user, password=password).connect(), publish(TOPIC, READING, 1))
        await peer.receives(b"\x20\x02\x00" + bytes([code]))
        await peer.is_closed()
        assert bytes(peer.sent_to_it) == b""
        await desk.keeper.flush()
        assert [row.reason for row in desk.quarantine.rows()] == [reason]
        assert (sink.rows, desk.counts["refused"]) == ([], 1)


async def test_in_the_pairing_window_an_unknown_device_is_taken_in_and_listed_not_journalled(
    desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    desk.directory = directory(pairing_until_ns=clock.now_ns() + 60 * SECOND_NS)
    async with serving(desk) as listener:
        peer = await connected(listener, user="D9999", password="x")
        peer.send(publish("flameblue/v1/D9999/readings", READING, 1))
        await peer.receives(puback(1))
        (row,) = desk.quarantine.unknown_devices()
        assert (row.name, row.sample, row.peer, row.count) == ("D9999", READING.decode(), "10.0.0.7", 1)
        assert sink.rows == []
        clock.advance(61)
        peer.send(publish("flameblue/v1/D9999/readings", READING, 2))
        await peer.is_closed()
        assert bytes(peer.sent_to_it) == b""


async def test_in_the_pairing_window_a_password_that_another_device_has_too_keeps_nobody_from_the_list(
    desk: Intake, clock: ManualClock
) -> None:
    desk.directory = directory(pairing_until_ns=clock.now_ns() + 60 * SECOND_NS)
    async with serving(desk) as listener:
        peer = await connected(listener, user="D9999", password=CREDENTIAL)
        listener.sweep()
        peer.send(publish("flameblue/v1/D9999/readings", READING, 1))
        await peer.receives(puback(1))
        assert [row.name for row in desk.quarantine.unknown_devices()] == ["D9999"]


async def test_an_unknown_device_that_was_bound_is_sent_away_to_come_back_as_known(
    desk: Intake, clock: ManualClock
) -> None:
    until_ns = clock.now_ns() + PAIRING_WINDOW_S_MAX * SECOND_NS
    desk.directory = directory(T0001, pairing_until_ns=until_ns)
    async with serving(desk) as listener:
        peer = await connected(listener)
        listener.sweep()
        assert not peer.is_closing()
        desk.directory = directory(T0001, D0217, pairing_until_ns=until_ns)
        listener.sweep()
        await peer.is_closed()


async def test_a_changed_directory_counts_at_the_next_message(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as listener:
        peer = await connected(listener)
        desk.directory = directory(replace(D0217, points={"ir": (77, D0217.points["ir"][1])}))
        peer.send(publish(TOPIC, READING, 1))
        await peer.receives(puback(1))
        assert sink.values(77) == [125]
        desk.directory = directory(replace(D0217, credential_hash="changed"))
        peer.send(publish(TOPIC, READING, 2))
        await peer.is_closed()
        assert bytes(peer.sent_to_it) == b""


async def test_a_message_that_we_fail_on_costs_no_other(
    desk: Intake, sink: MemorySink, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = reception.decode_into

    def fail_on_nine(draft: Draft, *rest: Any) -> None:
        really(draft, *rest)
        assert b"99" not in rest[2].payload

    monkeypatch.setattr(reception, "decode_into", fail_on_nine)
    async with serving(desk) as listener:
        peer = await connected(listener)
        for number in (1, 99, 3):
            peer.send(publish(TOPIC, b'{"v":{"ir":%d}}' % number, number))
        await peer.receives(puback(1) + puback(99) + puback(3))
    assert sink.values(1) == [10, 30]
    (row,) = desk.quarantine.rows()
    assert (row.reason, row.detail) == ("our_fault", "AssertionError")
