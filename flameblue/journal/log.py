"""What every journal does: append → offset, read from an offset, nothing else."""

from collections.abc import Sequence
from typing import Protocol

from flameblue.journal.record import Draft, Record


class Journal(Protocol):
    """A durable log. One writer, any number of readers; what `append` returned survives everything."""

    def append(self, drafts: Sequence[Draft]) -> list[int]:
        """The durable offsets of `drafts`, in their order; JournalFull, and none is kept, when it can't."""
        ...

    def read(self, after: int, records_max: int) -> list[Record]:
        """At most `records_max` records with offsets > `after`; JournalCorrupt when the first is damaged."""
        ...

    def first(self) -> int:
        """The offset of the oldest record kept; end() + 1 in an empty journal."""
        ...

    def end(self) -> int:
        """The offset of the newest record; 0 in a new journal."""
        ...

    def retain(self, cursor: int, now_ns: int) -> int:
        """Drops what is over the size or the age, never past `cursor`; how many records went."""
        ...

    def size_bytes(self) -> int: ...

    def close(self) -> None: ...
