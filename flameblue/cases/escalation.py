"""Which steps of a ladder are due, and when a taken case rings again. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from flameblue.cases.policy import Ladder, QuietHours, Step
from flameblue.domain.transitions import Level

STATION = frozenset({"duty", "leader", "next_station"})


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case as escalation sees it. `receipt`: the owner's message is known to have arrived.

    `desk_is_silent`: no board of the station sounds (cases.presence).
    """

    announced_at: datetime
    taken_at: datetime | None = None
    owner_answered_at: datetime | None = None
    receipt: bool = False
    steps_taken: frozenset[str] = frozenset()
    still_beyond: bool = False
    desk_is_silent: bool = False


@dataclass(frozen=True, slots=True)
class LadderFacts:
    """What decides which ladder a case climbs."""

    family: str
    level: Level
    is_test: bool = False
    is_incident: bool = False
    is_late: bool = False


def ladder_of(facts: LadderFacts) -> str:
    """The name of the ladder in policy.yaml."""
    if facts.is_test:
        return "test"
    if facts.family == "system":
        return "system"
    if facts.is_incident:
        return "incident"
    if facts.is_late:
        return "late"
    return {Level.ALARM: "alarm", Level.WARNING: "warning"}.get(facts.level, "fault")


def due_steps(ladder: Ladder, case: CaseFacts, now: datetime) -> list[Step]:
    """The steps that are due at `now`, not yet taken, and not made needless by a word of their `unless`."""
    age_s = (now - case.announced_at).total_seconds()
    holds = _holding(case)
    due: list[Step] = []
    for step in ladder.steps:
        taken = case.steps_taken | {earlier.id for earlier in due}
        if (
            waits_s(ladder, step, case) <= age_s
            and step.id not in taken
            and not (holds | taken) & set(step.unless)
        ):
            due.append(step)
    return due


def coming(ladder: Ladder, case: CaseFacts) -> list[Step]:
    """The steps that are taken one after the other while nothing changes."""
    holds = _holding(case)
    taken = set(case.steps_taken)
    found: list[Step] = []
    for step in sorted(ladder.steps, key=lambda step: waits_s(ladder, step, case)):
        if step.id not in taken and not (holds | taken) & set(step.unless):
            taken.add(step.id)
            found.append(step)
    return found


def waits_s(ladder: Ladder, step: Step, case: CaseFacts) -> float:
    """How long after the announcement `step` is due: the call that a board was to spare is due at once without one."""
    return 0 if is_brought_forward(ladder, step, case) else step.after_s


def is_brought_forward(ladder: Ladder, step: Step, case: CaseFacts) -> bool:
    """`step` is taken early, since the desk that the ladder sounds at is silent."""
    return case.desk_is_silent and step.after_s > 0 and step == call_behind_the_desk(ladder)


def call_behind_the_desk(ladder: Ladder) -> Step | None:
    """The first call of the station's people, where the ladder sounds at the desk before it; SMS if none is by voice.

    None: the board is not sounded, or nobody of the station is called.
    """
    if not any(step.channel == "desk" and step.sound for step in ladder.steps):
        return None
    calls = [step for step in ladder.steps if step.to in STATION and step.channel != "desk"]
    by_voice = [step for step in calls if step.channel == "voice"]
    return min(by_voice or calls, key=lambda step: step.after_s, default=None)


def rings_again(ladder: Ladder, case: CaseFacts, now: datetime) -> bool:
    """The case was taken `rings_again_after_s` ago and its value is still at or beyond the limit."""
    if ladder.rings_again_after_s is None or case.taken_at is None or not case.still_beyond:
        return False
    return now - case.taken_at >= timedelta(seconds=ladder.rings_again_after_s)


def is_quiet(hours: QuietHours, local: time) -> bool:
    """`local` (the site's own time of day) lies in the quiet hours."""
    if hours.begin <= hours.end:
        return hours.begin <= local < hours.end
    return local >= hours.begin or local < hours.end


def morning(local: datetime, hours: QuietHours) -> datetime | None:
    """The next end of the quiet hours; None where `local` (in the site's own time) lies outside them."""
    if not is_quiet(hours, local.time()):
        return None
    end = local.replace(hour=hours.end.hour, minute=hours.end.minute, second=0, microsecond=0)
    return end if end > local else end + timedelta(days=1)


def _holding(case: CaseFacts) -> frozenset[str]:
    words = {
        "taken": case.taken_at is not None,
        "owner_answered": case.owner_answered_at is not None,
        "receipt": case.receipt,
    }
    return frozenset(word for word, holds in words.items() if holds)
