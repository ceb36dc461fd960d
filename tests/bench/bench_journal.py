"""The journal's group commit against the plainest durable log: append, check sum, fdatasync.

Both get the same bytes in the same run, turn by turn, so that the ratio says something on any disk. Run by
`make bench ARGS=tests/bench/bench_journal.py`.
"""

import os
import statistics
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from flameblue.domain.readings import READING
from flameblue.journal.commit import Committer
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import Draft, readings_draft

ROUNDS = 3
SUBMITTERS = 64
PACED_PER_S = 2_000


def drafts(count: int, readings: int) -> list[Draft]:
    chance = np.random.default_rng(1)
    rows = np.zeros(readings, READING)
    rows["point"], rows["value"] = np.arange(readings), chance.integers(0, 900, readings)
    return [readings_draft(n * 20_000_000, rows) for n in range(count)]


def plain(path: Path, sent: list[Draft]) -> list[float]:
    """Seconds of each durable append to a plain file."""
    took = []
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    for one in sent:
        begin = time.perf_counter()
        os.write(descriptor, zlib.crc32(one.body).to_bytes(4, "little") + one.body)
        os.fdatasync(descriptor)
        took.append(time.perf_counter() - begin)
    os.close(descriptor)
    return took


def journalled(path: Path, sent: list[Draft]) -> list[float]:
    """Seconds of each durable append to the journal, one record a commit."""
    journal = EmbeddedJournal(path)
    took = []
    for one in sent:
        begin = time.perf_counter()
        journal.append([one])
        took.append(time.perf_counter() - begin)
    journal.close()
    return took


def told(name: str, took: list[float], readings: int) -> float:
    """Prints one line; readings a second."""
    p50, p99 = (float(np.percentile(took, part)) * 1e3 for part in (50, 99))
    rate = len(took) * readings / sum(took)
    most = max(took) * 1e3
    print(f"{name:38s} {rate / 1e6:7.3f} M/s   p50 {p50:6.2f} ms   p99 {p99:6.2f} ms   max {most:6.1f} ms")
    return rate


@pytest.mark.parametrize(("readings", "count"), [(1, 2_000), (100, 2_000), (1_000, 1_500), (10_000, 400)])
def test_one_commit_after_another(tmp_path: Path, readings: int, count: int) -> None:
    ratios = []
    sent = drafts(count, readings)
    print()
    for turn in range(ROUNDS):
        ways: list[tuple[str, Callable[[Path, list[Draft]], list[float]]]] = [
            ("plain append + crc + fdatasync", plain),
            ("journal (SQLite WAL, FULL)", journalled),
        ]
        rates = {
            name: told(f"{name}, {readings}", way(tmp_path / f"{turn}-{name[:5]}", sent), readings)
            for name, way in ways
        }
        slow, fast = rates["journal (SQLite WAL, FULL)"], rates["plain append + crc + fdatasync"]
        ratios.append(slow / fast)
    print(
        f"{readings} readings a commit: {statistics.median(ratios):.2f} of the plain log (median of {ROUNDS})"
    )


def answers(committer: Committer, sent: list[Draft], pause_s: float) -> list[float]:
    """Seconds from submit to durable, of `SUBMITTERS` that wait for each answer before they send again."""
    took: list[float] = []

    def send(mine: list[Draft], start_s: float) -> None:
        for n, one in enumerate(mine):
            if pause_s:
                time.sleep(max(0.0, start_s + n * pause_s - time.perf_counter()))
            begin = time.perf_counter()
            committer.submit(one).result()
            took.append(time.perf_counter() - begin)

    now_s = time.perf_counter()
    threads = [
        threading.Thread(target=send, args=(sent[who::SUBMITTERS], now_s + who * pause_s / SUBMITTERS))
        for who in range(SUBMITTERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


@pytest.mark.parametrize("paced", [True, False], ids=[f"{PACED_PER_S} messages/s", "as fast as it goes"])
def test_group_commit(tmp_path: Path, paced: bool) -> None:
    """One reading a message, as detectors send them."""
    sent = drafts(10_000, 3)
    journal = EmbeddedJournal(tmp_path / "journal.sqlite3")
    committer = Committer(journal)
    begin = time.perf_counter()
    cpu = time.process_time()
    took = answers(committer, sent, SUBMITTERS / PACED_PER_S if paced else 0.0)
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    committer.stop()
    journal.close()
    p50, p99 = (float(np.percentile(took, part)) * 1e3 for part in (50, 99))
    base = float(np.percentile(plain(tmp_path / "plain", sent[:500]), 50)) * 1e3
    print(
        f"\n{len(sent) / wall:7.0f} messages/s in {committer.commits} commits, {cpu / wall:.2f} cores; durable after "
        f"p50 {p50:.2f} ms, p99 {p99:.2f} ms (one plain append + fdatasync: p50 {base:.2f} ms)"
    )


def test_checkpoints_do_not_show_in_the_commits(tmp_path: Path) -> None:
    """400 MB through the journal: 25 rounds of moving the log; with SQLite's own checkpoints p99 is 8 ms and more."""
    sent = drafts(2_200, 10_000)
    print()
    told("journal, 400 MB", journalled(tmp_path / "journal", sent), 10_000)
    log = tmp_path / "journal-wal"
    assert not log.exists()
