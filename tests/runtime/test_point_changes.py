"""Whoever waits until the core knows a change of the registry may rely on it at once."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from django.db import connection

from flameblue.domain.clock import ManualClock
from flameblue.domain.points import POINT
from flameblue.fleet.models import PointChange
from flameblue.journal.commit import Committer
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import Kind
from flameblue.runtime.arrival import ArrivalClock
from flameblue.runtime.health import Health
from flameblue.runtime.stages import Worker
from flameblue.runtime.ticking import Ticking


def changed() -> None:
    """The registry's change of one point waits for the journal."""
    rows = np.zeros(1, dtype=POINT)
    PointChange.objects.create(created_at=datetime(2026, 1, 14, tzinfo=UTC), rows=rows.tobytes())


def unmarked() -> int:
    return PointChange.objects.filter(appended_offset=None).count()


@pytest.mark.django_db(transaction=True)
async def test_the_intake_knows_a_change_before_it_is_marked_as_known(tmp_path: Path) -> None:
    worker = Worker("orm")
    for _ in range(2):
        await worker(changed)
    journal = EmbeddedJournal(tmp_path / "journal.sqlite3")
    clock, committer = ManualClock(1), Committer(journal)
    seen: list[tuple[int, list[Kind]]] = []

    async def looked() -> None:
        seen.append((await worker(unmarked), [record.kind for record in journal.read(0, 10)]))

    health = Health(tmp_path / "health.json", clock)
    try:
        ticking = Ticking(journal, committer, worker, ArrivalClock(clock), health, looked)
        await ticking.append_point_changes()
        await ticking.append_point_changes()
    finally:
        committer.stop()
        journal.close()
    assert seen == [(2, [Kind.POINTS_2, Kind.POINTS_2])], "read anew once, when the journal holds all of it"
    assert await worker(unmarked) == 0
    await worker(lambda: connection.close())
    worker.close()
