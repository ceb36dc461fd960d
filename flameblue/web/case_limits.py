"""What held when the alarms of a case came, limits and holds: looked for once, for it never changes any more."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

import numpy as np
from django.db.models import Min

from flameblue.cases import presents
from flameblue.cases.models import AppliedTransition, Case
from flameblue.domain.clock import to_ns
from flameblue.domain.limits import POINTS_OF_THEN_KEPT_MAX
from flameblue.fleet.models import Point
from flameblue.web import limit_history

Then = tuple[tuple[int, datetime], ...]


def of_then(case: Case, found: Sequence[presents.Now]) -> list[presents.Now]:
    """The same with the limits that held when each alarm reached its worst level."""
    reached = AppliedTransition.objects.filter(case=case).values_list("point", "rule", "level")
    first = {(point, rule, level): when for point, rule, level, when in reached.annotate(when=Min("arrival"))}
    then = tuple(
        (alarm.point_id, first.get((alarm.point_id, alarm.rule, alarm.worst_level), case.opened_at))
        for alarm in (one.alarm for one in found)
    )
    return [
        replace(one, limits=presents.limits_of(one.alarm, row))
        for one, row in zip(found, _rows(then), strict=True)
    ]


def row_at(point: int, when: datetime) -> np.void | None:
    """The point as detection knew it at a time that is past; None: not known."""
    return _rows(((point, when),))[0]


def forget() -> None:
    """Nothing has been looked for yet."""
    _rows.cache_clear()


@lru_cache(maxsize=POINTS_OF_THEN_KEPT_MAX)
def _rows(then: Then) -> tuple[np.void | None, ...]:
    """The row of each of these points at its time; None: not known."""
    if not then:
        return ()
    points = list(Point.objects.filter(pk__in=[point for point, _ in then]))
    times = [when for _, when in then]
    changes = limit_history.changes_of(points, max(times), to_ns(min(times)))
    return tuple(limit_history.at(changes, point, to_ns(when)) for point, when in then)
