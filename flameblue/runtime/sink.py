"""Where intake's readings go: into the journal, by group commit."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from typing import Any

from flameblue.domain.readings import Readings
from flameblue.journal.commit import Committer
from flameblue.journal.record import connection_draft, readings_draft


class JournalSink:
    """Awaiting `readings` returns when they are on disk; JournalFull when they could not be written.

    Invariant: a call submits at once, in the moment that its arrival time was read. Submitted later, it could come
    after the gap record of a clock that was set, and bring the old time back: everybody would be silent at once.
    """

    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    def readings(self, arrival_ns: int, readings: Readings) -> Coroutine[Any, Any, None]:
        return _durable(self._committer.submit(readings_draft(arrival_ns, readings)))

    def connection(self, arrival_ns: int, points: Sequence[int], lost: bool) -> Coroutine[Any, Any, None]:
        return _durable(self._committer.submit(connection_draft(arrival_ns, points, lost)))


async def _durable(offset: "Future[int]") -> None:
    await asyncio.wrap_future(offset)
