"""Two 4G units that say one IMEI are a system case, until there are no two any more."""

from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection

from flameblue.cases.models import Case, CaseEvent
from flameblue.domain.clock import ManualClock, to_ns
from flameblue.intake.asking.rivals import Rivals
from flameblue.runtime.conversing import Conversing
from flameblue.runtime.stages import Worker
from tests.intake.valley import MemorySink, intake

START = datetime.fromisoformat("2026-01-15T11:07:00+08:00")
IMEI, OTHER = "860123456789014", "490154203237518"
TWO = Rivals(IMEI, "10.0.0.9", "10.0.0.7", 1.0)


def _close_connection() -> None:
    connection.close()


def _case() -> tuple[str, list[str], list[str]]:
    case = Case.objects.get()
    texts = [event.data.get("text", "") for event in CaseEvent.objects.order_by("number")]
    return case.state, case.troubles, [text for text in texts if text]


@pytest.mark.django_db(transaction=True)
async def test_two_units_of_one_imei_are_told_by_both_addresses_and_taken_back(tmp_path: Path) -> None:
    now, worker = ManualClock(to_ns(START)), Worker("orm")
    desk = intake(tmp_path, MemorySink(), now)
    known, grown = [TWO, TWO._replace(imei=OTHER)], [0]

    def grew() -> None:
        grown[0] += 1

    stage = Conversing(desk, worker, now, rivals=lambda: known, events_grew=grew)
    await stage.look()
    await stage.look()
    state, troubles, texts = await worker(_case)
    assert (state, troubles) == ("open", [f"imei {IMEI}", f"imei {OTHER}"])
    assert all(address in texts[0] for address in (IMEI, "10.0.0.9", "10.0.0.7"))
    assert (len(texts), grown[0]) == (2, 1)
    after_a_restart = Conversing(desk, worker, now, rivals=lambda: known[1:])
    await after_a_restart.look()
    assert (await worker(_case))[1] == [f"imei {OTHER}"]
    known.clear()
    await after_a_restart.look()
    assert (await worker(_case))[:2] == ("proven", [])
    await worker(_close_connection)
    worker.close()
    desk.quarantine.close()
