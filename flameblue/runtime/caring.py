"""What time and readings bring to cases: due steps, ended shelving, and the evidence of the readings."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flameblue.cases import actions as cases
from flameblue.commissioning import runs
from flameblue.domain.clock import Clock, to_datetime
from flameblue.history.board import Board
from flameblue.history.queries import Memory
from flameblue.inspections import actions as inspections
from flameblue.notices import receipts
from flameblue.runtime.health import Health
from flameblue.runtime.stages import Wake, Worker, every

EVERY_S = 1.0
EVIDENCE_S = 5.0  # readings come every few seconds at most, and proofs last minutes
ROUNDS_S = 600.0  # a round ends at midnight; nobody waits for its count
REST = 4  # times as long as a look at all evidence took: hundreds of open cases are looked at more rarely


@dataclass(slots=True)
class Caring:
    """Once a second the steps that are due and what came of tests; every few seconds what readings prove; rounds."""

    orm: Worker
    clock: Clock
    health: Health
    board: Board
    memory: Memory
    events_grew: Wake
    began: datetime | None = None  # when this process began to listen for boards

    async def run(self) -> None:
        """Looks after the cases for ever; a long look at evidence holds up no step that is due."""
        began = self.began = self.began or to_datetime(self.clock.now_ns())
        self.health.count_with(lambda: {"boards_heard_since_s": began.timestamp()})
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(every(EVERY_S, self._take_steps))
            tasks.create_task(self._look_at_evidence())
            tasks.create_task(every(ROUNDS_S, self._close_rounds))
            tasks.create_task(every(EVERY_S, self._settle_tests))

    async def _take_steps(self) -> None:
        now = to_datetime(self.clock.now_ns())
        made = await self.orm(cases.unshelve_due, now)
        silent = await self.orm(cases.silent_desks, now, self.began)
        made += await self._one_by_one(cases.escalate_each(now, receipts.owner_has_it, silent=silent))
        self._tell(made)
        self.health.beat("cases")

    async def _close_rounds(self) -> None:
        await self.orm(inspections.close_rounds, to_datetime(self.clock.now_ns()))

    async def _settle_tests(self) -> None:
        told = runs.Told(self.board.latest, self.memory.raw)
        await self._one_by_one(runs.settle_each(to_datetime(self.clock.now_ns()), told))

    async def _look_at_evidence(self) -> None:
        while True:
            began_s = self.clock.monotonic_s()
            await asyncio.to_thread(self.memory.read_on)
            now = to_datetime(self.clock.now_ns())
            past = cases.Past(self.memory.raw, self.heard)
            self._tell(await self._one_by_one(cases.prove_each(now, past, self.latest)))
            await asyncio.sleep(max(EVIDENCE_S, REST * (self.clock.monotonic_s() - began_s)))

    def _tell(self, made: int) -> None:
        if made:
            self.events_grew()

    async def _one_by_one(self, looks: Iterator[int]) -> int:
        """A new alarm, or a message that is due, waits for one case or test at most, not for all of them."""
        made = 0
        while (events := await self.orm(next, looks, None)) is not None:
            made += events
        return made

    def latest(self, point: int) -> tuple[int, int] | None:
        """The newest reading of `point` as (device time, value)."""
        found = self.board.latest(point)
        return None if found is None else (found.at_ns, found.value)

    def heard(self, point: int) -> cases.Heard | None:
        """When `point` was heard last, by its clock and by ours."""
        found = self.board.latest(point)
        return None if found is None else cases.Heard(found.at_ns, found.arrival_ns)
