"""4G units dial in and are asked; who may not, or only makes noise, is sent away. No sockets, and a told clock."""

import asyncio
from pathlib import Path

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.limits import (
    CONNECT_WITHIN_S,
    DIAL_IN_CONNECTIONS_MAX,
    DIAL_IN_NOISE_BYTES_MAX,
    DIAL_IN_REGISTRATION_BYTES_MAX,
)
from flameblue.intake.asking import dial_in
from flameblue.intake.asking.blocks import Block
from flameblue.intake.asking.dial_in import ALIVE_S, DialIn
from flameblue.intake.asking.round_trips import Failure, NoAnswer
from flameblue.intake.asking.rtu_answers import request
from flameblue.intake.directory import DeviceEntry, Directory
from flameblue.intake.reception import Intake
from tests.intake.asking.models import model, point
from tests.intake.asking.units import IMEI, OTHER, QUIET_S, Unit, know_units, port_for
from tests.intake.asking.world import OthersFirst

BLOCK = Block(3, 0, 2)
METER = {0: 36, 1: 7}
HOUR_NS = 3_600_000_000_000


@pytest.fixture
def port(desk: Intake, tmp_path: Path) -> DialIn:
    """It knows the unit IMEI."""
    profile = model(tmp_path, point("ir", "address: 0"))
    know_units(desk, profile, {"a": f"dtu:{IMEI}?unit=17"})
    return port_for(desk, tmp_path)


def know_both(desk: Intake, folder: Path) -> None:
    """The registry knows the unit OTHER as well."""
    profile = model(folder, point("ir", "address: 0"))
    know_units(desk, profile, {name: f"dtu:{imei}?unit=17" for name, imei in (("a", IMEI), ("b", OTHER))})


async def turn() -> None:
    """What was put off until the event loop's next turn happens."""
    for _ in range(5):
        await OthersFirst()


async def test_a_unit_that_says_its_imei_is_the_line_behind_it(port: DialIn) -> None:
    unit = Unit(port, {17: METER})
    unit.says(IMEI.encode())
    line = port.line(IMEI)
    await line.open()
    assert line.is_open()
    assert await line.read(17, BLOCK, 1.0) == (36, 7)
    with pytest.raises(NoAnswer, match="exception 2, Illegal Data Address") as caught:
        await line.read(17, Block(3, 5, 1), 1.0)
    assert caught.value.failure is Failure.REFUSED


@pytest.mark.parametrize(
    "heartbeat", [b"ping", IMEI.encode(), b"\x00", b"\x11", b"\x11\x03\x04", b"\xfe" * 40]
)
async def test_heartbeats_are_no_part_of_an_answer(port: DialIn, heartbeat: bytes) -> None:
    unit = Unit(port, {17: METER})
    unit.says(IMEI.encode())
    line = port.line(IMEI)
    await line.open()
    unit.before = heartbeat
    for _ in range(3):
        unit.says(heartbeat)
        assert await line.read(17, BLOCK, 1.0) == (36, 7)


async def test_an_answer_that_comes_too_late_is_dropped(port: DialIn) -> None:
    unit = Unit(port, {17: METER})
    unit.says(IMEI.encode())
    line = port.line(IMEI)
    await line.open()
    unit.devices = {17: {0: 99, 1: 99}}
    unit.write(request(17, BLOCK))  # somebody had asked before us
    await turn()
    unit.devices = {17: METER}
    assert await line.read(17, BLOCK, 1.0) == (36, 7)


async def test_a_unit_that_dials_in_again_takes_its_own_place_at_once(port: DialIn, desk: Intake) -> None:
    first = Unit(port)  # half-open: nobody is there to answer
    first.says(IMEI.encode())
    line = port.line(IMEI)
    await line.open()
    asked = asyncio.create_task(line.read(17, BLOCK, 1_000.0))
    await turn()
    second = Unit(port, {17: METER})
    second.says(f"{IMEI}\r\n".encode())
    with pytest.raises(NoAnswer) as caught:
        await asked
    assert caught.value.failure is Failure.LINE_LOST
    assert first.is_cut
    await line.open()
    assert await line.read(17, BLOCK, 1.0) == (36, 7)
    await turn()
    assert (desk.counts["dial_in_connections_open"], desk.counts["dial_in_replaced"]) == (1, 1)


