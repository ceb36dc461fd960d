"""The long memory's stage: journal → board and archive; what the journal need not keep any more goes.

Invariants: the journal is never shortened past a consumer's cursor (cases, archive, oldest snapshot); when the disk
fills, archiving stops and the oldest history goes first, then the reserve is given up; the journal is last.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flameblue.cases import actions as cases
from flameblue.domain.clock import Clock, to_datetime
from flameblue.history.archive import Archive
from flameblue.history.board import Board
from flameblue.journal.disk import Disk, Room
from flameblue.journal.log import Journal, read_past_damage
from flameblue.journal.record import Kind, readings_of
from flameblue.runtime.health import Health
from flameblue.runtime.snapshots import Snapshots
from flameblue.runtime.stages import Wake, Worker

log = logging.getLogger("flameblue.runtime")
RECORDS_A_READ = 256
IDLE_S = 1.0
LOOK_S = 2.0  # between two looks at the disk: at 10 MB/s the journal takes a sixth of the reserve meanwhile
RETAIN_S = 10.0
FLUSH_S = 900.0  # a file a quarter of an hour at least, so that the journal's tail stays short
BOARD_FROM = 20_000  # records before the archive's end that the board is rebuilt from


@dataclass(slots=True)
class Remembering:
    """What the stage needs, and how far it has come."""

    data: Path
    disk: Disk
    journal: Journal
    board: Board
    archive: Archive
    snapshots: Snapshots
    orm: Worker
    worker: Worker
    grew: Wake
    events_grew: Wake
    health: Health
    clock: Clock
    blind: Callable[[], Awaitable[None]]  # tells people that nothing is recorded any more
    at: int = 0

    async def run(self) -> None:
        """Follows the journal for ever."""
        self.at = await self.worker(self._begin)
        await self._look_at_disk()
        look_s = retain_s = flush_s = self.clock.monotonic_s()
        while True:
            some = await self.worker(self._take_some)
            now_s = self.clock.monotonic_s()
            if now_s - look_s >= LOOK_S:
                await self._look_at_disk()
                look_s = now_s
            if now_s - retain_s >= RETAIN_S:
                await self._retain()
                retain_s = now_s
            if now_s - flush_s >= FLUSH_S and self.disk.room is Room.OK:
                await self.worker(self.archive.try_to_flush)
                flush_s = now_s
            self.health.beat("history", await self.worker(self.journal.end) - self.at)
            if not some:
                await self.grew.wait(IDLE_S)

    def _begin(self) -> int:
        """The board anew from the last records; what is archived is not taken again."""
        first = self.journal.first()
        return max(first - 1, min(self.archive.cursor, self.journal.end() - BOARD_FROM), 0)

    def _take_some(self) -> bool:
        """Takes the next records: whether there were any. Damaged ones are detection's to tell of."""
        records = read_past_damage(self.journal, self.at, RECORDS_A_READ)
        for record in records:
            if record.kind is Kind.READINGS:
                self.board.update(readings_of(record), record.arrival_ns)
            if record.offset > self.archive.collected and self.disk.room is Room.OK:
                self.archive.append([record])
            self.at = record.offset
        return bool(records)

    async def _look_at_disk(self) -> None:
        before = self.disk.room
        room = await self.worker(self.disk.make_room, self.archive.drop_oldest)
        if room is not before:
            await self._tell(room, to_datetime(self.clock.now_ns()))
        if room is Room.OK and before is not Room.OK:
            self.at = min(self.at, self.archive.collected)  # what was not archived meanwhile is taken now

    async def _retain(self) -> None:
        applied = await self.orm(cases.cursor)
        keep_from = min(applied, self.archive.cursor, self.snapshots.oldest())
        await self.worker(self.journal.retain, keep_from, self.clock.now_ns())

    async def _tell(self, room: Room, now: datetime) -> None:
        """The disk's state has changed: people are told, when it is full first of all by a message without a write."""
        log.warning("The disk of %s is %s.", self.data, room.value)
        if room is Room.FULL:
            await self.blind()
        for trouble in (Room.LOW, Room.FULL):
            if room is trouble:
                text = f"The disk of {self.data} is {trouble.value}."
                await self.orm(cases.open_system_case, f"disk_{trouble.value}", text, now)
            else:
                await self.orm(cases.system_cleared, f"disk_{trouble.value}", now)
        self.events_grew()

    def counters(self) -> dict[str, float]:
        """Numbers for /metrics."""
        return {
            "disk_free_bytes": float(self.disk.free_bytes()),
            "journal_bytes": float(self.journal.size_bytes()),
        }
