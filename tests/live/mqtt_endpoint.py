"""The real listener on a free port, with a real journal behind it: PUBACK, PUBREC mean "on disk" here too."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from flameblue.config import Mqtt
from flameblue.domain.clock import SystemClock
from flameblue.domain.readings import Readings
from flameblue.intake.listener import Listener
from flameblue.intake.quarantine import Quarantine
from flameblue.intake.reception import Counts, Intake
from flameblue.journal.commit import Committer
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import connection_draft, readings_draft
from flameblue.profiles.loader import Shelf, package_folder
from tests.intake.valley import directory
from tests.live.installation import HOST, free_port
from tests.live.journals import journalled

WITHIN_S = 20.0


class JournalSink:
    """As the pipeline's: durable when the group is committed."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    async def readings(self, arrival_ns: int, readings: Readings) -> None:
        await asyncio.wrap_future(self._committer.submit(readings_draft(arrival_ns, readings)))

    async def connection(self, arrival_ns: int, points: Sequence[int], lost: bool) -> None:
        await asyncio.wrap_future(self._committer.submit(connection_draft(arrival_ns, points, lost)))


@dataclass
class Endpoint:
    """Where devices connect, and what has become of what they sent."""

    port: int
    listener: Listener
    intake: Intake
    folder: Path

    @property
    def counts(self) -> Counts:
        return self.intake.counts

    def values(self, point: int) -> list[int]:
        """What is on disk of `point`, in steps, in the order of arrival."""
        return [value for number, _, value in journalled(self.folder) if number == point]

    async def holds(self, point: int, values: Sequence[int]) -> None:
        """Waits until exactly `values` are on disk."""
        async with asyncio.timeout(WITHIN_S):
            while self.values(point) != list(values):
                await asyncio.sleep(0.02)

    async def sends(self, device: str, topic: str, payload: bytes) -> None:
        """Sends as soon as somebody has subscribed."""
        async with asyncio.timeout(WITHIN_S):
            while not self.listener.send(device, topic, payload):
                await asyncio.sleep(0.02)


@asynccontextmanager
async def endpoint(folder: Path, port: int = 0) -> AsyncIterator[Endpoint]:
    """Serves the two devices of tests/intake/valley.py, with everything in `folder`."""
    journal = EmbeddedJournal(folder / "journal.sqlite3")
    committer = Committer(journal)
    quarantine = Quarantine(folder / "quarantine.sqlite3")
    intake = Intake(JournalSink(committer), quarantine, Shelf(package_folder()), SystemClock(), directory())
    listener = Listener(intake, Mqtt(host=HOST, port=port or free_port()))
    task = asyncio.create_task(listener.serve())
    try:
        async with asyncio.timeout(WITHIN_S):
            await listener.started.wait()
        yield Endpoint(listener.settings.port, listener, intake, folder)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        committer.stop()
        journal.close()
        quarantine.close()
