"""A point as detection knows it: numbers only. The bridge from the database is `fleet.point_table`.

A record of the journal carries whole rows of this table, so that detection needs nothing but the journal.
Every limit and value is in the quantity's own steps; every duration is in nanoseconds.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

NO_LIMIT = 2**31 - 1  # an upper limit that no value reaches
NO_LOWER_LIMIT = -(2**31) + 1  # a lower limit that no value reaches
NEVER_NS = 2**63 - 1  # a deadline that never comes

# One row: (`quantity`, `phase`) are codes of domain.quantities; `flags` are the bits below.
POINT = np.dtype(
    [
        ("point", "<u4"),
        ("quantity", "<u1"),
        ("phase", "<u1"),
        ("flags", "<u2"),
        ("over_warning", "<i4"),
        ("over_alarm", "<i4"),
        ("over_hysteresis", "<i4"),
        ("under_warning", "<i4"),
        ("under_alarm", "<i4"),
        ("under_hysteresis", "<i4"),
        ("plausible_min", "<i4"),
        ("plausible_max", "<i4"),
        ("warning_hold_ns", "<i8"),  # before entering the warning level
        ("alarm_hold_ns", "<i8"),  # before entering the alarm level
        ("clear_hold_ns", "<i8"),  # before leaving a level
        ("interval_ns", "<i8"),  # the promised interval between two readings
        ("gap_ns", "<i8"),  # a device-time gap beyond it restarts a run; an arrival gap beyond it is overdue
        ("silence_ns", "<i8"),  # listening time without a reading until it is silent; NEVER_NS: expected
        ("lost_hold_ns", "<i8"),  # the short hold after a connection's will or end
        ("frozen_ns", "<i8"),  # the same value for this long is a sensor fault; NEVER_NS: may stand still
        ("phase_lost", "<i4"),  # a voltage down to it is none; NO_LOWER_LIMIT: the rule is off
        ("phase_stands", "<i4"),  # a voltage from it on is one
        ("other_phases", "<u4", (2,)),  # the points of the same circuit's other phases; 0: none
    ]
)

POINT_1 = np.dtype(POINT.descr[:-3])  # before the phases; journals of then hold it

ENABLED = 1  # without it the point is retired: its readings are history only
ON_CHANGE = 2  # reports on change: silence between two readings means "still the same"

PointRows = NDArray[Any]  # a one-dimensional array of POINT
