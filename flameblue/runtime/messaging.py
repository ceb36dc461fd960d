"""Case events → notices → phones: the two stages around the notices' log, and what comes back from outside."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError

from flameblue import plugins
from flameblue.config import Config
from flameblue.domain.clock import Clock, to_datetime
from flameblue.domain.errors import WorldFailed
from flameblue.notices import (
    actions,
    blindness,
    channels,
    counting,
    delivery,
    desks,
    receipts,
    replies,
    sign_of_life,
    watching,
)
from flameblue.notices.channel import Channel, Ears, Outgoing
from flameblue.runtime.health import Health
from flameblue.runtime.stages import Wake, Worker, every

log = logging.getLogger("flameblue.runtime")
EVENTS_S = 0.25  # how often the core looks for events that a page has made (docs/decisions/0004)
RETRIES_S = 1.0  # how often delivery looks for notices whose time has come
WATCH_S = 10.0
KEPT_WITHIN_S = 20.0  # for a receipt or an answer to be in the database; then the gateway repeats it
UNDER_WAY_MAX = 16  # messages handed over at once, so that a slow gateway holds up no call


@dataclass(slots=True)
class Planning:
    """Plans the notices of each case event, in the order of the events."""

    orm: Worker
    clock: Clock
    health: Health
    events_grew: Wake
    notices_grew: Wake

    async def run(self) -> None:
        """Plans for ever."""
        while True:
            made = await self.orm(actions.plan_pending, to_datetime(self.clock.now_ns()))
            self.health.beat("planning")
            if made:
                self.notices_grew()
            else:
                await self.events_grew.wait(EVENTS_S)


@dataclass(slots=True)
class Delivering:
    """Claims what is due, hands it over outside the database's thread, and records what came of it."""

    orm: Worker
    clock: Clock
    health: Health
    notices_grew: Wake
    events_grew: Wake
    config: Config
    channels: Mapping[str, Channel] = field(default_factory=dict)
    under_way: set["asyncio.Task[None]"] = field(default_factory=set)
    deaf: set[str] = field(default_factory=set)  # the channels whose line is down
    counted: Mapping[str, float] = field(default_factory=dict)  # what became of the messages of a day
    began: datetime | None = None  # when this process began to listen for boards

    async def run(self) -> None:
        """Delivers for ever."""
        if not self.channels:
            self.channels = self._open(asyncio.get_running_loop())
        self.began = self.began or to_datetime(self.clock.now_ns())
        await self.orm(delivery.resume, to_datetime(self.clock.now_ns()))
        with ThreadPoolExecutor(UNDER_WAY_MAX, thread_name_prefix="send") as pool:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._deliver(pool))
                tasks.create_task(every(WATCH_S, self._watch))

    async def _deliver(self, pool: ThreadPoolExecutor) -> None:
        while True:
            await self._hurry()
            room = UNDER_WAY_MAX - len(self.under_way)
            now = to_datetime(self.clock.now_ns())
            claimed = await self.orm(delivery.claim, now, room) if room else []
            for outgoing in claimed:
                task = asyncio.create_task(self._hand_over(outgoing, pool))
                self.under_way.add(task)
                task.add_done_callback(self._landed)
            self.health.beat("delivery", len(self.under_way))
            if not claimed:
                await self.notices_grew.wait(RETRIES_S)

    async def _hurry(self) -> None:
        """What waits for its next try does not wait any longer when its line is up again."""
        deaf = {name for name, channel in self.channels.items() if channel.deaf_s()}
        for name in self.deaf - deaf:
            await self.orm(delivery.hurry, name, to_datetime(self.clock.now_ns()))
        self.deaf = deaf

    def _landed(self, task: "asyncio.Task[None]") -> None:
        self.under_way.discard(task)
        self.notices_grew()
        if not task.cancelled() and task.exception() is not None:
            log.error("A message was not settled; it is tried again.", exc_info=task.exception())

    async def _hand_over(self, outgoing: Outgoing, pool: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(pool, delivery.hand_over, outgoing, self.channels)
        await self.orm(delivery.settle, outgoing, result, to_datetime(self.clock.now_ns()))

    async def blind(self) -> None:
        """Says that nothing is recorded any more: without a single write."""
        told = await self.orm(blindness.messages, to_datetime(self.clock.now_ns()))
        for failure in await asyncio.to_thread(blindness.blind, told, self.channels):
            log.error("The message that we are blind did not go: %s", failure)

    async def _watch(self) -> None:
        """A line that is down becomes a system case; a silent desk is told; once a day a sign of life leaves."""
        now = to_datetime(self.clock.now_ns())
        await self.orm(watching.watch, self.channels, now)
        self.counted = await self.orm(counting.counters, now)
        made = await self.orm(desks.plan_silent, now, self.began)
        if await self.orm(sign_of_life.plan_alive, now) or made:
            self.notices_grew()

    async def _receipt(self, channel: str, message_id: str, state: str) -> None:
        del channel
        await self.orm(receipts.record, message_id, state, to_datetime(self.clock.now_ns()))

    async def _inbound(self, channel: str, sender: str, text: str) -> None:
        await self.orm(replies.receive, channel, sender, text, to_datetime(self.clock.now_ns()))
        self.events_grew()
        self.notices_grew()

    def _open(self, loop: asyncio.AbstractEventLoop) -> dict[str, Channel]:
        """The channels that the configuration names; a wrong configuration stops the stage and says why."""
        found = plugins.find(channels)
        wanted = set(self.config.messages.channels().values())
        return {name: found[name].open(self.config, self._ears(name, loop)) for name in sorted(wanted)}

    def _ears(self, name: str, loop: asyncio.AbstractEventLoop) -> Ears:
        def kept(hearing: Coroutine[Any, Any, None]) -> None:
            """Waits, in the channel's thread, until what was heard is in the database."""
            future = asyncio.run_coroutine_threadsafe(hearing, loop)
            try:
                future.result(KEPT_WITHIN_S)
            except (DatabaseError, TimeoutError) as error:
                future.cancel()
                raise WorldFailed(
                    f"It could not be kept: {error or 'the database takes too long'}."
                ) from error

        return Ears(
            receipt=lambda message_id, state: kept(self._receipt(name, message_id, state)),
            inbound=lambda sender, text: kept(self._inbound(name, sender, text)),
        )
