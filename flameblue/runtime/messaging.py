"""Case events → notices → phones: the two stages around the notices' log."""

from dataclasses import dataclass
from typing import Any

from flameblue.config import Config
from flameblue.domain.clock import Clock
from flameblue.runtime.health import Health
from flameblue.runtime.stages import Wake, Worker

EVENTS_S = 0.25  # how often the core looks for events that a page has made (docs/decisions/0004)


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
            self.health.beat("planning")
            await self.events_grew.wait(EVENTS_S)


@dataclass(slots=True)
class Delivering:
    orm: Worker
    clock: Clock
    health: Health
    notices_grew: Wake
    events_grew: Wake
    channels: Any

    async def run(self) -> None:
        while True:
            self.health.beat("delivery")
            await self.notices_grew.wait(1.0)


def channels_of(config: Config) -> Any:
    return {}
