"""A protocol of another package at its endpoint: who is heard, who is denied, and what is on disk before a reply."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from flameblue.config import Protocols
from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import BadInput, WorldFailed
from flameblue.intake.directory import DeviceEntry
from flameblue.intake.plain_listener import Place, PlainListener, places
from flameblue.intake.protocol import Said
from flameblue.intake.reception import Intake
from tests.intake.peer import Peer
from tests.intake.valley import CREDENTIAL, D0217, POINTS, T0001, MemorySink, directory
from tests.third_party.acme.acme_flameblue.line import LINE_BYTES_MAX, Session

SPOKEN = "mqtt"  # any protocol that profiles here name; the peers bring their own session
TOPIC = "v1/devices/me/telemetry"
OPEN = DeviceEntry("open-1", "thingsboard-generic", "", {"temp": (21, POINTS["tb"][1])})
WITHOUT_MODEL = DeviceEntry("old-1", "taken-away", "", {})
OTHER = DeviceEntry("gb-1", "gb26875-generic", "", {"x": (31, POINTS["tb"][1])})


class Lines(Session):
    """As Acme's, with JSON for a payload that is ours."""

    def feed(self, data: bytes) -> list[Any]:
        return [one._replace(topic=TOPIC) if isinstance(one, Said) else one for one in super().feed(data)]


@asynccontextmanager
async def serving(desk: Intake, *, pairing_until_ns: int = 0) -> AsyncIterator[PlainListener]:
    desk.directory = directory(D0217, T0001, OPEN, OTHER, WITHOUT_MODEL, pairing_until_ns=pairing_until_ns)
    endpoint = PlainListener(desk, Protocols(), Place(SPOKEN, 0))
    task = asyncio.create_task(endpoint.serve())
    await endpoint.started.wait()
    try:
        yield endpoint
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def peer_of(endpoint: PlainListener, session: Any = None) -> Peer:
    return Peer(endpoint, session or Lines())


def kept(desk: Intake) -> list[tuple[str, str]]:
    return [(row.reason, row.detail) for row in reversed(desk.quarantine.rows())]


async def test_a_device_is_answered_once_its_readings_are_on_disk(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as endpoint:
        peer = peer_of(endpoint)
        sink.hold()
        peer.send(b'open-1 - {"temp":41.5}\n')
        await sink.called(1)
        assert peer.sent_to_it == b""
        sink.release()
        await peer.receives(b"OK\n")
        assert sink.values(21) == [415]


async def test_readings_that_can_not_be_kept_are_not_answered(desk: Intake, sink: MemorySink) -> None:
    sink.failure = WorldFailed("The disk is full.")
    async with serving(desk) as endpoint:
        peer = peer_of(endpoint)
        peer.send(b'open-1 - {"temp":41.5}\n')
        await peer.is_closed()
        assert peer.sent_to_it == b""


@pytest.mark.parametrize(
    ("line", "reason", "told"),
    [
        ("D0217 wrong {}", "wrong_credential", "'D0217' from 10.0.0.7 over mqtt"),
        ("D0217  {}", "wrong_credential", "'D0217'"),
        ("nobody x {}", "unknown_device", "'nobody'"),
        ("gb-1 x {}", "unknown_device", "'gb-1'"),
        ("old-1 x {}", "no_profile", "device old-1 is known, its model taken-away is not here"),
    ],
)
async def test_who_is_none_of_its_devices_is_denied_and_told(
    desk: Intake, sink: MemorySink, line: str, reason: str, told: str
) -> None:
    async with serving(desk) as endpoint:
        peer = peer_of(endpoint)
        peer.send(line.encode() + b"\n")
        await peer.receives(b"NO\n")
        await desk.keeper.flush()
    ((found, detail),) = kept(desk)
    assert found == reason
    assert told in detail
    assert sink.rows == []


async def test_one_with_a_credential_is_heard_with_it(desk: Intake) -> None:
    async with serving(desk) as endpoint:
        peer = peer_of(endpoint)
        peer.send(f"D0217 {CREDENTIAL} {{}}\n".encode())
        await peer.receives(b"OK\n")
    assert desk.counts["connects"] == 1


async def test_who_is_unknown_while_pairing_is_listed_with_what_it_sends(
    desk: Intake, clock: ManualClock
) -> None:
    async with serving(desk, pairing_until_ns=clock.now_ns() + 10**9) as endpoint:
        peer = peer_of(endpoint)
        peer.send(b'new-1 key {"temp":1}\n')
        await peer.receives(b"OK\n")
        await desk.keeper.flush()
    (row,) = desk.quarantine.unknown_devices()
    assert (row.name, row.topic, row.sample) == ("new-1", TOPIC, '{"temp":1}')
    assert row.credential_hash


async def test_a_device_is_lost_with_the_line_on_which_it_spoke_last(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as endpoint:
        first, second = peer_of(endpoint), peer_of(endpoint)
        for peer in (first, second):
            peer.send(b'open-1 - {"temp":1}\n')
            await peer.receives(b"OK\n")
        first.vanish()
        second.vanish()
        await sink.connected(1)
        third = peer_of(endpoint)
        third.send(b'open-1 - {"temp":2}\n')
        await third.receives(b"OK\n")
        await sink.connected(2)
    assert sink.connections == [([21], True), ([21], False)]


async def test_a_line_that_breaks_the_protocol_is_told_why_and_ended(desk: Intake) -> None:
    async with serving(desk) as endpoint:
        peer = peer_of(endpoint)
        peer.send(b"x" * (LINE_BYTES_MAX + 1))
        await peer.is_closed()
        assert peer.sent_to_it == b"NO\n"
        await desk.keeper.flush()
    assert kept(desk) == [("oversized", "10.0.0.7: a line that does not end")]


class Careless(Session):
    """Text in the place of bytes, or no message at all."""

    def feed(self, data: bytes) -> list[Any]:
        text: Any = data.decode()
        return [Said("open-1", TOPIC, text) if data != b"?" else text]


@pytest.mark.parametrize("data", [b"x", b"?"])
async def test_a_protocol_that_yields_nonsense_costs_its_own_line_alone(desk: Intake, data: bytes) -> None:
    async with serving(desk) as endpoint:
        careless, careful = peer_of(endpoint, Careless()), peer_of(endpoint)
        careless.send(data)
        await careless.is_closed()
        careful.send(b'open-1 - {"temp":3}\n')
        await careful.receives(b"OK\n")
        await desk.keeper.flush()
    ((reason, detail),) = kept(desk)
    assert reason == "our_fault"
    assert "the protocol mqtt yields a" in detail


@pytest.mark.parametrize("said", ["acme", "acme:", ":7", "acme:0", "acme:65536", "acme:x", "acme:-1"])
def test_a_place_is_a_name_and_a_port(said: str) -> None:
    with pytest.raises(BadInput, match="NAME:PORT"):
        list(places(Protocols(ports=(said,))))


def test_places_are_read_in_order() -> None:
    assert list(places(Protocols(ports=("acme_line:7001", " b:2")))) == [
        Place("acme_line", 7001),
        Place("b", 2),
    ]
