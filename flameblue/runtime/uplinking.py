"""The uplink in the core: the cases' logs → outbox → a city's centre, where one is set, and never in a demo."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flameblue.config import Config
from flameblue.domain.clock import Clock, to_datetime
from flameblue.domain.limits import UPLINK_PLAN_S
from flameblue.history.board import Board
from flameblue.intake.protocols.gb26875.codec import Frame
from flameblue.intake.protocols.gb26875.fields import TIME_BYTES
from flameblue.runtime.stages import Worker, every
from flameblue.uplink import answering, following, mapping, outbox, watching
from flameblue.uplink.answering import Reply
from flameblue.uplink.following import Centre
from flameblue.uplink.line import Line
from flameblue.uplink.outbox import Head, Outgoing

WATCH_S = 5.0


@dataclass(frozen=True, slots=True)
class Database:
    """The desk of the line: each call is one turn of the database's thread."""

    centre: Centre
    orm: Worker
    board: Board
    clock: Clock

    def now(self) -> datetime:
        return to_datetime(self.clock.now_ns())

    def monotonic_s(self) -> float:
        return self.clock.monotonic_s()

    async def head(self, but: int | None) -> Head | None:
        return await self.orm(outbox.head, but)

    async def claim(self, upload: int) -> Outgoing | None:
        return await self.orm(outbox.claim, upload, self.now())

    async def settle(self, upload: int, state: str, detail: str) -> None:
        await self.orm(outbox.settle, upload, state, detail, self.now())

    async def serial(self) -> int:
        return await self.orm(outbox.take_serial)

    async def states(self) -> tuple[bytes, bytes]:
        return await self.orm(answering.states_now, self.centre, self.now())

    async def answer(self, frame: Frame) -> Reply:
        asked = answering.Asked(self.centre, frame, self.board.latest, self.now())
        return await self.orm(answering.answer, asked)


@dataclass(slots=True)
class Uplinking:
    """The stage. Without an `uplink.host` it has nothing to do, and what had waited is not sent later."""

    config: Config
    orm: Worker
    board: Board
    clock: Clock
    events_grew: Callable[[], None]
    line: Line | None = None
    seen: watching.Seen | None = None
    states: tuple[bytes, bytes] = (b"", b"")  # ours, as last told, without their times

    async def run(self) -> None:
        """Follows, sends and watches for ever."""
        settings = self.config.uplink
        if not settings.host or self.config.demo:
            await self.orm(following.switch_off, to_datetime(self.clock.now_ns()))
            return
        centre = centre_of(self.config)
        desk = Database(centre, self.orm, self.board, self.clock)
        self.line = Line(settings.host, settings.port, centre.agreed, desk)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(every(WATCH_S, lambda: self._watch(desk)))
            tasks.create_task(every(UPLINK_PLAN_S, lambda: self._follow(centre, desk)))
            tasks.create_task(self.line.run())

    def counters(self) -> dict[str, float]:
        """Numbers for /metrics; none where there is no uplink."""
        if self.line is None or self.seen is None:
            return {}
        counts = self.line.counts
        return {
            "uplink_up": float(self.line.down_since_s is None),
            "uplink_waiting": float(self.seen.waiting),
            "uplink_oldest_waiting_s": self.seen.oldest_waiting_s,
            "uplink_refused_lately": float(self.seen.refused),
            "uplink_perhaps_repeated": float(self.seen.sent_again),
            "uplink_asked_until_s": self.seen.asked_until,
            "uplink_confirmed": float(counts["confirmed"]),
            "uplink_denied": float(counts["denied"]),
            "uplink_unanswered": float(counts["unanswered"]),
            "uplink_sent_again": float(counts["sent_again"]),
            "uplink_asked": float(counts["asked"]),
            "uplink_bad_frames": float(counts["bad_frames"]),
            "uplink_connects": float(counts["connects"]),
        }

    async def _follow(self, centre: Centre, desk: Database) -> None:
        made = await self.orm(following.follow, centre, desk.now())
        if made and self.line is not None:
            head = await desk.head(None)
            self.line.wake(alarm=head is not None and head.is_urgent)
            await self._look_at_states(self.line, desk)

    async def _look_at_states(self, line: Line, desk: Database) -> None:
        device, system = await desk.states()
        states = (device[:-TIME_BYTES], system[:-TIME_BYTES])
        if states != self.states:
            self.states = states
            line.state_changed()

    async def _watch(self, desk: Database) -> None:
        """What it opens or clears is news: whoever plans messages is woken."""
        assert self.line is not None
        where = f"{self.line.host}:{self.line.port}"
        now = to_datetime(self.clock.now_ns())
        self.seen = await self.orm(watching.watch, where, self.line.down_s(), self.line.trouble, now)
        self.events_grew()
        await self._look_at_states(self.line, desk)


def centre_of(config: Config) -> Centre:
    """The centre that is set; BadInput says what is wrong with its agreement."""
    settings = config.uplink
    path = Path(settings.mapping)
    return Centre(mapping.of_setting(path), mapping.agreement(path, settings.host, settings.port))
