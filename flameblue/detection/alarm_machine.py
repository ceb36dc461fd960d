"""The alarm machine of one side of one point: runs, holds, levels.

A run is what an unbroken series of accepted good readings has in common: at or beyond a limit, or on the safe side of
it. Each level has its own run for entering, and while it lasts its own for leaving. A run spans its hold in either of
two ways:
- in device time, from its first reading to this one; a gap in device time, or another time base, starts it anew;
- by arrival: `IN_A_ROW` readings in a row, whatever their times, that took the hold and two gaps to arrive. It makes
  no difference to a device that keeps time and interval. It is for the others: a clock that jumps to and fro, or an
  interval longer than promised, would start every run anew, for ever. For entering, late and duplicate readings
  count too; for leaving they only break the row, since an old reading is no evidence of safety.
Where the promised interval is longer than the alarm's hold, one reading beyond the alarm limit enters at once.

Invariants: a level changes at most once a reading; a reading that is not good (NO_VALUE, implausible, a broken wire)
neither breaks a run for entering nor starts one, and where it tells of a broken sensor it ends the runs for leaving,
since it is no evidence of safety; a point that keeps time and reports within its hold is never alarmed by one
outlier, since that outlier's run has no second reading; nothing here knows people.
"""

from typing import Any

from flameblue.detection.fleet_state import NEVER
from flameblue.detection.kernels import code, compiled
from flameblue.domain.points import NO_LIMIT, ON_CHANGE
from flameblue.domain.transitions import Level, Why

NORMAL, WARNING, ALARM = code(Level.NORMAL), code(Level.WARNING), code(Level.ALARM)
ONE_READING, BY_ARRIVAL, BY_TICK = code(Why.ONE_READING), code(Why.BY_ARRIVAL), code(Why.BY_TICK)
IN_A_ROW = 3


@compiled
def is_on_change(row: Any) -> bool:
    """Whether the point reports on change: what it has not said has lasted."""
    return bool(row["flags"] & ON_CHANGE)  # by name: `flags` is an attribute of every NumPy record


@compiled
def count_row(run: Any, inside: bool, arrival_ns: int) -> None:
    """Takes a reading into the readings in a row, in the order of arrival."""
    if not inside:
        run.row = 0
    elif run.row == 0:
        run.row = 1
        run.row_ns = arrival_ns
    elif run.row < IN_A_ROW:
        run.row += 1


@compiled
def follow(run: Any, inside: bool, moment: Any) -> None:
    """Takes an accepted reading into the run."""
    if not inside:
        run.since_ns = NEVER
    elif run.since_ns == NEVER or moment.restart == 1:
        run.since_ns = moment.at_ns
    count_row(run, inside, moment.arrival_ns)


@compiled
def spans(run: Any, hold_ns: int, at_ns: int) -> bool:
    """Whether the run lasts `hold_ns` at `at_ns`, in device time."""
    return bool(run.since_ns != NEVER and at_ns - run.since_ns >= hold_ns)


@compiled
def in_a_row(run: Any, hold_ns: int, gap_ns: int, arrival_ns: int) -> bool:
    """Whether enough readings in a row took long enough to arrive, whatever their times."""
    return bool(run.row >= IN_A_ROW and arrival_ns - run.row_ns >= hold_ns + 2 * gap_ns)


@compiled
def lasts(run: Any, hold_ns: int, row: Any, moment: Any) -> bool:
    """Whether the run spans its hold in either way."""
    return spans(run, hold_ns, moment.at_ns) or in_a_row(run, hold_ns, row.gap_ns, moment.arrival_ns)


@compiled
def forget(run: Any) -> None:
    """There is no run."""
    run.since_ns = NEVER
    run.row = 0


@compiled
def follow_runs(side: Any, moment: Any, value: int) -> None:
    """Takes an accepted good reading into the runs of this side; `value` so that more is worse."""
    beyond = value >= side.alarm_limit
    follow(side.warning, value >= side.warning_limit, moment)
    follow(side.alarm, beyond, moment)
    if beyond:
        side.shown_from_ns = side.alarm.since_ns
        side.shown_to_ns = moment.at_ns
    if side.level >= WARNING:
        follow(side.warning_clear, value < side.warning_limit - side.hysteresis, moment)
    if side.level == ALARM:
        follow(side.alarm_clear, value < side.alarm_limit - side.hysteresis, moment)


