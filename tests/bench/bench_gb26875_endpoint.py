"""Transmitters of GB/T 26875.3 at once, a frame a second each: frame → decode → journal commit → confirm.

The crowd runs in a process of its own, so the endpoint has about one of two cores. Run by
`make bench ARGS=tests/bench/bench_gb26875_endpoint.py`.
"""

import asyncio
import resource
import sys
import time
from pathlib import Path

import pytest

from flameblue.config import Gb26875
from flameblue.domain.quantities import QUANTITIES
from flameblue.intake.directory import DeviceEntry, Directory
from flameblue.intake.gb26875_listener import Gb26875Listener
from flameblue.journal.commit import Committer
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.runtime import garbage
from tests.bench.bench_listener import JournalSink
from tests.bench.gb26875_crowd import RESIDUAL_CURRENT_MA, address
from tests.intake.valley import intake
from tests.live.installation import free_port

SECONDS = 10
DESCRIPTORS = 12_000


def entry(number: int) -> DeviceEntry:
    points = {f"1.17.2db83201.{RESIDUAL_CURRENT_MA}": (number + 1, QUANTITIES["residual_current_ma"])}
    return DeviceEntry(f"T{number}", "gb26875-four-faith", "", points, address(number).hex())


@pytest.mark.parametrize("connections", [1_000, 3_000, 5_000])
async def test_time_to_a_confirm(tmp_path: Path, connections: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    journal = EmbeddedJournal(tmp_path / "journal.sqlite3")
    committer = Committer(journal)
    sink = JournalSink(committer)
    desk = intake(tmp_path, sink)
    desk.directory = Directory({one.name: one for one in map(entry, range(connections))})
    endpoint = Gb26875Listener(desk, Gb26875(port=free_port()))
    task = asyncio.create_task(endpoint.serve())
    await endpoint.started.wait()
    arguments = (str(endpoint.settings.port), str(connections), str(SECONDS))
    garbage.settle()
    cpu_s = time.process_time()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.gb26875_crowd", *arguments, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    cpu_s = time.process_time() - cpu_s
    task.cancel()
    await asyncio.wait([task])
    committer.stop()
    journal.close()
    desk.quarantine.close()
    confirmed, missed, *cuts = output.decode().split()
    p50, p99, p999, most = (float(one) for one in cuts)
    print(
        f"\n{connections} transmitters: {int(confirmed) / SECONDS:,.0f} confirms/s, {missed} seconds missed; "
        f"p50 {p50:.1f}, p99 {p99:.1f}, p99.9 {p999:.1f}, most {most:.1f} ms; "
        f"{cpu_s / sink.count * 1e6:.0f} µs CPU a frame, {sink.count / sink.calls:.1f} a batch"
    )
    assert int(confirmed) > 0
