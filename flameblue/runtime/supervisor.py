"""Starts the processes, watches them, and starts again what died. Systemd, where it is there, watches us.

A crash of one leaves the others running. A child dies with its parent, so that no port stays taken.
"""

import asyncio
import ctypes
import logging
import os
import signal
import socket
import sys
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger("flameblue.supervisor")
RESTART_S_MIN = 0.3
RESTART_S_MAX = 5.0
HEALTHY_AFTER_S = 30.0  # a child that lived this long starts again at once when it dies
STOP_WITHIN_S = 8.0
STUCK_AFTER_S = (
    60.0  # a start and the compiling of detection included: the core writes of its health meanwhile
)
LOOK_S = 1.0
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Child:
    """A process: `arguments` of `python -m`, in the given environment."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    writes: Path | None = None  # a file that it writes every second or so: without it for long, it is stuck


async def supervise(children: Sequence[Child], pids: Path) -> None:
    """Runs `children` until SIGTERM or SIGINT; `pids` holds a file a child with its process id."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    with suppress(OSError):  # told with the first process
        pids.mkdir(parents=True, exist_ok=True)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_keep(child, pids, stop)) for child in children]
        beat = group.create_task(_tell_systemd(pids.parent / "health.json"))
        await stop.wait()
        beat.cancel()
        await asyncio.gather(*tasks)


async def _keep(child: Child, pids: Path, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    pause_s = RESTART_S_MIN
    while not stop.is_set():
        started_s = loop.time()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *child.arguments,
            env=dict(child.environment),
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        write_pid(pids / f"{child.name}.pid", process.pid)
        if await _ended(child, process, stop):
            return
        lived_s = loop.time() - started_s
        pause_s = RESTART_S_MIN if lived_s > HEALTHY_AFTER_S else min(pause_s * 2, RESTART_S_MAX)
        log.error("Process %s ended with status %s; it starts again.", child.name, process.returncode)
        await _first(stop.wait(), asyncio.sleep(pause_s))


def write_pid(path: Path, pid: int) -> None:
    """Replaces the file at once: whoever reads it sees the old process or the new one, never half a number.

    Where there is no room for it the file goes, and the process lives: the number serves who looks, not us.
    """
    draft = path.with_suffix(".draft")
    try:
        draft.write_text(str(pid), encoding="ascii")
        draft.replace(path)
    except OSError as error:
        log.warning("%s can't be written (%s): its process runs without.", path, error)
        with suppress(OSError):
            path.unlink(missing_ok=True)


async def _ended(child: Child, process: asyncio.subprocess.Process, stop: asyncio.Event) -> bool:
    """Waits for the end of `process`, and ends it when it is stuck; True when it ended since we were told to stop."""
    stuck = [_stuck(child.writes)] if child.writes is not None else []
    await _first(stop.wait(), process.wait(), *stuck)
    if not stop.is_set() and process.returncode is None:
        log.error("Process %s has said nothing for %.0f s: it is killed.", child.name, STUCK_AFTER_S)
        process.kill()
        await process.wait()
    if not stop.is_set():
        return False
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()
    return True


async def _stuck(path: Path) -> None:
    """Returns when `path` has not been written for STUCK_AFTER_S (time in which the machine slept is none)."""
    loop = asyncio.get_running_loop()
    seen_ns, seen_s = 0, loop.time()
    while loop.time() - seen_s < STUCK_AFTER_S:
        await asyncio.sleep(LOOK_S)
        written_ns = path.stat().st_mtime_ns if path.exists() else 0
        if written_ns != seen_ns:
            seen_ns, seen_s = written_ns, loop.time()


async def _first(*waits: Coroutine[Any, Any, Any]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


async def _tell_systemd(health: Path) -> None:
    """READY=1 once, then WATCHDOG=1 while the core writes `health`, where systemd has given us a socket."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.connect("\0" + address[1:] if address.startswith("@") else address)
        line.send(b"READY=1")
        written_ns = 0
        while True:
            await asyncio.sleep(5)
            if health.exists() and health.stat().st_mtime_ns != written_ns:
                written_ns = health.stat().st_mtime_ns
                line.send(b"WATCHDOG=1")


def die_with_parent() -> None:
    """Asks Linux to end this process when its parent ends, also one that is stuck; elsewhere it does nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
