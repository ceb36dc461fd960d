"""How the devices of one protocol are asked: all that the poller has to know of it. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from flameblue.intake.samples import Sample
from flameblue.profiles.loader import Profile

Question = TypeVar("Question", bound=Hashable)
Answer = TypeVar("Answer")


class Bounds(NamedTuple):
    """What a model needs: the silence before a question, and how long an answer may take."""

    pause_s: float
    timeout_s: float


class Manner(ABC, Generic[Question, Answer]):
    """One protocol's manner. A question is asked of one device at a time; a device is a number on its line.

    `name`: the protocol's, as profiles have it.
    """

    name: str

    @abstractmethod
    def bounds(self, profile: Profile) -> Bounds | None:
        """Those of the model; None: its devices are not asked in this manner."""

    @abstractmethod
    def questions(self, profile: Profile, keys: Iterable[str]) -> Sequence[Question]:
        """What brings the points `keys` and their states; a key that the model has not is passed over."""

    @abstractmethod
    def sample(
        self, profile: Profile, came: Sequence[tuple[Question, Answer]], *, online: bool | None = None
    ) -> Sample:
        """What a device says with the answers that came, whole points only."""

    @abstractmethod
    def written(self, came: Sequence[tuple[Question, Answer]]) -> bytes:
        """The answers as quarantine keeps them."""

    @abstractmethod
    def spelled(self, unit: int) -> str:
        """A device's number as people write it."""
