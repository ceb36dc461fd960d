"""A backup of the database is put back, while boards are open and across a restart: every line gets its whole page."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.live.installation import HOST, Installation, installation
from tests.live.test_slow_senders import SESSIONS

WITHIN_S = 30.0
EVENTS = """
from django.utils import timezone
from flameblue.cases.models import CaseEvent
from flameblue.cases.system import open_system_case, system_cleared
for turn in range({count}):
    open_system_case("a test's disk", "full", timezone.now())
    system_cleared("a test's disk", timezone.now())
print(CaseEvent.objects.order_by("-number").values_list("number", flat=True)[0])
"""

pytestmark = [pytest.mark.live]


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path / "data", []) as running:
        yield running


def copied(source: Path, target: Path) -> None:
    """As `sqlite3 SOURCE ".backup TARGET"` does: whole, whoever writes; the target's readers see it at once."""
    with (
        closing(sqlite3.connect(source, timeout=30)) as read,
        closing(sqlite3.connect(target, timeout=30)) as written,
    ):
        read.backup(written)


def until(lines: Iterator[str], is_it: int) -> set[str]:
    """The parts that have come by the first beat of this number."""
    number, kind, parts = -1, "", set()
    for line in lines:
        name, _, value = line.partition(": ")
        number = int(value) if name == "id" else number
        kind = value if name == "event" else kind
        if not line and kind == "beat" and number == is_it:
            return parts
        if not line and number == is_it:
            parts.add(kind)
    raise AssertionError("the line ended")


def test_a_backup_that_is_put_back_is_seen_by_every_line(it: Installation, tmp_path: Path) -> None:
    session, *_ = it.python(SESSIONS).split()
    database, kept = it.data / "flameblue.sqlite3", tmp_path / "kept.sqlite3"
    before = int(it.python(EVENTS.format(count=2)))
    copied(database, kept)
    after = int(it.python(EVENTS.format(count=5)))
    assert after > before
    with httpx.Client(
        base_url=f"http://{HOST}:{it.web_port}", cookies={"sessionid": session}, timeout=WITHIN_S
    ) as client:
        with client.stream("GET", "/live/board/?after=0") as answer:
            lines = answer.iter_lines()
            whole = until(lines, after)
            copied(kept, database)
            assert until(lines, before) == whole
            later = int(it.python(EVENTS.format(count=1)))
            assert before < later < after
            assert until(lines, later) <= whole
        it.stop()
        for ending in ("-wal", "-shm"):
            (it.data / f"flameblue.sqlite3{ending}").unlink(missing_ok=True)
        database.write_bytes(kept.read_bytes())
        it.start()
        with client.stream("GET", "/live/board/", headers={"Last-Event-ID": str(after)}) as answer:
            assert until(answer.iter_lines(), before) == whole
