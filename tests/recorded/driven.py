"""The core's own stages under a clock that is told the time, fed by real MQTT clients through the real endpoint.

What comes in goes over a socket on loopback into the listener, the journal, detection, cases and notices; a message
counts as sent when its PUBACK has come, and time goes on when every stage has nothing more to do. Only the phones and
the officers are ours.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import aiomqtt
from django.conf import settings

from flameblue.cases.models import Case, State
from flameblue.config import Mqtt
from flameblue.domain.clock import Clock, ManualClock, to_datetime
from flameblue.fleet import point_table
from flameblue.fleet.shelf import profiles
from flameblue.intake.listener import Listener
from flameblue.journal.record import tick_draft
from flameblue.runtime import pipeline
from flameblue.runtime.plant import Plant, open_plant
from tests.flow.machine import at_once, look_after
from tests.live.installation import HOST, free_port
from tests.stories.phones import Phones

KERNELS = Path.home() / ".cache" / "flameblue" / "kernels"
BUSY_S = 1_300  # after an announcement that nobody has taken, until the ladder is climbed
STEP_S, SLOW_S = 10, 300
UNHURRIED = 60


class Turn:
    """In the place of what wakes a stage: the stage goes on in its turn, which ends when it has nothing to do."""

    def __init__(self) -> None:
        self._begins, self._over = asyncio.Event(), asyncio.Event()

    def __call__(self) -> None:
        return None

    async def wait(self, _at_most_s: float) -> None:
        self._over.set()
        await self._begins.wait()
        self._begins.clear()

    async def give(self) -> None:
        """Returns when the stage has done all there is."""
        await self._over.wait()
        self._over.clear()
        self._begins.set()
        await self._over.wait()


@dataclass(frozen=True)
class Unhurried:
    """A stage's clock by which periodic work on files comes once an hour, not once a minute."""

    clock: Clock

    def now_ns(self) -> int:
        return self.clock.now_ns()

    def monotonic_s(self) -> float:
        return self.clock.monotonic_s() / UNHURRIED


@dataclass
class Driven:
    """A core that is running. `officers` are asked whenever there is an unclosed case."""

    plant: Plant
    clock: ManualClock
    port: int
    turns: tuple[Turn, Turn]
    officers: Callable[[datetime], None]
    phones: Phones = field(default_factory=Phones)
    connections: AsyncExitStack = field(default_factory=AsyncExitStack)
    acknowledged: int = 0

    @property
    def now(self) -> datetime:
        return to_datetime(self.clock.now_ns())

    async def connect(self, device: str, credential: str) -> aiomqtt.Client:
        """A client that is connected as `device`, until the end."""
        client = aiomqtt.Client(
            HOST, self.port, username=device, password=credential, identifier=device, keepalive=0
        )
        return await self.connections.enter_async_context(client)

    async def send(self, client: aiomqtt.Client, topic: str, payload: bytes) -> None:
        """Returns when the message is acknowledged."""
        await client.publish(topic, payload, qos=1)
        self.acknowledged += 1

    async def wait_until(self, at_ns: int) -> None:
        """Lets time pass, with a tick and a look at the cases in every step of it."""
        while (left_s := (at_ns - self.clock.now_ns()) / 1e9) > (step_s := self._step_s()):
            self.clock.advance(step_s)
            await asyncio.wrap_future(self.plant.committer.submit(tick_draft(self.clock.now_ns())))
            await self.settle()
        self.clock.advance(left_s)

    def _step_s(self) -> int:
        return STEP_S if is_busy(self.now) else SLOW_S

    async def settle(self) -> None:
        """Until every stage has done what there is to do at this moment."""
        for turn in self.turns:
            await turn.give()
        now = self.now
        if Case.objects.exclude(state=State.CLOSED).exists():
            look_after(now, self.plant.memory, self.plant.board)
            self.officers(now)
            self.phones.carry(now)


def is_busy(now: datetime) -> bool:
    """Whether somebody waits for a case to be taken."""
    waiting = (
        Case.objects.filter(taken_by=None).exclude(state=State.CLOSED).values_list("announced_at", flat=True)
    )
    return any((now - at).total_seconds() < BUSY_S for at in waiting)


@asynccontextmanager
async def running(
    folder: Path, clock: ManualClock, officers: Callable[[datetime], None]
) -> AsyncIterator[Driven]:
    """A core in `folder` that knows the fleet of the database and listens."""
    with ExitStack() as stack:
        mqtt = Mqtt(port=free_port())
        config = replace(settings.CONFIG, data=folder, kernels=str(KERNELS), mqtt=mqtt)
        plant = open_plant(config, stack, clock)
        turns = Turn(), Turn()
        here = {"orm": at_once, "numbers": at_once, "files": at_once}
        plant = replace(plant, journal_grew=turns, clock=Unhurried(plant.clock), **here)
        driven = Driven(plant, clock, mqtt.port, turns, officers)
        point_table.refresh(profiles(), driven.now)
        await pipeline.ticking(plant).append_point_changes()
        listener = Listener(plant.intake, config.mqtt)
        stages: tuple[Callable[[], Awaitable[None]], ...] = (
            listener.serve,
            pipeline.detecting(plant).run,
            pipeline.remembering(plant, pipeline.delivering(plant)).run,
        )
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(stage()) for stage in stages]
            await listener.started.wait()
            async with driven.connections:
                yield driven
            for task in tasks:
                task.cancel()
