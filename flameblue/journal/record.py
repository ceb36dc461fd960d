"""The journal's records, byte by byte.

A record is one batch: its kind, the time it arrived, and a body, packed (little endian) or JSON.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from flameblue.domain.points import NO_LOWER_LIMIT, POINT, POINT_1, PointRows
from flameblue.domain.readings import READING, Readings

GAP_BODY = struct.Struct("<q")
LOST_BODY = struct.Struct("<B")


class Kind(IntEnum):
    """What a record holds. Stored: numbers are never changed or reused."""

    READINGS = 1  # a batch of READING
    TICK = 2  # an idle second: nothing but its arrival time
    POINTS = 3  # rows of the point table, as they were before they knew the other phases
    GAP = 4  # we did not listen, or the clock was set, for so many nanoseconds
    SKIPPED = 5  # a stage has passed over an earlier record
    CONNECTION = 6  # a device's connection was lost, or is back
    POINTS_2 = 7  # rows of the point table that have changed


@dataclass(frozen=True, slots=True)
class Draft:
    """A record that has no offset yet."""

    kind: Kind
    arrival_ns: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """A record as the journal keeps it. Offsets are 1, 2, 3 … without a gap."""

    offset: int
    kind: Kind
    arrival_ns: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Skipped:
    """What a SKIPPED record says."""

    offset: int
    stage: str
    reason: str


def readings_draft(arrival_ns: int, readings: Readings) -> Draft:
    return Draft(Kind.READINGS, arrival_ns, readings.tobytes())


def readings_of(record: Record | Draft) -> Readings:
    return np.frombuffer(record.body, dtype=READING)


def tick_draft(arrival_ns: int) -> Draft:
    return Draft(Kind.TICK, arrival_ns, b"")


def points_draft(arrival_ns: int, rows: PointRows) -> Draft:
    return Draft(Kind.POINTS_2, arrival_ns, rows.tobytes())


def points_of(record: Record) -> PointRows:
    """The rows of either kind; ValueError where the body holds none."""
    if record.kind is Kind.POINTS_2:
        return np.frombuffer(record.body, dtype=POINT)
    old = np.frombuffer(record.body, dtype=POINT_1)
    rows = np.zeros(len(old), POINT)
    rows["phase_lost"] = NO_LOWER_LIMIT
    for name in POINT_1.names or ():
        rows[name] = old[name]
    return rows


def gap_draft(arrival_ns: int, gap_ns: int) -> Draft:
    return Draft(Kind.GAP, arrival_ns, GAP_BODY.pack(gap_ns))


def gap_of(record: Record) -> int:
    """The length of the gap in nanoseconds; negative where the clock was set back."""
    return int(GAP_BODY.unpack(record.body)[0])


def skipped_draft(arrival_ns: int, offset: int, stage: str, reason: str) -> Draft:
    body = json.dumps({"offset": offset, "stage": stage, "reason": reason}, ensure_ascii=False)
    return Draft(Kind.SKIPPED, arrival_ns, body.encode())


def skipped_of(record: Record) -> Skipped:
    return Skipped(**json.loads(record.body))


def connection_draft(arrival_ns: int, points: Sequence[int], lost: bool) -> Draft:
    return Draft(
        Kind.CONNECTION, arrival_ns, LOST_BODY.pack(lost) + np.asarray(points, dtype="<u4").tobytes()
    )


def connection_of(record: Record) -> tuple[list[int], bool]:
    """The points of the device, and whether its connection was lost."""
    return [int(p) for p in np.frombuffer(record.body[LOST_BODY.size :], dtype="<u4")], bool(record.body[0])
