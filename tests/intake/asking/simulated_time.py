"""An event loop whose time is simulated: where all tasks wait, it is at once as late as the first of them waits for."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any


class _Selector(selectors.DefaultSelector):
    """Waits for nothing, and says how long it would have waited."""

    def __init__(self, passes: Callable[[float], None]) -> None:
        super().__init__()
        self._passes = passes

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nobody waits for anything that could come"
        found = super().select(0)
        if not found:
            self._passes(timeout)
        return found


class SimulatedLoop(asyncio.SelectorEventLoop):
    """See the module. It is a Clock too, which stood at 0 when the loop was made."""

    def __init__(self) -> None:
        self._now_s = 0.0
        super().__init__(_Selector(self._pass))

    def _pass(self, seconds: float) -> None:
        self._now_s += max(seconds, 1e-6)

    def time(self) -> float:
        return self._now_s

    def monotonic_s(self) -> float:
        return self._now_s

    def now_ns(self) -> int:
        return round(self._now_s * 1e9)


def simulated(make: Callable[[SimulatedLoop], Coroutine[Any, Any, None]]) -> None:
    """Runs what `make` gives to its end, in a new loop."""
    loop = SimulatedLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(make(loop))
