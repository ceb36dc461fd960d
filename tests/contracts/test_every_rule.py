"""What every rule of detection must obey. A rule is a file in detection/rules; it names its `RULES`."""

import inspect
import pkgutil
from dataclasses import dataclass, field
from importlib import import_module

import pytest

from flameblue.detection import rules
from flameblue.detection.detector import Detector
from flameblue.domain.points import NEVER_NS, NO_LIMIT
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark, Reading
from flameblue.domain.transitions import Level, Rule
from tests.detection.inputs import T0, Batch, Input, Row, Rows, S, Tick, drive, every, one, rows_array
from tests.detection.oracle import Oracle

FILES = sorted(module.name for module in pkgutil.iter_modules(rules.__path__))
SAFE, HOT = 400, 720


@dataclass(frozen=True)
class Scene:
    """The shortest inputs that enter a rule's level, and those that leave it."""

    enters: list[Input]
    leaves: list[Input]
    level: Level
    row: Row = field(default_factory=Row)
    other: Row = field(default_factory=lambda: Row(2, silence_ns=NEVER_NS))


def bit(mark: Mark, level: Level) -> Scene:
    return Scene([one(0, SAFE, mark)], [one(10, SAFE)], level)


def phase(value: int, start_s: int, count: int) -> list[Input]:
    """Two phases every ten seconds: the other one has voltage, this one has `value`."""
    return [
        Batch(T0 + s * S, (Reading(2, T0 + s * S, SAFE, 0), Reading(1, T0 + s * S, value, 0)))
        for s in range(start_s, start_s + 10 * count, 10)
    ]


SCENES = {
    Rule.OVER: Scene(every(10, [HOT] * 4), every(10, [SAFE] * 7, start_s=40), Level.ALARM),
    Rule.UNDER: Scene(
        every(10, [-50] * 4),
        every(10, [SAFE] * 7, start_s=40),
        Level.ALARM,
        Row(over_warning=NO_LIMIT, over_alarm=NO_LIMIT, under_warning=0, under_alarm=-30),
    ),
    Rule.SILENCE: Scene([one(0, SAFE), Tick(T0 + 91 * S)], [one(95, SAFE)], Level.FAULT),
    Rule.SENSOR: Scene([one(0, NO_VALUE, Mark.SENSOR_OPEN)], every(10, [SAFE] * 7, start_s=10), Level.FAULT),
    Rule.REPORTED: bit(Mark.REPORTED_ALARM, Level.ALARM),
    Rule.REPORTED_FAULT: bit(Mark.REPORTED_FAULT, Level.FAULT),
    Rule.SHIELDED: bit(Mark.SHIELDED, Level.FAULT),
    Rule.TEST: bit(Mark.TEST, Level.WARNING),
    Rule.CLOCK: Scene([one(0, SAFE, Mark.TIME_REPLACED)], every(10, [SAFE] * 60, start_s=10), Level.FAULT),
    Rule.PHASE_LOSS: Scene(
        phase(0, 0, 4),
        phase(SAFE, 40, 7),
        Level.ALARM,
        Row(1, phase_lost=100, phase_stands=300, other_phases=(2, 0)),
    ),
    Rule.ORIGIN: bit(Mark.NEW_ADDRESS, Level.FAULT),
    Rule.LATE: Scene([one(0, SAFE), one(-5, HOT, arrival_s=1)], [], Level.ALARM),
}
every_rule = pytest.mark.parametrize("rule", SCENES, ids=lambda rule: rule.name.lower())


def detector_of(scene: Scene) -> Detector:
    detector = Detector()
    detector.points(1, T0 - S, rows_array([scene.row, scene.other]))
    return detector


def test_every_rule_has_one_file_and_every_file_says_what_it_promises() -> None:
    found: list[Rule] = []
    for name in FILES:
        module = import_module(f"{rules.__name__}.{name}")
        assert inspect.getdoc(module), name
        found += module.RULES
    assert len(FILES) >= 6
    assert sorted(found) == sorted(Rule)


def test_every_rule_has_a_scene() -> None:
    assert sorted(SCENES) == sorted(Rule)


@every_rule
def test_a_rule_enters_and_leaves_as_the_oracle_says(rule: Rule) -> None:
    scene = SCENES[rule]
    inputs = [Rows(T0 - S, (scene.row, scene.other)), *scene.enters, *scene.leaves]
    found = drive(Detector(), inputs)
    assert found == Oracle().drive(inputs)
    steps = [(one.before, one.level) for one in found if one.rule == rule]
    expected = [(Level.NORMAL, scene.level), (scene.level, Level.NORMAL)]
    assert steps == (expected if scene.leaves else expected[:1])


@every_rule
def test_a_level_is_told_once(rule: Rule) -> None:
    scene = SCENES[rule]
    detector = detector_of(scene)
    drive(detector, scene.enters, 2)
    again = drive(detector, [scene.enters[-1]], 2 + len(scene.enters))
    assert [one for one in again if one.rule == rule] == []


@every_rule
def test_a_rule_goes_on_after_a_snapshot(rule: Rule) -> None:
    scene = SCENES[rule]
    inputs = [*scene.enters, *scene.leaves]
    whole = drive(detector_of(scene), inputs, 2)
    for cut in range(len(inputs)):
        detector = detector_of(scene)
        found = drive(detector, inputs[:cut], 2)
        assert found + drive(Detector.restore(detector.snapshot()), inputs[cut:], 2 + cut) == whole


@every_rule
def test_a_retired_point_has_no_level_left(rule: Rule) -> None:
    scene = SCENES[rule]
    detector = detector_of(scene)
    drive(detector, scene.enters, 2)
    ended = drive(detector, [Rows(T0 + 700 * S, (Row(flags=0),))], 99)
    steps = [(one.before, one.level, one.index) for one in ended if one.rule == rule]
    assert steps == ([(scene.level, Level.NORMAL, -1)] if scene.leaves else [])


@every_rule
def test_a_retained_reading_enters_nothing(rule: Rule) -> None:
    scene = SCENES[rule]
    inputs: list[Input] = [retained(given) if isinstance(given, Batch) else given for given in scene.enters]
    found = [one for one in drive(detector_of(scene), inputs, 2) if one.rule == rule]
    assert found == [] or rule == Rule.SILENCE


def retained(batch: Batch) -> Batch:
    return Batch(
        batch.arrival_ns,
        tuple(Reading(*reading[:3], reading.marks | Mark.RETAINED) for reading in batch.readings),
    )


@every_rule
def test_a_point_without_a_row_says_nothing(rule: Rule) -> None:
    assert drive(Detector(), SCENES[rule].enters, 2) == []
