"""One small installation in one thread, made of the core's own stages, which is started anew after every failure.

A device sends each message until it is acknowledged; an SMS centre keeps what it was handed. Time is told: a round is
ten seconds.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from django.db import DatabaseError, connection

from flameblue.cases import actions as cases
from flameblue.cases.models import AppliedTransition, Case, CaseEvent
from flameblue.detection.detector import Detector
from flameblue.domain.clock import ManualClock, to_datetime
from flameblue.domain.errors import FlameblueError
from flameblue.domain.readings import Reading, Readings, readings_array
from flameblue.fleet import point_table
from flameblue.fleet.models import Point, PointChange
from flameblue.fleet.shelf import profiles
from flameblue.history.archive import Archive
from flameblue.history.board import Board
from flameblue.history.queries import Memory
from flameblue.journal.commit import Committer
from flameblue.journal.disk import Disk
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.notices import delivery, receipts
from flameblue.notices.channel import Sent
from flameblue.notices.models import Notice
from flameblue.runtime.arrival import ArrivalClock
from flameblue.runtime.detecting import Detecting
from flameblue.runtime.health import Health
from flameblue.runtime.messaging import Planning
from flameblue.runtime.remembering import Remembering
from flameblue.runtime.replay import FORGOTTEN, records
from flameblue.runtime.sink import JournalSink
from flameblue.runtime.snapshots import Snapshots
from flameblue.runtime.stepping import step
from flameblue.runtime.ticking import Ticking

ROUND_S = 10
LONG_S = 1_000  # after which the cursor is moved, a snapshot made and the archive flushed


TROUBLE = (OSError, sqlite3.Error, DatabaseError, FlameblueError)


class Idle(Exception):
    """A stage has nothing more to do."""


async def at_once(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """A worker that is the caller."""
    return function(*arguments, **named)


@dataclass
class Hurried:
    """A stage's clock, on which what is periodic can be made due while the time of day stands still."""

    clock: ArrivalClock
    ahead_s: float = 0.0

    def now_ns(self) -> int:
        return self.clock.now_ns()

    def monotonic_s(self) -> float:
        return self.clock.monotonic_s() + self.ahead_s


@dataclass
class Rest:
    """The first rest lets `passes_s` go by, the second ends the stage's turn."""

    clock: Hurried
    passes_s: float = 0.0
    rested: bool = False

    def __call__(self) -> None:
        return None

    async def wait(self, _at_most_s: float) -> None:
        if self.rested or not self.passes_s:
            raise Idle
        self.rested = True
        self.clock.ahead_s += self.passes_s


@dataclass
class Outside:
    """What a crash does not touch: the device's memory and the SMS centre."""

    waiting: list[Readings]
    acknowledged: list[Readings] = field(default_factory=list)
    handed_over: Counter[int] = field(default_factory=Counter)  # notice → how often


