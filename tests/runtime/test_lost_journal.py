"""A journal that is gone or too old: nobody is deaf because of it, and people are told."""

from dataclasses import replace
from pathlib import Path

import pytest

from flameblue.cases import actions as cases
from flameblue.cases.models import Case
from flameblue.config import Config
from flameblue.domain.clock import ManualClock
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import tick_draft
from flameblue.runtime import lost_journal

pytestmark = pytest.mark.django_db
NOW_NS = 1_768_000_000_000_000_000


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return replace(Config(), data=tmp_path)


def test_a_lost_journal_goes_on_after_what_had_been_read_and_is_told(config: Config) -> None:
    cases.move_cursor(0, 1484)
    assert lost_journal.go_on(config, ManualClock(NOW_NS))
    journal = EmbeddedJournal(config.data / "journal.sqlite3")
    assert (journal.first(), journal.end()) == (1485, 1485)
    assert journal.append([tick_draft(NOW_NS)]) == [1486]
    assert [record.offset for record in journal.read(1484, 10)] == [1485, 1486]
    journal.close()
    assert Case.objects.get().troubles == ["journal lost"]
    assert not lost_journal.go_on(config, ManualClock(NOW_NS))


def test_an_older_journal_is_put_aside_whole(config: Config) -> None:
    path = config.data / "journal.sqlite3"
    older = EmbeddedJournal(path)
    older.append([tick_draft(NOW_NS)] * 3)
    older.close()
    cases.move_cursor(0, 10)
    assert lost_journal.go_on(config, ManualClock(NOW_NS))
    (aside,) = config.data.glob("journal.older-*.sqlite3")
    kept = EmbeddedJournal(aside, reader_only=True)
    assert kept.end() == 3
    kept.close()
    journal = EmbeddedJournal(path)
    assert journal.first() == 11
    journal.close()


def test_a_journal_that_is_as_it_should_be_is_left_alone(config: Config) -> None:
    assert not lost_journal.go_on(config, ManualClock(NOW_NS))
    journal = EmbeddedJournal(config.data / "journal.sqlite3")
    assert (journal.first(), journal.end()) == (1, 0)
    journal.append([tick_draft(NOW_NS)] * 3)
    journal.close()
    cases.move_cursor(0, 3)
    assert not lost_journal.go_on(config, ManualClock(NOW_NS))
    assert not Case.objects.exists()
