"""The alarms of closed cases as they were: a later case on the same point takes the row, and the transitions remain.

Invariant: what is told of a closed case does not follow what happens afterwards.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from django.db.models import Exists, F, Max, Min, OuterRef, Value, Window
from django.db.models.functions import NullIf, RowNumber

from flameblue.cases import grouping
from flameblue.cases.contrary import BELOW
from flameblue.cases.models import Alarm, AppliedTransition, Case, State
from flameblue.domain.limits import RECORD_TRANSITIONS_MAX
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.transitions import Level


def alarms_of(cases: Iterable[Case]) -> dict[int, list[Alarm]]:
    """The alarms of each of `cases`, by its key: their rows, and of closed ones what later cases have taken."""
    cases = list(cases)
    taken = _taken([case.pk for case in cases if case.state == State.CLOSED])
    return {case.pk: [*case.alarms.all(), *taken.get(case.pk, ())] for case in cases}


def _taken(closed: Sequence[int]) -> dict[int, list[Alarm]]:
    if not closed:
        return {}
    here = Alarm.objects.filter(case=OuterRef("case"), point=OuterRef("point"), rule=OuterRef("rule"))
    each = [F("case"), F("point"), F("rule"), F("level")]
    # Of those that are alike the last: an alarm that comes and goes would fill all that there is room for.
    known = NullIf("value", Value(NO_VALUE))
    rows = (
        AppliedTransition.objects.filter(~Exists(here), case__in=closed)
        .annotate(
            nth=Window(RowNumber(), each, [F("offset").desc(), F("index").desc()]),
            lowest=Window(Min(known), each),
            highest=Window(Max(known), each),
        )
        .filter(nth=1)
        .select_related("case", "point__circuit__panel", "point__device")
        .order_by("case", "point", "rule", "offset", "index")
    )
    found: dict[int, list[Alarm]] = defaultdict(list)
    for (case, _point, _rule), some in groupby(rows[:RECORD_TRANSITIONS_MAX], key=_of_one):
        found[case or 0].append(_alarm(list(some)))
    return found


def _of_one(row: AppliedTransition) -> tuple[int | None, int, int]:
    return (row.case_id, row.point_id, row.rule)


def _alarm(rows: Sequence[Any]) -> Alarm:
    """As its row was written by the transitions of which `rows` are the last to each level, in their order."""
    last = rows[-1]
    rises = [row for row in rows if row.level != Level.NORMAL] or [last]
    side, of = ("lowest", min) if last.rule in BELOW else ("highest", max)
    values = [value for row in rises if (value := getattr(row, side)) is not None]
    worst_level = grouping.worst(row.level for row in rows)
    return Alarm(
        case=last.case,
        point=last.point,
        rule=last.rule,
        level=Level.NORMAL,
        worst_level=worst_level,
        isa=Alarm.Isa.NORMAL,
        since=last.at,
        value=last.value,
        worst_value=of(values, default=NO_VALUE),
        limit=rises[-1].limit,
        worst_limit=next((row.limit for row in reversed(rows) if row.level == worst_level), None),
        why=rises[-1].why,
    )
