"""Where intake's readings go: into the journal, by group commit."""

import asyncio
from collections.abc import Sequence

from flameblue.domain.readings import Readings
from flameblue.journal.commit import Committer
from flameblue.journal.record import connection_draft, readings_draft


class JournalSink:
    """Awaiting `readings` returns when they are on disk; JournalFull when they could not be written."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    async def readings(self, arrival_ns: int, readings: Readings) -> None:
        await asyncio.wrap_future(self._committer.submit(readings_draft(arrival_ns, readings)))

    async def connection(self, arrival_ns: int, points: Sequence[int], lost: bool) -> None:
        await asyncio.wrap_future(self._committer.submit(connection_draft(arrival_ns, points, lost)))
