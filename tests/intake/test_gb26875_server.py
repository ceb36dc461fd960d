"""What transmitters of GB/T 26875.3 are answered, and when: peers without sockets, a told clock."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import CONNECT_WITHIN_S, GB26875_SENT_AGAIN_S, INCOMPLETE_S
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.readings import Mark
from flameblue.intake.directory import DeviceEntry
from flameblue.intake.reception import Intake
from tests.intake.gb26875_endpoint import (
    NS_PER_S,
    POINTS,
    QUIET_S,
    T889,
    kept,
    others_had_their_turn,
    peer_of,
    reasons,
    serving,
    told,
)
from tests.intake.transmitter import (
    ADDRESS,
    ANSWER,
    CENTRE,
    CONFIRM,
    DENY,
    NOW,
    REQUEST,
    Transmitter,
    state,
    value,
)
from tests.intake.transmitter import (
    clock as device_clock,
)
from tests.intake.valley import MemorySink


async def test_a_fire_becomes_a_mark_and_is_confirmed_with_its_serial_number(
    desk: Intake, sink: MemorySink
) -> None:
    async with serving(desk) as endpoint:
        peer, device = peer_of(endpoint), Transmitter(serial=71)
        peer.send(device.frame(state(3)))
        assert (await told(peer))[:4] == (72, CONFIRM, CENTRE, ADDRESS)
        ((point, _, steps, marks),) = sink.rows
        assert (point, steps) == (1, NO_VALUE)
        assert marks & Mark.REPORTED_ALARM


async def test_nothing_is_confirmed_before_it_is_on_disk(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as endpoint:
        peer, device = peer_of(endpoint), Transmitter()
        sink.hold()
        peer.send(device.frame(state(2)))
        await sink.called(1)
        assert bytes(peer.sent_to_it) == b""
        sink.release()
        assert (await told(peer)).command == CONFIRM


async def test_what_the_journal_can_not_keep_is_not_confirmed_on_any_line(
    desk: Intake, sink: MemorySink
) -> None:
    async with serving(desk) as endpoint:
        peer, frame = peer_of(endpoint), Transmitter().frame(state(2))
        sink.failure = WorldFailed("the disk is full")
        peer.send(frame, frame)
        await peer.is_closed()
        assert bytes(peer.sent_to_it) == b""
        sink.failure = None
        again = peer_of(endpoint)
        again.send(frame)
        assert (await told(again)).command == CONFIRM
        assert len(sink.rows) == 1


async def test_values_come_in_our_units_and_each_at_its_own_time(
    desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    local = datetime.fromtimestamp(clock.now_ns() / NS_PER_S + 8 * 3_600 - 30, UTC)
    at = (local.second, local.minute, local.hour, local.day, local.month, local.year - 2_000)
    async with serving(desk) as endpoint:
        peer, device = peer_of(endpoint), Transmitter()
        peer.send(device.frame(value(-35, 3, time=at)), device.frame(value(2_291, 8)))
        await told(peer)
        await told(peer)
        assert [row[2] for row in sink.rows] == [-35, 2_291]
        assert abs(sink.rows[0][1] - (clock.now_ns() - 30 * NS_PER_S)) <= NS_PER_S
        assert sink.rows[0][3] == 0


@pytest.mark.parametrize("time", [(0, 0, 0, 0, 0, 0), (99, 99, 99, 99, 99, 99), NOW])
async def test_a_time_that_is_none_is_replaced_and_marked(
    desk: Intake, sink: MemorySink, clock: ManualClock, time: tuple[int, ...]
) -> None:
    async with serving(desk) as endpoint:
        peer = peer_of(endpoint)
        peer.send(Transmitter().frame(state(2, time=time)))
        await told(peer)
        assert sink.rows[0][1] == clock.now_ns()
        assert sink.rows[0][3] == Mark.REPORTED_ALARM | Mark.TIME_REPLACED


async def test_a_residual_current_is_no_current_of_the_standard(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as endpoint:
        peer, device = peer_of(endpoint), Transmitter()
        peer.send(device.frame(value(3, 9)), device.frame(value(312, 130)))
        assert [(await told(peer)).command for _ in range(2)] == [CONFIRM, CONFIRM]
        assert sink.rows == []
        details = " ".join(row.detail for row in desk.quarantine.rows())
        assert "gb26875-generic does not say under kinds what type 130 measures" in details
    async with serving(desk) as endpoint:
        peer = peer_of(endpoint)
        peer.send(Transmitter().frame(value(3, 9)))
        await told(peer)
        assert "step is 0.1 A; a maker's own type (130 = mA and so on)" in reasons(desk)["wrong_unit"]


async def test_a_makers_own_types_are_what_the_profile_says(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk, replace(T889, profile="gb26875-four-faith")) as endpoint:
        peer, device = peer_of(endpoint), Transmitter()
        peer.send(*(device.frame(value(*one)) for one in ((312, 130), (235, 134), (-500, 134))))
        for _ in range(3):
            await told(peer)
        assert [row[2] for row in sink.rows] == [3_120, 235, NO_VALUE]
        assert sink.rows[2][3] & Mark.SENSOR_OPEN


@pytest.mark.parametrize("believed", [False, True])
async def test_a_clear_bit_0_is_a_test_only_where_the_profile_says_so(
    desk: Intake, sink: MemorySink, believed: bool
) -> None:
    async with serving(desk) as endpoint:
        generic = desk.profiles["gb26875-generic"]
        desk.profiles = {generic.name: replace(generic, test_bit=believed)}
        peer, device = peer_of(endpoint), Transmitter()
        peer.send(device.frame(state(2)), device.frame(state(3)))
        await told(peer)
        await told(peer)
        assert [bool(row[3] & Mark.TEST) for row in sink.rows] == [believed, False]


async def test_states_have_marks_and_without_a_bit_none(desk: Intake, sink: MemorySink) -> None:
    own = bytes((21, 1, 0b1000)) + bytes(NOW)
    async with serving(desk) as endpoint:
        peer, device = peer_of(endpoint), Transmitter()
        units = (state(1 << 2), state(1 << 8), state(1 << 3), state(1), own)
        peer.send(*(device.frame(unit) for unit in units))
        for _ in units:
            await told(peer)
        fault, shielded = Mark.REPORTED_FAULT, Mark.SHIELDED
        marks = [row[3] & ~Mark.TIME_REPLACED for row in sink.rows]
        assert marks == [fault, fault, shielded, 0, fault]


@pytest.mark.parametrize(
    ("meant", "mark"),
    [("warning", Mark.REPORTED_WARNING), ("alarm", Mark.REPORTED_ALARM), ("", Mark(0))],
)
async def test_supervision_is_what_the_profile_says(
    desk: Intake, sink: MemorySink, meant: str, mark: Mark
) -> None:
    async with serving(desk) as endpoint:
        generic = desk.profiles["gb26875-generic"]
        assert generic.supervision == "warning"
        desk.profiles = {generic.name: replace(generic, supervision=meant)}
        peer = peer_of(endpoint)
        peer.send(Transmitter().frame(state(1 << 4)))
        await told(peer)
        assert [row[3] & ~Mark.TIME_REPLACED for row in sink.rows] == [mark]


async def test_a_component_that_nobody_registered_is_told_by_its_key_and_confirmed(
    desk: Intake, sink: MemorySink
) -> None:
    async with serving(desk) as endpoint:
        peer = peer_of(endpoint)
        peer.send(Transmitter().frame(state(2, "0a000200", 40)))
        assert (await told(peer)).command == CONFIRM
        assert reasons(desk)["unknown_key"].startswith("1.40.0a000200")
        assert sink.rows == []


@pytest.mark.parametrize(
    ("unit", "command", "why"),
    [
        (state(2)[:-3], 2, "1 objects of 46 bytes make 46; the unit has 43"),
        (state(2), REQUEST, "command 4, request, is nothing that a centre is sent"),
        (state(2), 9, "command 9, reserved"),
        (state(2), 200, "command 200, user-defined"),
    ],
)
async def test_a_wrong_frame_is_denied_and_told(
    desk: Intake, sink: MemorySink, unit: bytes, command: int, why: str
) -> None:
    async with serving(desk) as endpoint:
        peer, device = peer_of(endpoint), Transmitter()
        peer.send(device.frame(unit, command), device.frame(state(2)))
        assert [(await told(peer)).command for _ in range(2)] == [DENY, CONFIRM]
        await kept(desk)
        assert why in reasons(desk)["bad_frame"]
        assert (len(sink.rows), desk.counts["gb26875_denied"], desk.counts["gb26875_bad_frames"]) == (1, 1, 1)


async def test_a_wrong_check_sum_is_denied_with_its_serial_number(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as endpoint:
        peer, device = peer_of(endpoint), Transmitter(serial=7)
        wrong = bytearray(device.frame(state(2)))
        wrong[40] ^= 1
        peer.send(bytes(wrong))
        assert (await told(peer))[:2] == (8, DENY)
        await kept(desk)
        assert "check sum" in reasons(desk)["bad_frame"]
        assert sink.rows == []


async def test_garbage_and_halves_cost_only_themselves(
    desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    async with serving(desk) as endpoint:
        peer, device = peer_of(endpoint), Transmitter()
        whole = device.frame(state(2))
        peer.send(b"GET / HTTP/1.1\r\n\r\n" + whole)
        assert (await told(peer)).command == CONFIRM
        peer.send(device.frame(state(2))[:50])
        endpoint.sweep()
        clock.advance(INCOMPLETE_S + 1)
        endpoint.sweep()
        peer.send(device.frame(state(1)))
        assert (await told(peer)).command == CONFIRM
        await kept(desk)
        assert "breaks off" in reasons(desk)["bad_frame"]
        assert len(sink.rows) == 2


async def test_what_comes_again_is_confirmed_again_and_taken_once(
    desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    async with serving(desk) as endpoint:
        peer, device = peer_of(endpoint), Transmitter()
        frame = device.frame(state(2))
        peer.send(frame, frame)
        assert [(await told(peer)).serial for _ in range(2)] == [1, 1]
        other = peer_of(endpoint)
        other.send(frame)
        assert (await told(other)).command == CONFIRM
        assert (len(sink.rows), desk.counts["duplicates"]) == (1, 2)
        clock.advance(GB26875_SENT_AGAIN_S + 1)
        endpoint.sweep()
        other.send(frame)
        await told(other)
        assert len(sink.rows) == 2


async def test_the_serial_number_alone_makes_no_duplicate(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as endpoint:
        peer = peer_of(endpoint)
        peer.send(Transmitter(serial=-1).frame(state(2)), Transmitter(serial=-1).frame(state(1)))
        assert [(await told(peer)).serial for _ in range(2)] == [0, 0]
        assert len(sink.rows) == 2


async def test_a_clock_and_a_counter_that_stand_still_hide_no_second_fire(
    desk: Intake, sink: MemorySink
) -> None:
    async with serving(desk) as endpoint:
        peer, dead = peer_of(endpoint), (0, 0, 0, 1, 1, 0)
        for bits in (2, 1, 2):
            peer.send(Transmitter(serial=-1).frame(state(bits, time=dead), time=dead))
            assert (await told(peer)).command == CONFIRM
        assert len(sink.rows) == 3


async def test_heartbeats_keep_a_line_and_silence_ends_it(
    desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    async with serving(desk) as endpoint:
        peer, device = peer_of(endpoint), Transmitter()
        short = bytes.fromhex("40403a010f08061602002323")
        for sent, is_answered in ((b"", True), (device_clock(), True), (short, False), (short, False)):
            peer.send(sent if sent == short else device.frame(sent))
            if is_answered:
                assert (await told(peer)).command == CONFIRM
            else:
                await others_had_their_turn(endpoint)
            clock.advance(QUIET_S - 1)
            endpoint.sweep()
            assert not peer.is_closing()
        assert (sink.rows, sink.connections) == ([], [])
        clock.advance(2)
        endpoint.sweep()
        await peer.is_closed()
        await sink.connected(1)
        back = peer_of(endpoint)
        back.send(device.frame())
        await told(back)
        await sink.connected(2)
        assert [lost for _, lost in sink.connections] == [True, False]


async def test_who_closes_his_line_is_lost_when_he_stays_away(
    desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    async with serving(desk) as endpoint:
        peer, device = peer_of(endpoint), Transmitter()
        peer.send(device.frame())
        await told(peer)
        peer.vanish()
        clock.advance(QUIET_S - 1)
        endpoint.sweep()
        back = peer_of(endpoint)
        back.send(device.frame())
        await told(back)
        assert sink.connections == []
        back.vanish()
        clock.advance(QUIET_S + 1)
        endpoint.sweep()
        await sink.connected(1)
        assert sink.connections == [(sorted(point for point, _ in POINTS.values()), True)]


async def test_a_stranger_is_denied_and_cut_off(desk: Intake, sink: MemorySink, clock: ManualClock) -> None:
    async with serving(desk) as endpoint:
        peer = peer_of(endpoint)
        peer.send(Transmitter(bytes.fromhex("050403020100")).frame(state(2)))
        assert (await told(peer)).command == DENY
        await kept(desk)
        assert "address 050403020100 (4328719365) from 10.0.0.7" in reasons(desk)["unknown_device"]
        assert sink.rows == []
        clock.advance(CONNECT_WITHIN_S + 1)
        endpoint.sweep()
        await peer.is_closed()


async def test_a_stranger_is_listed_while_the_pairing_window_is_open(
    desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    frame = Transmitter(bytes.fromhex("050403020100")).frame(state(2))
    async with serving(desk, pairing_until_ns=clock.now_ns() + NS_PER_S) as endpoint:
        peer = peer_of(endpoint)
        peer.send(frame)
        assert (await told(peer)).command == CONFIRM
        (row,) = desk.quarantine.unknown_devices()
        assert (row.name, row.client_id, row.topic) == ("050403020100", "050403020100", "gb26875/2")
        assert bytes.fromhex(row.sample) == frame
        assert sink.rows == []


async def test_a_device_of_another_protocol_is_not_found_by_its_address(desk: Intake) -> None:
    async with serving(desk, replace(T889, profile="flameblue-generic")) as endpoint:
        peer = peer_of(endpoint)
        peer.send(Transmitter().frame(state(2)))
        assert (await told(peer)).command == DENY


async def test_two_with_one_address_are_nobody(desk: Intake) -> None:
    async with serving(desk, T889, replace(T889, name="T890", credential_hash="x")) as endpoint:
        peer = peer_of(endpoint)
        peer.send(Transmitter().frame(state(2)))
        assert (await told(peer)).command == DENY


async def test_a_line_may_carry_several_transmitters(desk: Intake, sink: MemorySink) -> None:
    second = DeviceEntry(
        "T890", "gb26875-generic", "y", {"1.17.2db83201": (11, QUANTITIES["temperature_c"])}, "01" * 6
    )
    async with serving(desk, T889, second) as endpoint:
        peer = peer_of(endpoint)
        peer.send(Transmitter().frame(state(2)), Transmitter(b"\1" * 6).frame(state(2)))
        assert [(await told(peer)).destination for _ in range(2)] == [ADDRESS, b"\1" * 6]
        assert [row[0] for row in sink.rows] == [1, 11]


async def test_an_answer_brings_readings_and_gets_no_word(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as endpoint:
        peer, device = peer_of(endpoint), Transmitter()
        peer.send(device.frame(state(2), ANSWER), device.frame(b"", CONFIRM), device.frame(b"", DENY))
        peer.send(device.frame())
        assert (await told(peer)).serial == 4
        assert len(sink.rows) == 1


async def test_a_confirm_bears_our_time_by_the_devices_clock(desk: Intake, clock: ManualClock) -> None:
    async with serving(desk) as endpoint:
        peer = peer_of(endpoint)
        peer.send(Transmitter().frame(state(2)))
        local = datetime.fromtimestamp(clock.now_ns() // NS_PER_S + 8 * 3_600, UTC)
        parts = (local.second, local.minute, local.hour, local.day, local.month, local.year - 2_000)
        assert (await told(peer)).time == parts
