"""Which devices' connections were lost or are back, gathered into few records: a village is lost, and returns, at once.

Invariants: a device's news keep their order, and only its latest is told; a record bears the time at which it is
submitted; what could not be written is told again. Nobody is answered later for it.
"""

import asyncio
import logging
from collections.abc import Sequence

from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import CONNECTION_NEWS_EVERY_S
from flameblue.intake.reception import Intake

log = logging.getLogger("flameblue.intake")


class ConnectionNews:
    """What is not told yet, by device."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._news: dict[str, tuple[Sequence[int], bool]] = {}
        self._wake = asyncio.Event()

    def tell(self, device: str, points: Sequence[int], *, lost: bool) -> None:
        """The connection of `device`, which has `points`, was lost, or is back."""
        if points:
            self._news[device] = (points, lost)
            self._wake.set()

    async def pass_on(self) -> None:
        """Hands the news to the sink until it is cancelled: the first at once, the next together after a while."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            news, self._news = self._news, {}
            failure = await self._record(news)
            if failure is not None:
                log.error("Lost and regained connections are not recorded yet: %s", failure)
                self._news = {**news, **self._news}
                self._wake.set()
            await asyncio.sleep(CONNECTION_NEWS_EVERY_S)

    async def _record(self, news: dict[str, tuple[Sequence[int], bool]]) -> WorldFailed | None:
        """Why they are not on disk; None: they are."""
        now_ns = self._intake.clock.now_ns()
        works = []
        for state in (True, False):
            points = [point for own, lost in news.values() if lost is state for point in own]
            if points:
                works.append(self._intake.sink.connection(now_ns, points, state))
        try:
            await asyncio.gather(*works)
        except WorldFailed as error:
            return error
        return None