class Machine:
    """A core that runs in rounds. After a failure it is opened anew, as a supervisor would."""

    def __init__(self, folder: Path, clock: ManualClock, outside: Outside) -> None:
        self.folder, self.clock, self.outside = folder, clock, outside
        self.failures: list[str] = []
        self._open = ExitStack()

    def round(self, *, long: bool = False) -> None:
        """Every stage once. `long`: so long that everything periodic is due too."""
        for stage in (
            self._start,
            self._take_in,
            lambda: self._stages(long),
            self._look_after,
            self._deliver,
        ):
            try:
                stage()
            except TROUBLE as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                self.close()
                break
        self.clock.advance(ROUND_S)

    def lag(self, stage: str) -> int:
        """What /healthz would say of `stage`."""
        self._health.write()
        written = msgspec.json.decode((self.folder / "health.json").read_bytes())
        return int(written["stages"][stage]["lag"])

    def close(self) -> None:
        """Whatever is open is closed, as when the process ends."""
        self._open.close()
        self._open = ExitStack()
        connection.close_if_unusable_or_obsolete()
        self._journal = None

    _journal: EmbeddedJournal | None = None

    def _start(self) -> None:
        if self._journal is not None:
            return
        journal = EmbeddedJournal(self.folder / "journal.sqlite3")
        self._open.callback(journal.close)
        self._committer = Committer(journal)
        self._open.callback(self._committer.stop)
        self._board = Board(self.folder / "board.bin", writable=True)
        self._open.callback(self._board.close)
        self._archive = Archive(self.folder / "history")
        self._snapshots = Snapshots(self.folder / "snapshots")
        reader = EmbeddedJournal(self.folder / "journal.sqlite3", reader_only=True)
        self._open.callback(reader.close)
        self._memory = Memory(self.folder / "history", reader)
        self._health = Health(self.folder / "health.json", self.clock)
        self._arrival = ArrivalClock(self.clock)
        self._journal = journal
        delivery.resume(self._now())

    def _take_in(self) -> None:
        """The point table's changes, then the device's message: acknowledged, or sent again in the next round."""
        assert self._journal is not None
        point_table.refresh(profiles(), self._now())
        ticking = Ticking(self._journal, self._committer, at_once, self._arrival, self._health, _nothing)
        asyncio.run(ticking.append_point_changes())
        if not self.outside.waiting:
            return
        message = self.outside.waiting[0]
        asyncio.run(_durable(JournalSink(self._committer).readings(self.clock.now_ns(), message)))
        self.outside.acknowledged.append(self.outside.waiting.pop(0))

    def _stages(self, long: bool) -> None:
        assert self._journal is not None
        passes_s = LONG_S if long else 0.0
        clock = Hurried(self._arrival)
        nothing = Rest(clock)
        shared: dict[str, Any] = {"orm": at_once, "worker": at_once, "events_grew": nothing}
        shared |= {"health": self._health, "clock": clock, "journal": self._journal}
        shared |= {"snapshots": self._snapshots}
        detecting = Detecting(committer=self._committer, grew=Rest(clock, passes_s), **shared)
        remembering = Remembering(
            data=self.folder,
            disk=Disk(self.folder),
            board=self._board,
            archive=self._archive,
            blind=_nothing,
            grew=Rest(clock, passes_s),
            **shared,
        )
        planning = Planning(at_once, clock, self._health, nothing, nothing)
        for stage in (remembering, detecting, planning):
            try:
                asyncio.run(stage.run())
            except Idle:
                continue

    def _look_after(self) -> None:
        look_after(self._now(), self._memory, self._board)

    def _deliver(self) -> None:
        now = self._now()
        for outgoing in delivery.claim(now, 50):
            self.outside.handed_over[outgoing.notice] += 1
            delivery.settle(outgoing, Sent((f"m{outgoing.attempt}",)), now)
            receipts.record(f"m{outgoing.attempt}", "DELIVRD", now)

    def _now(self) -> datetime:
        return to_datetime(self.clock.now_ns())


def look_after(now: datetime, memory: Memory, board: Board) -> None:
    """What time and readings bring to the cases, as the core's own stage does it."""

    def latest(point: int) -> tuple[int, int] | None:
        found = board.latest(point)
        return None if found is None else (found.at_ns, found.value)

    def heard(point: int) -> cases.Heard | None:
        found = board.latest(point)
        return None if found is None else cases.Heard(found.at_ns, found.arrival_ns)

    cases.unshelve_due(now)
    sum(cases.escalate_each(now, receipts.owner_has_it))
    memory.read_on()
    sum(cases.prove_each(now, cases.Past(memory.raw, heard), latest))


async def _nothing() -> None:
    return None


async def _durable(kept: Coroutine[Any, Any, None]) -> None:
    await kept


def forget_everything() -> None:
    """The database as before the first reading; the fleet and its people stay."""
    for model in FORGOTTEN:
        model.objects.all().delete()
    PointChange.objects.all().delete()
    Point.objects.update(row=b"")


def message(at_ns: int, values: dict[int, int]) -> Readings:
    return readings_array([Reading(point, at_ns, value, 0) for point, value in values.items()])


def transitions_of(folder: Path) -> list[tuple[int, int, int, int]]:
    """What the journal makes of itself, stepped from its start: the identities of all transitions."""
    journal, detector = EmbeddedJournal(folder / "journal.sqlite3", reader_only=True), Detector()
    found = [one for record in records(journal) for one in step(detector, record)]
    journal.close()
    return sorted((one.offset, one.index, one.point, int(one.rule)) for one in found)


def applied() -> list[tuple[int, int, int, int]]:
    return sorted(AppliedTransition.objects.values_list("offset", "index", "point", "rule"))


def story() -> dict[str, Any]:
    """What people would remember of it."""
    return {
        "cases": sorted(Case.objects.values_list("family", "state")),
        "events": Counter(CaseEvent.objects.values_list("kind", flat=True)),
        "notices": Counter(Notice.objects.values_list("to", "reason")),
    }
