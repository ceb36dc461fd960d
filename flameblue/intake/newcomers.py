"""Who has come and not presented himself yet: where all places are taken, the oldest of them gives his to the next.

Promises: nobody who has presented himself gives his place up for it, however quiet he is; so many strangers as there
are places, from one address or from many, take nobody's place for longer than others take to come. There is no limit
by address: a mobile operator shows all its units with a few.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Newcomers(Generic[T]):
    """The lines of one port that may have to go. `presented`: whether one has said who it is, and was believed."""

    def __init__(self, presented: Callable[[T], bool]) -> None:
        self._presented = presented
        self._waiting: OrderedDict[T, None] = OrderedDict()  # in the order in which they came

    def came(self, one: T) -> None:
        """`one` is new, and has said nothing."""
        self._waiting[one] = None

    def gone(self, one: T) -> None:
        """`one` has ended."""
        self._waiting.pop(one, None)

    def give_up(self) -> T | None:
        """The one whose place is to be given to another, no longer listed here; None: all have presented themselves."""
        while self._waiting:
            one, _ = self._waiting.popitem(last=False)
            if not self._presented(one):
                return one
        return None
