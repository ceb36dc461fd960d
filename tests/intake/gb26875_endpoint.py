"""An endpoint of GB/T 26875.3 without a port, a transmitter that it knows, and what one looks at."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from flameblue.config import Gb26875
from flameblue.domain.quantities import QUANTITIES
from flameblue.intake.directory import DeviceEntry
from flameblue.intake.gb26875_listener import Gb26875Listener
from flameblue.intake.protocols.gb26875.codec import Session
from flameblue.intake.reception import Intake
from tests.intake.peer import Peer
from tests.intake.transmitter import ADDRESS, DENY, Reply, Transmitter, reply
from tests.intake.valley import directory

QUIET_S = 60.0
POINTS = {
    "1.17.2db83201": (1, QUANTITIES["residual_current_ma"]),
    "1.17.2db83201.3": (2, QUANTITIES["temperature_c"]),
    "1.17.2db83201.8": (3, QUANTITIES["voltage_v"]),
    "1.17.2db83201.9": (4, QUANTITIES["residual_current_ma"]),
    "1.17.2db83201.130": (5, QUANTITIES["residual_current_ma"]),
    "1.17.2db83201.134": (6, QUANTITIES["temperature_c"]),
    "device": (7, QUANTITIES["temperature_c"]),
}
T889 = DeviceEntry("T889", "gb26875-generic", "", POINTS, ADDRESS.hex())
NS_PER_S = 1_000_000_000


@asynccontextmanager
async def serving(desk: Intake, *devices: DeviceEntry, pairing_until_ns: int = 0) -> AsyncIterator[Any]:
    """An endpoint that knows `devices` (none: T889), without a port."""
    desk.directory = directory(*(devices or (T889,)), pairing_until_ns=pairing_until_ns)
    endpoint = Gb26875Listener(desk, Gb26875(quiet_s=QUIET_S))
    task = asyncio.create_task(endpoint.serve())
    await endpoint.started.wait()
    try:
        yield endpoint
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def peer_of(endpoint: Gb26875Listener) -> Peer:
    return Peer(endpoint, Session())


async def told(peer: Peer) -> Reply:
    """The next reply that `peer` gets."""
    await peer.until(lambda: len(peer.sent_to_it) >= 30)
    found = reply(bytes(peer.sent_to_it))
    del peer.sent_to_it[:30]
    return found


def reasons(desk: Intake) -> dict[str, str]:
    """What is in quarantine: reason → latest detail."""
    return {row.reason: row.detail for row in reversed(desk.quarantine.rows())}


async def kept(desk: Intake) -> None:
    await desk.keeper.flush()


async def others_had_their_turn(endpoint: Gb26875Listener) -> None:
    """What came before and is not answered was dealt with, since a stranger who came later was."""
    stranger = peer_of(endpoint)
    stranger.send(Transmitter(b"\2" * 6).frame())
    assert (await told(stranger)).command == DENY
