"""The devices of one line, asked in turn for ever: what they say becomes readings as any message does.

Nobody waits for an acknowledgement: a reading that could not be made durable is counted, and the next turn brings a
newer one. While the journal is behind, INTAKE_BATCHES_MAX turns wait for it and then nobody is asked.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple

from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import ASKING_COPY_S, INTAKE_BATCHES_MAX
from flameblue.intake.asking.addresses import AskedDevice
from flameblue.intake.asking.manner import Answer, Bounds, Question
from flameblue.intake.asking.owed import Owed
from flameblue.intake.asking.round_trips import SILENT, Failure, NoAnswer, RoundTrips
from flameblue.intake.asking.turns import Turns
from flameblue.intake.asking.wire import Line
from flameblue.intake.decode import Message
from flameblue.intake.directory import DeviceEntry
from flameblue.intake.reception import Batch, Intake
from flameblue.intake.samples import Sample
from flameblue.profiles.loader import Profile

log = logging.getLogger("flameblue.intake")
OPEN_AGAIN_S_MIN = 1.0
SILENT_TURNS_MAX = 3  # in a row, of whomever, and for SILENT_S_MAX: then the connection may be dead without
SILENT_S_MAX = 30.0  # saying so, and is made anew
LOOK_S_MAX = 1.0  # a device that is new to the directory is asked within this

GONE = Sample(None, {}, {}, online=False)
Sleep = Callable[[float], Awaitable[None]]


class LineState(NamedTuple):
    """Whether the line stands, since when it does or does not, and what kept it from being opened, in words."""

    is_open: bool
    since_ns: int
    trouble: str = ""


@dataclass(frozen=True)
class _Plan:
    """What one device is asked for, as its model and its points were when this was made."""

    profile: Profile
    entry: DeviceEntry
    unit: int
    bounds: Bounds
    questions: tuple[Any, ...]


@dataclass
class _Visit:
    """One turn of a device, which others may interrupt. `came`: what it answered so far; `left`: still to be asked."""

    plan: _Plan
    left: list[Any]
    came: list[tuple[Any, Any]] = field(default_factory=list)

    def is_begun(self) -> bool:
        return len(self.left) < len(self.plan.questions)


class Poller(Generic[Question, Answer]):
    """Asks `devices` over `line`, in its manner. `serve` runs until it is cancelled. `sleep`: how it waits.

    A device whose model is asked in another manner is not asked: frames of two protocols would collide on the line.
    `state`: of the line.
    """

    def __init__(
        self,
        intake: Intake,
        line: Line[Question, Answer],
        devices: Sequence[AskedDevice],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._intake = intake
        self._line = line
        self._units: dict[str, int] = {}
        self._sleep = sleep
        self._plans: dict[str, _Plan] = {}
        self._turns = Turns()
        self._visits: dict[
            str, _Visit
        ] = {}  # those that wait until their next question can't be misunderstood
        self._owed: Owed[Question] = Owed(line.mark)
        self._silent_turns = 0  # since `_heard_s`, when anybody was heard last
        self._heard_s = 0.0
        self._quiet_from_s = 0.0  # when the last answer was there, or was given up
        self._under_way: asyncio.Queue[Batch] = asyncio.Queue(INTAKE_BATCHES_MAX)
        self.round_trips: Mapping[str, RoundTrips] = {}
        self.state = LineState(is_open=False, since_ns=intake.clock.now_ns())
        self.ask(devices)

    def ask(self, devices: Sequence[AskedDevice]) -> None:
        """Who is asked from the next turn on; the others on the line notice nothing."""
        self._units = {device.name: device.unit for device in devices}
        before, now_ns = self.round_trips, self._intake.clock.now_ns()
        self.round_trips = {name: before.get(name) or RoundTrips(now_ns) for name in self._units}

    async def serve(self) -> None:
        """Asks until it is cancelled; opens the line again, with growing pauses, for ever."""
        self._intake.look_at_profiles()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._stay_open())
                tasks.create_task(self._settle())
        finally:
            self._line.close()
            while not self._under_way.empty():
                self._under_way.get_nowait().cancel()

    async def _stay_open(self) -> None:
        pause_s = OPEN_AGAIN_S_MIN
        while True:
            try:
                await self._line.open()
            except WorldFailed as error:
                await self._not_reached(str(error))
            else:
                pause_s = OPEN_AGAIN_S_MIN
                self.state = LineState(is_open=True, since_ns=self._intake.clock.now_ns())
                await self._ask_in_turn()
                self._intake.counts.add("asking_lines_lost")
                self.state = LineState(is_open=False, since_ns=self._intake.clock.now_ns())
            await self._sleep(pause_s)
            pause_s = min(pause_s * 2, self._line.open_again_s_max)

    async def _not_reached(self, why: str) -> None:
        """Told once, until it is reached again. Nobody on the line can be heard: a short hold begins for each of them,
        which the next answer ends; a connection that is made anew at once is no news."""
        self._intake.counts.add("asking_lines_not_reached")
        if not self.state.trouble:
            log.warning("%s %d devices on it are not asked until it is.", why, len(self._units))
        self.state = self.state._replace(trouble=why)
        batch = Batch(self._intake.clock.now_ns())
        for name, plan in self._plans_now().items():
            if name not in self._intake.gone:
                batch.take(self._intake, plan.entry, self._message(plan, []), [GONE])
        if batch.messages:
            batch.start(self._intake)
            await self._under_way.put(batch)

    async def _ask_in_turn(self) -> None:
        """Until the line is lost."""
        self._heard(self._intake.clock.monotonic_s())
        while self._line.is_open() and not self._seems_dead():
            now_s = self._intake.clock.monotonic_s()
            self._look_who_is_known(now_s)
            turn = self._turns.next(now_s)
            if turn.device is None:
                await self._sleep(min(turn.at_s - now_s, LOOK_S_MAX))
            else:
                await self._ask(turn.device)
        while self._visits:
            _, visit = self._visits.popitem()
            await self._hand_on(visit.plan, visit.came, online=None)

    def _heard(self, now_s: float) -> None:
        """Somebody answered, or the line is new."""
        self._silent_turns = 0
        self._heard_s = now_s

    def _seems_dead(self) -> bool:
        silent_s = self._intake.clock.monotonic_s() - self._heard_s
        return self._silent_turns >= SILENT_TURNS_MAX and silent_s >= SILENT_S_MAX

    def _look_who_is_known(self, now_s: float) -> None:
        """Those are asked whom the directory and the shelf know now; the others wait until they do."""
        plans = self._plans_now()
        if plans != self._plans:
            self._plans = plans
            self._turns.set({name: plan.profile.interval_s for name, plan in plans.items()}, now_s)

    def _plans_now(self) -> dict[str, _Plan]:
        return {name: plan for name in self._units if (plan := self._plan(name)) is not None}

    def _plan(self, name: str) -> _Plan | None:
        entry = self._intake.directory.devices.get(name)
        profile = None if entry is None else self._intake.profiles.get(entry.profile)
        bounds = None if profile is None else self._line.manner.bounds(profile)
        if entry is None or profile is None or bounds is None:
            return None
        known = self._plans.get(name)
        unit = self._units[name]
        if known is not None and known.profile is profile and (known.entry, known.unit) == (entry, unit):
            return known
        questions = tuple(self._line.manner.questions(profile, entry.points))
        return _Plan(profile, entry, unit, bounds, questions) if questions else None

    async def _ask(self, name: str) -> None:
        """One turn, or as much of it as is clear: where an answer to another question could come, others go first.

        Where the device is not heard at all, its later questions are left out.
        """
        plan, trips = self._plans[name], self.round_trips.get(name) or RoundTrips()
        clock = self._intake.clock
        began_s = clock.monotonic_s()
        visit = self._visits.pop(name, None)
        if visit is None or visit.plan is not plan:
            visit = _Visit(plan, list(plan.questions))
        came = visit.came
        while visit.left:
            now_s, clear_s = clock.monotonic_s(), self._clear_s(visit)
            if clear_s > now_s + ASKING_COPY_S and visit.is_begun():
                break  # what came does not wait for it
            if clear_s > now_s:
                self._visits[name] = visit
                self._turns.postpone(name, clear_s)
                return
            question = visit.left.pop(0)
            try:
                answer = await self._read(trips, plan, question)
            except NoAnswer as why:
                trips.failure(why, clock.now_ns())
                if why.failure in (Failure.UNREACHED, Failure.REFUSED):
                    self._heard(clock.monotonic_s())  # the gateway, or the device, says so
                if why.failure is Failure.LINE_LOST:
                    await self._hand_on(plan, came, online=None)
                    return
                if why.failure in SILENT:
                    self._silent_turns += 1
                    is_lost = self._turns.failed(name, began_s, clock.monotonic_s())
                    await self._hand_on(plan, came, online=False if is_lost else None)
                    return
            else:
                came.append((question, answer))
        self._turns.answered(name, clock.monotonic_s())
        await self._hand_on(plan, came, online=True)

    def _clear_s(self, visit: _Visit) -> float:
        """From when on it can go on. It begins only where all of it can be asked: its values are of one time."""
        return self._owed.clear_s(visit.plan.unit, visit.left[:1] if visit.is_begun() else visit.left)

    async def _read(self, trips: RoundTrips, plan: _Plan, question: Question) -> Answer:
        """After the pause that the model and the line need; measured."""
        clock, bounds = self._intake.clock, plan.bounds
        pause_s = max(bounds.pause_s, self._line.silence_s)
        rest_s = self._quiet_from_s + pause_s - clock.monotonic_s()
        if rest_s > 0:
            await self._sleep(rest_s)
        began_s = clock.monotonic_s()
        try:
            answer = await self._line.read(plan.unit, question, bounds.timeout_s)
        except NoAnswer as why:
            if why.failure is Failure.REFUSED:
                self._owed.refused(plan.unit, question, began_s, clock.monotonic_s())
            elif why.was_damaged:
                self._owed.answered(plan.unit, question, began_s, clock.monotonic_s())
            else:
                self._owed.given_up(plan.unit, question, clock.monotonic_s())
            raise
        finally:
            self._quiet_from_s = clock.monotonic_s()
        self._owed.answered(plan.unit, question, began_s, self._quiet_from_s)
        self._heard(self._quiet_from_s)
        trips.answer(self._quiet_from_s - began_s)
        return answer

    async def _hand_on(
        self, plan: _Plan, came: Sequence[tuple[Question, Answer]], *, online: bool | None
    ) -> None:
        """What came of one turn, whole points only."""
        if not came and online is None:
            return
        samples = [self._line.manner.sample(plan.profile, came, online=online)]
        batch = Batch(self._intake.clock.now_ns())
        batch.take(self._intake, plan.entry, self._message(plan, came), samples)
        batch.start(self._intake)
        await self._under_way.put(batch)

    def _message(self, plan: _Plan, came: Sequence[tuple[Question, Answer]]) -> Message:
        manner, peer = self._line.manner, self._line.peer
        origin = self._intake.origins.marks(plan.entry, peer) if peer else 0
        return Message(f"{manner.name}/{manner.spelled(plan.unit)}", manner.written(came), origin=origin)

    async def _settle(self) -> None:
        while True:
            batch = await self._under_way.get()
            failure = await batch.finished()
            if failure is not None:
                log.error("What devices answered was not made durable: %s", failure)
                self._intake.counts.add("batches_failed")


async def asked_once(
    line: Line[Question, Answer], profile: Profile, unit: int, sleep: Sleep = asyncio.sleep
) -> tuple[list[Sample], dict[Question, str]]:
    """One turn of one device, of all points of its model: what it says, and of questions that it leaves open, why.

    WorldFailed: the line is not reached.
    """
    bounds = line.manner.bounds(profile)
    assert bounds is not None
    await line.open()
    came: list[tuple[Question, Answer]] = []
    missing: dict[Question, str] = {}
    asked: set[Hashable] = set()
    try:
        for question in line.manner.questions(profile, profile.points):
            mark = line.mark(question)
            if mark in map(line.mark, missing):
                missing[question] = f"{question}: not asked, since a late answer could be taken for its own"
                continue
            if mark in asked:
                await sleep(ASKING_COPY_S)
            asked.add(mark)
            try:
                came.append((question, await line.read(unit, question, bounds.timeout_s)))
            except NoAnswer as why:
                missing[question] = str(why)
    finally:
        line.close()
    return [line.manner.sample(profile, came)], missing
