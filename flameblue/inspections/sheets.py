"""What the monthly wiring sheet of premises says beside its readings: silent hours, visits saved. Pure.

It takes the place of the monthly check at the door, so it says "saved" only where the readings did its work.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

SILENT_HOURS_MAX = 24.0  # of a month; beyond it the readings did not do the work of a visit


@dataclass(frozen=True, slots=True)
class Turn:
    """A point began (`silent` true) or ceased to be silent at `at`."""

    point: int
    at: datetime
    silent: bool


def silent_hours(
    turns: Iterable[Turn], begin: datetime, end: datetime, silent_before: Iterable[int] = ()
) -> float:
    """The hours from `begin` to `end` in which at least one point was silent.

    `silent_before`: the points that were silent at `begin` already.
    """
    silent = set(silent_before)
    total, since = 0.0, begin
    for turn in sorted((one for one in turns if begin <= one.at < end), key=lambda one: one.at):
        if silent:
            total += (turn.at - since).total_seconds()
        since = turn.at
        (silent.add if turn.silent else silent.discard)(turn.point)
    if silent:
        total += max(0.0, (end - since).total_seconds())
    return total / 3_600


def visits_saved(read: Sequence[bool], silent_h: float, visits: int) -> int:
    """1 where the month's check at the door was not needed and nobody went.

    `read`: of each watched circuit, whether it was read in that month.
    """
    watched = bool(read) and all(read)
    return int(watched and silent_h < SILENT_HOURS_MAX and visits == 0)
