"""Batch or one at a time, stopped or not, compiled or not: the same."""

import copy
from collections.abc import Iterable
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flameblue.detection import detector as module
from flameblue.detection.detector import Detector
from flameblue.detection.fleet_state import MOMENT
from flameblue.detection.kernel import one_reading, one_tick
from flameblue.detection.rules import phase_loss
from flameblue.domain.errors import BadInput
from flameblue.domain.transitions import Transition
from tests.detection.inputs import Batch, Input, Rows, Tick, drive, rows_array, watched
from tests.detection.streams import streams

QUICK = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def split(inputs: Iterable[Input]) -> list[Input]:
    """The same inputs with every batch in single readings, and the time told once more after each."""
    found: list[Input] = []
    for given_ in inputs:
        if isinstance(given_, Batch):
            for reading in given_.readings:
                found += [Batch(given_.arrival_ns, (reading,)), Tick(given_.arrival_ns)]
        else:
            found.append(given_)
    return found


def without_place(transitions: Iterable[Transition]) -> list[tuple[int, ...]]:
    return [astuple(one)[2:] for one in transitions]


@QUICK
@given(streams())
def test_a_batch_gives_what_its_readings_give_one_at_a_time(inputs: list[Input]) -> None:
    assert without_place(drive(Detector(), inputs)) == without_place(drive(Detector(), split(inputs)))


@QUICK
@given(streams(), st.data())
def test_a_snapshot_anywhere_and_a_replay_give_what_never_stopping_gives(
    inputs: list[Input], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(inputs)), min_size=1, max_size=3)))
    detector, found, done = Detector(), [], 0
    for cut in [*cuts, len(inputs)]:
        found += drive(detector, inputs[done:cut], 1 + done)
        detector, done = Detector.restore(detector.snapshot()), cut
    whole = Detector()
    assert found == drive(whole, inputs)
    assert detector.snapshot() == whole.snapshot()


@QUICK
@given(streams())
def test_the_same_inputs_give_the_same_snapshot(inputs: list[Input]) -> None:
    first, second = Detector(), Detector()
    drive(first, inputs)
    drive(second, inputs)
    assert first.snapshot() == second.snapshot()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(streams(length_max=15))
def test_the_scalar_rule_is_the_same_in_plain_python(inputs: list[Input]) -> None:
    compiled = Detector()
    for i, given_ in enumerate(inputs):
        plain = copy.deepcopy(compiled._fleet)
        found = drive(compiled, [given_], 1 + i)
        if isinstance(given_, Rows) or not isinstance(given_, Batch):
            continue
        told = in_plain_python(plain, given_)
        assert told == [(one.index, one.point, one.rule, one.level, one.at_ns, one.why) for one in found]


def in_plain_python(fleet: module.Fleet, batch: Batch) -> list[tuple[int, ...]]:
    """What a batch causes by the functions as they are written, each reading and each tick on its own record."""
    states = fleet.states.view(np.recarray)
    moment = np.zeros(1, MOMENT).view(np.recarray)[0]
    found: list[tuple[int, ...]] = []
    moment.arrival_ns = batch.arrival_ns
    for point in np.flatnonzero(states.wake_ns <= batch.arrival_ns):
        moment.point = point
        one_tick.py_func(states[point], moment)
        found += taken(moment)
    for index, reading in enumerate(batch.readings):
        if reading.point >= len(states) or not states[reading.point].row["flags"]:
            continue
        moment.point, moment.at_ns, moment.value, moment.marks = reading
        moment.index = index
        row = states[reading.point].row
        if phase_loss.is_watched.py_func(row):
            phase_loss.look_around.py_func(states, row, moment)
        one_reading.py_func(states[reading.point], moment)
        found += taken(moment)
    return found


def taken(moment: np.record) -> list[tuple[int, ...]]:
    names = ("index", "point", "rule", "level", "at_ns", "why")
    told = [tuple(int(one[name]) for name in names) for one in moment.told[: moment.count]]
    moment.count = 0
    return told


def test_a_snapshot_of_other_rules_or_fields_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = watched().snapshot()
    monkeypatch.setattr(module, "RULES_VERSION", module.RULES_VERSION + 1)
    with pytest.raises(BadInput, match="other rules"):
        Detector.restore(data)


@pytest.mark.parametrize("keep", [0, 3, 4, 40, 3_000, -1])
def test_a_snapshot_that_is_cut_short_is_refused(keep: int) -> None:
    with pytest.raises(BadInput):
        Detector.restore(watched().snapshot()[:keep])


def test_a_snapshot_names_its_fields() -> None:
    assert b"deadline_ns" in watched().snapshot()[:8_000]
    assert len(rows_array([])) == 0
