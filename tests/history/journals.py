"""Journals for the tests of the long memory: small batches, late readings, everything that detection may see."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from flameblue.domain.limits import SECOND_NS
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark, Reading, readings_array
from flameblue.journal.record import Draft, Kind, Record, readings_draft, readings_of, tick_draft

# 23:58:20 UTC, so that a few minutes span two days of arrival.
START_NS = 1_767_916_700 * SECOND_NS
POINTS = (1, 2, 7)


class Batch(NamedTuple):
    """One message: how long after the one before it came, and its readings as (point, age, value, marks)."""

    after_s: int
    readings: tuple[tuple[int, int, int, int], ...]


batches = st.lists(
    st.builds(
        Batch,
        st.integers(0, 40),
        st.lists(
            st.tuples(
                st.sampled_from(POINTS),
                st.one_of(st.integers(-5, 30), st.integers(0, 3 * 86_400)),
                st.one_of(st.integers(-50, 50), st.just(NO_VALUE)),
                st.sampled_from((0, 0, 0, int(Mark.RETAINED), int(Mark.TIME_REPLACED))),
            ),
            max_size=4,
        ).map(tuple),
    ),
    max_size=25,
)


def drafts_of(messages: Sequence[Batch]) -> list[Draft]:
    drafts, arrival_ns = [], START_NS
    for message in messages:
        arrival_ns += message.after_s * SECOND_NS
        rows = [
            Reading(point, arrival_ns - age_s * SECOND_NS, value, marks)
            for point, age_s, value, marks in message.readings
        ]
        drafts.append(readings_draft(arrival_ns, readings_array(rows)) if rows else tick_draft(arrival_ns))
    return drafts


def many(count: int, first: int = 0, step_s: int = 1) -> list[Draft]:
    """`count` batches of one reading of each point, `step_s` apart."""
    return drafts_of(
        [
            Batch(step_s if n else first, tuple((point, 0, (first + n) * 10 + point, 0) for point in POINTS))
            for n in range(count)
        ]
    )


def samples(records: Sequence[Record]) -> list[Reading]:
    """Every reading in `records`."""
    return [
        Reading(*row)
        for record in records
        if record.kind is Kind.READINGS
        for row in readings_of(record).tolist()
    ]
