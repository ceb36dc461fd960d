"""When a point has passed its test. Pure.

The seconds run from the first value at or beyond the limit to the value that entered the alarm, both by the device's
clock, so that they are those of the clause (docs/practice.md#standard-clock): how long the device let the value stand,
not how long a person needed. Where the device says alarm itself and no value beyond the limit was seen before, they run
from the moment at which it was applied. They are known to one reading only: our own hold ends with the first reading
after it, so that up to one interval beyond the clause's time says nothing against the device: it is late. That is not
passed, since the clause isn't met (docs/decisions/0026, 0028). Where a device speaks when something changes, the hold
ends with our own look at it, a LOOK_S at most later.
What reports more seldom than TEST_STEP_S_MAX shows nothing of the clause's time, and doesn't pass; nor does what speaks
on change only, where its first value took longer to come.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flameblue.domain.limits import TEST_STEP_S_MAX

LOOK_S = 1.0  # the core looks every second whether a hold has ended


class Verdict(StrEnum):
    """What a run has come to; words of TestRun.State."""

    UNDER_WAY = "under_way"
    PASSED = "passed"
    LATE = "late"
    FAILED = "failed"
    BROKEN_OFF = "broken_off"


@dataclass(frozen=True, slots=True)
class Facts:
    """A run and what has happened in it. `within_s` None: a value is all that has to come; `step_s`: between readings,
    0: it speaks when something changes.

    `seen_at` and `entered_at` are device times: of the first value that counts, of the one that entered the alarm.
    `waited_s`: from the run's begin to the arrival of the first value that counts; None: none has come.
    """

    began_at: datetime
    until: datetime
    within_s: float | None
    seen_at: datetime | None = None
    entered_at: datetime | None = None
    step_s: float = 0.0
    waited_s: float | None = None


def verdict(facts: Facts, now: datetime) -> tuple[Verdict, float | None]:
    """How `facts` stand at `now`, and the measured seconds where there are any.

    A run that ends before its time is up proves nothing: it is broken off. One that was given the time and has
    entered nothing has failed, and is waited for until its end: 47 s say more than "not within 30".
    """
    if facts.within_s is None:
        if facts.seen_at is not None:
            return Verdict.PASSED, None
        return (Verdict.FAILED if now >= facts.until else Verdict.UNDER_WAY), None
    if facts.entered_at is not None:
        took_s = max(0.0, (facts.entered_at - (facts.seen_at or facts.began_at)).total_seconds())
        return _of_time(facts, facts.within_s, took_s), took_s
    if now < facts.until:
        return Verdict.UNDER_WAY, None
    given_s = (facts.until - facts.began_at).total_seconds()
    return (Verdict.FAILED if given_s >= facts.within_s else Verdict.BROKEN_OFF), None


def is_beyond(seconds: float | None, within_s: float | None) -> bool:
    """Whether the clause's time, where there is one, was measured and is not met."""
    return seconds is not None and within_s is not None and seconds > within_s


def is_too_seldom(step_s: float, waited_s: float | None) -> bool:
    """Whether a device's readings are too far apart to show the clause's time: as it promises, or as they came."""
    between_s = (
        step_s or waited_s or 0.0
    )  # who speaks on change promises nothing: the wait is all that is known
    return between_s > TEST_STEP_S_MAX


def _of_time(facts: Facts, within_s: float, took_s: float) -> Verdict:
    if is_too_seldom(facts.step_s, facts.waited_s) or took_s > within_s + max(facts.step_s, LOOK_S):
        return Verdict.FAILED
    return Verdict.LATE if is_beyond(took_s, within_s) else Verdict.PASSED