async def test_a_line_that_is_waited_for_is_there_when_its_unit_comes(port: DialIn) -> None:
    line = port.line(IMEI)
    opening = asyncio.create_task(line.open())
    await turn()
    assert not opening.done()
    unit = Unit(port)
    unit.says(IMEI.encode())
    await opening
    unit.vanish()
    assert not line.is_open()
    with pytest.raises(NoAnswer, match="the connection is lost"):
        await line.read(17, BLOCK, 1.0)


async def test_an_imei_in_two_pieces_is_one(port: DialIn) -> None:
    unit = Unit(port)
    unit.says(IMEI[:9].encode())
    port.sweep()
    assert not unit.is_cut
    unit.says(IMEI[9:].encode())
    await port.line(IMEI).open()


async def test_a_stranger_is_sent_away_and_kept_with_the_reason(
    port: DialIn, desk: Intake, clock: ManualClock
) -> None:
    unit = Unit(port)
    unit.says(OTHER.encode())
    assert not unit.is_cut, "more may come"
    clock.advance(1.5)
    port.sweep()
    assert unit.is_cut
    await desk.keeper.flush()
    (row,) = desk.quarantine.rows()
    assert (row.reason, row.detail) == ("unknown_device", f"IMEI {OTHER} from 10.0.0.9")
    assert desk.counts["refused"] == 1
    assert desk.quarantine.unknown_devices() == []


async def test_in_the_pairing_window_a_stranger_is_listed_and_stays_until_it_closes(
    tmp_path: Path, desk: Intake, clock: ManualClock
) -> None:
    profile = model(tmp_path, point("ir", "address: 0"))
    know_units(desk, profile, {}, pairing_until_ns=clock.now_ns() + HOUR_NS)
    port = port_for(desk, tmp_path)
    unit, other = Unit(port, {1: METER}), Unit(port)
    unit.says(f'{{"imei":"{IMEI}"}}'.encode())
    other.says(f'{{"imei":"{OTHER}"}}'.encode())
    clock.advance(1.5)
    port.sweep()
    await desk.keeper.flush()
    rows = {row.name: row for row in desk.quarantine.unknown_devices()}
    assert set(rows) == {IMEI, OTHER}
    assert (rows[IMEI].client_id, rows[IMEI].peer) == (f"dtu:{IMEI}", "10.0.0.9")
    know_units(desk, profile, {"a": f"dtu:{IMEI}?unit=1"}, pairing_until_ns=clock.now_ns() + HOUR_NS)
    line = port.line(IMEI)
    await line.open()
    assert await line.read(1, BLOCK, 1.0) == (36, 7)
    clock.advance(100)
    unit.says(b"ping")
    other.says(b"ping")
    know_units(desk, profile, {"a": f"dtu:{IMEI}?unit=1"})
    port.sweep()
    assert (unit.is_cut, other.is_cut) == (False, True), "the window is closed, and one of them is known"


async def test_a_unit_whose_device_has_lost_its_model_is_told_by_its_name_and_is_no_stranger(
    port: DialIn, desk: Intake, clock: ManualClock
) -> None:
    device = DeviceEntry("a", "taken-away", "", {}, f"dtu:{IMEI}?unit=17")
    desk.directory = Directory({"a": device}, {}, clock.now_ns() + HOUR_NS)
    unit = Unit(port)
    unit.says(IMEI.encode())
    clock.advance(1.5)
    port.sweep()
    await desk.keeper.flush()
    assert unit.is_cut
    assert desk.quarantine.unknown_devices() == []
    (row,) = desk.quarantine.rows()
    assert (row.device, row.reason) == ("a", "no_profile")
    assert row.detail.startswith("device a is known, its model taken-away is not here; IMEI")


