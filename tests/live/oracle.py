"""The rule OVER as a fire officer would check it by hand: plain Python over what one point has sent.

Source: DESIGN.md, 3, Holds. It knows nothing of batches, journals, snapshots or arrival: only device times and values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

NORMAL, WARNING, ALARM = 0, 1, 2


@dataclass
class Limit:
    """One level: its limit, and since when the readings have been beyond it or safe without a break."""

    level: int
    limit: int
    hysteresis: int
    hold_ns: int
    clear_hold_ns: int
    since_ns: int | None = None
    safe_since_ns: int | None = None

    def see(self, at_ns: int, value: int) -> None:
        if value >= self.limit:
            self.since_ns = at_ns if self.since_ns is None else self.since_ns
        else:
            self.since_ns = None
        if value < self.limit - self.hysteresis:
            self.safe_since_ns = at_ns if self.safe_since_ns is None else self.safe_since_ns
        else:
            self.safe_since_ns = None

    def forget(self) -> None:
        self.since_ns = self.safe_since_ns = None

    def held(self, at_ns: int) -> bool:
        return self.since_ns is not None and at_ns - self.since_ns >= self.hold_ns

    def cleared(self, at_ns: int) -> bool:
        return self.safe_since_ns is not None and at_ns - self.safe_since_ns >= self.clear_hold_ns


@dataclass
class Machine:
    """The level of one point's rule OVER."""

    warning: Limit
    alarm: Limit
    level: int = NORMAL
    moves: list[tuple[int, int, int, int]] = field(
        default_factory=list
    )  # (device time, before, level, value)

    def see(self, at_ns: int, value: int) -> None:
        for limit in (self.warning, self.alarm):
            limit.see(at_ns, value)
        level = self._next(at_ns)
        if level != self.level:
            self.moves.append((at_ns, self.level, level, value))
            self.level = level

    def _next(self, at_ns: int) -> int:
        level = self.level
        if level == ALARM and self.alarm.cleared(at_ns):
            level = WARNING
        if level == WARNING and self.warning.cleared(at_ns):
            level = NORMAL
        if self.alarm.held(at_ns):
            return ALARM
        return max(level, WARNING) if self.warning.held(at_ns) else level


def moves_over(row: Mapping[str, int], sent: Iterable[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """What OVER does on the (device time, value) pairs `sent`, in any order and repeated, under the limits of `row`.

    For points whose promised interval is not longer than the hold, and whose values are all plausible.
    """
    assert row["interval_ns"] <= row["alarm_hold_ns"]
    common = (row["over_hysteresis"],)
    machine = Machine(
        Limit(WARNING, row["over_warning"], *common, row["warning_hold_ns"], row["clear_hold_ns"]),
        Limit(ALARM, row["over_alarm"], *common, row["alarm_hold_ns"], row["clear_hold_ns"]),
    )
    last_ns: int | None = None
    for at_ns, value in sorted(dict(sent).items()):
        assert row["plausible_min"] <= value <= row["plausible_max"]
        if last_ns is not None and at_ns - last_ns > row["gap_ns"]:
            machine.warning.forget()
            machine.alarm.forget()
        machine.see(at_ns, value)
        last_ns = at_ns
    return machine.moves
