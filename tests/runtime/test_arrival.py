"""Arrival time: a wall clock that is set neither silences the valley nor makes it deaf."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from flameblue.detection.detector import Detector
from flameblue.domain.clock import ManualClock
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.points import ENABLED, NEVER_NS, NO_LIMIT, NO_LOWER_LIMIT, POINT
from flameblue.domain.readings import READING
from flameblue.domain.transitions import Level, Rule, Transition
from flameblue.journal.record import Draft, Record, points_draft, readings_draft, tick_draft
from flameblue.runtime.arrival import ArrivalClock
from flameblue.runtime.stepping import step
from flameblue.runtime.ticking import jump_draft

HOUR_S = 3_600.0
INTERVAL_S = 10
START_NS = 1_768_000_000 * SECOND_NS


def test_arrival_time_goes_with_the_monotonic_clock_when_the_wall_clock_jumps() -> None:
    wall = ManualClock(START_NS)
    arrival = ArrivalClock(wall)
    wall.jump(HOUR_S)
    wall.advance(5)
    assert arrival.now_ns() == START_NS + 5 * SECOND_NS
    assert arrival.jump_ns() == 3_600 * SECOND_NS
    arrival.adopt()
    assert arrival.now_ns() == START_NS + 3_605 * SECOND_NS
    assert arrival.jump_ns() == 0


def test_a_small_slew_is_no_jump() -> None:
    wall = ManualClock(START_NS)
    arrival = ArrivalClock(wall)
    wall.jump(-1.9)
    assert arrival.jump_ns() == 0


def a_point() -> np.ndarray:
    row = np.zeros(1, POINT)
    row["point"], row["quantity"], row["flags"] = 1, 2, ENABLED
    row["over_warning"], row["over_alarm"], row["over_hysteresis"] = 550, 700, 50
    row["under_warning"] = row["under_alarm"] = NO_LOWER_LIMIT
    row["plausible_min"], row["plausible_max"] = -1_000, NO_LIMIT
    row["warning_hold_ns"] = row["alarm_hold_ns"] = 30 * SECOND_NS
    row["clear_hold_ns"] = 60 * SECOND_NS
    row["interval_ns"], row["gap_ns"] = INTERVAL_S * SECOND_NS, 25 * SECOND_NS
    row["silence_ns"], row["lost_hold_ns"], row["frozen_ns"] = 30 * SECOND_NS, 20 * SECOND_NS, NEVER_NS
    return row


@dataclass
class Valley:
    """One point behind the core's clock: what is journalled goes through detection at once."""

    wall: ManualClock = field(default_factory=lambda: ManualClock(START_NS))
    detector: Detector = field(default_factory=Detector)
    offset: int = 0
    found: list[Transition] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.arrival = ArrivalClock(self.wall)
        self.take(points_draft(self.arrival.now_ns(), a_point()))

    def take(self, draft: Draft) -> None:
        self.offset += 1
        record = Record(self.offset, draft.kind, draft.arrival_ns, draft.body)
        self.found += step(self.detector, record)

    def run(self, seconds: int, value: int | None, device: ManualClock) -> None:
        """Second by second as the ticker does; the device, by its own clock, sends every INTERVAL_S (None: not)."""
        for second in range(seconds):
            self.wall.advance(1)
            if device is not self.wall:
                device.advance(1)
            draft = jump_draft(self.arrival)
            if draft is not None:
                self.take(draft)
            now_ns = self.arrival.now_ns()
            if value is not None and second % INTERVAL_S == 0:
                reading = np.array([(1, device.now_ns(), value, 0)], READING)
                self.take(readings_draft(now_ns, reading))
            else:
                self.take(tick_draft(now_ns))

    def levels(self, rule: Rule) -> list[Level]:
        return [one.level for one in self.found if one.rule is rule]


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S], ids=["forward", "backward"])
def test_when_the_machines_clock_is_set_nobody_falls_silent_and_silence_is_still_heard(jump_s: float) -> None:
    valley, device = Valley(), ManualClock(START_NS)
    valley.run(60, 400, device)
    valley.wall.jump(jump_s)
    valley.run(120, 400, device)
    assert valley.levels(Rule.SILENCE) == []
    valley.run(28, None, device)
    assert valley.levels(Rule.SILENCE) == [Level.FAULT]


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S], ids=["forward", "backward"])
def test_when_every_clock_is_set_an_overheated_terminal_still_alarms(jump_s: float) -> None:
    """Machine and device are set by one time server: the device's readings are an hour older, or newer, at once."""
    valley, device = Valley(), ManualClock(START_NS)
    valley.run(60, 400, device)
    valley.wall.jump(jump_s)
    device.jump(jump_s)
    valley.run(240, 800, device)
    assert valley.levels(Rule.SILENCE) == []
    assert valley.levels(Rule.OVER)[-1:] == [Level.ALARM]


def test_a_manual_clock_that_only_ticks_makes_no_gap() -> None:
    wall = ManualClock(START_NS)
    arrival = ArrivalClock(wall)
    wall.advance(HOUR_S)
    assert jump_draft(arrival) is None
