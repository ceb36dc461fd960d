"""A transmitter whose model was taken away is denied, so that it sends again, and told by its name.

The listeners take the models as they were last read, and read no file.
"""

import asyncio
import os
from pathlib import Path

from flameblue.domain.clock import ManualClock
from flameblue.intake.directory import DeviceEntry
from flameblue.intake.reception import Intake
from flameblue.profiles.loader import Shelf
from tests.intake.gb26875_endpoint import POINTS, kept, peer_of, reasons, serving, told
from tests.intake.transmitter import ADDRESS, CONFIRM, DENY, Transmitter, state
from tests.intake.valley import MemorySink, profile

MINE = "name: mine\nprotocol: mqtt\npayload: flameblue\ninterval_s: 10\nopen_points: true\n"
T889 = DeviceEntry("T889", "taken-away", "", POINTS, ADDRESS.hex())


async def test_it_is_denied_and_told_by_its_name_and_heard_once_the_model_is_back(
    desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    async with serving(desk, T889, pairing_until_ns=clock.now_ns() + 10**9) as endpoint:
        peer, device = peer_of(endpoint), Transmitter()
        peer.send(device.frame(state(2)))
        assert (await told(peer)).command == DENY
        await kept(desk)
        why = reasons(desk)["no_profile"]
        assert why.startswith("device T889 is known, its model taken-away is not here; address 790300000000")
        assert [row.device for row in desk.quarantine.rows()] == ["T889"]
        assert desk.quarantine.unknown_devices() == []
        assert sink.rows == []
        desk.profiles = {**desk.profiles, "taken-away": profile("gb26875-generic")}
        peer.send(device.frame(state(2)))
        assert (await told(peer)).command == CONFIRM
        assert len(sink.rows) == 1


async def test_a_model_is_taken_once_it_was_read_and_not_read_where_devices_wait(
    desk: Intake, tmp_path: Path
) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "mine.yaml").write_text(MINE)
    desk.shelf = Shelf(folder)
    desk.look_at_profiles()
    assert list(desk.profiles) == ["mine"]
    (folder / "more.yaml").write_text(MINE.replace("mine", "more"))
    os.mkfifo(folder / "pipe.yaml")
    desk.look_at_profiles()
    assert list(desk.profiles) == ["mine"]
    await asyncio.to_thread(desk.shelf.current)
    desk.look_at_profiles()
    assert list(desk.profiles) == ["mine", "more"]
