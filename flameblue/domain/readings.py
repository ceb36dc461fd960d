"""A reading: one point, one time, one value, and what the device or decoder said about it.

Times are nanoseconds since 1970 (UTC). `value` is in the quantity's own steps, or `NO_VALUE`.
"""

from collections.abc import Iterable
from enum import IntFlag
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


class Mark(IntFlag):
    """What is known of a reading beside its value. Stored: bits are never changed or reused."""

    REPORTED_WARNING = 1  # the device's own pre-warning bit
    REPORTED_ALARM = 2  # the device's own alarm bit
    REPORTED_FAULT = 4  # the device's own fault bit
    SHIELDED = 8  # the device says that this point is shielded (屏蔽)
    TEST = 16  # the device says that it is being tested, or people have said so of it
    TIME_REPLACED = 32  # the device's clock was not believable; `at_ns` is the arrival time
    TIME_ASSUMED = 64  # the device sent no time; `at_ns` is the arrival time
    SENSOR_OPEN = 128  # the profile's sentinel for a broken wire
    SENSOR_SHORT = 256  # the profile's sentinel for a shorted sensor
    RETAINED = 512  # a broker's retained message: true once, perhaps long ago
    FOREIGN = 1024  # it came from outside the device's allowed networks: a sign of that, and no reading
    NEW_ADDRESS = 2048  # the device speaks from an address that nobody has accepted yet


UNCOUNTED = (
    Mark.RETAINED | Mark.FOREIGN
)  # what tells nothing of the point at its time: no chart, no sum, no board


class Reading(NamedTuple):
    """One reading, in the order of the packed record `READING`."""

    point: int
    at_ns: int
    value: int
    marks: int


READING = np.dtype([("point", "<u4"), ("at_ns", "<i8"), ("value", "<i4"), ("marks", "<u2")])  # 18 bytes

Readings = NDArray[Any]  # a one-dimensional array of READING


def readings_array(readings: Iterable[Reading]) -> Readings:
    """The packed array of `readings`, in their order."""
    return np.array(list(readings), dtype=READING)
