"""The supervisor with real processes: what dies is started again, and nobody is left behind."""

import os
import signal
import subprocess
import sys
import time
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


def test_where_no_number_can_be_written_the_process_lives_all_the_same(
    supervisor: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    """A full disk must not end the supervisor, and with it everything that still works."""
    first, second = pid_of(tmp_path, "first"), pid_of(tmp_path, "second")
    (tmp_path / "first.draft").mkdir()
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not (tmp_path / "first.pid").exists(), 30, "that no old number is left")
    assert (supervisor.poll(), alive(second)) == (None, True)
    children = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children").read_text().split()
    assert len(children) == 2


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


STUCK = """
import asyncio, os, sys
from pathlib import Path
from flameblue.runtime import supervisor
supervisor.STUCK_AFTER_S, supervisor.LOOK_S = 1.5, 0.1
folder = Path(sys.argv[1])
child = supervisor.Child("first", ("tests.live.sleeper", str(folder / "beat")), os.environ, folder / "beat")
asyncio.run(supervisor.supervise([child], folder))
"""


def test_a_child_that_is_stuck_is_killed_and_started_again(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", STUCK, str(tmp_path)])
    try:
        wait_for(
            lambda: pid_of(tmp_path, "first") > 0 and (tmp_path / "beat").exists(), 30, "a child that writes"
        )
        first = pid_of(tmp_path, "first")
        time.sleep(3)
        assert pid_of(tmp_path, "first") == first, "one that writes is left alone"
        os.kill(first, signal.SIGSTOP)
        wait_for(lambda: pid_of(tmp_path, "first") != first, 30, "another child in its place")
        assert not alive(first)
    finally:
        process.terminate()
        process.wait(30)
