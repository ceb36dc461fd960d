"""OVER and UNDER: a value at or beyond its warning or alarm limit for its hold.

Holds, hysteresis and gaps are the alarm machine's. A tick ends a hold only where the next reading is overdue or the
point reports on change, since otherwise the next reading decides. Source of the default limits and holds:
profiles/default_limits.yaml, each with its standard and edition.
"""

from typing import Any

from flameblue.detection.alarm_machine import (
    ALARM,
    BY_ARRIVAL,
    BY_TICK,
    NORMAL,
    WARNING,
    after_reading,
    after_time,
    count_late,
    doubt_safety,
    entered_in_a_row,
    is_on_change,
    is_watched,
    take_level,
)
from flameblue.detection.emitting import is_by_test, settle
from flameblue.detection.fleet_state import NEVER
from flameblue.detection.kernels import code, compiled
from flameblue.domain.points import NO_LIMIT
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Rule

RULES = (Rule.OVER, Rule.UNDER)
TEST_MARK = code(Mark.TEST)


@compiled
def limit_of(side: Any, level: int) -> int:
    """The limit that belongs to `level`, so that more is worse."""
    return int(side.alarm_limit if level == ALARM else side.warning_limit)


@compiled
def limit_told(side: Any, level: int) -> int:
    """The same in the quantity's own direction; NO_VALUE where there is none."""
    limit = limit_of(side, level)
    return NO_VALUE if limit == NO_LIMIT else limit * side.sign


@compiled
def look(state: Any, side: Any, moment: Any) -> None:
    """An accepted good reading."""
    if not is_watched(side):
        return
    value = int(moment.value) * side.sign
    before = int(side.level)
    why = after_reading(side, state.row, moment, value)
    level = int(side.level)
    if is_by_test(state, int(side.rule)) and not moment.marks & TEST_MARK:
        confirmed = value >= limit_of(side, before)
        level = max(level, before) if confirmed else NORMAL
    elif level == before:
        return
    move(state, side, moment, (before, level, why))


@compiled
def look_late(state: Any, side: Any, moment: Any) -> None:
    """A good reading that is not accepted: it belongs to no run, but counts in a row."""
    if not is_watched(side):
        return
    count_late(side, moment.arrival_ns, int(moment.value) * side.sign)
    before = int(side.level)
    level = entered_in_a_row(side, state.row, moment.arrival_ns)
    if level > before:
        move(state, side, moment, (before, level, BY_ARRIVAL))


@compiled
def doubt(state: Any) -> None:
    """The sensor is broken, or a test begins or ends: what was told of safety until now does not count."""
    if state.over.level != NORMAL:
        doubt_safety(state.over)
    if state.under.level != NORMAL:
        doubt_safety(state.under)


@compiled
def tick(state: Any, side: Any, moment: Any) -> None:
    """The state of the last reading has lasted until the moment."""
    before = int(side.level)
    level = after_time(side, state.row, moment.at_ns)
    if level != before:
        move(state, side, moment, (before, level, BY_TICK))


@compiled
def move(state: Any, side: Any, moment: Any, change: tuple[int, int, int]) -> None:
    """Takes the side from its level before to the wanted one, for a reason: (before, wanted, why). The limit told is
    that of the worse of the two levels."""
    before, level, why = change
    moment.why = why
    moment.limit = limit_told(side, max(level, before, WARNING))
    level = settle(state, moment, int(side.rule), before, level)
    if level != side.level:
        take_level(side, level)


@compiled
def hold_ends_ns(side: Any, row: Any, ahead_ns: int) -> int:
    """The arrival time at which a hold under way ends, if nothing else comes; `ahead_ns`: arrival less device
    time. NEVER where none is under way."""
    ends_ns = NEVER
    if side.level < WARNING and side.warning.since_ns != NEVER:
        ends_ns = min(ends_ns, side.warning.since_ns + row.warning_hold_ns + ahead_ns)
    if side.level < ALARM and side.alarm.since_ns != NEVER:
        ends_ns = min(ends_ns, side.alarm.since_ns + row.alarm_hold_ns + ahead_ns)
    if is_on_change(row) and side.level == ALARM and side.alarm_clear.since_ns != NEVER:
        ends_ns = min(ends_ns, side.alarm_clear.since_ns + row.clear_hold_ns + ahead_ns)
    if is_on_change(row) and side.level >= WARNING and side.warning_clear.since_ns != NEVER:
        ends_ns = min(ends_ns, side.warning_clear.since_ns + row.clear_hold_ns + ahead_ns)
    return ends_ns
