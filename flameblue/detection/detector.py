"""Readings, ticks and changes of the point table become transitions: the whole fleet at once, and pure.

Invariants: what comes out depends on what went in, in its order, and on nothing else; one batch gives what the same
readings give one at a time; `restore(snapshot())` goes on as if it had never stopped; (offset, index, point, rule) of
a transition is unique, where the caller gives each record its own offset.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flameblue.detection.fleet_state import STATE, Fleet, empty_fleet, fresh_state, grown
from flameblue.detection.kernel import run_connection, run_readings, run_tick
from flameblue.detection.parameters import run_gap, run_rows
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import DEADLINE_BLOCK, POINTS_MAX
from flameblue.domain.points import POINT, PointRows
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import READING, Readings
from flameblue.domain.transitions import Level, Rule, Transition

RULES_VERSION = 3  # raised when a rule or a field changes its meaning: older snapshots are then not used
BEFORE_ORIGINS = np.dtype([one for one in STATE.descr if one[0] not in ("origin", "foreign_ns")])
KEPT = {"states": STATE, "block_wake": np.dtype("<i8")}
HEAD_BYTES = 4  # the length of a snapshot's head


class Detector:
    """The state of detection after the records it was given."""

    def __init__(self) -> None:
        self._fleet = empty_fleet(DEADLINE_BLOCK)
        self._fresh = fresh_state()

    def readings(self, offset: int, arrival_ns: int, readings: Readings) -> list[Transition]:
        """A batch, in its order, after the time that came with it. Readings of points that are not known or retired
        are passed over."""
        batch = np.ascontiguousarray(readings, READING)
        found = self.tick(offset, arrival_ns)
        found += self._passes(
            lambda start: run_readings(self._fleet, batch, start, arrival_ns),
            len(batch),
            (offset, arrival_ns),
        )
        return found

    def tick(self, offset: int, now_ns: int) -> list[Transition]:
        """Arrival time has come to `now_ns`."""
        blocks = len(self._fleet.block_wake)
        return self._passes(lambda start: run_tick(self._fleet, start, now_ns), blocks, (offset, now_ns))

    def points(self, offset: int, arrival_ns: int, rows: PointRows) -> list[Transition]:
        """Rows of the point table that are new or have changed; BadInput where an id is beyond POINTS_MAX."""
        if not len(rows):
            return []
        new = np.ascontiguousarray(rows, POINT)
        self._make_room(int(new["point"].max()))
        return self._passes(
            lambda start: run_rows(self._fleet, new, start, arrival_ns, self._fresh),
            len(new),
            (offset, arrival_ns),
        )

    def gap(self, gap_ns: int) -> None:
        """We did not listen for `gap_ns`, or our clock was set by it (negative: set back)."""
        run_gap(self._fleet, gap_ns)

    def connection(self, arrival_ns: int, points: Sequence[int], lost: bool) -> None:
        """The connection of the device with `points` was lost, or is back."""
        run_connection(self._fleet, np.array(points, np.int64), arrival_ns, lost)

    def latest(self, point: int) -> tuple[int, int] | None:
        """(device time, value) of the newest good reading of `point`; None where there is none."""
        if not 0 <= point < len(self._fleet.states):
            return None
        state = self._fleet.states[point]
        return None if state["latest"] == NO_VALUE else (int(state["latest_ns"]), int(state["latest"]))

    def snapshot(self) -> bytes:
        """The whole state, with the names of its fields and the version of the rules."""
        head = json.dumps(
            {"rules": RULES_VERSION, "fields": _fields(KEPT), "points": len(self._fleet.states)}
        ).encode()
        parts = (getattr(self._fleet, name).tobytes() for name in KEPT)
        return b"".join((len(head).to_bytes(HEAD_BYTES, "little"), head, *parts))

    @classmethod
    def restore(cls, data: bytes) -> "Detector":
        """The detector that `snapshot` described, of this release or of the one before ORIGIN; BadInput when its rules
        or fields are others."""
        at = HEAD_BYTES + int.from_bytes(data[:HEAD_BYTES], "little")
        try:
            head = json.loads(data[HEAD_BYTES:at])
            rules, fields, points = head["rules"], head["fields"], int(head["points"])
        except (ValueError, TypeError, KeyError) as error:
            raise BadInput(f"it can't be read ({error})") from error
        kept = next(
            (one for one in (KEPT, {**KEPT, "states": BEFORE_ORIGINS}) if fields == _fields(one)), None
        )
        if rules != RULES_VERSION or kept is None:
            raise BadInput("it was made by other rules")
        counts = {"states": points, "block_wake": points // DEADLINE_BLOCK}
        if len(data) - at != sum(counts[name] * dtype.itemsize for name, dtype in kept.items()):
            raise BadInput("it is cut short")
        arrays = {}
        for name, dtype in kept.items():
            arrays[name] = np.frombuffer(data, dtype, counts[name], at).copy()
            at += arrays[name].nbytes
        made = cls()
        made._fleet = made._fleet._replace(**{**arrays, "states": _as_now(arrays["states"])})
        return made

    def _make_room(self, point: int) -> None:
        if point >= POINTS_MAX:
            raise BadInput(f"Point {point} is beyond the {POINTS_MAX} points that one installation may have.")
        room = len(self._fleet.states)
        while room <= point:
            room *= 2
        if room > len(self._fleet.states):
            self._fleet = grown(self._fleet, room)

    def _passes(self, run: Callable[[int], int], end: int, at: tuple[int, int]) -> list[Transition]:
        found: list[Transition] = []
        start = 0
        while start < end:
            start = run(start)
            found += _told(self._fleet, at)
        return found


def _fields(kept: Mapping[str, np.dtype[Any]]) -> dict[str, str]:
    return {name: repr(dtype.descr) for name, dtype in kept.items()}


def _as_now(states: NDArray[Any]) -> NDArray[Any]:
    """`states` with all fields of today: of what they do not tell, nothing is known."""
    if states.dtype == STATE:
        return states
    whole = empty_fleet(len(states)).states
    for name in states.dtype.names or ():
        whole[name] = states[name]
    return whole


def _told(fleet: Fleet, at: tuple[int, int]) -> list[Transition]:
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
