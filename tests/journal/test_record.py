"""Every kind of record says what was put in."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.points import NO_LOWER_LIMIT, POINT, POINT_1
from flameblue.domain.readings import READING, Reading, readings_array
from flameblue.journal.record import (
    Draft,
    Kind,
    Record,
    Skipped,
    connection_draft,
    connection_of,
    gap_draft,
    gap_of,
    points_draft,
    points_of,
    readings_draft,
    readings_of,
    skipped_draft,
    skipped_of,
    tick_draft,
)

I64 = st.integers(-(2**63), 2**63 - 1)
I32 = st.integers(-(2**31), 2**31 - 1)
U32 = st.integers(0, 2**32 - 1)
readings = st.lists(st.builds(Reading, U32, I64, I32, st.integers(0, 2**16 - 1)), max_size=20)


def kept(draft: Draft) -> Record:
    return Record(7, draft.kind, draft.arrival_ns, draft.body)


@given(rows=readings, arrival_ns=I64)
def test_readings(rows: list[Reading], arrival_ns: int) -> None:
    record = kept(readings_draft(arrival_ns, readings_array(rows)))
    assert (record.kind, record.arrival_ns) == (Kind.READINGS, arrival_ns)
    assert [Reading(*row) for row in readings_of(record).tolist()] == rows


@given(points=st.lists(U32, max_size=20), lost=st.booleans())
def test_connections(points: list[int], lost: bool) -> None:
    assert connection_of(kept(connection_draft(5, points, lost))) == (points, lost)


@given(gap_ns=I64)
def test_gaps_forward_and_back(gap_ns: int) -> None:
    assert gap_of(kept(gap_draft(5, gap_ns))) == gap_ns


@given(offset=st.integers(1, 2**63), stage=st.text(), reason=st.text(st.characters(codec="utf-8")))
def test_skips_with_any_reason(offset: int, stage: str, reason: str) -> None:
    assert skipped_of(kept(skipped_draft(5, offset, stage, reason))) == Skipped(offset, stage, reason)


def test_rows_of_the_point_table() -> None:
    rows = np.zeros(3, POINT)
    rows["point"] = [3, 1, 2]
    rows["over_alarm"] = [300, -5, 2**31 - 1]
    found = points_of(kept(points_draft(5, rows)))
    assert found.dtype == POINT
    assert found.tobytes() == rows.tobytes()


def test_a_tick_is_only_its_time() -> None:
    assert tick_draft(5) == Draft(Kind.TICK, 5, b"")


def test_stored_numbers_and_widths_stay_as_they_are() -> None:
    assert {kind.name: kind.value for kind in Kind} == {
        "READINGS": 1,
        "TICK": 2,
        "POINTS": 3,
        "GAP": 4,
        "SKIPPED": 5,
        "CONNECTION": 6,
        "POINTS_2": 7,
    }
    assert (READING.itemsize, POINT_1.itemsize, POINT.itemsize) == (18, 104, 120)


def test_rows_that_an_older_release_has_written_are_read_without_phases() -> None:
    old = np.zeros(2, POINT_1)
    old["point"], old["over_alarm"], old["frozen_ns"] = (7, 9), 700, 5
    rows = points_of(Record(3, Kind.POINTS, 0, old.tobytes()))
    assert rows["point"].tolist() == [7, 9]
    assert rows["over_alarm"].tolist() == [700, 700]
    assert rows["frozen_ns"].tolist() == [5, 5]
    assert rows["phase_lost"].tolist() == [NO_LOWER_LIMIT] * 2
    assert not rows["other_phases"].any()
