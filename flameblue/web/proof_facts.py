"""What the readings prove of a case so far, and what is missing, in words."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from flameblue.cases import actions, traces
from flameblue.cases.models import Case, State
from flameblue.domain.clock import to_datetime
from flameblue.domain.errors import FlameblueError
from flameblue.domain.limits import SECOND_NS
from flameblue.web import readings, sentences, words

STILL_BEYOND, RETURNING = "still_beyond", "returning"
LOOKED_AT = (State.TAKEN, State.MADE_SAFE, State.REPAIRED)


def _heard(point: int) -> actions.Heard | None:
    found = readings.latest([point]).get(point)
    return None if found is None else actions.Heard(found.at_ns, found.arrival_ns)


@dataclass(frozen=True, slots=True)
class Line:
    """One alarm of the case: proven, or why not yet.

    `until`: when it will be, if it goes on as it is; `since`: from when the readings count, `anew`: why not from
    earlier. `until` moves only with these.
    """

    where: str
    proven: bool
    why: str
    until: datetime | None = None
    reason: str = ""  # a word of words.VERDICTS
    since: datetime | None = None
    anew: str = ""


def of(case: Case, now_ns: int, returned: Collection[int] = ()) -> list[Line]:
    """The lines of a case that somebody handles; none before and after, and none without readings.

    `returned`: the alarms whose value is within its limits now, whatever detection still waits for.
    """
    if case.state not in LOOKED_AT or case.is_test:
        return []
    try:
        with readings.memory() as memory:
            if memory is None:
                return []
            found = actions.proofs(case, to_datetime(now_ns), actions.Past(memory.raw, _heard))
    except FlameblueError as error:
        return [Line(where=_("Proof"), proven=False, why=str(error))]
    return [
        Line(
            where=sentences.place(proof.alarm.point),
            proven=proof.verdict.proven,
            why=words.word(words.VERDICTS, reason) if reason else "",
            until=until(proof, _heard(proof.alarm.point_id)),
            reason=reason,
            since=None if proof.verdict.begin_ns is None else to_datetime(proof.verdict.begin_ns),
            anew=words.word(words.ANEW, proof.verdict.anew) if proof.verdict.anew else "",
        )
        for proof in found
        for reason in (_reason(proof, returned),)
    ]


def _reason(proof: actions.Proof, returned: Collection[int]) -> str:
    """The verdict's; an alarm that has yet to end is not called beyond a limit that its value is not beyond."""
    if proof.verdict.reason == STILL_BEYOND and proof.alarm.pk in returned:
        return RETURNING
    return proof.verdict.reason


def awaits(lines: Collection[Line]) -> str:
    """What a repaired case waits for: time (`counting`), a value that returns (`return`), or load (`load`)."""
    if any(line.reason == STILL_BEYOND for line in lines):
        return "return"
    if lines and all(line.proven or line.until is not None for line in lines):
        return "counting"
    return "load"


def until(proof: actions.Proof, heard: actions.Heard | None) -> datetime | None:
    """When the readings will have lasted for long enough; None where something else is missing.

    Counted from where they begin, not from now and the newest: what is left must not grow between two readings.
    A device's clock that lags by more than its promised interval is waited for; less is its way here.
    """
    if proof.verdict.reason != "too_short" or proof.verdict.begin_ns is None:
        return None
    lag_ns = 0 if heard is None else heard.arrival_ns - heard.at_ns
    lag_s = lag_ns // SECOND_NS if lag_ns > traces.gap_ns(proof.alarm.point) else 0
    return to_datetime(proof.verdict.begin_ns) + timedelta(seconds=proof.for_s + lag_s)
