"""What a journal of an installation holds, read from its file."""

from pathlib import Path

from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import Kind, readings_of

Reading = tuple[int, int, int]  # point, device time in ns, value in steps


def journalled(data: Path) -> list[Reading]:
    """Every reading in the journal, as often as it is there."""
    found: list[Reading] = []
    journal = EmbeddedJournal(data / "journal.sqlite3", reader_only=True)
    after = 0
    while records := journal.read(after, 500):
        after = records[-1].offset
        for record in records:
            if record.kind is Kind.READINGS:
                rows = readings_of(record)
                columns = (rows[name].tolist() for name in ("point", "at_ns", "value"))
                found.extend(zip(*columns, strict=True))
    journal.close()
    return found
