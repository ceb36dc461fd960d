"""What goes into quarantine, gathered: its sync competes with the journal's for the disk.

Invariants: one write at a time, and the next begins QUARANTINE_EVERY_S later, unless much waits; repeats are one
row with a count before they are written, and so is what has ever new keys; payloads are cut while they wait; a
future is done when all that was given before it is durable, or was found not to be.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import (
    QUARANTINE_EVERY_S,
    QUARANTINE_PARTS_MAX,
    QUARANTINE_SAMPLE_BYTES_MAX,
    QUARANTINE_WAITING_MAX,
)
from flameblue.intake.quarantine import Quarantined, Unknown

log = logging.getLogger("flameblue.intake")
Item = Quarantined | Unknown
Durable = asyncio.Future[WorldFailed | None]


class Keeper:
    """`add` makes items durable, in a thread, or raises WorldFailed."""

    def __init__(self, add: Callable[[Iterable[Item]], None]) -> None:
        self._add = add
        self._waiting: dict[tuple[str, ...], Item] = {}
        self._parts: Counter[str] = Counter()  # of what waits, by device
        self._durable: Durable | None = None  # of what waits
        self._under_way: Durable | None = None
        self._hurry: asyncio.Event | None = None
        self._writer: asyncio.Task[None] | None = None

    def keep(self, items: Iterable[Item]) -> Durable:
        """A future: None when `items` are in quarantine, else why they are not."""
        for item in items:
            self._put(item)
        if self._durable is None:
            self._durable = asyncio.get_running_loop().create_future()
        if self._writer is None or self._writer.done():
            self._hurry = asyncio.Event()
            self._writer = asyncio.create_task(self._write(self._hurry))
        elif self._hurry is not None and len(self._waiting) >= QUARANTINE_WAITING_MAX:
            self._hurry.set()
        return self._durable

    async def room(self) -> None:
        """Returns when there is room for more."""
        while len(self._waiting) >= QUARANTINE_WAITING_MAX and self._durable is not None:
            await asyncio.wait([self._durable])

    async def flush(self) -> None:
        """Returns when all that was given is durable, or was found not to be; nothing of it waits for company."""
        if self._hurry is not None:
            self._hurry.set()
        under_way = [future for future in (self._under_way, self._durable) if future is not None]
        if under_way:
            await asyncio.wait(under_way)

    def _put(self, item: Item) -> None:
        if len(item.payload) > QUARANTINE_SAMPLE_BYTES_MAX:
            cut = item.payload[:QUARANTINE_SAMPLE_BYTES_MAX]
            item = replace(item, payload=cut, payload_bytes=len(item.payload))
        key: tuple[str, ...]
        if isinstance(item, Unknown):
            key = (item.name, item.topic, item.part)
        else:
            key = (item.device, item.topic, str(item.reason), *item.keys)
            if item.keys and key not in self._waiting:
                if self._parts[item.device] >= QUARANTINE_PARTS_MAX:  # they would push each other out anyway
                    item, key = replace(item, keys=()), key[:3]
                self._parts[item.device] += bool(item.keys)
        before = self._waiting.pop(key, None)
        if before is not None:
            since_ns = before.first_ns or before.at_ns
            item = replace(item, times=before.times + item.times, first_ns=since_ns)
        self._waiting[key] = item

    async def _write(self, hurry: asyncio.Event) -> None:
        try:
            while self._durable is not None:
                items, durable = list(self._waiting.values()), self._durable
                self._waiting, self._durable, self._under_way = {}, None, durable
                self._parts.clear()
                await self._try(items, durable)
                self._under_way = None
                await self._pause(hurry)
        finally:  # whoever waits while everything is cancelled must not wait for ever
            for future in (self._under_way, self._durable):
                if future is not None:
                    future.cancel()
            self._under_way = self._durable = None

    async def _pause(self, hurry: asyncio.Event) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(QUARANTINE_EVERY_S):
                await hurry.wait()
        hurry.clear()

    async def _try(self, items: list[Item], durable: Durable) -> None:
        """A fault of ours is raised where `durable` is waited for."""
        (outcome,) = await asyncio.gather(asyncio.to_thread(self._add, items), return_exceptions=True)
        if isinstance(outcome, WorldFailed):
            log.error("%d rows were not put into quarantine: %s", len(items), outcome)
        if outcome is None or isinstance(outcome, WorldFailed):
            durable.set_result(outcome)
        else:
            durable.set_exception(outcome)
