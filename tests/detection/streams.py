"""Any stream that detection may be given: rows, readings with every kind of time and mark, ticks, gaps, connections.

Times and values are drawn from what matters (just before, at and just beyond each limit), so that levels are entered
and left in most streams.
"""

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from flameblue.domain.points import ENABLED, NEVER_NS, NO_LIMIT, NO_LOWER_LIMIT, ON_CHANGE
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark, Reading
from tests.detection.inputs import T0, Batch, Connection, Gap, Input, Row, Rows, S, Tick

POINTS = (1, 2, 300)  # the last in another block
UNKNOWN = 5

NO_MARKS = st.just(0)
VALUES = st.one_of(
    st.sampled_from((20, 21, 499, 500, 549, 550, 649, 650, 699, 700, 701)),
    st.sampled_from((700, 700, 600, 400, -300, -10, NO_VALUE, 5_000, -5_000)),
)
CALM_VALUES = st.sampled_from((700, 700, 700, 560, 400, 400, 400, 5_000))
ANY_MARKS = st.one_of(
    NO_MARKS,
    NO_MARKS,
    st.sampled_from([int(mark) for mark in Mark]),
    st.sampled_from(
        [
            int(mark)
            for mark in (
                Mark.TEST,
                Mark.TEST | Mark.REPORTED_ALARM,
                Mark.REPORTED_ALARM | Mark.REPORTED_FAULT,
                Mark.TEST | Mark.SENSOR_OPEN,
                Mark.TEST | Mark.SHIELDED | Mark.REPORTED_WARNING,
                Mark.TIME_REPLACED | Mark.REPORTED_ALARM,
            )
        ]
    ),
)
STEPS_NS = st.one_of(
    st.sampled_from([round(s * S) for s in (0, 1, 5, 10, 10, 10, 15)]),
    st.sampled_from([round(s * S) for s in (16, 30, 33, 60, 62, 91, 601, 3_601)]),
    st.builds(lambda s, off: s * S + off, st.sampled_from((10, 16, 30, 60)), st.sampled_from((-1, 1))),
)


@st.composite
def rows(draw: st.DrawFn, point: int) -> Row:
    """A row of one point: levels, holds and times small enough for short streams."""
    under = draw(st.booleans())
    over = draw(st.integers(0, 3)) > 0
    row = Row(
        point,
        flags=ENABLED | (ON_CHANGE if draw(st.integers(0, 3)) == 0 else 0),
        over_hysteresis=draw(st.sampled_from((0, 50))),
        warning_hold_ns=draw(st.sampled_from((0, 10 * S, 30 * S))),
        alarm_hold_ns=draw(st.sampled_from((0, 10 * S, 30 * S))),
        clear_hold_ns=draw(st.sampled_from((0, 20 * S, 60 * S))),
        interval_ns=draw(st.sampled_from((10 * S, 10 * S, 60 * S))),
        gap_ns=draw(st.sampled_from((15 * S, 16 * S))),
        silence_ns=draw(st.sampled_from((20 * S, 90 * S, NEVER_NS))),
        lost_hold_ns=draw(st.sampled_from((0, 15 * S, 60 * S))),
        frozen_ns=draw(st.sampled_from((25 * S, NEVER_NS, NEVER_NS))),
    )
    if under:
        row = replace(row, under_warning=20, under_alarm=-10, under_hysteresis=1)
    if not over:
        row = replace(row, over_warning=draw(st.sampled_from((550, NO_LIMIT))), over_alarm=NO_LIMIT)
    if draw(st.integers(0, 9)) == 0:
        row = replace(row, under_warning=NO_LOWER_LIMIT, under_alarm=20)
    if draw(st.integers(0, 2)) == 0:
        others = (draw(st.sampled_from((*POINTS, UNKNOWN, 0))), draw(st.sampled_from((*POINTS, 100_000))))
        row = replace(
            row, phase_lost=draw(st.sampled_from((400, 560))), phase_stands=600, other_phases=others
        )
    return row


@dataclass
class Device:
    """A device: how far its clock is from arrival time, its last reading, and what it likes to send."""

    values: st.SearchStrategy[int]
    marks: st.SearchStrategy[int]
    ahead_ns: int = 0
    last_ns: int = T0


TEMPERS = st.sampled_from(
    ((VALUES, ANY_MARKS), (CALM_VALUES, NO_MARKS), (st.sampled_from((700, 400)), NO_MARKS))
)
AHEAD_NS = st.sampled_from([s * S for s in (0, 0, 3, -20, -100, -3_700)])


@st.composite
def readings(draw: st.DrawFn, arrival_ns: int, devices: dict[int, Device]) -> Reading:
    """A reading that arrives now, of a device whose clock goes as it likes."""
    point = draw(st.sampled_from((1, 1, 1, 2, 300, UNKNOWN)))
    device = devices[point]
    manner = draw(st.integers(0, 19))
    if manner == 0:
        device.ahead_ns = draw(AHEAD_NS)
    at_ns = arrival_ns + device.ahead_ns
    if manner == 1:
        at_ns = device.last_ns  # once more, or standing still
    elif manner == 2:
        at_ns -= draw(STEPS_NS)
    elif manner == 3:
        at_ns = draw(st.integers(T0 - 10**18, T0 + 10**18))
    device.last_ns = at_ns
    marks = draw(device.marks)
    if marks & (Mark.TIME_REPLACED | Mark.TIME_ASSUMED):
        at_ns = arrival_ns
    return Reading(point, at_ns, draw(device.values), marks)


@st.composite
def streams(draw: st.DrawFn, length_max: int = 40) -> list[Input]:
    """Inputs in the order of a journal; arrival times mostly go on, and jump only with a gap."""
    now_ns, devices = T0, {point: Device(*draw(TEMPERS)) for point in (*POINTS, UNKNOWN)}
    found: list[Input] = [Rows(now_ns, tuple(draw(rows(point)) for point in POINTS))]
    for _ in range(draw(st.integers(1, length_max))):
        kind = draw(st.integers(0, 19))
        now_ns += draw(STEPS_NS) if kind < 19 else -draw(st.integers(0, 5_000_000))
        if kind == 0:
            found.append(changed(draw, now_ns))
        elif kind == 1:
            gap_ns = draw(STEPS_NS) * draw(st.sampled_from((1, -1)))
            found.append(Gap(gap_ns))
            now_ns += gap_ns
        elif kind == 2:
            found.append(
                Connection(
                    now_ns, tuple(draw(st.sets(st.sampled_from((1, 2, UNKNOWN))))), draw(st.booleans())
                )
            )
        elif kind <= 5:
            found.append(Tick(now_ns))
        else:
            count = draw(st.sampled_from((1, 1, 1, 2, 4)))
            found.append(Batch(now_ns, tuple(draw(readings(now_ns, devices)) for _ in range(count))))
    return found


def changed(draw: st.DrawFn, now_ns: int) -> Rows:
    """A row that changes, or a point that retires."""
    row = draw(rows(draw(st.sampled_from(POINTS))))
    return Rows(now_ns, (replace(row, flags=0) if draw(st.integers(0, 3)) == 0 else row,))
