"""The devices of a line are asked in turn, and what they say becomes readings: a simulated line in simulated time."""

from itertools import pairwise
from pathlib import Path

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import ASKING_COPY_S, ASKING_LATE_S
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark
from flameblue.intake.asking.blocks import Block
from flameblue.intake.asking.poller import asked_once
from flameblue.intake.asking.round_trips import Failure
from flameblue.intake.directory import Directory
from flameblue.intake.reception import Intake
from tests.intake.asking.models import model, point
from tests.intake.asking.world import SimulatedLine, exchange_s, know, run
from tests.intake.valley import MemorySink

STATED = point(
    "ir", "address: 0", ", states: [{address: 1, mask: 1, alarm: [1]}, {address: 1, mask: 2, fault: [2]}]"
)
ASSUMED = int(Mark.TIME_ASSUMED)
TWENTY = "".join(point(f"i{n}", f"address: {n}") for n in range(20))


async def test_what_a_device_answers_becomes_readings_with_its_marks(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    know(desk, tmp_path, model(tmp_path, STATED), ["a", "b"])
    line = SimulatedLine(clock, {1: {0: 36, 1: 0}, 2: {0: 400, 1: 3}}, until_s=4)
    await run(desk, line, {"a": 1, "b": 2})
    assert [block for _, _, block in line.asked] == [Block(3, 0, 2)] * 2, "value and states in one read"
    first, second = sink.rows
    assert (first[0], first[2], first[3]) == (1, 360, ASSUMED)
    assert (second[0], second[2], second[3]) == (2, 4000, ASSUMED | Mark.REPORTED_ALARM | Mark.REPORTED_FAULT)
    assert first[1] < second[1] <= clock.now_ns(), "each at the time when it was heard"
    assert desk.quarantine.rows() == []


async def test_a_sentinel_is_no_value_and_an_offset_counts(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    points = point("t", "address: 0", ", scale: 0.1, offset: -40, open_at: [65535]", "temperature_c")
    know(desk, tmp_path, model(tmp_path, points), ["a", "b"])
    await run(desk, SimulatedLine(clock, {1: {0: 815}, 2: {0: 65535}}, until_s=4), {"a": 1, "b": 2})
    assert [row[2:] for row in sink.rows] == [(415, ASSUMED), (NO_VALUE, ASSUMED | Mark.SENSOR_OPEN)]


async def test_a_block_that_is_refused_costs_only_its_own_points(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    know(desk, tmp_path, model(tmp_path, point("a", "address: 0") + point("b", "address: 9")), ["d"])
    poller = await run(desk, SimulatedLine(clock, {7: {0: 5}}, until_s=11), {"d": 7})
    assert sink.values(1) == [50, 50, 50]
    assert sink.values(2) == []
    trips = poller.round_trips["d"].as_dict()
    assert (trips["answered"], trips["refused"], trips["time_out"]) == (3, 3, 0)
    assert "exception 2" in str(trips["last_trouble"])


async def test_a_device_that_is_gone_is_told_once_and_again_when_it_is_back(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    know(desk, tmp_path, model(tmp_path, STATED), ["a", "b"])
    line = SimulatedLine(clock, {1: {0: 36, 1: 0}}, until_s=30)
    poller = await run(desk, line, {"a": 1, "b": 2})
    assert sink.connections == [([2], True)]
    assert poller.round_trips["b"].failures[Failure.TIME_OUT] >= 3
    line.devices[2], line.until_s = {0: 8, 1: 0}, 100
    await run(desk, line, {"a": 1, "b": 2})
    assert sink.connections == [([2], True), ([2], False)]
    assert set(sink.values(2)) == {80}


@pytest.mark.parametrize("failure", [Failure.TIME_OUT, Failure.GARBLED, Failure.UNREACHED])
async def test_one_silent_device_costs_the_others_little(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock, failure: Failure
) -> None:
    names = {f"d{n}": n for n in range(1, 51)}
    know(desk, tmp_path, model(tmp_path, TWENTY, every=5), list(names))
    devices = {unit: dict.fromkeys(range(20), unit) for unit in names.values()}
    line = SimulatedLine(clock, devices | {17: failure}, until_s=300)
    poller = await run(desk, line, names)
    others = [poller.round_trips[name].answered for name in names if name != "d17"]
    assert min(others) >= 58, "of 60 in five minutes"
    assert line.opened == 1, "one silent device is no reason to connect anew"


async def test_a_turn_that_broke_off_tells_whole_points_only(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    """The value came and its states did not: it would say that the device's own alarm is over."""
    points = point("ir", "address: 0", ", states: [{address: 9, alarm: [1]}]") + point("b", "address: 1")
    know(desk, tmp_path, model(tmp_path, points), ["d"])

    class Fading(SimulatedLine):
        async def read(self, unit: int, block: Block, timeout_s: float) -> tuple[int, ...]:
            self.devices[unit] = {0: 40, 1: 6} if block.address == 0 else Failure.TIME_OUT
            return await super().read(unit, block, timeout_s)

    await run(desk, Fading(clock, {}, until_s=1), {"d": 3})
    assert (sink.values(1), sink.values(2)) == ([], [60])


async def test_a_lost_line_is_opened_again_with_growing_pauses(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    know(desk, tmp_path, model(tmp_path, STATED), ["a"])
    line = SimulatedLine(clock, {1: {0: 36, 1: 0}}, until_s=40)
    line.refuses = 4
    await run(desk, line, {"a": 1})
    assert line.asked[0][0] == 1 + 2 + 4 + 8
    assert desk.counts["asking_lines_not_reached"] == 4
    assert sink.values(1) == [360] * 5


async def test_a_line_on_which_nobody_is_heard_is_opened_anew(
    tmp_path: Path, desk: Intake, clock: ManualClock
) -> None:
    """Its connection may be dead without saying so; where others are heard it is not."""
    know(desk, tmp_path, model(tmp_path, STATED), ["a", "b"])
    line = SimulatedLine(clock, {}, until_s=300)
    await run(desk, line, {"a": 1, "b": 2})
    assert 4 <= line.opened <= 10
    line = SimulatedLine(clock, {2: {0: 36, 1: 0}}, until_s=900)
    await run(desk, line, {"a": 1, "b": 2})
    assert line.opened == 1


async def test_a_gateway_that_answers_for_its_dead_devices_is_not_given_up(
    tmp_path: Path, desk: Intake, clock: ManualClock
) -> None:
    know(desk, tmp_path, model(tmp_path, STATED), ["a"])
    line = SimulatedLine(clock, {1: Failure.UNREACHED}, until_s=300)
    await run(desk, line, {"a": 1})
    assert line.opened == 1


async def test_a_connection_that_breaks_is_not_the_devices_fault(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    know(desk, tmp_path, model(tmp_path, STATED), ["a"])
    line = SimulatedLine(clock, {1: Failure.LINE_LOST}, until_s=20)
    poller = await run(desk, line, {"a": 1})
    assert sink.connections == []
    assert poller.round_trips["a"].failures[Failure.LINE_LOST] == line.opened > 5


async def test_what_came_before_a_connection_broke_is_kept(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    know(desk, tmp_path, model(tmp_path, point("a", "address: 0") + point("b", "address: 9")), ["d"])

    class Breaking(SimulatedLine):
        async def read(self, unit: int, block: Block, timeout_s: float) -> tuple[int, ...]:
            self.devices[unit] = {0: 40} if block.address == 0 else Failure.LINE_LOST
            return await super().read(unit, block, timeout_s)

    line = Breaking(clock, {}, until_s=4)
    poller = await run(desk, line, {"d": 3})
    assert sink.values(1) == [400] * line.opened == [400] * poller.round_trips["d"].answered
    assert line.opened > 1
    assert (sink.values(2), sink.connections) == ([], [])


async def test_who_is_not_in_the_directory_is_not_asked(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    know(desk, tmp_path, model(tmp_path, STATED), ["a"])
    line = SimulatedLine(clock, {1: {0: 36, 1: 0}, 2: {0: 9, 1: 0}}, until_s=4)
    await run(desk, line, {"a": 1, "stranger": 2})
    assert {unit for _, unit, _ in line.asked} == {1}
    desk.directory = Directory()
    line.until_s = 8
    await run(desk, line, {"a": 1})
    assert len(line.asked) == 1


async def test_the_pause_that_a_model_needs_is_kept(tmp_path: Path, desk: Intake, clock: ManualClock) -> None:
    points = point("a", "address: 0") + point("b", "address: 9")
    know(desk, tmp_path, model(tmp_path, points, modbus="{pause_ms: 200}"), ["d"])
    line = SimulatedLine(clock, {1: {0: 1, 9: 1}}, until_s=3)
    await run(desk, line, {"d": 1})
    (first_s, _, _), (second_s, _, _) = line.asked
    assert second_s - first_s == pytest.approx(exchange_s(1, 9600) + 0.2)


async def test_the_silence_that_a_line_needs_is_kept(
    tmp_path: Path, desk: Intake, clock: ManualClock
) -> None:
    know(desk, tmp_path, model(tmp_path, point("a", "address: 0") + point("b", "address: 9")), ["d"])
    line = SimulatedLine(clock, {1: {0: 1, 9: 1}}, until_s=3)
    line.silence_s = 0.004
    await run(desk, line, {"d": 1})
    (first_s, _, _), (second_s, _, _) = line.asked
    assert second_s - first_s == pytest.approx(exchange_s(1, 9600) + 0.004)


async def test_readings_that_do_not_become_durable_are_counted(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    know(desk, tmp_path, model(tmp_path, STATED), ["a"])
    sink.failure = WorldFailed("The disk is full.")
    await run(desk, SimulatedLine(clock, {1: {0: 36, 1: 0}}, until_s=11), {"a": 1})
    assert desk.counts["batches_failed"] == 3
    assert sink.rows == []


async def test_a_hundred_detectors_of_twenty_registers_are_asked_as_fast_as_the_line_allows(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    """Each in one read of twenty; the limit is 60 characters of 10 bits at 9600 baud, 62.5 ms."""
    names = {f"d{n}": n for n in range(1, 101)}
    know(desk, tmp_path, model(tmp_path, TWENTY, every=1), list(names))
    devices = {unit: dict.fromkeys(range(20), unit) for unit in names.values()}
    line = SimulatedLine(clock, devices, until_s=60)
    await run(desk, line, names)
    assert exchange_s(20, 9600) == pytest.approx(0.0625)
    assert {block for _, _, block in line.asked} == {Block(3, 0, 20)}
    assert line.busy_s >= 0.99 * 60, "of the time the line is never idle"
    assert len(line.asked) == pytest.approx(60 / 0.0625, abs=2)
    rounds = [[unit for _, unit, _ in line.asked[at : at + 100]] for at in range(0, 900, 100)]
    assert all(sorted(one) == list(range(1, 101)) for one in rounds), "a round has everyone once"


async def test_questions_that_look_alike_cost_a_full_line_no_time(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    """Others are asked while a device's next question has to wait."""
    names = {f"d{n}": n for n in range(1, 21)}
    points = point("a", "address: 0") + point("b", "address: 9") + point("c", "address: 20")
    know(desk, tmp_path, model(tmp_path, points, every=1), list(names))
    line = SimulatedLine(clock, {unit: {0: 1, 9: 2, 20: 3} for unit in names.values()}, until_s=60)
    line.is_rtu = True
    poller = await run(desk, line, names)
    assert line.busy_s >= 0.99 * 60, "of the time the line is never idle"
    for unit in names.values():
        asked = [(at_s, block.address) for at_s, one, block in line.asked if one == unit]
        assert [at for _, at in asked[:6]] == [0, 9, 20, 0, 9, 20]
        assert min(after - before for (before, _), (after, _) in pairwise(asked)) >= ASKING_COPY_S
    counts = {trips.answered for trips in poller.round_trips.values()}
    assert max(counts) - min(counts) <= 3, "a turn"
    assert {tuple(set(sink.values(1 + place))) for place in range(3)} == {(10,), (20,), (30,)}


async def test_after_a_lost_answer_only_the_device_itself_waits(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    points = point("a", "address: 0") + point("b", "address: 9")
    know(desk, tmp_path, model(tmp_path, points, every=1), ["d", "other"])

    class Losing(SimulatedLine):
        async def read(self, unit: int, block: Block, timeout_s: float) -> tuple[int, ...]:
            is_first = unit == 1 and all(one != 1 for _, one, _ in self.asked)
            self.devices[1] = Failure.TIME_OUT if is_first else {0: 1, 9: 2}
            return await super().read(unit, block, timeout_s)

    line = Losing(clock, {2: {0: 1, 9: 2}}, until_s=30)
    line.is_rtu = True
    poller = await run(desk, line, {"d": 1, "other": 2})
    lost_s, again_s, *_ = [at_s for at_s, unit, _ in line.asked if unit == 1]
    assert again_s - (lost_s + 1.0) == pytest.approx(ASKING_LATE_S, abs=0.1)
    assert poller.round_trips["other"].answered >= 2 * 28
    assert poller.round_trips["d"].failures.total() == 1
    assert sink.connections == []


async def test_what_came_is_told_where_the_line_breaks_before_the_next_question(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    know(desk, tmp_path, model(tmp_path, point("a", "address: 0") + point("b", "address: 9")), ["d"])

    class Breaking(SimulatedLine):
        async def read(self, unit: int, block: Block, timeout_s: float) -> tuple[int, ...]:
            found = await super().read(unit, block, timeout_s)
            self.broken = True
            return found

    line = Breaking(clock, {3: {0: 40, 9: 50}}, until_s=0.5)
    line.is_rtu = True
    await run(desk, line, {"d": 3})
    assert (sink.values(1), sink.values(2)) == ([400], [])


async def test_asked_once_a_device_is_not_asked_for_what_a_late_answer_could_be_taken_for(
    tmp_path: Path, clock: ManualClock
) -> None:
    points = point("a", "address: 0") + point("b", "address: 9") + point("c", "address: 20, type: u32")
    profile = model(tmp_path, points)
    line = SimulatedLine(clock, {1: Failure.TIME_OUT}, until_s=60)
    line.is_rtu = True
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    _, missing = await asked_once(line, profile, 1, sleep)
    assert [block.address for _, _, block in line.asked] == [0, 20]
    assert "could be taken for its own" in missing[Block(3, 9, 1)]
    line.devices[1] = {0: 1, 9: 2, 20: 0, 21: 3}
    (sample,), missing = await asked_once(line, profile, 1, sleep)
    assert (sample.values, missing, waits) == ({"a": 1, "b": 2, "c": 3}, {}, [ASKING_COPY_S])
