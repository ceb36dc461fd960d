"""Our endpoints alone, with a real journal, in a process of their own: what it holds can be seen from outside.

`python -m tests.live.endpoint FOLDER PORT TLS_PORT GB26875_PORT DEVICES` serves until its standard input ends, and
answers each line of it with its counts. FOLDER may hold `tls.crt` and `tls.key`.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flameblue.config import Gb26875, Mqtt
from flameblue.domain.quantities import QUANTITIES
from flameblue.intake.directory import DeviceEntry
from flameblue.intake.gb26875_listener import Gb26875Listener
from flameblue.intake.listener import Listener
from flameblue.intake.protocols.gb26875.fields import address
from flameblue.journal.commit import Committer
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.runtime.sink import JournalSink
from tests.intake.valley import D0217, directory, intake
from tests.live.installation import HOST, free_port

PAGE_BYTES = 4_096


@dataclass
class Endpoint:
    """The process, and what is seen of it."""

    folder: Path
    devices: int
    uses_tls: bool = False
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    gb26875_port: int = field(default_factory=free_port)

    def __enter__(self) -> "Endpoint":
        tls_port = self.tls_port if self.uses_tls else 0
        ports = (str(self.port), str(tls_port), str(self.gb26875_port))
        arguments = (str(self.folder), *ports, str(self.devices))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.live.endpoint", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.counts()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            assert self._process.wait(30) == 0, "the endpoint did not end by itself"
        finally:
            self._process.kill()
            self._process.stdout.close()

    def counts(self) -> dict[str, int]:
        """What it has counted until now; also a sign that its event loop runs."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("?\n")
        self._process.stdin.flush()
        found: dict[str, int] = json.loads(self._process.stdout.readline())
        return found

    def resident_bytes(self) -> int:
        statm = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii")
        return int(statm.split()[1]) * PAGE_BYTES

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self._process.pid}/fd").iterdir()))

    def cpu_s(self) -> float:
        stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def transmitter(number: int) -> DeviceEntry:
    """T0, T1 …, each with its number as its address; point 3 is T0's alone."""
    points = {"1.17.2db83201.130": (1 if number else 3, QUANTITIES["residual_current_ma"])}
    return DeviceEntry(f"T{number}", "gb26875-four-faith", f"none {number}", points, address(number).hex())


async def serve(folder: Path, ports: Sequence[int], devices: int) -> None:
    journal = EmbeddedJournal(folder / "journal.sqlite3")
    committer = Committer(journal)
    desk: Any = intake(folder, JournalSink(committer))
    transmitters = (transmitter(number) for number in range(devices))
    desk.directory = directory(
        *(replace(D0217, name=f"D{number}") for number in range(devices)), *transmitters
    )
    port, tls_port, gb26875_port = ports
    files = {"certificate": str(folder / "tls.crt"), "key": str(folder / "tls.key")}
    listener = Listener(desk, Mqtt(host=HOST, port=port, tls_port=tls_port, **files))
    other = Gb26875Listener(desk, Gb26875(host=HOST, port=gb26875_port))
    serving = [asyncio.create_task(one.serve()) for one in (listener, other)]
    for one in (listener, other):
        await one.started.wait()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while await reader.readline():
        sys.stdout.write(json.dumps(desk.counts.as_dict()) + "\n")
        sys.stdout.flush()
    for task in serving:
        task.cancel()
    await asyncio.wait(serving)
    committer.stop()
    journal.close()
    desk.quarantine.close()


if __name__ == "__main__":
    *numbers, count = (int(word) for word in sys.argv[2:6])
    asyncio.run(serve(Path(sys.argv[1]), numbers, count))
