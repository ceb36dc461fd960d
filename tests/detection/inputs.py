"""What detection is given, as plain records, and how a detector is driven through them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from flameblue.detection.detector import Detector
from flameblue.domain.points import ENABLED, NEVER_NS, NO_LIMIT, NO_LOWER_LIMIT, POINT, PointRows
from flameblue.domain.readings import Reading, readings_array
from flameblue.domain.transitions import Transition

S = 1_000_000_000
T0 = 1_768_000_000 * S  # 2026-01-09, a time like those of the field


@dataclass(frozen=True)
class Row:
    """A row of the point table: a temperature that reports every 10 s, warning 55.0, alarm 70.0 °C, held 30 s."""

    point: int = 1
    flags: int = ENABLED
    over_warning: int = 550
    over_alarm: int = 700
    over_hysteresis: int = 50
    under_warning: int = NO_LOWER_LIMIT
    under_alarm: int = NO_LOWER_LIMIT
    under_hysteresis: int = 0
    plausible_min: int = -600
    plausible_max: int = 3000
    warning_hold_ns: int = 30 * S
    alarm_hold_ns: int = 30 * S
    clear_hold_ns: int = 60 * S
    interval_ns: int = 10 * S
    gap_ns: int = 16 * S
    silence_ns: int = 90 * S
    lost_hold_ns: int = 60 * S
    frozen_ns: int = NEVER_NS
    phase_lost: int = NO_LOWER_LIMIT
    phase_stands: int = 0
    other_phases: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Rows:
    arrival_ns: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Batch:
    arrival_ns: int
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class Tick:
    arrival_ns: int


@dataclass(frozen=True)
class Gap:
    gap_ns: int


@dataclass(frozen=True)
class Connection:
    arrival_ns: int
    points: tuple[int, ...]
    lost: bool


Input = Rows | Batch | Tick | Gap | Connection
NO_LIMITS = {"over_warning": NO_LIMIT, "over_alarm": NO_LIMIT}


def rows_array(rows: Iterable[Row]) -> PointRows:
    """The rows as the journal carries them."""
    found = list(rows)
    array = np.zeros(len(found), POINT)
    for i, row in enumerate(found):
        for name, value in vars(row).items():
            array[i][name] = value
    return array


def step(detector: Detector, offset: int, given: Input) -> list[Transition]:
    """What `given` causes as the record `offset` of a journal."""
    match given:
        case Batch(arrival_ns, readings):
            return detector.readings(offset, arrival_ns, readings_array(readings))
        case Tick(arrival_ns):
            return detector.tick(offset, arrival_ns)
        case Rows(arrival_ns, rows):
            return detector.points(offset, arrival_ns, rows_array(rows))
        case Gap(gap_ns):
            detector.gap(gap_ns)
        case Connection(arrival_ns, points, lost):
            detector.connection(arrival_ns, points, lost)
    return []


def drive(detector: Detector, inputs: Sequence[Input], first: int = 1) -> list[Transition]:
    """What the inputs cause, as records from offset `first` on."""
    return [found for i, given in enumerate(inputs) for found in step(detector, first + i, given)]


def one(at_s: float, value: int, marks: int = 0, *, point: int = 1, arrival_s: float | None = None) -> Batch:
    """One reading, `at_s` seconds after T0, which arrives then or at `arrival_s`."""
    arrival = at_s if arrival_s is None else arrival_s
    return Batch(T0 + round(arrival * S), (Reading(point, T0 + round(at_s * S), value, marks),))


def every(interval_s: float, values: Iterable[int], *, start_s: float = 0.0, marks: int = 0) -> list[Input]:
    """One reading every `interval_s`, on time."""
    return [one(start_s + i * interval_s, value, marks) for i, value in enumerate(values)]


def watched(*rows: Row) -> Detector:
    """A detector that knows the rows (one usual temperature, if none is given) since a second before T0."""
    detector = Detector()
    detector.points(1, T0 - S, rows_array(rows or (Row(),)))
    return detector


def told(transitions: Iterable[Transition]) -> list[tuple[str, str, float]]:
    """What a reader looks at: rule, level and the seconds of device time after T0."""
    return [(one.rule.name, one.level.name, (one.at_ns - T0) / S) for one in transitions]
