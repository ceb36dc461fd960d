"""Frames from elsewhere: what they may do on an endpoint that can't prove who speaks, and on one that can."""

from dataclasses import replace
from pathlib import Path

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark
from flameblue.intake.directory import DeviceEntry
from flameblue.intake.gb26875_listener import Gb26875Listener
from flameblue.intake.origins import Heard
from flameblue.intake.reception import Intake
from flameblue.intake.sources import spelled
from tests.intake import http_push_endpoint
from tests.intake.gb26875_endpoint import POINTS, QUIET_S, T889, kept, peer_of, reasons, serving, told
from tests.intake.mqtt_packets import Client
from tests.intake.peer import Peer
from tests.intake.peer import serving as serving_mqtt
from tests.intake.transmitter import CONFIRM, Transmitter, clock, state, value
from tests.intake.valley import CREDENTIAL, D0217, MemorySink, directory

HOME, ABROAD = "10.0.0.7", "203.0.113.9"
FENCED = replace(T889, allowed=spelled("10.0.0.0/8"))


def peer_from(endpoint: Gb26875Listener, address: str) -> Peer:
    peer = peer_of(endpoint)
    peer.line.peer = address
    return peer


async def test_a_foreign_frame_is_confirmed_marked_and_kept_with_its_peer(
    desk: Intake, sink: MemorySink
) -> None:
    async with serving(desk, FENCED) as endpoint:
        peer, device = peer_from(endpoint, ABROAD), Transmitter()
        sent = device.frame(state(3))
        peer.send(sent)
        assert (await told(peer)).command == CONFIRM
        ((point, _, steps, marks),) = sink.rows
        assert (point, steps) == (1, NO_VALUE)
        assert marks & Mark.FOREIGN
        (row,) = desk.quarantine.rows()
        assert (row.device, row.reason, row.detail) == (
            "T889",
            "foreign_address",
            f"from {ABROAD}; allowed: 10.0.0.0/8",
        )
        assert row.sample == sent.hex(" ")


@pytest.mark.parametrize("unit", [b"", clock(), state(2, component="ffffffff"), b"\2\xff"])
async def test_a_foreign_frame_without_a_reading_is_a_sign_too(
    desk: Intake, sink: MemorySink, unit: bytes
) -> None:
    async with serving(desk, FENCED) as endpoint:
        peer = peer_from(endpoint, ABROAD)
        peer.send(Transmitter().frame(unit))
        assert (await told(peer)).command == CONFIRM
        ((_, _, steps, marks),) = sink.rows
        assert (steps, marks) == (NO_VALUE, Mark.FOREIGN)
        assert "foreign_address" in reasons(desk)


async def test_a_replayed_frame_from_elsewhere_keeps_no_true_one_out(desk: Intake, sink: MemorySink) -> None:
    """The same bytes: what a foreigner has sent is no frame that was taken."""
    async with serving(desk, FENCED) as endpoint:
        sent = Transmitter().frame(value(450, 3))
        for address in (ABROAD, HOME, ABROAD):
            peer = peer_from(endpoint, address)
            peer.send(sent)
            assert (await told(peer)).command == CONFIRM
        assert [bool(row[3] & Mark.FOREIGN) for row in sink.rows] == [True, False, True]


