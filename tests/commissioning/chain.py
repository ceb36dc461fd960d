"""Messages of devices through intake, detection, cases and planning, as the core takes them; time is told."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from flameblue.cases import actions as cases
from flameblue.cases.actions import Change
from flameblue.commissioning import runs
from flameblue.detection.detector import Detector
from flameblue.domain.clock import to_ns
from flameblue.domain.points import POINT
from flameblue.domain.readings import Readings
from flameblue.domain.transitions import Transition
from flameblue.fleet import point_table
from flameblue.fleet.keeping import Hand
from flameblue.fleet.shelf import profiles
from flameblue.history.board import Latest
from flameblue.intake.decode import Decoded, Message, decode
from flameblue.notices import actions as notices


@dataclass
class Chain:
    """The core, at `now`. Every call is one record of the journal."""

    now: datetime
    detector: Detector = field(default_factory=Detector)
    offset: int = 0
    newest: dict[int, Latest] = field(default_factory=dict)
    kept: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    looks: bool = True  # the core looks at tests after every record

    @property
    def hand(self) -> Hand:
        return Hand("bolat", self.now)

    def sends(self, device: str, **values: float) -> Decoded:
        """A message of `device`, without a time: its readings go all the way."""
        self.takes_changes()
        entry = point_table.directory(settings.CREDENTIAL_KEY.encode(), self.now).devices[device]
        message = Message(f"flameblue/v1/{device}/readings", json.dumps({"v": values}).encode())
        decoded = decode(entry, profiles()[entry.profile], message, to_ns(self.now))
        self._apply(self._readings(decoded.readings))
        return decoded

    def sends_for(self, seconds: float, device: str, every_s: float = 10.0, **values: float) -> None:
        """The same every `every_s`, the last one after `seconds`."""
        for _ in range(round(seconds / every_s)):
            self.wait(every_s)
            self.sends(device, **values)

    def takes_changes(self) -> None:
        """The core reads the outbox."""
        for change, rows in point_table.waiting_changes():
            self._apply(self._points(rows))
            point_table.mark_appended(change, self.offset)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def settle(self) -> int:
        return sum(runs.settle_each(self.now, runs.Told(self.newest.get, self._past)))

    def _readings(self, readings: Readings) -> list[Transition]:
        self.offset += 1
        for row in readings:
            point, at_ns, value, marks = row.item()
            self.kept.setdefault(point, []).append((at_ns, value))
            self.newest[point] = Latest(at_ns, to_ns(self.now), value, marks)
        found = self.detector.readings(self.offset, to_ns(self.now), readings)
        return [*found, *self.detector.tick(self.offset, to_ns(self.now))]

    def _points(self, rows: bytes) -> list[Transition]:
        self.offset += 1
        return self.detector.points(self.offset, to_ns(self.now), np.frombuffer(rows, dtype=POINT))

    def _apply(self, transitions: list[Transition]) -> None:
        cases.apply(Change(tuple(transitions), self.offset - 1, self.offset), self._latest, self.now)
        cases.escalate_each(self.now, lambda _case: False, silent=cases.silent_desks(self.now))
        notices.plan_pending(self.now)
        if self.looks:
            self.settle()

    def _past(
        self, points: Sequence[int], from_ns: int, to_ns: int
    ) -> dict[int, tuple[NDArray[Any], NDArray[Any]]]:
        found = {}
        for point in points:
            rows = [row for row in self.kept.get(point, []) if from_ns <= row[0] <= to_ns]
            found[point] = (np.array([row[0] for row in rows]), np.array([row[1] for row in rows]))
        return found

    def _latest(self, point: int) -> tuple[int, int] | None:
        found = self.newest.get(point)
        return None if found is None else (found.at_ns, found.value)
