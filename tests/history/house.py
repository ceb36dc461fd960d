"""A long memory as an installation has it."""

from pathlib import Path

from flameblue.domain.readings import Mark, Reading
from flameblue.history.archive import Archive
from flameblue.history.queries import Memory
from flameblue.journal.embedded import EmbeddedJournal
from tests.history.journals import samples


class House:
    """A journal, its archive and its memory in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "history"
        self.journal = EmbeddedJournal(folder / "journal.sqlite3")
        self.archive = Archive(self.folder)
        self.memory = Memory(self.folder, self.journal)

    def archive_until(self, offset: int) -> None:
        """Archives up to `offset`."""
        for record in self.journal.read(self.archive.collected, 10_000):
            if record.offset <= offset:
                self.archive.append([record])
        self.archive.flush()

    def readings(self) -> list[Reading]:
        """Everything that may be asked for: the plain list."""
        rows = samples(self.journal.read(0, 100_000))
        return [row for row in rows if not row.marks & Mark.RETAINED]
