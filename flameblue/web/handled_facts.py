"""Handled warnings of a month or a year: how many of each family and of what kind they were, and which.

Counted are closed cases that people were told of, by the day they were closed at their site. A member of an incident
was told with it and is not counted again.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from flameblue.cases.announcing import told
from flameblue.cases.handled import Handled, causes_of, counts_as
from flameblue.cases.models import Case, Family, State
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.fleet import zones
from flameblue.fleet.periods import Period
from flameblue.inspections.models import OldCount
from flameblue.web import access

FIRST = (Family.HEAT, Family.LEAKAGE)  # what the field asks for before all others
FAMILIES = (*FIRST, *(one for one in Family if one not in FIRST))


@dataclass(frozen=True, slots=True)
class Line:
    """One family. `numbers` in the order of `Handled`; `old`: not proven, None: nobody brought any in."""

    family: Family
    numbers: tuple[tuple[Handled, int], ...]
    without_proof: int
    old: int | None

    @property
    def total(self) -> int:
        return sum(n for _, n in self.numbers)


def cases(user: access.AnyUser, period: Period) -> QuerySet[Case]:
    """The handled warnings of `period` that `user` may see."""
    closed = access.cases_for(user).filter(told(), state=State.CLOSED, incident=None)
    return closed.filter(zones.within(period, "closed_at", "premises__site", "site"))


def lines(user: access.AnyUser, period: Period) -> list[Line]:
    """Every family that has any; over-temperature and leakage always."""
    light = cases(user, period).select_related(None).prefetch_related(None).order_by()
    counted: dict[str, dict[Handled, int]] = {}
    unproven: dict[str, int] = {}
    rows = light.values_list("family", "cause", "is_test").annotate(
        n=Count("pk"), without=Count("pk", filter=Q(closed_without_proof=True))
    )
    for family, cause, is_test, n, without in rows:
        handled = counts_as(family, cause, is_test=is_test)
        counts = counted.setdefault(family, dict.fromkeys(Handled, 0))
        counts[handled] += n
        unproven[family] = unproven.get(family, 0) + without
    old = _old(period)
    shown = [one for one in FAMILIES if one in FIRST or one in counted or one in old]
    nothing = dict.fromkeys(Handled, 0)
    return [
        Line(one, tuple(counted.get(one, nothing).items()), unproven.get(one, 0), old.get(one))
        for one in shown
    ]


def of(found: QuerySet[Case], family: str, handled: str) -> QuerySet[Case]:
    """Those of `found` behind one number; an empty word asks for all."""
    if family in set(Family):
        found = found.filter(family=family)
    if handled not in set(Handled):
        return found.order_by("-closed_at", "-number")
    wanted, which = Handled(handled), Q(pk__in=())
    for one in Family:
        which |= Q(family=one, is_test=False, cause__in=causes_of(one, wanted))
    if wanted == Handled.TEST:
        which |= Q(is_test=True)
    return found.filter(which).order_by("-closed_at", "-number")


def old_counts(period: Period) -> tuple[list[OldCount], int]:
    """The first of the counts from before, and how many more there are."""
    found = _old_rows(period).order_by("month", "kind", "source")
    shown = list(found[:PAGE_ROWS_MAX])
    return shown, found.count() - len(shown)


def _old(period: Period) -> dict[Any, int]:
    return dict(_old_rows(period).order_by().values_list("kind").annotate(n=Sum("number")))


def _old_rows(period: Period) -> QuerySet[OldCount]:
    return OldCount.objects.filter(month__gte=period.first, month__lt=period.end)
