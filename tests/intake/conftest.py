"""An intake at rest, and what it has handed to the journal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.intake.reception import Intake
from tests.intake.valley import MemorySink, intake


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def desk(tmp_path: Path, sink: MemorySink, clock: ManualClock) -> Iterator[Intake]:
    taken_in = intake(tmp_path, sink, clock)
    yield taken_in
    taken_in.quarantine.close()
