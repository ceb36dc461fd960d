"""What every journal does: append → offset, read from an offset, nothing else."""

from collections.abc import Sequence
from typing import Protocol

from flameblue.domain.errors import JournalCorrupt
from flameblue.journal.record import Draft, Record


class Journal(Protocol):
    """A durable log. One writer, any number of readers; what `append` returned survives everything."""

    def append(self, drafts: Sequence[Draft]) -> list[int]:
        """The durable offsets of `drafts`, in their order; JournalFull, and none is kept, when it can't."""
        ...

    def read(self, after: int, records_max: int) -> list[Record]:
        """The next records with offsets > `after`, at most `records_max`, fewer where they are large; none: the end.

        Those before a damaged record come first; then, when the damaged one is the next, JournalCorrupt names its
        offset: to go on, read after that offset. WorldFailed when the journal itself can't be read.
        """
        ...

    def first(self) -> int:
        """The offset of the oldest record kept; end() + 1 in an empty journal."""
        ...

    def end(self) -> int:
        """The offset of the newest record; 0 in a new journal."""
        ...

    def retain(self, cursor: int, now_ns: int) -> int:
        """Drops the oldest records over the size or the age, up to `cursor` and never the newest; how many went."""
        ...

    def size_bytes(self) -> int:
        """What the kept records take."""
        ...

    def close(self) -> None: ...


def read_past_damage(journal: Journal, after: int, records_max: int) -> list[Record]:
    """`read` for those who only remember: damaged records are passed over, for detection skips them on record."""
    while after < journal.end():
        try:
            return journal.read(after, records_max)
        except JournalCorrupt as damaged:
            after = damaged.offset
    return []
