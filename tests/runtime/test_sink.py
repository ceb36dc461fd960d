"""Into the journal in the moment of the call: a clock that is set comes before or after, never in between."""

from pathlib import Path

import numpy as np

from flameblue.domain.readings import READING
from flameblue.journal.commit import Committer
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import Kind, gap_draft
from flameblue.runtime.sink import JournalSink

HOUR_NS = 3_600_000_000_000


async def test_what_arrived_before_the_clock_was_set_is_journalled_before_the_gap(tmp_path: Path) -> None:
    journal = EmbeddedJournal(tmp_path / "journal.sqlite3")
    committer = Committer(journal)
    sink = JournalSink(committer)
    now_ns = 1_768_000_000_000_000_000
    before = sink.readings(now_ns, np.zeros(1, READING))  # intake awaits it when its turn comes
    lost = sink.connection(now_ns, [1], lost=True)
    committer.submit(gap_draft(now_ns - 2 * HOUR_NS, -2 * HOUR_NS)).result(30)
    await before
    await lost
    kinds = [record.kind for record in journal.read(0, 10)]
    assert kinds == [Kind.READINGS, Kind.CONNECTION, Kind.GAP]
    committer.stop()
    journal.close()
