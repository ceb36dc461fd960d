"""The one loop over readings, and the one over the points that a tick wakes. `one_reading` and `one_tick` are the
specification: scalar, and callable as plain Python through `.py_func`.

A reading goes through the rules in this order: the clock decides which time counts, silence ends, then OVER, UNDER,
SENSOR and the device's own bits. A late reading counts in a row and may be LATE; a retained one is not looked at.
"""

from typing import Any

from flameblue.detection.alarm_machine import ALARM, WARNING
from flameblue.detection.fleet_state import (
    FOUND_A_POINT_MAX,
    FOUND_MAX,
    NEVER,
    OVER_SIDE,
    UNDER_SIDE,
)
from flameblue.detection.kernels import compiled
from flameblue.detection.rules import clock, late, limits, reported, sensor, silence
from flameblue.domain.limits import DEADLINE_BLOCK
from flameblue.domain.points import ENABLED, ON_CHANGE
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Why

RETAINED, TEST_BIT, TEST_WHY = int(Mark.RETAINED), int(Mark.TEST), int(Why.TEST)
ACCEPTED, LATE = clock.ACCEPTED, clock.LATE
FULL = FOUND_MAX - FOUND_A_POINT_MAX - 1


@compiled
def one_reading(fleet: Any, point: int) -> None:
    """The reading in `fleet.moment` through all rules of `point`."""
    state, row, moment = fleet.states[point], fleet.rows[point], fleet.moment[0]
    if moment.marks & RETAINED:
        return
    moment.why = TEST_WHY if moment.marks & TEST_BIT else 0
    moment.usable = sensor.is_good(row, moment.value, moment.marks)
    kind = clock.judge(fleet, point)
    silence.heard(fleet, point)
    if kind == ACCEPTED:
        accept(fleet, point)
    elif kind == LATE and moment.usable:
        for number in (OVER_SIDE, UNDER_SIDE):
            late.look(fleet, point, number)
            limits.look_late(fleet, point, number)
    set_wake(fleet, point)
    state.marks = moment.marks


@compiled
def accept(fleet: Any, point: int) -> None:
    """An accepted reading: the newest one from now on."""
    state, moment = fleet.states[point], fleet.moment[0]
    if moment.usable:
        limits.look(fleet, point, OVER_SIDE)
        limits.look(fleet, point, UNDER_SIDE)
    sensor.look(fleet, point)
    reported.look(fleet, point)
    state.seen = 1
    state.at_ns = moment.at_ns
    state.accepted_ns = moment.arrival_ns
    if moment.usable:
        state.value = moment.value


@compiled
def set_wake(fleet: Any, point: int) -> None:
    """The earliest arrival time at which a tick can change something for `point`."""
    state = fleet.states[point]
    wake_ns = NEVER
    if state.silence == 0 and state.deadline_ns != NEVER:
        wake_ns = state.deadline_ns + 1
    if state.seen:
        for number in (OVER_SIDE, UNDER_SIDE):
            wake_ns = min(wake_ns, hold_ends(fleet, point, number))
    state.wake_ns = wake_ns
    block = point // DEADLINE_BLOCK
    fleet.block_wake[block] = min(fleet.block_wake[block], wake_ns)


@compiled
def hold_ends(fleet: Any, point: int, number: int) -> int:
    """The arrival time at which a hold under way can be ended by a tick, or NEVER."""
    state, row, side = fleet.states[point], fleet.rows[point], fleet.sides[point, number]
    ahead_ns = state.accepted_ns - state.at_ns  # device time → arrival time
    ends_ns = NEVER
    if side.level < WARNING and side.warning_since_ns != NEVER:
        ends_ns = min(ends_ns, side.warning_since_ns + row.warning_hold_ns + ahead_ns)
    if side.level < ALARM and side.alarm_since_ns != NEVER:
        ends_ns = min(ends_ns, side.alarm_since_ns + row.alarm_hold_ns + ahead_ns)
    if row.flags & ON_CHANGE:
        if side.level == ALARM and side.alarm_clear_ns != NEVER:
            ends_ns = min(ends_ns, side.alarm_clear_ns + row.clear_hold_ns + ahead_ns)
        if side.level >= WARNING and side.warning_clear_ns != NEVER:
            ends_ns = min(ends_ns, side.warning_clear_ns + row.clear_hold_ns + ahead_ns)
        return ends_ns
    return ends_ns if ends_ns == NEVER else max(ends_ns, state.accepted_ns + row.gap_ns + 1)


@compiled
def one_tick(fleet: Any, point: int, now_ns: int) -> None:
    """Time has come to `now_ns` (arrival time) for `point`."""
    state, row, moment = fleet.states[point], fleet.rows[point], fleet.moment[0]
    moment.index = -1
    moment.arrival_ns = now_ns
    moment.value = state.value
    moment.why = TEST_WHY if state.marks & TEST_BIT else 0
    if state.seen:
        moment.at_ns = state.at_ns + (now_ns - state.accepted_ns)
        if row.flags & ON_CHANGE or now_ns - state.accepted_ns > row.gap_ns:
            limits.tick(fleet, point, OVER_SIDE)
            limits.tick(fleet, point, UNDER_SIDE)
    else:
        moment.at_ns = now_ns
    silence.tick(fleet, point)
    set_wake(fleet, point)


@compiled
def run_readings(fleet: Any, readings: Any, start: int, arrival_ns: int) -> int:
    """Readings from `start` on; returns where it stopped, since `found` was nearly full or all are done."""
    moment = fleet.moment[0]
    fleet.found[0].index = 0
    for i in range(start, len(readings)):
        if fleet.found[0].index > FULL:
            return i
        reading = readings[i]
        point = int(reading.point)
        if point >= len(fleet.rows) or not fleet.rows[point].flags & ENABLED:
            continue
        moment.index = i
        moment.at_ns = reading.at_ns
        moment.arrival_ns = arrival_ns
        moment.value = reading.value
        moment.marks = reading.marks
        one_reading(fleet, point)
    return len(readings)


@compiled
def run_tick(fleet: Any, start: int, now_ns: int) -> int:
    """The blocks from `start` on that `now_ns` wakes; returns the block where it stopped."""
    fleet.found[0].index = 0
    for block in range(start, len(fleet.block_wake)):
        if fleet.block_wake[block] > now_ns:
            continue
        if fleet.found[0].index + DEADLINE_BLOCK * 4 > FOUND_MAX:
            return block
        fleet.block_wake[block] = NEVER
        for point in range(block * DEADLINE_BLOCK, (block + 1) * DEADLINE_BLOCK):
            if fleet.states[point].wake_ns <= now_ns:
                one_tick(fleet, point, now_ns)
            else:
                fleet.block_wake[block] = min(fleet.block_wake[block], fleet.states[point].wake_ns)
    return len(fleet.block_wake)
