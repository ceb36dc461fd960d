"""The loops over readings, over the points that a tick wakes, over rows of the point table and over a device's points.

`one_reading` and `one_tick` are the specification: scalar, about one point. A reading goes through the rules in the
order of their numbers, but PHASE_LOSS speaks first: it says why a voltage is below its limit. Which of its times counts
is judged before. A late or duplicate reading counts in a row and as
a sign of life, and may be LATE. A retained reading may be older than it looks: it gives the newest value, no more. A
foreign one is a sign for ORIGIN alone: whoever sent it moves nothing else, nor keeps a silence from being told.
"""

from typing import Any

from flameblue.detection.alarm_machine import is_on_change
from flameblue.detection.fleet_state import FOUND_A_POINT_MAX, FOUND_MAX, NEVER
from flameblue.detection.kernels import compiled, prefetch
from flameblue.detection.rules import clock, late, limits, origin, phase_loss, reported, sensor, silence
from flameblue.domain.limits import DEADLINE_BLOCK
from flameblue.domain.points import ENABLED
from flameblue.domain.readings import Mark

RETAINED, FOREIGN, TEST_MARK = int(Mark.RETAINED), int(Mark.FOREIGN), int(Mark.TEST)
ARRIVAL_MARKS = int(Mark.TIME_REPLACED | Mark.TIME_ASSUMED)
ACCEPTED, LATE = clock.ACCEPTED, clock.LATE
ROOM = FOUND_MAX - FOUND_A_POINT_MAX - 1
ROOM_FOR_BLOCK = FOUND_MAX - DEADLINE_BLOCK * 3 - 1  # a tick speaks of OVER, UNDER and SILENCE
AHEAD = 8  # readings ahead whose state is asked for: about half a microsecond, a few answers of the memory


@compiled
def is_enabled(row: Any) -> bool:
    """Whether the point is known and not retired."""
    return bool(row["flags"] & ENABLED)


@compiled
def one_reading(state: Any, moment: Any) -> None:
    """The reading in `moment` through all rules of its point."""
    if moment.marks & FOREIGN:
        origin.look_foreign(state, moment)
        return
    sensor.judge(state, moment)
    if moment.marks & RETAINED:
        keep_latest(state, moment)
        return
    clock_before = int(state.clock)
    kind = clock.judge(state, moment)
    if kind == ACCEPTED:
        accept_value(state, moment)
    elif moment.good == 1:
        limits.look_late(state, state.over, moment)
        limits.look_late(state, state.under, moment)
    silence.heard(state, moment)
    if kind == ACCEPTED:
        sensor.look(state, moment)
        reported.look(state, moment)
        remember(state, moment)
    clock.say(moment, clock_before, int(state.clock))
    if kind == LATE:
        late.look(state, moment)
    origin.look(state, moment)
    if kind == ACCEPTED and not moment.good and is_on_change(state.row):
        last_on(state, moment)


@compiled
def accept_value(state: Any, moment: Any) -> None:
    """The limits, where the value is good. Runs start anew where a test begins or ends too: none is half a test's."""
    if moment.restart:
        state.restart_limits, state.restart_sensor = 1, 1
    if moment.broken:
        limits.doubt(state)
        phase_loss.doubt(state)
    if not moment.good:
        return
    tested = 1 if moment.marks & TEST_MARK else 0
    if tested != state.tested:
        state.restart_limits, state.restart_sensor = 1, 1
        limits.doubt(state)
        phase_loss.doubt(state)
        sensor.doubt(state)
    state.tested = tested
    moment.restart = state.restart_limits
    state.restart_limits = 0
    phase_loss.look(state, moment)
    limits.look(state, state.over, moment)
    limits.look(state, state.under, moment)


@compiled
def remember(state: Any, moment: Any) -> None:
    """The accepted reading is the newest one from now on."""
    state.seen = 1
    state.at_ns = moment.at_ns
    state.accepted_ns = moment.arrival_ns
    state.by_arrival = 1 if state.clock or moment.marks & ARRIVAL_MARKS else 0
    state.last_value = moment.value
    state.last_marks = moment.marks
    if moment.good == 1:
        state.good_value = moment.value
        state.latest = moment.value
        state.latest_ns = moment.at_ns


@compiled
def keep_latest(state: Any, moment: Any) -> None:
    """A retained reading gives the newest value, where it is newer and good."""
    if moment.good == 1 and moment.at_ns > state.latest_ns:
        state.latest = moment.value
        state.latest_ns = moment.at_ns


