"""Many open boards at one web process: how little it asks the database, and how soon what happens is on the wire.

Queries are those that Django makes in the whole process, counted where it starts; opening a connection is none.
"""

import asyncio
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tests.live.a_screen import screen
from tests.live.installation import HOST, PREPARED, Installation, wait_for

pytestmark = [pytest.mark.live]
QUERIES_PER_S_MAX = 4.0
SEEN = re.compile(rb"event: cases\n")
READY_S = 60.0
LANGUAGES = ("zh-hans", "en")
PAUSE_S = (0.7, 1.3)  # between two events, whatever the phase of what looks for them


@dataclass
class Viewer:
    """One open line; when each drawing of the cases was read."""

    session: str
    language: str
    seen_ns: list[int] = field(default_factory=list)
    is_live: bool = False

    async def watch(self, port: int) -> None:
        reader, writer = await asyncio.open_connection(HOST, port, limit=2**22)
        lines = (
            "GET /live/board/ HTTP/1.1",
            f"Host: {HOST}:{port}",
            f"Cookie: sessionid={self.session}",
            f"Accept-Language: {self.language}",
            "Accept-Encoding: gzip",
        )
        writer.write("\r\n".join((*lines, "", "")).encode())
        rest = b""
        try:
            while piece := await reader.read(2**18):
                at_ns, text = time.time_ns(), rest + piece
                self.is_live = self.is_live or b"event: beat" in text
                self.seen_ns += [at_ns] * len(SEEN.findall(text))
                rest = text[-12:]  # less than what is looked for: nothing is counted twice
        finally:
            writer.close()


@dataclass
class Stage:
    """A web process, alone, and what happens to its case."""

    port: int
    counted: Path
    hand: subprocess.Popen[str]
    sessions: list[str]

    def queries(self) -> int:
        return int.from_bytes(self.counted.read_bytes(), "little")

    def act(self) -> int:
        """When it could be read, as time in ns."""
        assert self.hand.stdin is not None
        assert self.hand.stdout is not None
        self.hand.stdin.write("act\n")
        self.hand.stdin.flush()
        return int(self.hand.stdout.readline())


@contextmanager
def stage(data: Path) -> Iterator[Stage]:
    data.mkdir()
    it = Installation(data)
    it.python(PREPARED)
    environment = {**it.variables(), "DJANGO_SETTINGS_MODULE": "flameblue.settings"}
    module = [sys.executable, "-m"]
    counted = data / "queries"
    counted.write_bytes(bytes(8))
    with (data / "log.txt").open("wb") as log:
        pages = subprocess.Popen(
            [*module, "tests.live.counted_web", str(counted)], env=environment, stdout=log, stderr=log
        )
        hand = subprocess.Popen(
            [sys.executable, "-c", "import django; django.setup(); import tests.live.viewers_setup"],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        try:
            assert hand.stdout is not None
            sessions = hand.stdout.readline().split()
            assert len(sessions) == 4, (data / "log.txt").read_text()[-3000:]
            wait_for(lambda: _answers(it.web_port), READY_S, "the pages answer")
            yield Stage(it.web_port, counted, hand, sessions)
        finally:
            for process in (hand, pages):
                process.terminate()
                process.communicate(timeout=20)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@dataclass(frozen=True)
class Seen:
    """Queries a second while nothing happens, queries an event; seconds from each event to the viewers and a screen."""

    quiet: float
    an_event: float
    waits_s: list[float]
    painted_s: list[float]


async def look(on: Stage, lines: int, quiet_s: float, events: int) -> Seen:
    """By `lines` readers, the last of which comes later, with a browser."""
    viewers = [
        Viewer(on.sessions[n % len(on.sessions)], LANGUAGES[n // len(on.sessions) % 2])
        for n in range(lines - 1)
    ]
    tasks = [asyncio.create_task(one.watch(on.port)) for one in viewers]
    while not all(one.is_live for one in viewers):
        assert not [task for task in tasks if task.done()], "a line has ended"
        await asyncio.sleep(0.1)
    await asyncio.sleep(3.0)
    before = on.queries()
    await asyncio.sleep(quiet_s)
    quiet = (on.queries() - before) / quiet_s
    near = [
        one for one in viewers if one.session != on.sessions[2]
    ]  # Dana's station has nothing to do with it
    before = on.queries()
    waits = [wait for _ in range(events) for wait in await _an_event(on, near)]
    an_event = (on.queries() - before) / events
    painted = await _on_a_screen(on, events)
    assert not [task for task in tasks if task.done()], "a line has ended"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return Seen(quiet, an_event, waits, painted)


async def _an_event(on: Stage, near: list[Viewer]) -> list[float]:
    """Seconds until each of `near` has read it."""
    known = [len(one.seen_ns) for one in near]
    at_ns = await asyncio.to_thread(on.act)
    async with asyncio.timeout(READY_S):
        while any(len(one.seen_ns) == count for one, count in zip(near, known, strict=True)):
            await asyncio.sleep(0.02)
    await asyncio.sleep(random.uniform(*PAUSE_S))
    return [(one.seen_ns[count] - at_ns) / 1e9 for one, count in zip(near, known, strict=True)]


async def _on_a_screen(on: Stage, events: int) -> list[float]:
    """Seconds until a browser that is open beside the others has painted each event."""
    waits = []
    async with screen(on.port, on.sessions[1], "Bolat") as board:
        for count in range(events):
            at_ns = await asyncio.to_thread(on.act)
            async with asyncio.timeout(READY_S):
                while len(painted := await board.painted_ns()) == count:
                    await asyncio.sleep(0.1)
            waits.append((painted[count] - at_ns) / 1e9)
            await asyncio.sleep(random.uniform(*PAUSE_S))
    return waits


def watched(data: Path, lines: int, quiet_s: float, events: int) -> Seen:
    """What is seen, and says it."""
    with stage(data) as on:
        seen = asyncio.run(look(on, lines, quiet_s, events))
    print(
        f"\n{lines} lines, six kinds of readers: {seen.quiet:.2f} queries/s at rest, {seen.an_event:.0f} an event; "
        f"event → bytes {_said(seen.waits_s)}; event → painted by a Chromium among them {_said(seen.painted_s)}"
    )
    return seen


def _said(waits_s: list[float]) -> str:
    p50, p95 = (np.percentile(waits_s, percent) * 1000 for percent in (50, 95))
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, the longest {max(waits_s) * 1000:.0f} ms"


def test_forty_boards_ask_little_and_all_of_them_follow(tmp_path: Path) -> None:
    seen = watched(tmp_path / "few", 40, 10.0, 6)
    assert seen.quiet <= QUERIES_PER_S_MAX
    assert np.percentile(seen.waits_s, 95) <= 2.0  # beside other tests
    assert np.percentile(seen.painted_s, 95) <= 2.0


@pytest.mark.proof
def test_five_hundred_boards_ask_no_more_and_follow_within_half_a_second(tmp_path: Path) -> None:
    seen = watched(tmp_path / "many", 500, 65.0, 30)
    assert seen.quiet <= QUERIES_PER_S_MAX
    assert np.percentile(seen.waits_s, 95) <= 0.5
    assert np.percentile(seen.painted_s, 95) <= 0.5
