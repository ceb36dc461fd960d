"""The valley in time: its backlog, the stagger, the scenario's begin."""

import os
from itertools import pairwise
from pathlib import Path

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.simulation.device import Counts, Outbox, Reporting, told
from flameblue.simulation.measuring import INTERVAL_S
from flameblue.simulation.places import Wishes
from flameblue.simulation.plan import make_plan
from flameblue.simulation.run import Course, Running, backlog_s
from flameblue.simulation.world import World
from tests.simulation.valley import WINTER_NIGHT_S


def running(clock: ManualClock, backlog_s: float) -> Running:
    begin_s = clock.now_ns() / 1e9 - backlog_s
    return Running(World(make_plan(5, 1), begin_s), Wishes(), Course(backlog_s=backlog_s), clock)


def outboxes(valley: Running) -> list[Outbox]:
    return [detector.outbox for detector in valley.detectors if isinstance(detector, Reporting)]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(round(WINTER_NIGHT_S * 1e9))


async def test_the_backlog_is_a_sample_a_minute_up_to_a_minute_ago(clock: ManualClock) -> None:
    valley = running(clock, 7_200)
    await valley.send_backlog()
    for outbox in outboxes(valley):
        times = [sample["t"] / 1e3 - WINTER_NIGHT_S for sample in outbox.samples]
        assert times == [60.0 * minute for minute in range(-120, 0)]


async def test_the_backlog_s_values_live(clock: ManualClock) -> None:
    valley = running(clock, 7_200)
    await valley.send_backlog()
    for outbox in outboxes(valley):
        assert len({sample["v"]["tb"] for sample in outbox.samples}) > 5


async def test_what_an_earlier_run_has_sent_is_not_sent_again(clock: ManualClock, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    assert backlog_s(7_200, alive, clock) == 7_200
    alive.touch()
    os.utime(alive, (WINTER_NIGHT_S - 300, WINTER_NIGHT_S - 300))
    assert backlog_s(7_200, alive, clock) == 300
    os.utime(alive, (WINTER_NIGHT_S - 9_999, WINTER_NIGHT_S - 9_999))
    assert backlog_s(7_200, alive, clock) == 7_200
    os.utime(alive, (WINTER_NIGHT_S + 50, WINTER_NIGHT_S + 50))
    assert backlog_s(7_200, alive, clock) == 0
    valley = running(clock, 0)
    await valley.send_backlog()
    assert not any(outbox.samples for outbox in outboxes(valley))


def test_detectors_measure_every_ten_seconds_and_not_all_at_once(clock: ManualClock) -> None:
    valley = running(clock, 0)
    at_once = []
    for turn in range(240):
        before = valley.counts.samples
        valley.measure(turn * 0.25)
        clock.advance(0.25)
        at_once.append(valley.counts.samples - before)
    assert max(at_once) <= 1
    for outbox in outboxes(valley):
        times = [sample["t"] for sample in outbox.samples]
        assert len(times) == 6
        assert all(later - earlier == INTERVAL_S * 1e3 for earlier, later in pairwise(times))


def test_a_valley_that_was_held_up_does_not_send_what_it_did_not_measure(clock: ManualClock) -> None:
    valley = running(clock, 0)
    valley.measure(0.0)
    valley.measure(95.0)
    valley.measure(95.25)
    assert all(len(outbox.samples) <= 2 for outbox in outboxes(valley))


def test_the_report_is_a_sentence_and_the_starts_broken_lines_are_not_told() -> None:
    start = Counts(connected=70, broken=420)
    assert told(Counts(connected=70, broken=420, samples=8_819, acknowledged=8_810), start, 1) == (
        "The valley so far: 8,819 samples measured, 8,810 acknowledged. Faults present: 1."
    )
    later = Counts(connected=80, broken=423, samples=9, acknowledged=9, answered=2, repeated=1, dropped=4)
    assert "4 samples dropped, the outbox was full, 3 connections ended or did not come about." in told(
        later, start, 0
    )
