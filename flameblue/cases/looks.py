"""Cases as a look at their evidence reads them: many in a few queries, however many they are.

Invariant: what is read together says only whether there is something to do; whoever does it reads the case `anew`,
since other transactions come between.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from django.db.models import F

from flameblue.cases import kinds
from flameblue.cases.loads import currents_behind
from flameblue.cases.models import Alarm, Case, CaseEvent
from flameblue.domain.limits import CASES_LOOKED_AT_MAX
from flameblue.fleet.models import Point


@dataclass(frozen=True, slots=True)
class Seen:
    """A case, its alarms with their points (the oldest first), and the points that measure the current behind each.

    `load_back`: it has been said that its load is back since it was made safe.
    """

    case: Case
    alarms: list[Alarm]
    currents: Mapping[int, list[Point]]
    load_back: bool


def each(cases: Iterable[Case]) -> Iterator[Seen]:
    """`cases` with all that a look needs, in their order; `CASES_LOOKED_AT_MAX` are read together."""
    rest = iter(cases)
    while together := list(islice(rest, CASES_LOOKED_AT_MAX)):
        yield from _together(together)


def _together(found: list[Case]) -> list[Seen]:
    alarms: dict[int, list[Alarm]] = {case.pk: [] for case in found}
    rows = Alarm.objects.filter(case__in=found).select_related("point__device", "point__circuit")
    for alarm in rows.order_by("pk"):
        alarms[alarm.case_id or 0].append(alarm)
    currents = currents_behind(alarm.point for of_one in alarms.values() for alarm in of_one)
    told = CaseEvent.objects.filter(
        case__in=found, kind=kinds.LOAD_BACK, at__gte=F("case__made_safe_at")
    ).values_list("case", flat=True)
    back = set(told) if any(case.made_safe_at is not None for case in found) else set()
    return [Seen(case, alarms[case.pk], currents, case.pk in back) for case in found]


def anew(one: Seen) -> Seen:
    """The same case as it is now."""
    return next(each(Case.objects.select_related("premises__site", "site").filter(pk=one.case.pk)))
