"""One record of the journal through detection: the same in the live flow, in a replay and in every test."""

from typing import assert_never

import numpy as np

from flameblue.detection.detector import Detector
from flameblue.domain.points import POINT
from flameblue.domain.readings import READING
from flameblue.domain.transitions import Transition
from flameblue.journal.record import (
    Kind,
    Record,
    connection_of,
    gap_of,
    points_draft,
    points_of,
    readings_draft,
    readings_of,
    tick_draft,
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
        case Kind.POINTS | Kind.POINTS_2:
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


def warm_up() -> None:
    """Compiles detection (12 to 35 s of a core; from the cache a second or two).

    The records are made as live ones are: Numba compiles anew for an array that is read-only or not.
    """
    detector = Detector()
    drafts = (points_draft(0, np.zeros(1, POINT)), readings_draft(0, np.zeros(1, READING)), tick_draft(0))
    for offset, draft in enumerate(drafts, 1):
        step(detector, Record(offset, draft.kind, draft.arrival_ns, draft.body))
