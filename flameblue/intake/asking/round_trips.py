"""How one device answers: counts since the start, and how long its last answers took."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from flameblue.domain.limits import ROUND_TRIPS_KEPT

TROUBLE_CHARACTERS_MAX = 160  # of the words for a page; they are ours, and shorter


class Failure(Enum):
    """Why a question has no answer."""

    TIME_OUT = "time_out"  # nothing came
    GARBLED = "garbled"  # something came, and no frame with a right CRC was in it
    UNREACHED = "unreached"  # a gateway says that the device behind it does not answer (exceptions 10 and 11)
    REFUSED = "refused"  # the device answers that it will not (any other exception; an abnormal answer)
    OTHER_ADDRESS = "other_address"  # a right answer, of another device (DL/T 645)
    OTHER_ANSWER = "other_answer"  # a right answer of the device, and not to this question (DL/T 645)
    LINE_LOST = "line_lost"  # the connection broke


SILENT = (
    Failure.TIME_OUT,
    Failure.GARBLED,
    Failure.UNREACHED,
    Failure.OTHER_ADDRESS,
    Failure.OTHER_ANSWER,
)  # the device itself was not heard, or not to the point


class NoAnswer(Exception):
    """A question remained without the registers that it asked for.

    `was_damaged`: what came was its answer, with an error in it, so that no other is owed.
    """

    def __init__(self, failure: Failure, detail: str, *, was_damaged: bool = False) -> None:
        super().__init__(detail)
        self.failure = failure
        self.was_damaged = was_damaged


@dataclass(slots=True)
class RoundTrips:
    """The questions to one device since `since_ns`. The last durations are kept, ROUND_TRIPS_KEPT of them."""

    since_ns: int = 0
    asked: int = 0
    answered: int = 0
    failures: Counter[Failure] = field(default_factory=Counter)
    last_failure: Failure | None = None
    last_failure_ns: int = 0
    last_trouble: str = ""
    _durations_s: deque[float] = field(default_factory=lambda: deque(maxlen=ROUND_TRIPS_KEPT))

    def answer(self, duration_s: float) -> None:
        """It answered after `duration_s`."""
        self.asked += 1
        self.answered += 1
        self._durations_s.append(duration_s)

    def failure(self, why: NoAnswer, at_ns: int = 0) -> None:
        """It did not answer with what was asked for."""
        self.asked += 1
        self.failures[why.failure] += 1
        self.last_failure, self.last_failure_ns, self.last_trouble = why.failure, at_ns, str(why)

    def duration_s(self, share: float) -> float | None:
        """The duration that `share` of the last answers did not exceed, such as 0.95; None: there is no answer yet."""
        return quantile(sorted(self._durations_s), share)

    def as_dict(self) -> Mapping[str, int | float | str | None]:
        """What a page shows of them."""
        counts = {one.value: self.failures[one] for one in Failure}
        rising = sorted(self._durations_s)
        return {
            "since_ns": self.since_ns,
            "asked": self.asked,
            "answered": self.answered,
            **counts,
            "p50_s": quantile(rising, 0.5),
            "p95_s": quantile(rising, 0.95),
            "last_failure": None if self.last_failure is None else self.last_failure.value,
            "last_failure_ns": self.last_failure_ns,
            "last_trouble": self.last_trouble[:TROUBLE_CHARACTERS_MAX],
        }


def quantile(rising: Sequence[float], share: float) -> float | None:
    """The least of `rising` that at least `share` of them do not exceed; None of none."""
    if not rising:
        return None
    place = max(0, min(len(rising) - 1, -int(-share * len(rising) // 1) - 1))
    return rising[place]