@compiled
def wake_ns(state: Any) -> int:
    """The earliest arrival time at which a tick can change something."""
    wake = NEVER
    if state.silence == 0 and state.deadline_ns != NEVER:
        wake = state.deadline_ns + 1
    if state.seen == 0:
        return wake
    row = state.row
    ahead_ns = state.accepted_ns - state.at_ns
    ends_ns = min(
        limits.hold_ends_ns(state.over, row, ahead_ns), limits.hold_ends_ns(state.under, row, ahead_ns)
    )
    if ends_ns != NEVER and not is_on_change(row):
        ends_ns = max(ends_ns, state.accepted_ns + row.gap_ns + 1)
    return min(wake, ends_ns)


@compiled
def last_on(state: Any, moment: Any) -> None:
    """The newest good value has lasted until the moment."""
    moment.value = state.latest
    moment.marks = TEST_MARK if state.tested else 0  # the value that lasts was a test's
    limits.tick(state, state.over, moment)
    limits.tick(state, state.under, moment)


@compiled
def one_tick(state: Any, moment: Any) -> None:
    """Arrival time has come to that of `moment`. Device time has gone on as long, as far as we know."""
    moment.index = -1
    moment.value = state.latest
    moment.at_ns = moment.arrival_ns
    if state.seen:
        since_ns = moment.arrival_ns - state.accepted_ns
        moment.at_ns = state.at_ns + since_ns
        if is_on_change(state.row) or since_ns > state.row.gap_ns:
            last_on(state, moment)
    silence.tick(state, moment)


@compiled
def set_wake(state: Any, block_wake: Any, point: int) -> None:
    """Keeps when a tick has to look at the point again."""
    state.wake_ns = wake_ns(state)
    block = point // DEADLINE_BLOCK
    if state.wake_ns < block_wake[block]:
        block_wake[block] = state.wake_ns


@compiled
def take_told(found: Any, moment: Any) -> None:
    """Takes what the moment has told into `found`; the first record counts the others."""
    count = found[0].index
    for i in range(moment.count):
        found[count + 1 + i] = moment.told[i]
    found[0].index = count + moment.count
    moment.count = 0


@compiled
def run_readings(fleet: Any, readings: Any, start: int, arrival_ns: int) -> int:
    """Readings from `start` on; returns where it stopped, since `found` was nearly full or all are done."""
    states, block_wake, found = fleet.states, fleet.block_wake, fleet.found
    moment = fleet.moment[0]
    moment.arrival_ns = arrival_ns
    found[0].index = 0
    last, known = len(readings) - 1, len(states)
    for i in range(start, len(readings)):
        if found[0].index > ROOM:
            return i
        coming = readings[min(i + AHEAD, last)].point
        if coming < known:
            prefetch(states[coming])
        reading = readings[i]
        point = int(reading.point)
        if point >= known or not is_enabled(states[point].row):
            continue
        moment.point = point
        moment.index = i
        moment.at_ns = reading.at_ns
        moment.value = reading.value
        moment.marks = reading.marks
        if phase_loss.is_watched(states[point].row):
            phase_loss.look_around(states, states[point].row, moment)
        one_reading(states[point], moment)
        set_wake(states[point], block_wake, point)
        if moment.count:
            take_told(found, moment)
    return len(readings)


@compiled
def run_tick(fleet: Any, start: int, arrival_ns: int) -> int:
    """The blocks from `start` on that the time wakes; returns the block where it stopped."""
    states, block_wake, found = fleet.states, fleet.block_wake, fleet.found
    moment = fleet.moment[0]
    moment.arrival_ns = arrival_ns
    found[0].index = 0
    for block in range(start, len(block_wake)):
        if block_wake[block] > arrival_ns:
            continue
        if found[0].index > ROOM_FOR_BLOCK:
            return block
        block_wake[block] = NEVER
        for point in range(block * DEADLINE_BLOCK, (block + 1) * DEADLINE_BLOCK):
            if states[point].wake_ns <= arrival_ns:
                moment.point = point
                one_tick(states[point], moment)
                take_told(found, moment)
                states[point].wake_ns = wake_ns(states[point])
            block_wake[block] = min(block_wake[block], states[point].wake_ns)
    return len(block_wake)


@compiled
def run_connection(fleet: Any, points: Any, arrival_ns: int, lost: bool) -> None:
    """The connection of the device with these points was lost, or is back."""
    states = fleet.states
    for i in range(len(points)):
        point = points[i]
        if 0 <= point < len(states) and is_enabled(states[point].row):
            silence.connection(states[point], arrival_ns, lost)
            set_wake(states[point], fleet.block_wake, point)
