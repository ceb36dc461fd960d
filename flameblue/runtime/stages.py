"""How a stage is kept alive, and how it calls the blocking world.

A stage that fails stops alone: the failure is logged and counted, and it is started again from its own saved
cursor, after a pause that grows to `RESTART_S_MAX`. The other stages go on.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from flameblue.domain.errors import FlameblueError
from flameblue.runtime.health import Health, innermost

log = logging.getLogger("flameblue.runtime")
RESTART_S_MIN = 0.2
RESTART_S_MAX = 5.0
WELL_AFTER_S = 30.0  # a stage that lived this long starts again at once when it fails

P = ParamSpec("P")
T = TypeVar("T")


class Worker:
    """One thread that does blocking work in the order of the calls: `await worker(function, …)`."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: function(*args, **kwargs))

    def close(self) -> None:
        """Waits for the call under way; later calls fail."""
        self._pool.shutdown(wait=True, cancel_futures=True)


async def keep(name: str, stage: Callable[[], Awaitable[None]], health: Health) -> None:
    """Runs `stage` until it returns; a failure is logged, counted and followed by another start."""
    loop = asyncio.get_running_loop()
    pause_s = RESTART_S_MIN
    while True:
        started_s = loop.time()
        try:
            await stage()
        except Exception as error:
            if loop.time() - started_s >= WELL_AFTER_S:
                pause_s = RESTART_S_MIN
            said = "Stage %s stopped; it starts again in %.1f s. %s"
            if isinstance(cause := innermost(error), FlameblueError):
                log.warning(said, name, pause_s, cause)  # it says by itself what happened and what to do
            else:
                log.exception(said, name, pause_s, cause)
            health.failed(name, error)
        else:
            return
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, RESTART_S_MAX)


async def every(period_s: float, step: Callable[[], Awaitable[object]]) -> None:
    """Awaits `step` for ever, with `period_s` between the end of one and the start of the next."""
    while True:
        await step()
        await asyncio.sleep(period_s)


class Wake:
    """Wakes the stage that waits for more: set from any thread, never lost."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._event = asyncio.Event()

    def __call__(self) -> None:
        self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, at_most_s: float) -> None:
        """Returns when woken since the last return, or after `at_most_s`."""
        try:
            await asyncio.wait_for(self._event.wait(), at_most_s)
        except TimeoutError:
            return
        finally:
            self._event.clear()
