"""The alarm machine of one side of one point: levels with holds, hysteresis and gaps.

Invariants: each level has its own `since`, the first reading of an unbroken run at or beyond it; a level is entered
when its run spans its hold and left when a run below its clear limit spans the clear hold; a level changes at most
once a step; nothing here knows people.

Two guards keep a point from being deaf. Where the promised interval is longer than the hold, one reading beyond
the alarm limit enters it at once. And where device times are of no use, or readings come more slowly than
promised, `IN_A_ROW` readings in a row beyond the alarm limit, whatever their times, enter it once they span the
hold and two gaps of arrival time.
"""

from typing import Any

from flameblue.detection.fleet_state import NEVER
from flameblue.detection.kernels import compiled
from flameblue.domain.transitions import Level, Why

NORMAL, WARNING, ALARM = int(Level.NORMAL), int(Level.WARNING), int(Level.ALARM)
ONE_READING, BY_ARRIVAL = int(Why.ONE_READING), int(Why.BY_ARRIVAL)
IN_A_ROW = 3


@compiled
def run_since(since_ns: int, in_run: bool, restart: bool, at_ns: int) -> int:
    """The start of the unbroken run that a reading at `at_ns` belongs to, or NEVER."""
    if not in_run:
        return NEVER
    if since_ns == NEVER or restart:
        return at_ns
    return since_ns


@compiled
def spans(since_ns: int, at_ns: int, hold_ns: int) -> bool:
    """Whether a run that began at `since_ns` lasts `hold_ns` at `at_ns`."""
    return since_ns != NEVER and at_ns - since_ns >= hold_ns


@compiled
def entered(side: Any, row: Any, at_ns: int) -> int:
    """The highest level whose run spans its hold at `at_ns`."""
    if spans(side.alarm_since_ns, at_ns, row.alarm_hold_ns):
        return ALARM
    if spans(side.warning_since_ns, at_ns, row.warning_hold_ns):
        return WARNING
    return NORMAL


@compiled
def remaining(side: Any, row: Any, at_ns: int) -> int:
    """The level that is left once the clear runs that span the clear hold at `at_ns` have ended theirs."""
    level = int(side.level)
    if level == ALARM and spans(side.alarm_clear_ns, at_ns, row.clear_hold_ns):
        level = WARNING
    if level == WARNING and spans(side.warning_clear_ns, at_ns, row.clear_hold_ns):
        level = NORMAL
    return level


@compiled
def count_in_a_row(side: Any, beyond: bool, arrival_ns: int) -> None:
    """Counts the readings in a row beyond the alarm limit, in the order of their arrival."""
    if not beyond:
        side.row_count = 0
    elif side.row_count == 0:
        side.row_count = 1
        side.row_since_ns = arrival_ns
    else:
        side.row_count += 1


@compiled
def in_a_row(side: Any, row: Any, arrival_ns: int) -> bool:
    """Whether the readings in a row beyond the alarm limit are enough, whatever their device times."""
    hold_ns = row.alarm_hold_ns + 2 * row.gap_ns
    return bool(side.row_count >= IN_A_ROW and arrival_ns - side.row_since_ns >= hold_ns)


@compiled
def follow_runs(side: Any, limits: Any, moment: Any, value: int) -> None:
    """Takes an accepted reading into the runs of this side."""
    restart = moment.restart == 1
    at_ns = moment.at_ns
    beyond = value >= limits.alarm
    side.warning_since_ns = run_since(side.warning_since_ns, value >= limits.warning, restart, at_ns)
    side.alarm_since_ns = run_since(side.alarm_since_ns, beyond, restart, at_ns)
    below_warning = value < limits.warning - limits.hysteresis
    below_alarm = value < limits.alarm - limits.hysteresis
    side.warning_clear_ns = run_since(side.warning_clear_ns, below_warning, restart, at_ns)
    side.alarm_clear_ns = run_since(side.alarm_clear_ns, below_alarm, restart, at_ns)
    if beyond:
        side.seen_from_ns = side.alarm_since_ns
        side.seen_to_ns = at_ns


@compiled
def next_level(side: Any, limits: Any, row: Any, moment: Any, value: int) -> int:
    """The level after an accepted reading; sets `moment.why` where it was not entered by its hold."""
    level = int(side.level)
    up = entered(side, row, moment.at_ns)
    if up > level:
        return up
    if level < ALARM and value >= limits.alarm:
        if row.interval_ns > row.alarm_hold_ns:
            moment.why |= ONE_READING
            return ALARM
        if in_a_row(side, row, moment.arrival_ns):
            moment.why |= BY_ARRIVAL
            return ALARM
    return remaining(side, row, moment.at_ns)
