"""A journal that is gone, or older than what was made of it: its numbers go on, and people are told.

Whoever follows the journal has a cursor in it. In a journal that begins again at 1 all of them would wait, deaf, until
the old numbers are reached; so a new one goes on after them, and an older one (a backup put back) is put aside.
"""

import logging
from pathlib import Path

from flameblue.cases import actions as cases
from flameblue.config import Config
from flameblue.domain.clock import Clock, to_datetime
from flameblue.history.archive import files, reached
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import tick_draft
from flameblue.runtime.backends import JOURNAL_FILE
from flameblue.runtime.snapshots import Snapshots

log = logging.getLogger("flameblue.runtime")


def go_on(config: Config, clock: Clock) -> bool:
    """Looks before the journal is opened; True where a new one had to be begun."""
    archived = reached(files(config.data / "history"))
    known = max(cases.cursor(), archived, Snapshots(config.data / "snapshots").newest())
    path = config.data / JOURNAL_FILE
    journal = EmbeddedJournal(path, after=known)
    end = journal.end() if journal.first() <= journal.end() else 0
    if end < known and end:
        journal.close()
        put_aside(path, clock.now_ns())
        journal = EmbeddedJournal(path, after=known)
    if end < known:
        text = f"The journal {path} ends at record {end}, and record {known} had been read: readings are missing."
        log.error("%s A new journal goes on after it.", text)
        cases.open_system_case("journal lost", text, to_datetime(clock.now_ns()))
        journal.append(
            [tick_draft(clock.now_ns())]
        )  # last: a crash before it tells once more, and never not at all
    journal.close()
    return end < known


def put_aside(path: Path, now_ns: int) -> None:
    """The journal's files under another name, for people to look at."""
    for suffix in ("", "-wal", "-shm"):
        there = path.with_name(path.name + suffix)
        if there.exists():
            there.replace(path.with_name(f"{path.stem}.older-{now_ns}{path.suffix}{suffix}"))
