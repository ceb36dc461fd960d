"""Case events → notices → phones: the two stages around the notices' log, and what comes back from outside."""

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from flameblue import plugins
from flameblue.config import Config
from flameblue.domain.clock import Clock, to_datetime
from flameblue.domain.errors import DeliveryError
from flameblue.notices import actions, channels, delivery, receipts, replies
from flameblue.notices.channel import Channel, Ears, Outgoing, Sent
from flameblue.runtime.health import Health
from flameblue.runtime.stages import Wake, Worker

log = logging.getLogger("flameblue.runtime")
EVENTS_S = 0.25  # how often the core looks for events that a page has made (docs/decisions/0004)
RETRIES_S = 1.0  # how often delivery looks for notices whose time has come
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
    heard: "asyncio.Queue[tuple[str, str, str, str]]" = field(default_factory=asyncio.Queue)
    under_way: set["asyncio.Task[None]"] = field(default_factory=set)

    async def run(self) -> None:
        """Delivers for ever."""
        if not self.channels:
            self.channels = self._open(asyncio.get_running_loop())
        with ThreadPoolExecutor(UNDER_WAY_MAX, thread_name_prefix="send") as pool:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen())
                tasks.create_task(self._deliver(pool))

    async def _deliver(self, pool: ThreadPoolExecutor) -> None:
        while True:
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

    def _landed(self, task: "asyncio.Task[None]") -> None:
        self.under_way.discard(task)
        self.notices_grew()
        if not task.cancelled() and task.exception() is not None:
            log.error("A message was not settled; it is tried again.", exc_info=task.exception())

    async def _hand_over(self, outgoing: Outgoing, pool: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(pool, self._send, outgoing)
        await self.orm(delivery.settle, outgoing, result, to_datetime(self.clock.now_ns()))

    def _send(self, outgoing: Outgoing) -> Sent | DeliveryError:
        channel = self.channels.get(outgoing.channel)
        if channel is None:
            return DeliveryError(f"The channel {outgoing.channel} is not configured.", permanent=True)
        try:
            return channel.send(outgoing)
        except DeliveryError as error:
            return error

    async def _listen(self) -> None:
        """Receipts and answers, in the order they came."""
        while True:
            kind, channel, first, second = await self.heard.get()
            now = to_datetime(self.clock.now_ns())
            if kind == "receipt":
                await self.orm(receipts.record, first, second, now)
                continue
            await self.orm(replies.receive, channel, first, second, now)
            self.events_grew()
            self.notices_grew()

    def _open(self, loop: asyncio.AbstractEventLoop) -> dict[str, Channel]:
        """The channels that the configuration names; a wrong configuration stops the stage and says why."""
        found = plugins.find(channels)
        wanted = {self.config.messages.sms_channel, self.config.messages.voice_channel}
        return {name: found[name].open(self.config, self._ears(name, loop)) for name in sorted(wanted)}

    def _ears(self, name: str, loop: asyncio.AbstractEventLoop) -> Ears:
        def hear(kind: str, first: str, second: str) -> None:
            loop.call_soon_threadsafe(self.heard.put_nowait, (kind, name, first, second))

        return Ears(
            receipt=lambda message_id, state: hear("receipt", message_id, state),
            inbound=lambda sender, text: hear("inbound", sender, text),
        )
