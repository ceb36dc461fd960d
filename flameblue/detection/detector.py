"""Readings, ticks and changes of the point table become transitions: the whole fleet at once, and pure.

Invariants: what comes out depends on what went in, in its order, and on nothing else; one batch gives what the same
readings give one at a time; `restore(snapshot())` goes on as if it had never stopped.
"""

import io
import json
from collections.abc import Callable, Sequence

import numpy as np

from flameblue.detection.fleet_state import NEVER, STATE, Fleet, empty_fleet, grown
from flameblue.detection.kernel import run_readings, run_tick
from flameblue.detection.parameters import shift_arrival, take_rows
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import DEADLINE_BLOCK, POINTS_MAX
from flameblue.domain.points import ENABLED, PointRows
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import READING, Readings
from flameblue.domain.transitions import Level, Rule, Transition

RULES_VERSION = 1  # raised when a rule or a field changes its meaning: older snapshots are then not used
KEPT = ("rows", "states", "sides", "limits", "block_wake")
RULES = {
    "silence": Rule.SILENCE,
    "sensor": Rule.SENSOR,
    "reported": Rule.REPORTED,
    "reported_fault": Rule.REPORTED_FAULT,
    "shielded": Rule.SHIELDED,
    "test": Rule.TEST,
    "clock": Rule.CLOCK,
}


class Detector:
    """The state of detection after the records it was given."""

    def __init__(self) -> None:
        self._fleet = empty_fleet(DEADLINE_BLOCK)

    def readings(self, offset: int, arrival_ns: int, readings: Readings) -> list[Transition]:
        """A batch, in its order. Readings of points that are not known or retired are passed over."""
        batch = np.ascontiguousarray(readings, READING).view(np.recarray)
        return self._passes(
            lambda start: run_readings(self._fleet, batch, start, arrival_ns),
            len(batch),
            (offset, arrival_ns),
        )

    def tick(self, offset: int, now_ns: int) -> list[Transition]:
        """Arrival time has come to `now_ns`."""
        blocks = len(self._fleet.block_wake)
        return self._passes(lambda start: run_tick(self._fleet, start, now_ns), blocks, (offset, now_ns))

    def points(self, offset: int, arrival_ns: int, rows: PointRows) -> list[Transition]:
        """Rows of the point table that are new or have changed."""
        if not len(rows):
            return []
        self._make_room(int(rows["point"].max()))
        take_rows(self._fleet, rows, arrival_ns)
        found: list[Transition] = []
        for row in rows:
            point = int(row["point"])
            if not row["flags"] & ENABLED:
                found.extend(self._end_all(point, (offset, arrival_ns), tuple(RULES)))
            elif row["silence_ns"] == NEVER:
                found.extend(self._end_all(point, (offset, arrival_ns), ("silence",)))
        return found

    def gap(self, gap_ns: int) -> None:
        """We did not listen for `gap_ns`, or the clock was set by it."""
        shift_arrival(self._fleet, gap_ns)

    def connection(self, arrival_ns: int, points: Sequence[int], lost: bool) -> None:
        """A device's connection was lost (its points get a short deadline) or is back (the usual one)."""
        for point in points:
            if point >= len(self._fleet.rows) or not self._fleet.rows[point]["flags"] & ENABLED:
                continue
            state, row = self._fleet.states[point], self._fleet.rows[point]
            if state["silence"] or row["silence_ns"] == NEVER:
                continue
            hold_ns = row["lost_hold_ns"] if lost else row["silence_ns"]
            deadline_ns = arrival_ns + int(hold_ns)
            state["deadline_ns"] = min(int(state["deadline_ns"]), deadline_ns) if lost else deadline_ns
            state["lost"] = lost
            state["wake_ns"] = min(int(state["wake_ns"]), int(state["deadline_ns"]) + 1)
            block = point // DEADLINE_BLOCK
            self._fleet.block_wake[block] = min(self._fleet.block_wake[block], state["wake_ns"])

    def latest(self, point: int) -> tuple[int, int] | None:
        """(device time, value) of the newest accepted good reading of `point`."""
        if point >= len(self._fleet.states):
            return None
        state = self._fleet.states[point]
        if not state["seen"] or state["value"] == NO_VALUE:
            return None
        return int(state["at_ns"]), int(state["value"])

    def snapshot(self) -> bytes:
        """The whole state, with the names of its fields and the version of the rules."""
        body = io.BytesIO()
        np.savez(body, **{name: getattr(self._fleet, name) for name in KEPT})
        head = json.dumps({"rules": RULES_VERSION, "state": STATE.descr}).encode()
        return len(head).to_bytes(4, "little") + head + body.getvalue()

    @classmethod
    def restore(cls, data: bytes) -> "Detector":
        """The detector that `snapshot` described; BadInput when its rules or fields are others than ours."""
        length = int.from_bytes(data[:4], "little")
        try:
            head = json.loads(data[4 : 4 + length])
            arrays = dict(np.load(io.BytesIO(data[4 + length :]), allow_pickle=False))
        except (ValueError, OSError, EOFError) as error:
            raise BadInput(f"it can't be read ({error})") from error
        if head.get("rules") != RULES_VERSION or head.get("state") != json.loads(json.dumps(STATE.descr)):
            raise BadInput("it was made by other rules")
        made = cls()
        room = empty_fleet(len(arrays["rows"]))
        made._fleet = room._replace(**{name: arrays[name] for name in KEPT})
        return made

    def _make_room(self, point: int) -> None:
        if point >= POINTS_MAX:
            raise BadInput(f"Point {point} is beyond the {POINTS_MAX} points that one installation may have.")
        room = len(self._fleet.rows)
        while room <= point:
            room *= 2
        if room > len(self._fleet.rows):
            self._fleet = grown(self._fleet, room)

    def _passes(self, run: Callable[[int], int], end: int, at: tuple[int, int]) -> list[Transition]:
        found: list[Transition] = []
        start = 0
        while start < end:
            start = run(start)
            found.extend(told(self._fleet, at))
        return found

    def _end_all(self, point: int, at: tuple[int, int], names: Sequence[str]) -> list[Transition]:
        """The levels of a point that is retired, or whose silence is expected now, go back to normal."""
        offset, arrival_ns = at
        state = self._fleet.states[point]
        ended = [(RULES[name], int(state[name])) for name in names]
        for name in names:
            state[name] = Level.NORMAL
        if len(names) > 1:
            for number, rule in enumerate((Rule.OVER, Rule.UNDER)):
                ended.append((rule, int(self._fleet.sides[point, number]["level"])))
                self._fleet.sides[point, number]["level"] = Level.NORMAL
        return [
            Transition(
                offset,
                -1,
                point,
                rule,
                Level(level),
                Level.NORMAL,
                arrival_ns,
                arrival_ns,
                int(state["value"]),
                0,
                0,
            )
            for rule, level in sorted(ended)
            if level
        ]


def told(fleet: Fleet, at: tuple[int, int]) -> list[Transition]:
    """What the last pass has found, as transitions of the record `at` (offset, arrival time)."""
    offset, arrival_ns = at
    return [
        Transition(
            offset,
            int(one["index"]),
            int(one["point"]),
            Rule(int(one["rule"])),
            Level(int(one["before"])),
            Level(int(one["level"])),
            int(one["at_ns"]),
            arrival_ns,
            int(one["value"]),
            int(one["limit"]),
            int(one["why"]),
        )
        for one in fleet.found[1 : int(fleet.found[0]["index"]) + 1]
    ]
