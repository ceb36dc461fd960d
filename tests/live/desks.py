"""An intake by the machine's clock, and what it has handed to the journal: for sockets and lines without processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flameblue.intake.reception import Intake
from tests.intake.valley import MemorySink, intake


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def desk(tmp_path: Path, sink: MemorySink) -> Iterator[Intake]:
    taken_in = intake(tmp_path, sink)
    yield taken_in
    taken_in.quarantine.close()
