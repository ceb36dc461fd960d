"""Trouble, in its three kinds: the world failed, the input is wrong, (a failed `assert`:) we are wrong."""


class FlameblueError(Exception):
    """Every error that this product raises on purpose. Its text is for people: what, where, what next."""


class BadInput(FlameblueError):
    """The input is wrong: counted, quarantined or shown to who sent it; never fatal."""


class WorldFailed(FlameblueError):
    """A disk, a network or a peer failed: handled where it is raised."""


class JournalFull(WorldFailed):
    """The journal can't take more: nothing may be acknowledged."""


class JournalCorrupt(WorldFailed):
    """The record at `offset` has a wrong check sum: it is skipped on record, never silently."""

    def __init__(self, message: str, *, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class DeliveryError(WorldFailed):
    """A channel could not hand over a notice. `permanent`: trying again would not help.

    `deaf_s`: how long the channel's line had been down by then.
    """

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.deaf_s = 0.0
