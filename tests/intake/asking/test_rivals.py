"""Two 4G units that say one IMEI: their values are not one device's for long, and it is known that there are two."""

from pathlib import Path

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.limits import RIVAL_TAKEOVERS_MAX, RIVAL_TOLD_S
from flameblue.intake.asking.dial_in import DialIn
from flameblue.intake.asking.rivals import Rivals
from flameblue.intake.reception import Intake
from tests.intake.asking.models import model, point
from tests.intake.asking.units import IMEI, Unit, know_units, port_for

HERE, THERE = "10.0.0.9", "10.0.0.7"
PAUSE_S = 5.0  # before a unit that was cut off dials in again


@pytest.fixture
def port(desk: Intake, tmp_path: Path) -> DialIn:
    know_units(desk, model(tmp_path, point("ir", "address: 0")), {"a": f"dtu:{IMEI}?unit=17"})
    return port_for(desk, tmp_path)


def dials_in(port: DialIn, peer: str) -> Unit:
    unit = Unit(port, peer=peer)
    unit.says(IMEI.encode())
    return unit


def contested(port: DialIn, clock: ManualClock) -> Unit:
    """Two units have cut each other off; the one that was there first is there again."""
    first = dials_in(port, HERE)
    for peer in (THERE, HERE):
        clock.advance(PAUSE_S)
        first.says(b"\0")
        first = dials_in(port, peer)
    return first


async def test_of_two_units_that_speak_the_first_stays_and_both_are_named(
    port: DialIn, clock: ManualClock, desk: Intake
) -> None:
    own = contested(port, clock)
    for turned_away in range(1, 6):
        clock.advance(PAUSE_S)
        own.says(b"\0")
        assert dials_in(port, THERE).is_cut
        assert not own.is_cut
        proved = Rivals(IMEI, HERE, THERE, clock.monotonic_s())
        assert port.contests.proved() == ((proved,) if turned_away > 1 else ())
    assert (desk.counts["dial_in_replaced"], desk.counts["dial_in_rivals"]) == (RIVAL_TAKEOVERS_MAX, 5)
    clock.advance(RIVAL_TOLD_S + 1)
    port.sweep()
    assert port.contests.proved() == ()


async def test_a_unit_whose_radio_drops_again_and_again_has_its_place_back_and_is_no_two(
    port: DialIn, clock: ManualClock
) -> None:
    dials_in(port, HERE).says(b"\0")
    for _ in range(20):
        clock.advance(30.0)
        tries = 1
        while (unit := dials_in(port, HERE)).is_cut:
            tries += 1
            clock.advance(PAUSE_S)
        assert tries <= 5, "an interval of 10 s, and 5 s"
        unit.says(b"\0")
    assert port.contests.proved() == ()


async def test_whoever_came_once_long_ago_proves_nothing(port: DialIn, clock: ManualClock) -> None:
    own = contested(port, clock)
    assert dials_in(port, THERE).is_cut
    for _ in range(400):
        clock.advance(1.0)
        own.says(b"\0")
    again = dials_in(port, HERE)
    assert own.is_cut
    assert not again.is_cut
    assert port.contests.proved() == ()


async def test_a_place_that_is_free_is_taken_at_once(port: DialIn, clock: ManualClock) -> None:
    own = contested(port, clock)
    assert dials_in(port, THERE).is_cut
    own.vanish()
    other = dials_in(port, THERE)
    other.says(b"\0")
    clock.advance(PAUSE_S)
    assert not dials_in(port, THERE).is_cut, "its own connection was half-open"
    assert port.contests.proved() == ()


async def test_who_is_known_no_more_is_forgotten(
    port: DialIn, clock: ManualClock, desk: Intake, tmp_path: Path
) -> None:
    own = contested(port, clock)
    for _ in range(2):
        clock.advance(PAUSE_S)
        own.says(b"\0")
        assert dials_in(port, THERE).is_cut
    assert port.contests.proved()
    know_units(desk, model(tmp_path, point("ir", "address: 0")), {})
    port.sweep()
    assert port.contests.proved() == ()
