"""What we ask transmitters of GB/T 26875.3: on which line, how often, and which answer counts. A told clock."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import GB26875_ANSWER_WITHIN_S
from flameblue.intake.device_commands import Outcome, Wish
from flameblue.intake.gb26875_listener import Gb26875Listener
from flameblue.intake.protocols.gb26875 import orders
from flameblue.intake.protocols.gb26875.codec import Frame, Session
from flameblue.intake.reception import Intake
from flameblue.intake.sources import spelled
from tests.intake.gb26875_endpoint import (
    T889,
    kept,
    others_had_their_turn,
    peer_of,
    reasons,
    serving,
    told,
)
from tests.intake.peer import Peer
from tests.intake.transmitter import ADDRESS, ANSWER, CENTRE, CONFIRM, DENY, Transmitter, state
from tests.intake.transmitter import clock as device_time
from tests.intake.valley import MemorySink

CONTROL, REQUEST = 1, 4
RESET, ON_DUTY = 1, 32  # bits 0 and 5
COMPONENT = {"system": 1, "system_address": 1, "component": "2db83201"}
SINCE = "2012-09-26T09:58:02"
# Frames that others have written: the transmitter in shared vectors is this one too (ald-08, 11, 13 and 18).
OF_OTHERS = {
    "device_state": "404001000101203a091a090c385b01000000790300000000030004510100fe2323",
    "device_version": "404001000101203a091a090c385b01000000790300000000030004550100022323",
    "device_time": "404001000101203a091a090c385b01000000790300000000030004580100052323",
    "duty_check": "404001000101203a091a090c385b010000007903000000000300015b010a0f2323",
}
NOW = datetime.fromisoformat("2026-01-15T11:07:00")


def ask(desk: Intake, kind: str, number: int = 1, device: str = "T889", **arguments: Any) -> None:
    wish = Wish(number, device, kind, orders.checked(kind, arguments))
    desk.commands.ask("gb26875", wish, desk.clock.now_ns())


def outcomes(desk: Intake) -> list[tuple[int, Outcome]]:
    return [(one.number, one.outcome) for one in desk.commands.told()]


async def connected(endpoint: Gb26875Listener, device: Transmitter) -> Peer:
    """A transmitter that has spoken and was answered."""
    peer = peer_of(endpoint)
    peer.send(device.frame())
    assert (await told(peer)).command == CONFIRM
    return peer


def asked(peer: Peer) -> list[Frame]:
    """What the peer was sent, and forgets."""
    found = Session().feed(bytes(peer.sent_to_it))
    peer.sent_to_it.clear()
    return [one for one in found if isinstance(one, Frame)]


def answer(device: Transmitter, to: Frame, command: int, unit: bytes = b"") -> bytes:
    """A frame with the serial number of what it answers."""
    return replace(device, serial=to.serial - 1).frame(unit, command)


@pytest.mark.parametrize("kind", OF_OTHERS)
async def test_a_question_is_byte_for_byte_what_others_write(desk: Intake, kind: str) -> None:
    (expected,) = Session().feed(bytes.fromhex(OF_OTHERS[kind]))
    assert isinstance(expected, Frame)
    async with serving(desk) as endpoint:
        peer = await connected(endpoint, Transmitter())
        ask(desk, kind, minutes=10)
        (sent,) = asked(peer)
        assert sent._replace(serial=expected.serial, time=expected.time) == expected


@pytest.mark.parametrize(
    ("kind", "said", "unit"),
    [
        ("set_clock", {}, "5a0100070b0f011a"),
        ("device_configuration", {}, "560100"),
        ("component_state", COMPONENT, "3e0101012db83201"),
        ("component_value", COMPONENT, "3f0101012db83201"),
        ("device_operations", {"records": 5, "since": SINCE}, "540105023a091a090c"),
        (
            "system_operations",
            {"system": 1, "system_address": "1", "records": "100", "since": SINCE},
            "4001010164023a091a090c",
        ),
    ],
)
def test_the_units_are_those_of_the_standard(kind: str, said: Mapping[str, Any], unit: str) -> None:
    assert orders.unit(kind, orders.checked(kind, said), NOW).hex() == unit


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("initialise", {}),
        ("duty_check", {}),
        ("duty_check", {"minutes": 0}),
        ("duty_check", {"minutes": 31}),
        ("duty_check", {"minutes": True}),
        ("component_state", COMPONENT | {"component": "2db832"}),
        ("component_state", COMPONENT | {"component": "zz"}),
        ("component_value", COMPONENT | {"system": 256}),
        ("device_operations", {"records": 101, "since": SINCE}),
        ("device_operations", {"records": 1, "since": "yesterday"}),
    ],
)
def test_what_can_not_be_asked_is_refused(kind: str, said: Mapping[str, Any]) -> None:
    with pytest.raises(BadInput):
        orders.checked(kind, said)


ALARMED = state(2, component="2eb83201")  # of a component that the registry does not know
MAINS_LOST = bytes((21, 1, 0b1001)) + bytes((2, 58, 9, 26, 9, 12))


@pytest.mark.parametrize(
    ("kind", "said", "unit"), [("device_state", {}, MAINS_LOST), ("component_state", COMPONENT, ALARMED)]
)
async def test_what_was_asked_for_is_never_in_quarantine(
    desk: Intake, sink: MemorySink, kind: str, said: Mapping[str, Any], unit: bytes
) -> None:
    bare = replace(T889, points={"1.17.2db83201": T889.points["1.17.2db83201"]})
    async with serving(desk, bare) as endpoint:
        device = Transmitter()
        peer = await connected(endpoint, device)
        ask(desk, kind, **said)
        (question,) = asked(peer)
        peer.send(answer(device, question, ANSWER, unit))
        await others_had_their_turn(endpoint)
        await kept(desk)
        last = desk.commands.told()[-1]
        assert (last.outcome, last.answer) == (Outcome.DONE, unit)
        assert "unknown_key" not in reasons(desk)
        assert sink.rows == []


@pytest.mark.parametrize("bits", [1, 0b1001, 0b10])
async def test_an_own_state_without_a_point_is_told_where_something_is_wrong(
    desk: Intake, sink: MemorySink, bits: int
) -> None:
    bare = replace(T889, points={"1.17.2db83201": T889.points["1.17.2db83201"]})
    async with serving(desk, bare) as endpoint:
        peer = peer_of(endpoint)
        peer.send(Transmitter().frame(bytes((21, 1, bits)) + bytes((2, 58, 9, 26, 9, 12))))
        assert (await told(peer)).command == CONFIRM
        await kept(desk)
        words = {1: "", 0b1001: "main power fault", 0b10: "fire alarm"}[bits]
        detail = f"its own state: {words}; a point with the key device makes it a fault"
        assert reasons(desk) == ({"unknown_key": detail} if words else {})
        assert sink.rows == [], "no other point's bits are ended by it"


async def test_an_answer_counts_by_its_serial_number_and_its_kind(desk: Intake, sink: MemorySink) -> None:
    async with serving(desk) as endpoint:
        device = Transmitter()
        peer = await connected(endpoint, device)
        ask(desk, "device_time")
        (sent,) = asked(peer)
        assert (sent.command, sent.source, sent.destination) == (REQUEST, CENTRE, ADDRESS)
        stranger = sent._replace(serial=sent.serial + 5)
        peer.send(
            answer(device, stranger, ANSWER, device_time()), answer(device, sent, ANSWER, b"\x19\1\1\2")
        )
        await others_had_their_turn(endpoint)
        assert outcomes(desk) == [(1, Outcome.SENT)]
        peer.send(answer(device, sent, ANSWER, device_time()))
        await others_had_their_turn(endpoint)
        assert outcomes(desk)[1:] == [(1, Outcome.DONE)]
        assert desk.commands.told()[1].answer == device_time()
        assert asked(peer) == [], "an answer ends the exchange"


async def test_a_control_is_done_once_it_is_confirmed_and_over_once_it_is_denied(desk: Intake) -> None:
    async with serving(desk) as endpoint:
        device = Transmitter()
        peer = await connected(endpoint, device)
        for number, command in ((1, CONFIRM), (2, DENY)):
            ask(desk, "set_clock", number)
            (sent,) = asked(peer)
            assert sent.command == CONTROL
            peer.send(answer(device, sent, command))
            await others_had_their_turn(endpoint)
        ended = [one for one in outcomes(desk) if one[1] is not Outcome.SENT]
        assert ended == [(1, Outcome.DONE), (2, Outcome.DENIED)]


async def test_the_clock_is_set_to_the_devices_own_zone_and_anew_at_each_re_send(
    desk: Intake, clock: ManualClock
) -> None:
    async with serving(desk) as endpoint:
        peer = await connected(endpoint, Transmitter())
        ask(desk, "set_clock")
        (first,) = asked(peer)
        clock.advance(GB26875_ANSWER_WITHIN_S)
        endpoint.sweep()
        (again,) = asked(peer)
        assert again.serial == first.serial
        seconds = [unit[2] + 60 * unit[3] + 3_600 * unit[4] for unit in (first.unit, again.unit)]
        assert seconds[1] - seconds[0] == GB26875_ANSWER_WITHIN_S
        assert again.unit[4] == (clock.now_ns() // 10**9 // 3_600 + 8) % 24


async def test_what_nobody_answers_is_sent_four_times_within_forty_seconds(
    desk: Intake, clock: ManualClock
) -> None:
    async with serving(desk) as endpoint:
        peer = await connected(endpoint, Transmitter())
        ask(desk, "device_state")
        for _ in range(39):
            clock.advance(1)
            endpoint.sweep()
        assert len(asked(peer)) == 4
        assert outcomes(desk) == [(1, Outcome.SENT)]
        clock.advance(1)
        endpoint.sweep()
        assert outcomes(desk)[1:] == [(1, Outcome.NO_ANSWER)]
        assert asked(peer) == []


async def test_a_re_send_goes_to_the_line_on_which_the_device_spoke_last(
    desk: Intake, clock: ManualClock
) -> None:
    async with serving(desk) as endpoint:
        device = Transmitter()
        old = await connected(endpoint, device)
        ask(desk, "device_state")
        (sent,) = asked(old)
        old.vanish()
        new = await connected(endpoint, device)
        clock.advance(GB26875_ANSWER_WITHIN_S)
        endpoint.sweep()
        (again,) = asked(new)
        assert (again.serial, again.unit) == (sent.serial, sent.unit)


async def test_a_duty_check_waits_for_the_key_and_says_when_nobody_presses_it(
    desk: Intake, clock: ManualClock
) -> None:
    async with serving(desk) as endpoint:
        device = Transmitter()
        peer = await connected(endpoint, device)
        for number in (1, 2):
            ask(desk, "duty_check", number, minutes=2)
            (sent,) = asked(peer)
            peer.send(answer(device, sent, CONFIRM))
            await others_had_their_turn(endpoint)
            clock.advance(30)
            endpoint.sweep()
            assert outcomes(desk)[-1] == (number, Outcome.HEARD)
            if number == 1:
                peer.send(device.frame(operation(RESET)))
                await told(peer)
                assert outcomes(desk)[-1] == (1, Outcome.HEARD)
                peer.send(device.frame(operation(ON_DUTY)))
                await told(peer)
                assert outcomes(desk)[-1] == (1, Outcome.DONE)
        clock.advance(91)
        peer.send(device.frame())
        await told(peer)
        endpoint.sweep()
        assert outcomes(desk)[-1] == (2, Outcome.NOBODY)


def operation(bits: int) -> bytes:
    """What somebody did at the device (8.2.1.9), as its operator 1."""
    return bytes((24, 1, bits, 1, 2, 58, 9, 26, 9, 12))


@pytest.mark.parametrize("was_there", [False, True])
async def test_a_device_without_a_line_is_not_asked(desk: Intake, was_there: bool) -> None:
    async with serving(desk) as endpoint:
        if was_there:
            (await connected(endpoint, Transmitter())).vanish()
            await others_had_their_turn(endpoint)
        ask(desk, "device_state")
        assert outcomes(desk) == [(1, Outcome.NO_LINE)]


async def test_a_foreigner_is_asked_nothing_and_answers_nothing(desk: Intake) -> None:
    fenced = replace(T889, allowed=spelled("10.0.0.0/8"))
    async with serving(desk, fenced) as endpoint:
        device = Transmitter()
        home = await connected(endpoint, device)
        abroad = peer_of(endpoint)
        abroad.line.peer = "203.0.113.9"
        abroad.send(device.frame())
        await told(abroad)
        ask(desk, "device_time")
        (sent,) = asked(home)
        assert asked(abroad) == []
        abroad.send(answer(device, sent, ANSWER, device_time()), answer(device, sent, DENY))
        await others_had_their_turn(endpoint)
        assert outcomes(desk) == [(1, Outcome.SENT)]


async def test_what_was_under_way_when_the_endpoint_began_anew_is_over(desk: Intake) -> None:
    async with serving(desk) as endpoint:
        await connected(endpoint, Transmitter())
        ask(desk, "device_state")
    async with serving(desk):
        assert outcomes(desk) == [(1, Outcome.SENT), (1, Outcome.LAPSED)]
        assert desk.commands.under_way() == {1}
        desk.commands.taken(desk.commands.told())
        assert (desk.commands.under_way(), desk.commands.told()) == (frozenset(), [])


def test_a_protocol_that_nobody_serves_is_told(desk: Intake) -> None:
    ask(desk, "device_state")
    assert outcomes(desk) == [(1, Outcome.NOT_SERVED)]