async def test_a_foreigner_keeps_no_lost_device_alive(
    desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    async with serving(desk, FENCED) as endpoint:
        home, device = peer_from(endpoint, HOME), Transmitter()
        home.send(device.frame(state(0)))
        await told(home)
        home.vanish()
        clock.advance(QUIET_S + 1)
        abroad = peer_from(endpoint, ABROAD)
        abroad.send(device.frame(state(0)))
        await told(abroad)
        endpoint.sweep()
        await sink.connected(1)
        abroad.send(device.frame(state(0)))
        await told(abroad)
        assert sink.connections == [([point for point, _ in POINTS.values()], True)]


async def test_a_foreign_frame_as_an_answer_is_answered_with_nothing(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk, FENCED) as endpoint:
        peer, device = peer_from(endpoint, ABROAD), Transmitter()
        peer.send(device.frame(b"", command=3), device.frame(state(2), command=5))
        await sink.called(1)
        await kept(desk)
        assert bytes(peer.sent_to_it) == b""
        assert desk.counts["gb26875_foreign"] == 2
        assert desk.counts["connects"] == 0


async def test_a_new_address_is_believed_and_marked_until_it_is_accepted(
    desk: Intake, sink: MemorySink
) -> None:
    device = Transmitter()

    async def said(endpoint: Gb26875Listener, address: str) -> int:
        peer = peer_from(endpoint, address)
        peer.send(device.frame(value(450, 3)))
        assert (await told(peer)).command == CONFIRM
        return int(sink.rows[-1][3]) & (Mark.NEW_ADDRESS | Mark.FOREIGN)

    async with serving(desk) as endpoint:
        assert await said(endpoint, HOME) == 0
        assert desk.origins.unwritten() == {"T889": Heard(first=HOME)}
        assert await said(endpoint, ABROAD) == Mark.NEW_ADDRESS
        assert await said(endpoint, HOME) == Mark.NEW_ADDRESS, "it waits, from wherever it speaks"
        written = desk.origins.unwritten()
        assert written == {"T889": Heard(HOME, ABROAD)}
        desk.origins.written(written)
        assert desk.origins.unwritten() == {}
        desk.directory = directory(replace(T889, addresses=(HOME, ABROAD)))
        assert [await said(endpoint, address) for address in (ABROAD, HOME)] == [0, 0]
        assert sink.values(2) == [450] * 5


@pytest.mark.parametrize(
    ("entry", "marks"),
    [
        (replace(T889, addresses=(HOME,)), Mark.NEW_ADDRESS),
        (replace(T889, addresses=(ABROAD,)), 0),
        (replace(T889, addresses=(ABROAD,), new_address=HOME), Mark.NEW_ADDRESS),
        (replace(T889, addresses=(HOME,), allowed=spelled("any")), 0),
        (replace(T889, addresses=(HOME,), new_address=HOME, allowed=spelled("203.0.113.0/24")), 0),
    ],
)
async def test_what_is_known_holds_over_a_restart(
    desk: Intake, sink: MemorySink, entry: DeviceEntry, marks: int
) -> None:
    async with serving(desk, entry) as endpoint:
        peer = peer_from(endpoint, ABROAD)
        peer.send(Transmitter().frame(value(450, 3)))
        await told(peer)
        assert int(sink.rows[-1][3]) & (Mark.NEW_ADDRESS | Mark.FOREIGN) == marks


async def test_who_sends_nothing_but_foreign_frames_is_slowed(desk: Intake) -> None:
    async with serving(desk, FENCED) as endpoint:
        peer, device = peer_from(endpoint, ABROAD), Transmitter()
        peer.send(*(device.frame(state(0)) for _ in range(400)))
        await peer.until(lambda: peer.line.resting)
        assert desk.counts["connections_slowed"] == 1


async def test_mqtt_is_refused_outside_the_networks_and_ended_where_they_change(
    desk: Intake, clock: ManualClock
) -> None:
    async with serving_mqtt(desk) as listener:
        desk.directory = directory(replace(D0217, allowed=spelled("10.0.0.0/8")))
        abroad, home = Peer(listener), Peer(listener)
        abroad.line.peer = ABROAD
        abroad.send(Client(user="D0217", password=CREDENTIAL).connect())
        await abroad.receives(b"\x20\x02\x00\x05")
        await abroad.is_closed()
        await kept(desk)
        assert (
            f"from {ABROAD}: The device may not speak from this address." in reasons(desk)["foreign_address"]
        )
        home.send(Client(user="D0217", password=CREDENTIAL).connect())
        await home.receives(b"\x20\x02\x00\x00")
        desk.directory = directory(replace(D0217, allowed=spelled("192.168.0.0/16")))
        clock.advance(1)
        listener.sweep()
        await home.is_closed()


async def test_a_pushed_message_is_refused_outside_the_networks(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    async with http_push_endpoint.serving(desk, tmp_path) as endpoint:
        fenced = replace(http_push_endpoint.CLOUD, allowed=spelled("10.0.0.0/8"))
        desk.directory = directory(fenced)
        for address, status, rows in ((ABROAD, 403, 0), (HOME, 200, 1)):
            peer = http_push_endpoint.peer_of(endpoint)
            peer.line.peer = address
            peer.send(http_push_endpoint.request({"v": {"ir": 12}}))
            assert (await http_push_endpoint.told(peer)).status == status
            assert len(sink.rows) == rows
        await kept(desk)
        assert f"from {ABROAD}: This source may not push" in reasons(desk)["foreign_address"]
