"""What an answer of `/healthz` is worth, and what is told of a row of answers. Pure.

Invariants: one failure tells nobody, `WATCH_FAILURES` in a row do; what was told is told again every hour and taken
back once, after as many good answers in a row; the arithmetic of how long that takes stands in domain/limits.py.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from flameblue.domain.limits import WATCH_AGAIN_S, WATCH_FAILURES


class Word(StrEnum):
    """What people are told."""

    DOWN = "down"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Answer:
    """`trouble`: why it counts as none, as a part of a sentence; empty: alive. `at`: how it is dated."""

    trouble: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one Flameblue stands. `since`: of the first failure, where the last answer was none."""

    failures: int = 0
    answers: int = 0  # good ones in a row, while people believe it is down
    since: datetime | None = None
    told_at: datetime | None = None  # when people were last told; None: they believe it is alive


def judged(status: int, body: bytes, before: str) -> Answer:
    """What an answer says; `before`: how the last one was dated."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict) or "alive" not in said:
        return Answer(f"something answers there (status {status}), but no Flameblue; is the address right?")
    at = said.get("at")
    if not isinstance(at, str) or not at:
        return Answer("its answer bears no date; it may be an old one")
    if at == before:
        return Answer(f"its answer is still that of {at}", at)
    if status != 200 or said["alive"] is not True:
        dead = said.get("dead")
        named = ", ".join(map(str, dead)) if isinstance(dead, list) else ""
        return Answer(f"it says that it does not work{f': {named}' if named else ''}", at)
    return Answer(at=at)


def step(standing: Standing, answer: Answer, now: datetime) -> tuple[Standing, Word | None]:
    """How it stands after `answer`, and what people are told now."""
    if not answer.trouble:
        return _answered(standing)
    failed = replace(standing, failures=standing.failures + 1, answers=0, since=standing.since or now)
    if standing.told_at is None:
        is_due = failed.failures >= WATCH_FAILURES
    else:
        is_due = not timedelta() <= now - standing.told_at < timedelta(seconds=WATCH_AGAIN_S)
    return (replace(failed, told_at=now), Word.DOWN) if is_due else (failed, None)


def _answered(standing: Standing) -> tuple[Standing, Word | None]:
    if standing.told_at is None:
        return Standing(), None
    if standing.answers + 1 >= WATCH_FAILURES:
        return Standing(), Word.BACK
    return replace(standing, failures=0, answers=standing.answers + 1), None
