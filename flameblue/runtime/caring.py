"""What time and readings bring to cases: due steps, ended shelving, and the evidence of the readings."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from flameblue.cases import actions as cases
from flameblue.domain.clock import Clock, to_datetime
from flameblue.history import queries
from flameblue.history.board import Board
from flameblue.journal.log import Journal
from flameblue.notices import receipts
from flameblue.runtime.health import Health
from flameblue.runtime.stages import Wake, Worker

EVERY_S = 1.0
EVIDENCE_EVERY = 5  # rounds: readings come every few seconds at most, and proofs last minutes


@dataclass(slots=True)
class Caring:
    """Once a second the steps that are due; every few seconds what the readings prove."""

    orm: Worker
    clock: Clock
    health: Health
    board: Board
    archive: Path
    journal: Journal
    events_grew: Wake
    rounds: int = 0

    async def run(self) -> None:
        """Looks after the cases for ever."""
        while True:
            now = to_datetime(self.clock.now_ns())
            made = await self.orm(cases.unshelve_due, now)
            made += await self.orm(cases.escalate_due, now, receipts.owner_has_it)
            if self.rounds % EVIDENCE_EVERY == 0:
                made += await self.orm(cases.look_at_evidence, now, self.readings, self.latest)
            if made:
                self.events_grew()
            self.rounds += 1
            self.health.beat("cases")
            await asyncio.sleep(EVERY_S)

    def readings(
        self, points: Sequence[int], from_ns: int, to_ns: int
    ) -> Mapping[int, tuple[NDArray[Any], NDArray[Any]]]:
        """The readings of `points` in order of device time, as evidence asks for them."""
        return queries.raw(self.archive, self.journal, points, from_ns, to_ns)

    def latest(self, point: int) -> tuple[int, int] | None:
        """The newest reading of `point` as (device time, value)."""
        found = self.board.latest(point)
        return None if found is None else (found.at_ns, found.value)
