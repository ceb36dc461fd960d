"""Single-reading QoS 1 messages a second through the listener into the journal: socket → decode → commit → PUBACK.

The publisher runs on another core, so the listener has about one. Measured on 2 nearly idle cores (EPYC Zen 4):
44,000 a second, about 20 µs of CPU each; 16,000 to 20,000 at a load of six. A single connection is bound by its
window over the commit's time (20 in flight / 6 ms ≈ 3,000 a second), not by the listener.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from flameblue.config import Mqtt
from flameblue.domain.readings import Readings
from flameblue.intake.listener import Listener
from flameblue.journal.commit import Committer
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import connection_draft, readings_draft
from tests.intake.valley import CREDENTIAL, D0217, MemorySink, directory, intake
from tests.live.installation import free_port

MESSAGES = 50_000
PER_SECOND_MIN = 10_000


class JournalSink(MemorySink):
    """As the pipeline's: durable when the group is committed."""

    def __init__(self, committer: Committer) -> None:
        super().__init__()
        self.committer = committer
        self.count = 0

    async def readings(self, arrival_ns: int, readings: Readings) -> None:
        self.calls += 1
        self.count += len(readings)
        await asyncio.wrap_future(self.committer.submit(readings_draft(arrival_ns, readings)))

    async def connection(self, arrival_ns: int, points: Sequence[int], lost: bool) -> None:
        await asyncio.wrap_future(self.committer.submit(connection_draft(arrival_ns, points, lost)))


@pytest.mark.parametrize("connections", [50, 500])
async def test_messages_a_second(tmp_path: Path, connections: int) -> None:
    journal = EmbeddedJournal(tmp_path / "journal.sqlite3")
    committer = Committer(journal)
    sink = JournalSink(committer)
    desk = intake(tmp_path, sink)
    desk.directory = directory(*(replace(D0217, name=f"D{number}") for number in range(connections)))
    listener = Listener(desk, Mqtt(port=free_port()))
    where = listener.settings.port
    task = asyncio.create_task(listener.serve())
    await listener.started.wait()
    arguments = (str(where), str(connections), str(MESSAGES // connections), CREDENTIAL)
    cpu_s = time.process_time()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.mqtt_publisher", *arguments, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    cpu_s = time.process_time() - cpu_s
    task.cancel()
    await asyncio.wait([task])
    committer.stop()
    sent, seconds = int(output.split()[0]), float(output.split()[1])
    print(
        f"\n{connections} connections: {sent / seconds:,.0f} messages/s, {cpu_s / sent * 1e6:.1f} µs CPU each, "
        f"{sent / sink.calls:.0f} a batch, {journal.end()} records"
    )
    journal.close()
    desk.quarantine.close()
    assert sink.count == sent
    assert sent / seconds > PER_SECOND_MIN
