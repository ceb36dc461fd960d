"""The only choice between one small machine and a province: which journal is opened."""

from flameblue.config import Config
from flameblue.journal import embedded
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.log import Journal

JOURNAL_FILE = "journal.sqlite3"


def open_journal(config: Config, *, reader_only: bool = False) -> Journal:
    """The journal of this installation; one process writes it, any number read it."""
    return EmbeddedJournal(config.data / JOURNAL_FILE, reader_only=reader_only)


def is_written(config: Config) -> bool:
    """Whether a core writes the journal of this installation now."""
    return embedded.is_written(config.data / JOURNAL_FILE)
