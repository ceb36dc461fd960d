"""A point as tables show it: its latest value, its level, its limits and where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from flameblue.domain.clock import to_datetime
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.transitions import Level
from flameblue.fleet.limits import LimitOrigin
from flameblue.fleet.models import Point
from flameblue.fleet.point_table import explain_all
from flameblue.fleet.shelf import profiles
from flameblue.web import readings


@dataclass(frozen=True, slots=True)
class PointLine:
    """One point. `at` None: it never had a reading."""

    point: Point
    level: Level
    at: datetime | None
    value: int
    limits: list[LimitOrigin]

    @property
    def main_limits(self) -> list[LimitOrigin]:
        """Without holds and hysteresis."""
        return [limit for limit in self.limits if limit.field.endswith(("_warning", "_alarm"))]


def of(points: QuerySet[Point], levels: Mapping[int, Level]) -> list[PointLine]:
    """The lines of at most PAGE_ROWS_MAX points."""
    shown = list(points.select_related("device__premises__site", "circuit__panel")[:PAGE_ROWS_MAX])
    newest = readings.latest([point.id for point in shown])
    limits = explain_all(shown, profiles())
    return [
        PointLine(
            point=point,
            level=levels.get(point.id, Level.NORMAL),
            at=to_datetime(newest[point.id].at_ns) if point.id in newest else None,
            value=newest[point.id].value if point.id in newest else NO_VALUE,
            limits=limits.get(point.id, []),
        )
        for point in shown
    ]
