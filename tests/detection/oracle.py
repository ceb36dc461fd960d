"""What detection means, said once more: slowly, from the whole past of each point, without a run kept anywhere.

A run is found by walking back through the readings, silence by looking at every point at every tick. It is written
from the meaning (docs/decisions/0003, the docstrings of the rules), not from the kernel, and shares no code with it.
"""

from collections.abc import Sequence

from flameblue.domain.points import ENABLED, NEVER_NS, ON_CHANGE
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark, Reading
from flameblue.domain.transitions import Level, Rule, Transition, Why
from tests.detection.inputs import Batch, Connection, Gap, Input, Row, Rows, Tick
from tests.detection.past import (
    ARRIVAL,
    LIMITED,
    SIDES,
    WIRE,
    Past,
    Point,
    bits_shown,
    take_while,
    until_restart,
    within,
)

MINUTE_NS = 60_000_000_000

NORMAL, WARNING, ALARM, FAULT = Level


class Oracle:
    """Everything that was told, in the order in which it was told."""

    def __init__(self) -> None:
        self.points: dict[int, Point] = {}
        self.told: list[Transition] = []
        self.offset, self.index, self.arrival_ns = 0, -1, 0

    def drive(self, inputs: Sequence[Input], first: int = 1) -> list[Transition]:
        for i, given in enumerate(inputs):
            self.offset, self.index = first + i, -1
            self.step(given)
        return self.told

    def latest(self, point: int) -> tuple[int, int] | None:
        return self.points[point].latest if point in self.points else None

    def step(self, given: Input) -> None:
        match given:
            case Tick(arrival_ns):
                self.tick(arrival_ns)
            case Batch(arrival_ns, readings):
                self.tick(arrival_ns)
                for self.index, reading in enumerate(readings):
                    if reading.point in self.points:
                        self.reading(self.points[reading.point], reading)
            case Rows(arrival_ns, rows):
                self.arrival_ns = arrival_ns
                for row in rows:
                    self.row(row)
            case Gap(gap_ns):
                self.gap(gap_ns)
            case Connection(arrival_ns, points, lost):
                for point in points:
                    if point in self.points:
                        self.connection(self.points[point], arrival_ns, lost=lost)

    # ---- how a level moves

    def tell(self, point: Point, rule: Rule, step: tuple[Level, Level], said: dict[str, int]) -> None:
        self.told.append(
            Transition(
                self.offset,
                self.index,
                point.row.point,
                rule,
                *step,
                said["at_ns"],
                self.arrival_ns,
                said.get("value", NO_VALUE),
                said.get("limit", NO_VALUE),
                said.get("why", 0),
            )
        )

    def move(self, point: Point, rule: Rule, wanted: Level, said: dict[str, int], *, tested: bool) -> None:
        """A level that a test may enter moves to `wanted`. A test takes nothing down that is real; what a test has
        entered is entered anew, from NORMAL, by a reading that is no test's."""
        before, by_test = point.levels[rule], rule in point.by_test
        if tested and not by_test:
            wanted = max(before, wanted)
        known = NORMAL if by_test and not tested and wanted != NORMAL else before
        if wanted == NORMAL or not tested:
            point.by_test.discard(rule)
        elif before == NORMAL:
            point.by_test.add(rule)
        point.levels[rule] = wanted
        self.enter(point, rule, wanted)
        if known != wanted:
            why = Why.TEST if tested or (by_test and wanted == NORMAL) else 0
            self.tell(point, rule, (known, wanted), {**said, "why": said.get("why", 0) | why})

    @staticmethod
    def enter(point: Point, rule: Rule, level: Level) -> None:
        """Remembers with which reading a level can begin to be left."""
        for one in (*LIMITED, FAULT):
            if one > level:
                point.entered.pop((rule, one), None)
            else:
                point.entered.setdefault((rule, one), len(point.past))

    # ---- the point table, time, gaps, connections

    def row(self, row: Row) -> None:
        point = self.points.get(row.point)
        if not row.flags & ENABLED:
            for rule in sorted(Rule) if point else ():
                self.end(self.points[row.point], rule)
            self.points.pop(row.point, None)
            return
        if point is None:
            point = self.points[row.point] = Point(row)
        point.row, point.armed, point.lost = row, len(point.past), False
        point.deadline_ns = NEVER_NS if row.silence_ns == NEVER_NS else self.arrival_ns + row.silence_ns
        if row.silence_ns == NEVER_NS:
            self.end(point, Rule.SILENCE)

    def end(self, point: Point, rule: Rule) -> None:
        before, point.levels[rule] = point.levels[rule], NORMAL
        value = point.latest[1] if point.latest else NO_VALUE
        why = Why.TEST if rule in point.by_test else 0
        if before != NORMAL:
            self.tell(point, rule, (before, NORMAL), {"at_ns": self.arrival_ns, "value": value, "why": why})

    def gap(self, gap_ns: int) -> None:
        for point in self.points.values():
            newest = point.newest()
            for seen in point.past:
                seen.arrival_ns += gap_ns
                seen.at_ns += gap_ns if newest is not None and newest.by_arrival else 0
                seen.device_ns += gap_ns if seen.marks & ARRIVAL else 0
            point.deadline_ns += 0 if point.deadline_ns == NEVER_NS else gap_ns
            point.clock_bad_ns += gap_ns
            point.late_ns = None if point.late_ns is None else point.late_ns + gap_ns
            point.foreign_ns = None if point.foreign_ns is None else point.foreign_ns + gap_ns

    @staticmethod
    def connection(point: Point, arrival_ns: int, *, lost: bool) -> None:
        row = point.row
        if row.silence_ns == NEVER_NS or point.levels[Rule.SILENCE]:
            return
        if not lost:
            point.deadline_ns, point.lost = arrival_ns + row.silence_ns, False
        elif arrival_ns + row.lost_hold_ns < point.deadline_ns:
            point.deadline_ns, point.lost = arrival_ns + row.lost_hold_ns, True

    def tick(self, arrival_ns: int) -> None:
        self.arrival_ns, self.index = arrival_ns, -1
        for _, point in sorted(self.points.items()):
            newest = point.newest()
            said = {"at_ns": arrival_ns, "value": point.latest[1] if point.latest else NO_VALUE}
            if newest is not None:
                since_ns = arrival_ns - newest.arrival_ns
                said["at_ns"] = newest.at_ns + since_ns
                if point.row.flags & ON_CHANGE or since_ns > point.row.gap_ns:
                    self.pass_time(point, said)
            if not point.levels[Rule.SILENCE] and arrival_ns > point.deadline_ns:
                point.levels[Rule.SILENCE] = FAULT
                why = Why.CONNECTION_LOST if point.lost else 0
                self.tell(point, Rule.SILENCE, (NORMAL, FAULT), {**said, "why": why})

    def pass_time(self, point: Point, said: dict[str, int]) -> None:
        last = point.last_good()
        tested = last is not None and last.tested  # the value that has lasted was a test's
        for rule in SIDES:
            level = point.after_time(rule, said["at_ns"])
            if level != point.levels[rule]:
                self.move_side(point, rule, level, {**said, "why": Why.BY_TICK}, tested=tested)

    # ---- a reading

    def reading(self, point: Point, reading: Reading) -> None:
        if reading.marks & Mark.FOREIGN:
            point.foreign_ns = self.arrival_ns
            self.origin(point, Why.FOREIGN, {"at_ns": self.arrival_ns, "value": NO_VALUE})
            return
        seen = Past(reading.at_ns, reading.at_ns, self.arrival_ns, reading.value, reading.marks)
        plausible = point.row.plausible_min <= seen.value <= point.row.plausible_max
        seen.good = not seen.marks & WIRE and seen.value != NO_VALUE and plausible
        seen.broken = bool(seen.marks & WIRE) or (seen.value != NO_VALUE and not plausible)
        if seen.marks & Mark.RETAINED:
            if seen.good and (point.latest is None or seen.at_ns > point.latest[0]):
                point.latest = (seen.at_ns, seen.value)
            return
        clock_before = point.levels[Rule.CLOCK]
        self.judge(point, seen)
        said = {"at_ns": seen.at_ns, "value": seen.value}
        if seen.accepted and seen.good:
            self.accept_good(point, seen, said)
        else:
            point.past.append(seen)
        if not seen.accepted and seen.good:
            self.count_late(point, seen, said)
        self.heard(point, said)
        if seen.accepted:
            self.sensor(point, seen, said)
            self.bits(point, seen, said)
            point.latest = (seen.at_ns, seen.value) if seen.good else point.latest
        if point.levels[Rule.CLOCK] != clock_before:
            self.tell(point, Rule.CLOCK, (clock_before, point.levels[Rule.CLOCK]), said)
        if seen.kind == "late":
            self.late(point, seen, said)
        self.origin(point, Why.NEW_ADDRESS if seen.marks & Mark.NEW_ADDRESS else Why(0), said)
        if seen.accepted and not seen.good and point.row.flags & ON_CHANGE:
            value = point.latest[1] if point.latest else NO_VALUE
            self.pass_time(point, {"at_ns": seen.at_ns, "value": value})

    def origin(self, point: Point, sign: Why, said: dict[str, int]) -> None:
        """A sign enters the fault; it stays while there is one, and for ten minutes after a foreign one."""
        before = point.levels[Rule.ORIGIN]
        lately = point.foreign_ns is not None and self.arrival_ns - point.foreign_ns < 10 * MINUTE_NS
        level = point.levels[Rule.ORIGIN] = FAULT if sign or (before and lately) else NORMAL
        if level != before:
            self.tell(point, Rule.ORIGIN, (before, level), {**said, "why": sign})

    def heard(self, point: Point, said: dict[str, int]) -> None:
        silence_ns = point.row.silence_ns
        point.deadline_ns = NEVER_NS if silence_ns == NEVER_NS else self.arrival_ns + silence_ns
        point.lost = False
        if point.levels[Rule.SILENCE]:
            point.levels[Rule.SILENCE] = NORMAL
            self.tell(point, Rule.SILENCE, (FAULT, NORMAL), said)

    def judge(self, point: Point, seen: Past) -> None:
        """Which time counts, whether the reading is accepted, late or a duplicate, and what lies before it."""
        now_ns, newest = self.arrival_ns, point.newest()
        was_bad = point.levels[Rule.CLOCK] == FAULT
        seen.stale = not was_bad and newest is not None and seen.device_ns <= newest.at_ns
        stretch = take_while([seen, *reversed(point.past)], lambda past: past.stale)
        sign = bool(seen.marks & Mark.TIME_REPLACED)
        stale_for_ns = now_ns - stretch[-1].arrival_ns if stretch else 0
        sign |= stale_for_ns > point.row.gap_ns
        sign |= newest is not None and seen.device_ns < newest.at_ns and stale_for_ns > 5 * MINUTE_NS
        sign |= was_bad and seen.device_ns <= point.past[-1].device_ns
        is_bad = sign or (was_bad and now_ns - point.clock_bad_ns < 10 * MINUTE_NS)
        point.clock_bad_ns = now_ns if sign else point.clock_bad_ns
        point.levels[Rule.CLOCK] = FAULT if is_bad else NORMAL
        seen.at_ns = now_ns if is_bad else seen.at_ns
        seen.by_arrival = is_bad or bool(seen.marks & ARRIVAL)
        if newest is None or is_bad != was_bad:
            seen.fresh = True
        else:
            step_ns = seen.arrival_ns - newest.arrival_ns if is_bad else seen.at_ns - newest.at_ns
            seen.fresh = step_ns > point.row.gap_ns and not point.row.flags & ON_CHANGE
            if not is_bad and step_ns < 0:
                seen.kind = "late"
            elif not is_bad and step_ns == 0 and (seen.value, seen.marks) == (newest.value, newest.marks):
                seen.kind = "duplicate"
        point.judge_restarts(seen)

    def accept_good(self, point: Point, seen: Past, said: dict[str, int]) -> None:
        """OVER and UNDER. Where only changes are reported, the value before has lasted until now."""
        before = {rule: point.levels[rule] for rule in SIDES}
        lasted = dict.fromkeys(SIDES, False)
        for rule in SIDES:
            if point.row.flags & ON_CHANGE and not seen.restarts:
                point.levels[rule] = point.after_time(rule, seen.at_ns)
                lasted[rule] = point.levels[rule] != before[rule]
                self.enter(point, rule, point.levels[rule])
        point.past.append(seen)
        self.phase_loss(point, seen, said)
        for rule in SIDES:
            level, why = self.value(point, rule, seen)
            if level == point.levels[rule] and lasted[rule]:
                why = Why.BY_TICK
            point.levels[rule] = before[rule]
            if rule in point.by_test and not seen.tested:
                confirmed = point.is_beyond(rule, before[rule], seen.value)
                level = max(level, before[rule]) if confirmed else NORMAL
            self.move_side(point, rule, level, {**said, "why": why}, tested=seen.tested)

    def value(self, point: Point, rule: Rule, seen: Past) -> tuple[Level, Why]:
        """The level after a good accepted reading, and why."""
        level, now_ns = point.levels[rule], self.arrival_ns
        beyond = point.is_beyond(rule, ALARM, seen.value)
        if beyond:
            point.shown[rule] = (point.run_beyond(rule, ALARM)[-1], seen)
        up = point.in_time(rule, seen.at_ns)
        if max(up, level) < ALARM and beyond and point.row.interval_ns > point.row.alarm_hold_ns:
            return ALARM, Why.ONE_READING
        if up > level:
            return up, Why(0)
        up = point.in_a_row(rule, now_ns)
        if up > level:
            return up, Why.BY_ARRIVAL
        down = point.left_in_time(rule, level, seen.at_ns)
        if down < level:
            return down, Why(0)
        down = point.left_in_a_row(rule, level, now_ns)
        return down, Why.BY_ARRIVAL if down < level else Why(0)

    def count_late(self, point: Point, seen: Past, said: dict[str, int]) -> None:
        for rule in SIDES:
            level = point.in_a_row(rule, self.arrival_ns)
            if level > point.levels[rule]:
                self.move_side(point, rule, level, {**said, "why": Why.BY_ARRIVAL}, tested=seen.tested)

    def move_side(
        self, point: Point, rule: Rule, level: Level, said: dict[str, int], *, tested: bool
    ) -> None:
        limit = point.limit(rule, max(level, point.levels[rule], WARNING))
        self.move(point, rule, level, {**said, "limit": NO_VALUE if limit is None else limit}, tested=tested)

    # ---- the other rules

    def phase_loss(self, point: Point, seen: Past, said: dict[str, int]) -> None:
        """A phase without voltage, while another one's newest reading, of about that time, has some."""
        row, before = point.row, point.levels[Rule.PHASE_LOSS]
        others = [self.points[other].latest for other in row.other_phases if other in self.points]
        near = [one[1] for one in others if one is not None and abs(seen.at_ns - one[0]) <= row.gap_ns]
        seen.dead = seen.value <= row.phase_lost
        seen.gone = seen.dead and any(value >= row.phase_stands for value in near)
        gone = take_while(point.good_back(), lambda past: past.gone)
        run = until_restart(gone, lambda past: past.restarts)
        level = before
        if point.lasts((run, gone), row.alarm_hold_ns, seen.at_ns, self.arrival_ns):
            level = ALARM
        elif before == ALARM and point.is_back(seen):
            level = NORMAL
        if Rule.PHASE_LOSS in point.by_test and not seen.tested:
            level = ALARM if seen.gone else NORMAL
        elif level == before:
            return
        said = {**said, "limit": row.phase_lost}
        self.move(point, Rule.PHASE_LOSS, level, said, tested=seen.tested)

    def sensor(self, point: Point, seen: Past, said: dict[str, int]) -> None:
        if not (seen.good or seen.broken):
            return
        before = level = point.levels[Rule.SENSOR]
        cause = self.sensor_cause(point, seen)
        if cause:
            level, point.why_sensor = FAULT, cause
        elif before and point.is_mended(seen):
            level = NORMAL
        if level != before or cause or seen.good:
            self.move(point, Rule.SENSOR, level, {**said, "why": point.why_sensor}, tested=seen.tested)

    def sensor_cause(self, point: Point, seen: Past) -> Why:
        row = point.row
        if seen.marks & Mark.SENSOR_OPEN:
            return Why.SENSOR_OPEN
        if seen.marks & Mark.SENSOR_SHORT:
            return Why.SENSOR_SHORT
        said = [past for past in point.back() if past.accepted and (past.good or past.broken)]
        bad = take_while(said, lambda past: past.broken and not past.marks & WIRE)
        run = until_restart(bad, lambda past: past.restarts_sensor)
        if len(bad) >= 2 and point.lasts((run, bad), row.alarm_hold_ns, seen.at_ns, self.arrival_ns):
            return Why.IMPLAUSIBLE
        if row.frozen_ns == NEVER_NS or not seen.good or point.moved(seen):
            return Why(0)
        same = take_while(said, lambda past: past.broken or past.value == seen.value)
        still = [past for past in until_restart(same, lambda past: past.restarts_sensor) if past.good]
        return Why.FROZEN if seen.at_ns - still[-1].at_ns >= row.frozen_ns else Why(0)

    def bits(self, point: Point, seen: Past, said: dict[str, int]) -> None:
        level = WARNING if seen.marks & Mark.REPORTED_WARNING else NORMAL
        level = ALARM if seen.marks & Mark.REPORTED_ALARM else level
        limit, disagrees = point.own_limit(seen)
        why = Why.DEVICE_DISAGREES if disagrees and level == ALARM else 0
        self.move(point, Rule.REPORTED, level, {**said, "limit": limit, "why": why}, tested=seen.tested)
        for rule, mark in ((Rule.REPORTED_FAULT, Mark.REPORTED_FAULT), (Rule.SHIELDED, Mark.SHIELDED)):
            self.move(point, rule, FAULT if seen.marks & mark else NORMAL, said, tested=seen.tested)
        before, point.levels[Rule.TEST] = point.levels[Rule.TEST], WARNING if seen.tested else NORMAL
        if point.levels[Rule.TEST] != before:
            self.tell(point, Rule.TEST, (before, point.levels[Rule.TEST]), {**said, "why": Why.TEST})

    def late(self, point: Point, seen: Past, said: dict[str, int]) -> None:
        if point.late_ns is not None and self.arrival_ns - point.late_ns < 60 * MINUTE_NS:
            return
        limit, disagrees = point.own_limit(seen)
        for rule in SIDES:
            hidden = seen.good and point.is_beyond(rule, ALARM, seen.value) and point.levels[rule] < ALARM
            if hidden and not within(point.shown.get(rule), seen):
                limit, disagrees = point.limit(rule, ALARM) or 0, False
                break
        else:
            bit = seen.marks & Mark.REPORTED_ALARM and point.levels[Rule.REPORTED] < ALARM
            if not bit or within(bits_shown(point), seen):
                return
        point.late_ns = self.arrival_ns
        why = (Why.DEVICE_DISAGREES if disagrees else 0) | (Why.TEST if seen.tested else 0)
        self.tell(point, Rule.LATE, (NORMAL, ALARM), {**said, "limit": limit, "why": why})
