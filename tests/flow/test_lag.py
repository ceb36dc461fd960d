"""How far detection is behind is what it has not judged yet; when the cursor is written is another matter."""

from pathlib import Path

import pytest

from flameblue.cases import actions
from flameblue.domain.clock import ManualClock
from tests.cast import Cast, enter
from tests.flow.machine import Machine, Outside, message

S = 1_000_000_000


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Cast:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # one thread is the whole machine here
    return enter()


def test_what_is_judged_is_no_lag_before_its_cursor_is_written(tmp_path: Path, room: Cast) -> None:
    clock = ManualClock(1_768_000_000 * S)
    machine = Machine(tmp_path, clock, Outside([message(clock.now_ns(), {room.tb.pk: 450})]))
    machine.round()
    assert machine.lag("detection") == 0
    assert actions.cursor() == 0
    machine.round(long=True)
    assert machine.lag("detection") == 0
    assert actions.cursor() > 0
    machine.close()
