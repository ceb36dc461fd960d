"""A small flow, again and again: write number 1 fails, then number 2, … until the flow has no more writes.

After any single failed write, and the new start that follows: nothing acknowledged is lost, no transition is applied
twice or missing, the same things are told to the same people, and a message is repeated only where the failed write
stood between its sending and its record, which is counted.
"""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from flameblue.domain.clock import ManualClock
from flameblue.history.archive import files
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import Kind, readings_of
from flameblue.notices import counting
from flameblue.runtime.replay import records
from tests.cast import Cast, enter
from tests.flow.breaking import Writes
from tests.flow.machine import Machine, Outside, applied, forget_everything, message, story, transitions_of

S = 1_000_000_000
LONG_AGO = datetime.fromtimestamp(0, UTC)
ROUNDS = 14
QUIET_MINUTES = 20  # until the whole ladder has been climbed, a round sooner or later
KINDS = {"journal", "database", "database commit", "parquet", "sync", "rename"}
NORMAL_TIER_EVERY = 23  # a prime, so that each kind of write is among those that fail in the quick run


def play(folder: Path, cast: Cast, writes: Writes) -> tuple[Machine, Outside]:
    """Heat comes and goes in one room; one write fails; then all is quiet."""
    folder.mkdir()
    clock = ManualClock(1_768_000_000 * S)
    values = [450, 820, 820, 820, 820, 820, 450, 450, 450, 450, 450, 450]
    begin_ns = clock.now_ns()
    outside = Outside(
        [
            message(begin_ns + 10 * S * i, {cast.tb.pk: value, cast.ib.pk: 300})
            for i, value in enumerate(values)
        ]
    )
    machine = Machine(folder, clock, outside)
    with writes.break_one():
        for number in range(ROUNDS):
            machine.round(long=number in (5, ROUNDS - 1))
    for _ in range(QUIET_MINUTES):
        machine.round(long=True)
        clock.advance(60)
    machine.close()
    return machine, outside


def kept(folder: Path) -> Counter[tuple[int, int, int]]:
    """Every reading in the journal."""
    journal = EmbeddedJournal(folder / "journal.sqlite3", reader_only=True)
    found = [readings_of(record) for record in records(journal) if record.kind is Kind.READINGS]
    journal.close()
    return Counter((int(r["point"]), int(r["at_ns"]), int(r["value"])) for batch in found for r in batch)


def archived(folder: Path) -> Counter[tuple[int, int, int]]:
    """Every reading in the Parquet files."""
    tables = [pq.read_table(path).to_pylist() for path in files(folder / "history")]
    return Counter((row["point"], row["at_ns"], row["value"]) for table in tables for row in table)


def check(folder: Path, outside: Outside, expected: dict[str, Any]) -> None:
    sent = np.concatenate(outside.acknowledged)
    acknowledged = {(int(r["point"]), int(r["at_ns"]), int(r["value"])) for r in sent}
    assert not outside.waiting
    assert set(kept(folder)) == acknowledged
    assert archived(folder) == kept(folder)
    assert applied() == transitions_of(folder)
    assert story() == expected
    repeated = sum(count - 1 for count in outside.handed_over.values())
    assert repeated <= counting.perhaps_repeated(LONG_AGO)
    assert repeated <= 1
    assert set(outside.handed_over.values()) <= {1, 2}


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Cast:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # one thread is the whole machine here
    return enter()


def run_all(tmp_path: Path, cast: Cast, every: int) -> None:
    whole = Writes()
    _, outside = play(tmp_path / "whole", cast, whole)
    expected = story()
    assert set(whole.made) == KINDS
    assert ("heat", "open") in expected["cases"]
    check(tmp_path / "whole", outside, expected)
    for failing in range(1, len(whole.made) + 1, every):
        forget_everything()
        writes = Writes(failing)
        folder = tmp_path / str(failing)
        machine, outside = play(folder, cast, writes)
        try:
            assert writes.failed
            check(folder, outside, expected)
        except AssertionError as error:
            raise AssertionError(
                f"write {failing} ({writes.failed}) failed; then {machine.failures}: {error}"
            ) from error


def test_a_flow_survives_some_of_its_writes_failing(tmp_path: Path, room: Cast) -> None:
    run_all(tmp_path, room, NORMAL_TIER_EVERY)


@pytest.mark.proof
def test_a_flow_survives_each_of_its_writes_failing(tmp_path: Path, room: Cast) -> None:
    run_all(tmp_path, room, 1)
