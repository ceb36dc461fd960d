"""Who watches the watcher: an outgoing heartbeat that another machine misses when it stops."""

import asyncio
import logging
from dataclasses import dataclass

import httpx

from flameblue.runtime.health import Health

log = logging.getLogger("flameblue.runtime")
HEARTBEAT_S = 60.0
TIMEOUT_S = 10.0


@dataclass(slots=True)
class Heartbeat:
    """GETs `url` once a minute, while every stage is alive; whoever listens there alarms when it stays away."""

    url: str
    health: Health
    failed: int = 0

    async def run(self) -> None:
        """Beats for ever; without a `url` it has nothing to do."""
        if not self.url:
            return
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            while True:
                await asyncio.sleep(HEARTBEAT_S)
                if self.health.is_alive():
                    await self.beat(client)

    async def beat(self, client: httpx.AsyncClient) -> None:
        """One heartbeat; a failing network is counted and logged once."""
        try:
            (await client.get(self.url)).raise_for_status()
        except httpx.HTTPError as error:
            self.failed += 1
            if self.failed == 1:
                log.warning("The heartbeat to %s does not arrive: %s", self.url, type(error).__name__)
        else:
            self.failed = 0
