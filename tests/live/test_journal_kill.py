"""kill -9 of a process that writes the journal, over and over: what it told is there, and readers never stumble."""

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import Record, readings_of

pytestmark = pytest.mark.live
KILLS = 8
SEED = 20260115

# Eight threads send batches that say who and which they are; a line is printed once a batch is acknowledged.
WRITER = """
import os, sys, threading, time
from pathlib import Path
import numpy as np
from flameblue.domain.readings import READING
from flameblue.journal.commit import Committer
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import readings_draft
journal = EmbeddedJournal(Path(sys.argv[1]))
committer = Committer(journal)
life = int(sys.argv[2])
def send(who):
    for n in range(1_000_000):
        rows = np.zeros(1 + (n * 37) % 400, READING)
        rows["point"], rows["at_ns"], rows["value"] = life * 100 + who, n, len(rows)
        offset = committer.submit(readings_draft(time.time_ns(), rows)).result()
        os.write(1, b"%d %d %d\\n" % (life * 100 + who, n, offset))
threads = [threading.Thread(target=send, args=(who,)) for who in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def life_of(path: Path, number: int, seconds: float) -> list[tuple[int, int, int]]:
    """(who, n, offset) of every batch that was acknowledged before the kill."""
    command = [sys.executable, "-c", WRITER, str(path), str(number)]
    lines: list[bytes] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines.append(process.stdout.readline())
        reading = threading.Thread(target=lines.extend, args=(process.stdout,))
        reading.start()
        time.sleep(seconds)
        process.kill()
        reading.join()
    parts = [line.split() for line in lines if line.endswith(b"\n")]
    return [(int(who), int(n), int(offset)) for who, n, offset in parts]


class Follower(threading.Thread):
    """A reader beside the writers, as detection or a page is."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._journal = EmbeddedJournal(path, reader_only=True)
        self.records: list[Record] = []
        self.failure: Exception | None = None
        self.done = threading.Event()

    def run(self) -> None:
        try:
            while not self.done.wait(0.005):
                self._follow()
            self._follow()
        except Exception as error:
            self.failure = error
            raise
        finally:
            self._journal.close()

    def _follow(self) -> None:
        while found := self._journal.read(len(self.records), 500):
            self.records += found


def test_every_acknowledged_batch_is_there_after_every_kill(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    EmbeddedJournal(path).close()
    chance = random.Random(SEED)
    follower = Follower(path)
    follower.start()
    acknowledged: list[tuple[int, int, int]] = []
    for number in range(KILLS):
        told = life_of(path, number, chance.uniform(0.05, 1.2))
        acknowledged += told
        journal = EmbeddedJournal(path)
        assert journal.first() == 1
        assert not told or journal.end() >= max(offset for _, _, offset in told)
        journal.close()
    follower.done.set()
    follower.join()
    assert follower.failure is None

    journal = EmbeddedJournal(path, reader_only=True)
    records: list[Record] = []
    while found := journal.read(len(records), 500):
        records += found
    journal.close()
    assert [record.offset for record in records] == list(range(1, len(records) + 1))
    # A commit that the kill cut off after its sync was told to nobody; it may come back when the log is read anew.
    seen = len(follower.records)
    assert follower.records == records[:seen]
    assert len(records) - seen <= 1
    assert max(offset for _, _, offset in acknowledged) <= seen
    assert len(acknowledged) > 500
    for who, n, offset in acknowledged:
        rows = readings_of(records[offset - 1])
        mine = rows[(rows["point"] == who) & (rows["at_ns"] == n)]
        assert len(mine) == 1 + (n * 37) % 400
        assert (mine["value"] == len(mine)).all()
