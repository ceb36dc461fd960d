"""The whole past of one point, and what is found in it by walking back: the oracle's side of runs and rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from flameblue.domain.points import NEVER_NS, NO_LIMIT, NO_LOWER_LIMIT, ON_CHANGE
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level, Rule, Why
from tests.detection.inputs import Row

SIDES = (Rule.OVER, Rule.UNDER)
LIMITED = (Level.ALARM, Level.WARNING)
WIRE = Mark.SENSOR_OPEN | Mark.SENSOR_SHORT
ARRIVAL = Mark.TIME_REPLACED | Mark.TIME_ASSUMED


@dataclass(eq=False)
class Past:
    """A reading as it was judged. Times told in arrival time move with the gaps."""

    at_ns: int  # the time that counts
    device_ns: int  # the time that the device sent
    arrival_ns: int
    value: int
    marks: int
    kind: str = "accepted"  # late, duplicate
    good: bool = False
    broken: bool = False
    stale: bool = False  # not newer, while the clock was believed
    by_arrival: bool = False  # `at_ns` is an arrival time
    fresh: bool = False  # a gap, another time base or another row lies before it
    turns: bool = False  # a test begins or ends with it
    restarts: bool = False  # the runs of OVER and UNDER start anew with it
    restarts_sensor: bool = False
    dead: bool = False  # no voltage
    gone: bool = False  # no voltage, while another phase had some

    @property
    def tested(self) -> bool:
        return bool(self.marks & Mark.TEST)

    @property
    def accepted(self) -> bool:
        return self.kind == "accepted"


@dataclass(eq=False)
class Point:
    """A point's past, and the little that can't be found in it."""

    row: Row
    past: list[Past] = field(default_factory=list)
    levels: dict[Rule, Level] = field(default_factory=lambda: dict.fromkeys(Rule, Level.NORMAL))
    by_test: set[Rule] = field(default_factory=set)
    armed: int = 0  # runs begin with this reading at the earliest
    entered: dict[tuple[Rule, Level], int] = field(default_factory=dict)  # … those for leaving with this one
    shown: dict[Rule, tuple[Past, Past]] = field(default_factory=dict)  # the last run beyond the alarm limit
    deadline_ns: int = NEVER_NS
    lost: bool = False
    clock_bad_ns: int = 0
    late_ns: int | None = None
    foreign_ns: int | None = None
    latest: tuple[int, int] | None = None
    why_sensor: int = 0

    # ---- limits

    def limit(self, rule: Rule, level: Level) -> int | None:
        row, alarm = self.row, level == Level.ALARM
        if rule == Rule.OVER:
            limit = row.over_alarm if alarm else row.over_warning
            return None if limit == NO_LIMIT else limit
        limit = row.under_alarm if alarm else row.under_warning
        return None if limit == NO_LOWER_LIMIT else limit

    def is_beyond(self, rule: Rule, level: Level, value: int) -> bool:
        limit = self.limit(rule, level)
        if limit is None:
            return False
        return value >= limit if rule == Rule.OVER else value <= limit

    def is_safe(self, rule: Rule, level: Level, value: int) -> bool:
        limit = self.limit(rule, level)
        if limit is None:
            return True
        if rule == Rule.OVER:
            return value < limit - self.row.over_hysteresis
        return value > limit + self.row.under_hysteresis

    def hold_ns(self, level: Level) -> int:
        return self.row.alarm_hold_ns if level == Level.ALARM else self.row.warning_hold_ns

    def row_hold_ns(self, hold_ns: int) -> int:
        """What three readings in a row must take to arrive."""
        return hold_ns + 2 * self.row.gap_ns

    # ---- what has lasted until the newest reading

    def is_back(self, seen: Past) -> bool:
        """Whether there has been voltage for the clear hold, since the level was entered."""
        back = self.back(self.entered[Rule.PHASE_LOSS, Level.ALARM])
        heard = [past for past in back if past.accepted and (past.good or past.broken)]
        alive = until_restart(
            take_while(heard, lambda past: past.good and not past.dead), lambda past: past.turns
        )
        run = until_restart(alive, lambda past: past.restarts)
        return self.lasts((run, alive), self.row.clear_hold_ns, seen.at_ns, seen.arrival_ns)

    def is_mended(self, seen: Past) -> bool:
        """Whether a broken sensor is good again."""
        if Rule.SENSOR in self.by_test and not seen.tested:
            return seen.good
        if self.why_sensor == Why.FROZEN:
            return self.moved(seen)
        back = self.back(self.entered[Rule.SENSOR, Level.FAULT])
        said = [past for past in back if past.accepted and (past.good or past.broken)]
        good = until_restart(take_while(said, lambda past: past.good), lambda past: past.turns)
        run = until_restart(good, lambda past: past.restarts_sensor)
        return self.lasts((run, good), self.row.clear_hold_ns, seen.at_ns, seen.arrival_ns)

    # ---- walking back

    def newest(self) -> Past | None:
        return next((past for past in reversed(self.past) if past.accepted), None)

    def back(self, begin: int = 0) -> Iterable[Past]:
        """The readings from the newest back to number `begin`, none of before the present row."""
        return reversed(self.past[max(begin, self.armed) :])

    def good_back(self, begin: int = 0) -> Iterable[Past]:
        """The accepted good ones of them."""
        return (past for past in self.back(begin) if past.accepted and past.good)

    def last_good(self, before: Past | None = None) -> Past | None:
        """The newest accepted good reading, of whatever row; or the one before `before`."""
        earlier = self.past if before is None else self.past[: self.past.index(before)]
        return next((past for past in reversed(earlier) if past.accepted and past.good), None)

    def in_time(self, rule: Rule, at_ns: int) -> Level:
        """The highest level whose unbroken run lasts its hold at `at_ns`, in device time."""
        for level in LIMITED:
            run = self.run_beyond(rule, level)
            if run and at_ns - run[-1].at_ns >= self.hold_ns(level):
                return level
        return Level.NORMAL

    def run_beyond(self, rule: Rule, level: Level) -> list[Past]:
        """The unbroken run at or beyond a limit that the newest good reading ends, newest first."""
        return until_restart(
            take_while(self.good_back(), lambda past: self.is_beyond(rule, level, past.value)),
            lambda past: past.restarts,
        )

    def in_a_row(self, rule: Rule, now_ns: int) -> Level:
        """The highest level that three good readings in a row, late ones too, have reached by arrival."""
        good = [past for past in self.back() if past.good]
        for level in LIMITED:
            in_row = take_while(good, lambda past, level=level: self.is_beyond(rule, level, past.value))
            if len(in_row) >= 3 and now_ns - in_row[-1].arrival_ns >= self.row_hold_ns(self.hold_ns(level)):
                return level
        return Level.NORMAL

    def left_in_time(self, rule: Rule, level: Level, at_ns: int) -> Level:
        """What is left of `level` when each run of safe readings since it was entered has ended its own."""
        for one, below in ((Level.ALARM, Level.WARNING), (Level.WARNING, Level.NORMAL)):
            run = until_restart(self.safe_since_entered(rule, one), lambda past: past.restarts)
            if level == one and run and at_ns - run[-1].at_ns >= self.row.clear_hold_ns:
                level = below
        return level

    def left_in_a_row(self, rule: Rule, level: Level, now_ns: int) -> Level:
        """The same by arrival: here an old reading that is not safe breaks the row."""
        hold_ns = self.row_hold_ns(self.row.clear_hold_ns)
        for one, below in ((Level.ALARM, Level.WARNING), (Level.WARNING, Level.NORMAL)):
            unsafe = [past for past in self.past if past.good and not self.is_safe(rule, one, past.value)]
            after = self.past.index(unsafe[-1]) if unsafe else -1
            in_row = [past for past in self.safe_since_entered(rule, one) if self.past.index(past) > after]
            if level == one and len(in_row) >= 3 and now_ns - in_row[-1].arrival_ns >= hold_ns:
                level = below
        return level

    def safe_since_entered(self, rule: Rule, level: Level) -> list[Past]:
        """The safe readings since the level was entered, newest first: not past one that is not safe, not past a
        broken sensor, not past a test's begin or end."""
        if (rule, level) not in self.entered:
            return []
        said = [
            past
            for past in self.back(self.entered[rule, level])
            if past.accepted and (past.good or past.broken)
        ]
        safe = take_while(said, lambda past: past.good and self.is_safe(rule, level, past.value))
        return until_restart(safe, lambda past: past.turns)

    def after_time(self, rule: Rule, at_ns: int) -> Level:
        """The level when what the last reading said has lasted until `at_ns`."""
        level = self.levels[rule]
        up = max(level, self.in_time(rule, at_ns))
        if up > level or not self.row.flags & ON_CHANGE:
            return up
        return self.left_in_time(rule, level, at_ns)

    def lasts(self, found: tuple[list[Past], list[Past]], hold_ns: int, at_ns: int, now_ns: int) -> bool:
        """Whether a run spans the hold in device time, or readings in a row by arrival."""
        run, in_row = found
        if run and at_ns - run[-1].at_ns >= hold_ns:
            return True
        return len(in_row) >= 3 and now_ns - in_row[-1].arrival_ns >= self.row_hold_ns(hold_ns)

    def judge_restarts(self, seen: Past) -> None:
        """Whether runs start anew with this reading: what lies before it is not forgotten by readings between that
        say nothing to the rule."""
        seen.fresh |= not any(past.accepted for past in self.back())
        earlier = [past for past in reversed(self.past) if past.accepted]
        last = self.last_good()
        seen.turns = seen.good and seen.tested != (last is not None and last.tested)
        since = take_while(earlier, lambda past: not past.good)
        seen.restarts = seen.turns or any(past.fresh for past in (seen, *since))
        since = take_while(earlier, lambda past: not (past.good or past.broken))
        seen.restarts_sensor = seen.turns or any(past.fresh for past in (seen, *since))

    def moved(self, seen: Past) -> bool:
        """Whether the good value is another one than before."""
        last = self.last_good(before=seen)
        return seen.good and (last is None or last.value != seen.value)

    def own_limit(self, seen: Past) -> tuple[int, bool]:
        """Our own alarm limit, and whether a good value does not reach it."""
        limits = [limit for rule in SIDES if (limit := self.limit(rule, Level.ALARM)) is not None]
        beyond = any(self.is_beyond(rule, Level.ALARM, seen.value) for rule in SIDES)
        return (limits[0] if limits else NO_VALUE), bool(limits) and seen.good and not beyond


def take_while(past: Iterable[Past], inside: Callable[[Past], bool]) -> list[Past]:
    """The readings, newest first, up to the first that is not inside."""
    found = []
    for seen in past:
        if not inside(seen):
            break
        found.append(seen)
    return found


def until_restart(past: Iterable[Past], restarts: Callable[[Past], bool]) -> list[Past]:
    """The readings, newest first, up to and with the first that starts a run anew."""
    found = []
    for seen in past:
        found.append(seen)
        if restarts(seen):
            break
    return found


def within(run: tuple[Past, Past] | None, seen: Past) -> bool:
    """Whether a run has shown what happened at the reading's time."""
    return run is not None and run[0].at_ns <= seen.at_ns <= run[1].at_ns


def bits_shown(point: Point) -> tuple[Past, Past] | None:
    """The last unbroken run of accepted readings with the device's own alarm bit."""
    newest_first = [past for past in reversed(point.past) if past.accepted]
    while newest_first and not newest_first[0].marks & Mark.REPORTED_ALARM:
        newest_first.pop(0)
    run = take_while(newest_first, lambda past: bool(past.marks & Mark.REPORTED_ALARM))
    return (run[-1], run[0]) if run else None
