"""A transition: the rule of one point changes its level. Detection's only output, the cases' only input."""

from dataclasses import dataclass
from enum import IntEnum, IntFlag


class Level(IntEnum):
    """How bad it is. FAULT stands beside warning and alarm: what we no longer know. Stored for ever."""

    NORMAL = 0
    WARNING = 1
    ALARM = 2
    FAULT = 3


class Rule(IntEnum):
    """Which rule spoke. Stored for ever: numbers are never changed or reused."""

    OVER = 1  # a value above its limit: residual current, temperature, load current, voltage
    UNDER = 2  # a value below its limit: under-voltage
    SILENCE = 3  # later than the promised interval
    SENSOR = 4  # open, short, out of the plausible range, frozen
    REPORTED = 5  # the device's own warning or alarm bit
    REPORTED_FAULT = 6  # the device's own fault bit
    SHIELDED = 7  # the device says that the point is shielded
    TEST = 8  # the device says that it is being tested
    CLOCK = 9  # the device's time was not believable
    LATE = 10  # a reading older than the newest one was beyond the alarm limit
    PHASE_LOSS = 11  # one phase has no voltage while another one of the same circuit has
    ORIGIN = 12  # the device speaks, or somebody does in its name, from where nobody expects it


class Why(IntFlag):
    """What a reader of the transition must know. Stored: bits are never changed or reused."""

    ONE_READING = 1  # entered on one reading, since the promised interval is longer than the hold
    BY_TICK = 2  # the hold ended while the point was overdue or reports on change only
    DEVICE_DISAGREES = 4  # the device's own bits and our limits say different things
    TEST = 8  # the reading carried the device's test bit
    BY_ARRIVAL = 16  # the device's clock was of no use, arrival time was taken
    SENSOR_OPEN = 32
    SENSOR_SHORT = 64
    IMPLAUSIBLE = 128
    FROZEN = 256
    CONNECTION_LOST = 512  # the connection's will or end had started the hold of this silence
    FOREIGN = 1024  # from outside the device's allowed networks
    NEW_ADDRESS = 2048  # from an address that nobody has accepted yet


@dataclass(frozen=True, slots=True, order=True)
class Transition:
    """The rule of one point moved from one level to another.

    `(offset, index, point, rule)` is its identity: derived from the journal, so applying it
    again does nothing. `index` is the reading's place in its record, or -1 where a tick or a
    change of the point table caused it.
    `value` is in the quantity's own steps (`NO_VALUE` where there is none), `limit` likewise.
    """

    offset: int
    index: int
    point: int
    rule: Rule
    before: Level
    level: Level
    at_ns: int  # device time, not arrival time
    arrival_ns: int
    value: int
    limit: int
    why: int