@compiled
def doubt_safety(side: Any) -> None:
    """What was told of safety until now does not count."""
    forget(side.warning_clear)
    forget(side.alarm_clear)


@compiled
def take_level(side: Any, level: int) -> None:
    """The side's level from now on; what is not entered can't be left."""
    side.level = level
    if level < ALARM:
        forget(side.alarm_clear)
    if level < WARNING:
        forget(side.warning_clear)


@compiled
def count_late(side: Any, arrival_ns: int, value: int) -> None:
    """Takes a good reading that is not accepted into the rows alone: it may enter a level, never end one."""
    count_row(side.warning, value >= side.warning_limit, arrival_ns)
    count_row(side.alarm, value >= side.alarm_limit, arrival_ns)
    if value >= side.warning_limit - side.hysteresis:
        side.warning_clear.row = 0
    if value >= side.alarm_limit - side.hysteresis:
        side.alarm_clear.row = 0


@compiled
def entered_in_time(side: Any, row: Any, at_ns: int) -> int:
    """The highest level whose run spans its hold in device time."""
    if spans(side.alarm, row.alarm_hold_ns, at_ns):
        return ALARM
    if spans(side.warning, row.warning_hold_ns, at_ns):
        return WARNING
    return NORMAL


@compiled
def entered_in_a_row(side: Any, row: Any, arrival_ns: int) -> int:
    """The highest level that readings in a row have reached by arrival."""
    if in_a_row(side.alarm, row.alarm_hold_ns, row.gap_ns, arrival_ns):
        return ALARM
    if in_a_row(side.warning, row.warning_hold_ns, row.gap_ns, arrival_ns):
        return WARNING
    return NORMAL


@compiled
def left_in_time(side: Any, row: Any, at_ns: int, level: int) -> int:
    """What remains of `level` once each clear run that spans the clear hold has ended its own."""
    if level == ALARM and spans(side.alarm_clear, row.clear_hold_ns, at_ns):
        level = WARNING
    if level == WARNING and spans(side.warning_clear, row.clear_hold_ns, at_ns):
        level = NORMAL
    return level


@compiled
def left_in_a_row(side: Any, row: Any, arrival_ns: int, level: int) -> int:
    """The same by arrival."""
    if level == ALARM and in_a_row(side.alarm_clear, row.clear_hold_ns, row.gap_ns, arrival_ns):
        level = WARNING
    if level == WARNING and in_a_row(side.warning_clear, row.clear_hold_ns, row.gap_ns, arrival_ns):
        level = NORMAL
    return level


@compiled
def after_time(side: Any, row: Any, at_ns: int) -> int:
    """The level when the state of the last reading has lasted until `at_ns`: entered, or left where the point
    reports on change (anywhere else silence is no evidence of safety)."""
    level = max(int(side.level), entered_in_time(side, row, at_ns))
    if level == side.level and is_on_change(row):
        level = left_in_time(side, row, at_ns, level)
    return level


@compiled
def after_reading(side: Any, row: Any, moment: Any, value: int) -> int:
    """Takes an accepted good reading into the runs and the side to its level; returns why, if it has one to give."""
    why = 0
    if is_on_change(row) and moment.restart == 0:
        lasted = after_time(side, row, moment.at_ns)  # the value before has lasted until now
        if lasted != side.level:
            take_level(side, lasted)
            why = BY_TICK
    follow_runs(side, moment, value)
    level = int(side.level)
    up = entered_in_time(side, row, moment.at_ns)
    if max(up, level) < ALARM and value >= side.alarm_limit and row.interval_ns > row.alarm_hold_ns:
        take_level(side, ALARM)
        return ONE_READING
    if up > level:
        take_level(side, up)
        return 0
    up = entered_in_a_row(side, row, moment.arrival_ns)
    if up > level:
        take_level(side, up)
        return BY_ARRIVAL
    down = left_in_time(side, row, moment.at_ns, level)
    if down < level:
        take_level(side, down)
        return 0
    down = left_in_a_row(side, row, moment.arrival_ns, level)
    if down < level:
        take_level(side, down)
        return BY_ARRIVAL
    return why


@compiled
def is_watched(side: Any) -> bool:
    """Whether this side can do anything: it has a limit, or a level left from one."""
    limited = side.warning_limit != NO_LIMIT or side.alarm_limit != NO_LIMIT
    return bool(limited or side.level != NORMAL)
