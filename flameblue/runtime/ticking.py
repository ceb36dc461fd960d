"""What the core alone writes to the journal beside readings: ticks, gaps, and changes of the point table."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np

from flameblue.domain.limits import SECOND_NS
from flameblue.domain.points import POINT
from flameblue.fleet import point_table
from flameblue.journal.commit import Committer
from flameblue.journal.log import Journal
from flameblue.journal.record import Draft, gap_draft, points_draft, tick_draft
from flameblue.runtime.arrival import ArrivalClock
from flameblue.runtime.health import Health
from flameblue.runtime.stages import Worker

DOWN_NS_MIN = 2 * SECOND_NS  # a shorter pause between two records is no gap
EVERY_S = 1.0


@dataclass(slots=True)
class Ticking:
    """Once a second: the clock's jumps, the point table's changes, and a tick where nothing else came."""

    journal: Journal
    committer: Committer
    orm: Worker
    clock: ArrivalClock
    health: Health
    points_changed: Callable[[], Awaitable[None]]  # the intake's directory is read anew
    seen: int = 0

    async def run(self) -> None:
        """Ticks for ever."""
        while True:
            if (draft := jump_draft(self.clock)) is not None:
                await self._append(draft)
            await self.append_point_changes()
            end = await asyncio.to_thread(self.journal.end)
            if end == self.seen:
                end = await self._append(tick_draft(self.clock.now_ns()))
            self.seen = end
            self.health.beat("journal")
            await asyncio.sleep(EVERY_S)

    async def append_point_changes(self) -> None:
        """Moves what waits in the outbox into the journal; a crash between the two repeats it, harmlessly.

        The intake knows of a change before it is marked: whoever waits for the mark may rely on it at once.
        """
        waiting = await self.orm(point_table.waiting_changes)
        ends = [
            (change, await self._append(points_draft(self.clock.now_ns(), np.frombuffer(rows, dtype=POINT))))
            for change, rows in waiting
        ]
        if waiting:
            await self.points_changed()
        for change, end in ends:
            await self.orm(point_table.mark_appended, change, end)

    async def _append(self, draft: Draft) -> int:
        return await asyncio.wrap_future(self.committer.submit(draft))


def jump_draft(clock: ArrivalClock) -> Draft | None:
    """The gap that the wall clock was set by, which `clock` now follows; None where it was not set.

    Its own arrival is the new time: the record shifts all deadlines and then ticks, so that with the old time a
    clock that is set back would make everybody silent at once.
    """
    jump_ns = clock.jump_ns()
    if not jump_ns:
        return None
    clock.adopt()
    return gap_draft(clock.now_ns(), jump_ns)


def gap_since(journal: Journal, now_ns: int) -> int:
    """How long nothing was recorded before `now_ns`: the time that we were down, 0 where it was short."""
    last = journal.read(journal.end() - 1, 1) if journal.end() else []
    gap_ns = now_ns - last[0].arrival_ns if last else 0
    return gap_ns if abs(gap_ns) >= DOWN_NS_MIN else 0
