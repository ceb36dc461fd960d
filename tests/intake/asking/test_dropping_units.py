"""A 4G unit whose connection drops all day: its devices are asked as before, and nobody is alarmed for it."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.intake.asking.addresses import AskedDevice
from flameblue.intake.asking.dial_in import BACK_WITHIN_S, DialIn
from flameblue.intake.asking.poller import Poller
from flameblue.intake.reception import Intake
from tests.intake.asking.models import model, point
from tests.intake.asking.units import IMEI, Unit, know_units, port_for
from tests.intake.asking.world import OthersFirst
from tests.intake.valley import MemorySink

EVERY_S = 5
STEPS_A_NUMBER = 10  # of residual current, in its steps of 0.1 mA


class Ended(Exception):
    """The simulated time is over."""


class Mobile:
    """The time of a unit on a bad network: every `drops_every_s` it is gone for `away_s`, or (None) for good.

    Its device's register counts the seconds, so that no two readings are alike.
    """

    def __init__(
        self, port: DialIn, clock: ManualClock, *, drops_every_s: float, away_s: float | None
    ) -> None:
        self.port, self.clock = port, clock
        self.drops_every_s, self.away_s = drops_every_s, away_s
        self.registers = {0: 0}
        self.drops = 0
        self.until_s = 600.0
        self.unit: Unit | None = None
        self.dial()

    def dial(self) -> None:
        self.unit = Unit(self.port, {17: self.registers})
        self.unit.says(IMEI.encode())
        self.up_since_s = self.clock.monotonic_s()

    async def sleep(self, seconds: float) -> None:
        """How the poller waits."""
        self._advance(seconds)
        for _ in range(10):
            await OthersFirst()

    def _advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        now_s = self.clock.monotonic_s()
        self.registers[0] = int(now_s)
        if now_s > self.until_s:
            raise Ended
        if self.unit is not None and now_s - self.up_since_s >= self.drops_every_s:
            self.unit.vanish()
            self.unit = None
            self.drops += 1
            if self.away_s is not None:
                asyncio.get_running_loop().call_soon(self._come_back)

    def _come_back(self) -> None:
        assert self.away_s is not None
        self.clock.advance(self.away_s)
        self.registers[0] = int(self.clock.monotonic_s())
        self.dial()


async def asked(desk: Intake, folder: Path, mobile: Mobile, back_within_s: float = BACK_WITHIN_S) -> Poller:
    """The unit's device, asked until the time is over."""
    line = mobile.port.line(IMEI, back_within_s)
    poller = Poller(desk, line, [AskedDevice("a", 17)], mobile.sleep)
    with pytest.raises(ExceptionGroup) as caught:
        await poller.serve()
    assert caught.group_contains(Ended)
    return poller


@pytest.fixture
def port(desk: Intake, tmp_path: Path) -> DialIn:
    profile = model(tmp_path, point("ir", "address: 0"), every=EVERY_S)
    know_units(desk, profile, {"a": f"dtu:{IMEI}?unit=17"})
    return port_for(desk, tmp_path)


async def test_a_unit_that_drops_every_20_s_loses_no_reading_and_doubles_none(
    port: DialIn, desk: Intake, sink: MemorySink, clock: ManualClock, tmp_path: Path
) -> None:
    mobile = Mobile(port, clock, drops_every_s=20, away_s=2)
    poller = await asked(desk, tmp_path, mobile)
    values = [value // STEPS_A_NUMBER for value in sink.values(1)]
    assert mobile.drops >= 25
    assert len(values) == poller.round_trips["a"].answered, "each answer is a reading, and no other"
    assert len(values) >= 600 / EVERY_S - mobile.drops
    assert all(one < other for one, other in pairwise(values)), "no number is told twice"
    assert max(other - one for one, other in pairwise(values)) <= EVERY_S + 2 + 1 + 1, (
        "away, the pause, and a second"
    )
    assert sink.connections == [], "a unit that is back at once is no news"
    assert desk.counts["asking_lines_lost"] == mobile.drops


async def test_a_unit_that_stays_away_is_told_once_and_again_when_it_is_back(
    port: DialIn, desk: Intake, sink: MemorySink, clock: ManualClock, tmp_path: Path
) -> None:
    mobile = Mobile(port, clock, drops_every_s=20, away_s=None)
    mobile.until_s = 60.0
    poller = await asked(desk, tmp_path, mobile, back_within_s=0)
    assert sink.connections == [([1], True)]
    assert (poller.state.is_open, poller.state.trouble) == (False, f"The 4G unit {IMEI} has not dialled in.")
    before = len(sink.rows)
    mobile.dial()
    mobile.drops_every_s, mobile.until_s = 1_000, 120.0
    await asked(desk, tmp_path, mobile)
    assert sink.connections == [([1], True), ([1], False)]
    assert len(sink.rows) > before + 8
