"""The lines' turns: what they said becomes a batch, and what is owed to them leaves when it is durable.

    queue ─▶ pump: batch ─▶ journal ─▶ acknowledge ─▶ sockets
                       └──▶ quarantine ─▶ answer_late ─▶ sockets

Invariants: a line has at most TURN_FRAMES_MAX frames a turn, then it goes to the end of the queue; a batch is small,
so that the loop is free soon, and while many are on their way the next waits a little for company; lines that say
much have their turn after the others, and one batch at a time on its way to the disk; batches reach the sink in the
order of arrival; an answer leaves after everything that its own frames brought is durable, and answers of one line
leave in the order of its frames.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import (
    BUSY_BATCHES_MIN,
    GATHER_S,
    HEAVY_FRAMES_MAX,
    INTAKE_BATCHES_MAX,
    ROUND_FRAMES_MAX,
    TURN_FRAMES_MAX,
)
from flameblue.intake.conversation import Conversation, Farewell
from flameblue.intake.lines import Answer, Ending, Line
from flameblue.intake.reception import Batch, Intake

log = logging.getLogger("flameblue.intake")
ANSWERS_PER_TURN = 32  # × about 25 µs for the kernel to take one


class Turns:
    """`end` is called with a line whose last answer was sent; `rest` with one that sends much and no reading."""

    def __init__(
        self,
        intake: Intake,
        conversation: Conversation,
        end: Callable[[Line, Ending], None],
        rest: Callable[[Line], None],
    ) -> None:
        self._intake = intake
        self._conversation = conversation
        self._end = end
        self._rest = rest
        self._ready: deque[Line] = deque()
        self._heavy: deque[Line] = deque()  # have their turn when no batch of such is on its way to the disk
        self._heavy_under_way = False
        self._wake = asyncio.Event()
        self._leaving: set[Line] = set()  # they are gone, and their last words were not taken yet
        self._under_way: asyncio.Queue[tuple[Batch, list[Answer]]] = asyncio.Queue(INTAKE_BATCHES_MAX)
        self._late: asyncio.Queue[Line] = asyncio.Queue()  # those that wait for quarantine

    def queue(self, line: Line) -> None:
        """`line` has something to say, or is gone."""
        if not line.queued:
            line.queued = True
            heavy = line.fruit.rests or line.pace.is_heavy()
            (self._heavy if heavy else self._ready).append(line)
            self._wake.set()

    def leave(self, line: Line) -> None:
        """`line` is gone; what it had said is still taken."""
        if line.frames:
            self._leaving.add(line)
        self.queue(line)

    def leaving(self) -> int:
        """Lines that are gone and still have something to say."""
        return len(self._leaving)

    def lag(self) -> int:
        """Batches that are not durable yet."""
        return self._under_way.qsize()

    def cancel(self) -> None:
        """Nobody waits for what is under way any more."""
        while not self._under_way.empty():
            self._under_way.get_nowait()[0].cancel()

    async def pump(self) -> None:
        """Takes what the lines say, batch by batch."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._ready or (self._heavy and not self._heavy_under_way):
                await self._intake.keeper.room()
                batch = Batch(self._intake.clock.now_ns())
                answers = self._collect(batch)
                batch.start(self._intake)
                await self._under_way.put((batch, answers))
                busy = self._under_way.qsize() >= BUSY_BATCHES_MIN and not self._ready
                await asyncio.sleep(GATHER_S if busy else 0)  # the sockets' turn

    async def acknowledge(self) -> None:
        """Lets the answers go whose readings are in the journal; those that quarantine holds up wait there."""
        while True:
            batch, answers = await self._under_way.get()
            failure = await batch.journalled()
            if batch.heavy:
                self._heavy_under_way = False
                self._wake.set()
            if failure is not None:
                self._fail(failure, answers)
                continue
            for number, answer in enumerate(answers, 1):
                kept = batch.kept if answer.in_quarantine else None
                self._answer(answer, kept)
                if not number % ANSWERS_PER_TURN:
                    await asyncio.sleep(0)

    async def answer_late(self) -> None:
        """Lets the answers go that have waited for quarantine."""
        while True:
            line = await self._late.get()
            answer, kept = line.owed[0]
            failure = await asyncio.shield(kept)
            if failure is not None:
                self._fail(failure, [answer])
                line.owed.clear()
            while line.owed and line.owed[0][1] is kept:
                self._deliver(line.owed.popleft()[0])
            if line.owed:
                self._late.put_nowait(line)
            await asyncio.sleep(0)

    def _collect(self, batch: Batch) -> list[Answer]:
        """What the lines have said, in turn, until the batch is full."""
        answers = self._turn(self._ready, ROUND_FRAMES_MAX, batch)
        if self._heavy and not self._heavy_under_way:
            batch.heavy = self._heavy_under_way = True
            answers += self._turn(self._heavy, HEAVY_FRAMES_MAX, batch)
        return answers

    def _turn(self, lines: deque[Line], weight_max: int, batch: Batch) -> list[Answer]:
        answers: list[Answer] = []
        weight = 0
        now_s = self._intake.clock.monotonic_s()
        while lines and weight < weight_max and not batch.full():
            line = lines.popleft()
            line.queued = False
            if line.frames:
                answers.append(self._converse(line, batch))
                weight += answers[-1].weight()
                line.pace.said(answers[-1].weight(), now_s)
            if line.frames:
                self.queue(line)
            elif line.closed:
                weight += 1
                self._leaving.discard(line)
                self._conversation.ended(line)
        return answers

    def _converse(self, line: Line, batch: Batch) -> Answer:
        """The answer to a turn of `line`."""
        answer = Answer(line)
        frames, data = line.frames, answer.data
        owed, over = batch.owed_to_quarantine, line.end_with is not None
        while frames and not over and answer.weight() < TURN_FRAMES_MAX and not batch.full():
            readings, topics = batch.readings(), answer.topics
            answer.frames += 1
            data += self._conversation.answer(frames.popleft(), answer, batch)
            if line.end_with is not None:
                answer.ends = line.end_with
                over = True
            elif batch.readings() > readings:
                line.fruit.came()
            elif line.fruit.failed(1 + answer.topics - topics, self._intake.clock.monotonic_s()):
                self._rest(line)
        if over:
            answer.frames += len(frames)
            frames.clear()
        answer.in_quarantine = batch.owed_to_quarantine > owed
        return answer

    def _answer(self, answer: Answer, kept: asyncio.Future[WorldFailed | None] | None) -> None:
        """Sends `answer`, or lets it wait for quarantine or behind one that does."""
        owed = answer.line.owed
        if kept is None and owed:
            kept = owed[-1][1]
        if kept is None:
            self._deliver(answer)
            return
        owed.append((answer, kept))
        if len(owed) == 1:
            self._late.put_nowait(answer.line)

    def _deliver(self, answer: Answer) -> None:
        line = answer.line
        line.answered(answer)
        self._conversation.delivered(answer)
        if answer.ends is not None:
            self._end(line, answer.ends)

    def _fail(self, failure: WorldFailed, answers: list[Answer]) -> None:
        """Nothing of it may be acknowledged: its lines end, and their devices send again."""
        log.error("Nothing is acknowledged: %s", failure)
        self._intake.counts.add("batches_failed")
        for answer in answers:
            self._conversation.send_away(answer.line, Farewell.NOT_KEPT)
