"""The supervisor with real processes: what dies is started again, and nobody is left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.installation import wait_for

pytestmark = pytest.mark.live
PROGRAM = """
import asyncio, sys
from pathlib import Path
from flameblue.runtime.supervisor import Child, supervise
import os
names = ("first", "second")
children = [Child(name, ("tests.live.sleeper",), os.environ) for name in names]
asyncio.run(supervise(children, Path(sys.argv[1])))
"""


def pid_of(folder: Path, name: str) -> int:
    path = folder / f"{name}.pid"
    return int(path.read_text() or 0) if path.exists() else 0


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)])
    wait_for(lambda: pid_of(tmp_path, "first") > 0 and pid_of(tmp_path, "second") > 0, 30, "two children")
    yield process
    process.kill()
    process.wait()


def test_a_killed_child_is_started_again_and_the_other_is_left_alone(
    supervisor: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    first, second = pid_of(tmp_path, "first"), pid_of(tmp_path, "second")
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: pid_of(tmp_path, "first") not in (0, first), 30, "another first")
    assert alive(pid_of(tmp_path, "first"))
    assert pid_of(tmp_path, "second") == second
    assert alive(second)


def test_sigterm_ends_every_child(supervisor: subprocess.Popen[bytes], tmp_path: Path) -> None:
    pids = [pid_of(tmp_path, "first"), pid_of(tmp_path, "second")]
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(30) == 0
    assert not any(alive(pid) for pid in pids)


def test_the_death_of_the_supervisor_ends_every_child(
    supervisor: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    pids = [pid_of(tmp_path, "first"), pid_of(tmp_path, "second")]
    supervisor.kill()
    supervisor.wait()
    wait_for(lambda: not any(alive(pid) for pid in pids), 30, "the children's end")
