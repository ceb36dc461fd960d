"""The long memory's stage: journal → board and archive; what the journal need not keep any more goes.

Invariants: the journal is never shortened past a consumer's cursor (cases, archive, oldest snapshot); when the disk
fills, archiving stops and the oldest history goes first, then the reserve is given up; the journal is last.
"""

import logging
import os
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path

from flameblue.cases import actions as cases
from flameblue.domain.clock import Clock, to_datetime
from flameblue.domain.errors import JournalCorrupt
from flameblue.domain.limits import DISK_LOW_BYTES, RESERVE_BYTES
from flameblue.history.archive import Archive
from flameblue.history.board import Board
from flameblue.journal.log import Journal
from flameblue.journal.record import Kind, Record, readings_of
from flameblue.runtime.health import Health
from flameblue.runtime.snapshots import Snapshots
from flameblue.runtime.stages import Wake, Worker

log = logging.getLogger("flameblue.runtime")
RECORDS_A_READ = 256
IDLE_S = 1.0
KEEP_HOUSE_S = 10.0
FLUSH_S = 900.0  # a file a quarter of an hour at least, so that the journal's tail stays short
BOARD_FROM = 20_000  # records before the archive's end that the board is rebuilt from


class Disk(Enum):
    """How much room is left."""

    OK = "ok"
    LOW = "low"  # archiving stops, the oldest history goes
    FULL = "full"  # the reserve is given up for cases and notices


@dataclass(slots=True)
class Remembering:
    """What the stage needs, and how far it has come."""

    data: Path
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
    disk: Disk = Disk.OK
    at: int = 0
    counts: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Follows the journal for ever."""
        self.at = await self.worker(self._begin)
        house_s = flush_s = self.clock.monotonic_s()
        while True:
            records = await self.worker(self._take_some)
            now_s = self.clock.monotonic_s()
            if now_s - house_s >= KEEP_HOUSE_S:
                await self._keep_house()
                house_s = now_s
            if now_s - flush_s >= FLUSH_S and self.disk is Disk.OK:
                await self.worker(self.archive.flush)
                flush_s = now_s
            self.health.beat("history", await self.worker(self.journal.end) - self.at)
            if not records:
                await self.grew.wait(IDLE_S)

    def _begin(self) -> int:
        """The board anew from the last records; what is archived is not taken again."""
        first = self.journal.first()
        return max(first - 1, min(self.archive.cursor, self.journal.end() - BOARD_FROM), 0)

    def _take_some(self) -> int:
        try:
            records = self.journal.read(self.at, RECORDS_A_READ)
        except JournalCorrupt as error:  # detection says so in a case; here nothing can be kept of it
            log.warning("The long memory passes over a damaged record: %s", error)
            self.counts["damaged_records"] = self.counts.get("damaged_records", 0.0) + 1
            self.at = error.offset
            return 1
        for record in records:
            self._take(record)
        return len(records)

    def _take(self, record: Record) -> None:
        if record.kind is Kind.READINGS:
            self.board.update(readings_of(record), record.arrival_ns)
        if record.offset > self.archive.collected and self.disk is Disk.OK:
            self.archive.append([record])
        self.at = record.offset

    async def _keep_house(self) -> None:
        before, self.disk = self.disk, await self.worker(self._look_at_disk)
        now = to_datetime(self.clock.now_ns())
        if self.disk is not before:
            await self._tell(now)
        if self.disk is Disk.OK and before is not Disk.OK:
            self.at = min(self.at, self.archive.collected)  # what was not archived meanwhile is taken now
        applied = await self.orm(cases.cursor)
        keep_from = min(applied, self.archive.cursor, self.snapshots.oldest())
        await self.worker(self.journal.retain, keep_from, self.clock.now_ns())

    async def _tell(self, now: datetime) -> None:
        """The disk's state has changed: people are told, when it is full first of all by a message without a write."""
        log.warning("The disk of %s is %s.", self.data, self.disk.value)
        if self.disk is Disk.FULL:
            await self.blind()
        for state in (Disk.LOW, Disk.FULL):
            if self.disk is state:
                text = f"The disk of {self.data} is {state.value}."
                await self.orm(cases.open_system_case, f"disk_{state.value}", text, now)
            else:
                await self.orm(cases.system_cleared, f"disk_{state.value}", now)
        self.events_grew()

    def _look_at_disk(self) -> Disk:
        """Makes what room it can, and says how much there is."""
        reserve = self.data / "reserve.bin"
        free = shutil.disk_usage(self.data).free
        self.counts["disk_free_bytes"] = float(free)
        held = reserve.stat().st_size if reserve.exists() else 0
        low = min(DISK_LOW_BYTES, shutil.disk_usage(self.data).total // 4)
        if free >= low + RESERVE_BYTES and not held:
            with reserve.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
            return Disk.OK
        if free >= low:
            return Disk.OK
        if self.archive.drop_oldest():
            return Disk.LOW
        if held and free < held:
            reserve.unlink()
        return Disk.FULL if free < low // 4 else Disk.LOW

    def counters(self) -> dict[str, float]:
        """Numbers for /metrics."""
        return {**self.counts, "journal_bytes": float(self.journal.size_bytes())}
