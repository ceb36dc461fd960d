"""Our endpoint alone, with a real journal, in a process of its own: what it holds can be seen from outside.

`python -m tests.live.endpoint FOLDER PORT TLS_PORT DEVICES` serves until its standard input ends, and answers each
line of it with its counts. FOLDER may hold `tls.crt` and `tls.key`.
"""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flameblue.config import Mqtt
from flameblue.intake.listener import Listener
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

    def __enter__(self) -> "Endpoint":
        tls_port = self.tls_port if self.uses_tls else 0
        arguments = (str(self.folder), str(self.port), str(tls_port), str(self.devices))
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


async def serve(folder: Path, port: int, tls_port: int, devices: int) -> None:
    journal = EmbeddedJournal(folder / "journal.sqlite3")
    committer = Committer(journal)
    desk: Any = intake(folder, JournalSink(committer))
    desk.directory = directory(*(replace(D0217, name=f"D{number}") for number in range(devices)))
    files = {"certificate": str(folder / "tls.crt"), "key": str(folder / "tls.key")}
    listener = Listener(desk, Mqtt(host=HOST, port=port, tls_port=tls_port, **files))
    serving = asyncio.create_task(listener.serve())
    await listener.started.wait()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while await reader.readline():
        sys.stdout.write(json.dumps(desk.counts.as_dict()) + "\n")
        sys.stdout.flush()
    serving.cancel()
    await asyncio.wait([serving])
    committer.stop()
    journal.close()
    desk.quarantine.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), *(int(word) for word in sys.argv[2:5])))
