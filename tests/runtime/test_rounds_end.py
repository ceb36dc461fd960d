"""The core writes down how a round ended, without anybody looking."""

import asyncio
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from django.db import connection

from flameblue.domain.clock import ManualClock, to_ns
from flameblue.fleet import counting
from flameblue.history.board import Board
from flameblue.history.queries import Memory
from flameblue.inspections.models import Check, Round
from flameblue.runtime.caring import Caring
from flameblue.runtime.health import Health
from flameblue.runtime.stages import Worker
from tests.cast import Cast, enter


class NoMemory:
    """Nothing is asked of it: no case is open."""

    def read_on(self) -> None:
        pass

    raw = None


@pytest.mark.django_db(transaction=True)
async def test_a_round_that_is_over_is_written_down_by_the_core(tmp_path: Path) -> None:
    counting.fleet.forget()
    clock = ManualClock(to_ns(datetime.fromisoformat("2026-01-19T00:00:00+08:00")))
    worker = Worker("orm")
    caring = Caring(
        orm=worker,
        clock=clock,
        health=Health(tmp_path / "health.json", clock),
        board=Board(tmp_path / "board.bin", writable=True),
        memory=cast("Memory", NoMemory()),
        events_grew=cast("Any", lambda: None),
    )
    await worker(_look_at_gas)
    stage = asyncio.create_task(caring.run())
    while not (ended := await worker(lambda: list(Round.objects.values_list("due_on", "due")))):
        assert not stage.done(), stage.exception()
    stage.cancel()
    await worker(_close_connection)
    worker.close()
    assert ended == [(date(2026, 1, 9), 1)]


def _look_at_gas() -> None:
    people: Cast = enter()
    at = datetime.fromisoformat("2026-01-10T08:00:00+08:00")
    Check.objects.create(
        premises=people.premises, due_on=date(2026, 1, 9), item="gas", ok=True, by=people.bolat, at=at
    )


def _close_connection() -> None:
    connection.close()
