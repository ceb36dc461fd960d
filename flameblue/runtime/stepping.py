"""One record of the journal through detection: the same in the live flow, in a replay and in every test."""

from typing import assert_never

from flameblue.detection.detector import Detector
from flameblue.domain.transitions import Transition
from flameblue.journal.record import (
    Kind,
    Record,
    connection_of,
    gap_of,
    points_of,
    readings_of,
)


def step(detector: Detector, record: Record) -> list[Transition]:
    """The transitions that `record` causes. Every record's arrival time is also a tick."""
    found = _step_kind(detector, record)
    found.extend(detector.tick(record.offset, record.arrival_ns))
    return found


def _step_kind(detector: Detector, record: Record) -> list[Transition]:
    match record.kind:
        case Kind.READINGS:
            return detector.readings(record.offset, record.arrival_ns, readings_of(record))
        case Kind.POINTS:
            return detector.points(record.offset, record.arrival_ns, points_of(record))
        case Kind.GAP:
            detector.gap(gap_of(record))
        case Kind.CONNECTION:
            points, lost = connection_of(record)
            detector.connection(record.arrival_ns, points, lost)
        case Kind.TICK | Kind.SKIPPED:
            pass
        case _:
            assert_never(record.kind)
    return []
