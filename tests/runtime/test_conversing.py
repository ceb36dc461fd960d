"""What people ask goes to the transmitter, and what came of it is written; so are the addresses that it speaks from."""

from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection

from flameblue.domain.clock import ManualClock, to_datetime, to_ns
from flameblue.fleet import commands, point_table
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device, DeviceCommand, DeviceSource
from flameblue.intake.protocols.gb26875.codec import Frame, Session
from flameblue.runtime.conversing import Conversing
from flameblue.runtime.stages import Worker
from tests.cast import enter
from tests.intake.gb26875_endpoint import others_had_their_turn, peer_of, serving, told
from tests.intake.transmitter import ADDRESS, ANSWER, Transmitter, clock
from tests.intake.valley import MemorySink, intake

START = datetime.fromisoformat("2026-01-15T11:07:00+08:00")


def _register() -> None:
    cast = enter()
    Device.objects.create(
        premises=cast.premises, name="用传1", profile="gb26875-generic", device_address=ADDRESS.hex()
    )


def _ask(kind: str) -> None:
    commands.ask(Device.objects.get(name="用传1"), kind, {}, Hand("bolat", START))


def _outcomes() -> list[tuple[str, list[str]]]:
    return [(one.outcome, one.answer) for one in DeviceCommand.objects.order_by("id")]


def _sources() -> list[tuple[str, bool]]:
    return [(one.address, one.accepted_at is not None) for one in DeviceSource.objects.order_by("id")]


def _close_connection() -> None:
    connection.close()


@pytest.mark.django_db(transaction=True)
async def test_a_question_goes_out_its_answer_is_written_and_so_is_a_new_address(tmp_path: Path) -> None:
    now, worker = ManualClock(to_ns(START)), Worker("orm")
    desk = intake(tmp_path, MemorySink(), now)
    stage, device = Conversing(desk, worker, now), Transmitter()
    await worker(_register)
    async with serving(desk) as endpoint:
        desk.directory = await worker(point_table.directory, b"", to_datetime(now.now_ns()))
        peer = peer_of(endpoint)
        peer.send(device.frame())
        await told(peer)
        await worker(_ask, "device_time")
        await stage.look()
        (sent,) = Session().feed(bytes(peer.sent_to_it))
        assert isinstance(sent, Frame)
        assert await worker(_outcomes) == [("sent", [])]
        peer.line.peer = "203.0.113.9"
        device.serial = sent.serial - 1
        peer.send(device.frame(clock(), ANSWER))
        await others_had_their_turn(endpoint)
        await stage.look()
        assert await worker(_outcomes) == [("done", [clock().hex()])]
        assert await worker(_sources) == [("10.0.0.7", True), ("203.0.113.9", False)]
        assert desk.origins.unwritten() == {}
        peer.vanish()
        await others_had_their_turn(endpoint)
        await worker(_ask, "device_state")
        await stage.look()
        assert (await worker(_outcomes))[1] == ("no_line", [])
    await worker(_close_connection)
    worker.close()
    desk.quarantine.close()