async def test_who_says_nothing_is_sent_away_in_time(port: DialIn, clock: ManualClock, desk: Intake) -> None:
    silent, dripping = Unit(port), Unit(port)
    for _ in range(int(CONNECT_WITHIN_S) + 1):
        clock.advance(1.0)
        dripping.says(b"x")
        port.sweep()
    assert (silent.is_cut, dripping.is_cut) == (True, True)
    assert desk.counts["connections_timed_out"] == 2


async def test_garbage_ends_its_own_connection_and_no_other(port: DialIn, desk: Intake) -> None:
    good, stranger, spoilt = Unit(port, {17: METER}), Unit(port), Unit(port)
    good.says(IMEI.encode())
    line = port.line(IMEI)
    await line.open()
    for _ in range(512):
        stranger.says(b"\x11\x03\x04" * 683)
    assert stranger.is_cut
    assert len(stranger.connection.said()) <= DIAL_IN_REGISTRATION_BYTES_MAX + 2_048
    assert await line.read(17, BLOCK, 1.0) == (36, 7)
    spoilt.says(IMEI.encode())
    assert good.is_cut
    spoilt.says(b"\x55" * (DIAL_IN_NOISE_BYTES_MAX + 1))
    assert spoilt.is_cut
    assert desk.counts["dial_in_garbage"] == 2


async def test_a_unit_that_is_quiet_too_long_is_cut_off_and_heartbeats_keep_it(
    port: DialIn, clock: ManualClock
) -> None:
    quiet = Unit(port)
    quiet.says(IMEI.encode())
    clock.advance(QUIET_S - 1)
    quiet.says(b"ping")
    clock.advance(QUIET_S - 1)
    port.sweep()
    assert not quiet.is_cut
    clock.advance(2)
    port.sweep()
    assert quiet.is_cut


async def test_a_unit_whose_devices_are_dead_keeps_its_connection_while_it_lives(
    port: DialIn, clock: ManualClock
) -> None:
    unit = Unit(port)
    unit.says(IMEI.encode())
    line = port.line(IMEI)
    await line.open()
    clock.advance(ALIVE_S / 2)
    await line.open()
    assert line.is_open()
    clock.advance(ALIVE_S)
    opening = asyncio.create_task(line.open())
    await turn()
    assert (unit.is_cut, opening.done()) == (True, False)
    Unit(port).says(IMEI.encode())
    await opening


async def test_beyond_their_limit_the_oldest_that_said_no_known_imei_gives_its_place_up(
    port: DialIn, desk: Intake, tmp_path: Path
) -> None:
    know_both(desk, tmp_path)
    known = Unit(port)
    known.says(IMEI.encode())
    strangers = [Unit(port) for _ in range(DIAL_IN_CONNECTIONS_MAX - 1)]
    new = Unit(port)
    assert [one.is_cut for one in (known, *strangers[:2], new)] == [False, True, False, False]
    assert desk.counts["connections_over_limit"] == 1
    await turn()
    new.says(OTHER.encode())
    more = [Unit(port) for _ in range(DIAL_IN_CONNECTIONS_MAX)]
    assert (known.is_cut, new.is_cut) == (False, False)
    assert [unit.is_cut for unit in (*strangers, *more)].count(False) == DIAL_IN_CONNECTIONS_MAX - 2


async def test_where_all_are_known_units_the_next_connection_is_closed_at_once(
    port: DialIn, desk: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    know_both(desk, tmp_path)
    monkeypatch.setattr(dial_in, "DIAL_IN_CONNECTIONS_MAX", 2)
    units = [Unit(port) for _ in range(2)]
    for unit, imei in zip(units, (IMEI, OTHER), strict=True):
        unit.says(imei.encode())
    assert Unit(port).is_cut
    assert not any(unit.is_cut for unit in units)
    units[0].vanish()
    assert not Unit(port).is_cut


async def test_a_unit_that_the_registry_forgets_is_sent_away(
    port: DialIn, desk: Intake, tmp_path: Path
) -> None:
    unit = Unit(port)
    unit.says(IMEI.encode())
    port.sweep()
    assert not unit.is_cut
    know_units(desk, model(tmp_path, point("ir", "address: 0")), {})
    port.sweep()
    assert unit.is_cut
