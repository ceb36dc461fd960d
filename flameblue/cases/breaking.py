"""What ends a shelving before its time.

Invariants: what was at alarm when the case was shelved may go up and down unheard until the time is over; whatever
else reaches alarm is heard, and so is a case that had been handled and is back.
"""

from datetime import timedelta

from flameblue.cases import grouping, kinds
from flameblue.cases.announcing import ANOTHER_ALARM, REOPENED, WORSE_LEVEL
from flameblue.cases.finding import Rise
from flameblue.cases.models import AppliedTransition, Case
from flameblue.domain.transitions import Level

HEARD = frozenset({kinds.JOINED, kinds.RAISED})


def why_broken(case: Case, seen: Rise, kind: str, again_after_s: float) -> str:
    """Why the rise, which is `kind` to its shelved case, ends the shelving; "" where it does not."""
    if case.shelved_until is None:
        return ""
    if kind == kinds.REOPENED:
        return REOPENED
    is_worse = grouping.worse(seen.transition.level, case.shelved_level or Level.NORMAL)
    if kind in HEARD and is_worse:
        return WORSE_LEVEL
    if kind not in {*HEARD, kinds.NOTED} or seen.transition.level != Level.ALARM:
        return ""
    if _is_known(case, seen, again_after_s):
        return ""
    return WORSE_LEVEL if is_worse else ANOTHER_ALARM


def _is_known(case: Case, seen: Rise, again_after_s: float) -> bool:
    """The alarm was at alarm when the case was shelved, or a moment ago: it goes up and down."""
    shelved = case.events.filter(kind=kinds.SHELVED).order_by("-number").first()
    if shelved is not None and seen.alarm.pk in shelved.data.get("in_alarm", ()):
        return True
    left = AppliedTransition.objects.filter(case=case, point=seen.point, rule=seen.transition.rule)
    return left.filter(before=Level.ALARM, arrival__gt=seen.at - timedelta(seconds=again_after_s)).exists()
