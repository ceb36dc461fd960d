"""Which answers may still come on a line, where an answer does not say which question it is to. Pure: times are told.

Promises: after `clear_s` whatever comes is no other question's answer, as long as a device's answers come within
ASKING_LATE_S of the end of the wait for them, and a doubled one within ASKING_COPY_S of the first; in any order. A
late answer to the very same question is one of the right registers, and may be taken.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, NamedTuple

from flameblue.domain.limits import ASKING_COPY_S, ASKING_LATE_S
from flameblue.intake.asking.manner import Question


class _Owed(NamedTuple):
    """Until when an answer may come. `may_refuse`: it may be a refusal, which fits any question to the device."""

    until_s: float
    may_refuse: bool


class Owed(Generic[Question]):
    """Those of one line. `mark`: what an answer bears of its question; two of one mark are taken for each other's."""

    def __init__(self, mark: Callable[[Question], Hashable]) -> None:
        self._mark = mark
        self._owed: dict[int, dict[Question, _Owed]] = {}

    def clear_s(self, unit: int, questions: Iterable[Question]) -> float:
        """From when on each of `questions` can be asked; 0: always."""
        others = self._owed.get(unit, {})
        return max(
            (
                one.until_s
                for question in questions
                for other, one in others.items()
                if other != question and self._mark(other) == self._mark(question)
            ),
            default=0.0,
        )

    def answered(self, unit: int, question: Question, asked_s: float, now_s: float) -> None:
        """It came, or a late one to the same question did, and this one is still to come."""
        before = self._owed.get(unit, {}).get(question)
        if before is not None and before.until_s > asked_s:
            self.given_up(unit, question, now_s)
        else:
            self._note(unit, question, _Owed(now_s + ASKING_COPY_S, may_refuse=False), now_s)

    def refused(self, unit: int, question: Question, asked_s: float, now_s: float) -> None:
        """The device refuses; or an earlier refusal came late, and the answer is still to come."""
        if any(one.may_refuse and one.until_s > asked_s for one in self._owed.get(unit, {}).values()):
            self.given_up(unit, question, now_s)
        else:
            self._note(unit, question, _Owed(now_s + ASKING_COPY_S, may_refuse=True), now_s)

    def given_up(self, unit: int, question: Question, now_s: float) -> None:
        """Nobody waits for its answer any more, and it may come yet; over a new connection, too."""
        self._note(unit, question, _Owed(now_s + ASKING_LATE_S, may_refuse=True), now_s)

    def _note(self, unit: int, question: Question, owed: _Owed, now_s: float) -> None:
        known = self._owed.get(unit, {})
        self._owed[unit] = {other: one for other, one in known.items() if one.until_s > now_s} | {
            question: owed
        }
