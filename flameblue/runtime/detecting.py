"""Readings → transitions → cases: the stage that follows the journal from the committed cursor.

Invariants: the cursor moves in the transaction that applies the transitions; a record at or before the cursor
is stepped again after a restart (to rebuild the state) but never applied again; the record that fails for the
third time is skipped on record, in the journal, so that a replay skips it too.
"""

import asyncio
import logging
from collections import Counter, deque
from dataclasses import dataclass, field

from flameblue.cases import actions as cases
from flameblue.detection.detector import Detector
from flameblue.domain.clock import Clock, to_datetime
from flameblue.domain.errors import JournalCorrupt
from flameblue.domain.limits import FAILURES_AT_ONE_OFFSET_MAX, SNAPSHOT_EVERY_S
from flameblue.domain.transitions import Transition
from flameblue.fleet import point_table
from flameblue.journal.commit import Committer
from flameblue.journal.log import Journal
from flameblue.journal.record import Record, points_draft, skipped_draft
from flameblue.runtime.health import Health
from flameblue.runtime.snapshots import Snapshots
from flameblue.runtime.stages import Wake, Worker
from flameblue.runtime.stepping import step, warm_up

log = logging.getLogger("flameblue.runtime")
RECORDS_A_READ = 256
CURSOR_EVERY_S = 1.0  # how often the cursor is moved where no transition moves it


@dataclass(slots=True)
class Detecting:
    """What the stage needs, and how far it has come."""

    journal: Journal
    committer: Committer
    snapshots: Snapshots
    orm: Worker
    worker: Worker  # the thread that reads the journal and steps detection
    grew: Wake
    events_grew: Wake
    health: Health
    clock: Clock
    detector: Detector = field(default_factory=Detector)
    at: int = 0  # the last record stepped
    applied: int = 0  # the committed cursor
    skipped: set[int] = field(default_factory=set)
    failures: Counter[int] = field(default_factory=Counter)
    waiting: deque[Record] = field(default_factory=deque)

    async def run(self) -> None:
        """Follows the journal for ever. Until detection is compiled, what devices send is kept, and answered."""
        await self.worker(warm_up)
        await self._restore()
        cursor_s = snapshot_s = self.clock.monotonic_s()
        while True:
            transitions = await self._advance()
            now_s = self.clock.monotonic_s()
            if transitions:
                await self._apply(transitions)
            elif self.at > self.applied and now_s - cursor_s >= CURSOR_EVERY_S:
                await self.orm(cases.move_cursor, self.applied, self.at)
                self.applied, cursor_s = self.at, now_s
            if now_s - snapshot_s >= SNAPSHOT_EVERY_S and self.at == self.applied:
                await self.worker(self.snapshots.save, self.detector, self.at)
                snapshot_s = now_s
            lag = await self.worker(self.journal.end) - self.at
            # What was judged without a transition is done: that the cursor follows within a second is no lag.
            self.health.beat("detection", lag)
            if not transitions and lag == 0:
                await self.grew.wait(CURSOR_EVERY_S)

    async def _restore(self) -> None:
        """The state as of the newest usable snapshot, or of the journal's start."""
        self.waiting.clear()
        self.applied = await self.orm(cases.cursor)
        self.skipped = await self.orm(cases.skipped_offsets, "detection")
        loaded = await self.worker(self.snapshots.load, self.applied)
        first = await self.worker(self.journal.first)
        if loaded is not None and loaded[1] >= first - 1:
            self.detector, self.at = loaded
            return
        self.detector, self.at = Detector(), max(first - 1, 0)
        if first > 1:  # the records that named the points are gone: name them anew
            rows = await self.orm(point_table.all_rows)
            draft = points_draft(self.clock.now_ns(), rows)
            await asyncio.wrap_future(self.committer.submit(draft))

    async def _advance(self) -> list[Transition]:
        try:
            return await self.worker(self._step_until_transitions)
        except Exception as error:
            offset = error.offset if isinstance(error, JournalCorrupt) else self.at + 1
            await self._stumbled(offset, error)
            raise

    def _step_until_transitions(self) -> list[Transition]:
        """Steps the records at hand until one yields transitions not yet applied; `at` says how far."""
        if not self.waiting:
            self.waiting.extend(self._read())
        while self.waiting:
            record = self.waiting.popleft()
            transitions = [] if record.offset in self.skipped else step(self.detector, record)
            self.at = record.offset
            if transitions and record.offset > self.applied:
                return transitions
        return []

    def _read(self) -> list[Record]:
        after = self.at
        while after + 1 in self.skipped:
            after += 1
        self.at = after
        return self.journal.read(after, RECORDS_A_READ)

    async def _apply(self, transitions: list[Transition]) -> None:
        now = to_datetime(self.clock.now_ns())
        change = cases.Change(tuple(transitions), before=self.applied, after=self.at)
        try:
            await self.orm(cases.apply, change, self.detector.latest, now)
        except Exception as error:
            await self._stumbled(self.at, error)
            raise
        self.applied = self.at
        self.events_grew()

    async def _stumbled(self, offset: int, error: Exception) -> None:
        """Counts a failure at `offset`; the third one skips that record, on record."""
        if offset <= self.applied:
            return
        self.failures[offset] += 1
        if self.failures[offset] < FAILURES_AT_ONE_OFFSET_MAX:
            return
        reason = f"{type(error).__name__}: {error}"
        log.error("The record %d failed %d times and is skipped: %s", offset, self.failures[offset], reason)
        draft = skipped_draft(self.clock.now_ns(), offset, "detection", reason)
        await asyncio.wrap_future(self.committer.submit(draft))
        await self.orm(cases.skip, offset, "detection", reason, to_datetime(self.clock.now_ns()))
        self.events_grew()
