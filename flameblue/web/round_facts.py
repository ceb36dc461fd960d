"""The rounds of a month site by site, and one round premises by premises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import numpy as np
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q

from flameblue.fleet import counting
from flameblue.fleet.models import Premises, Site
from flameblue.fleet.periods import Period
from flameblue.inspections import actions, calendar
from flameblue.inspections.models import Check, Item, Round
from flameblue.web.round_words import Show, Stand


@dataclass(frozen=True, slots=True)
class SiteRound:
    """One site in one round. `missed` None: not counted (yet), or the site did not take part."""

    site: Site
    due_on: date
    stand: Stand
    due: int  # premises
    looked_at: int  # items, of three a premises
    not_ok: int
    missed: int | None

    @property
    def items(self) -> int:
        return self.due * len(Item)


@dataclass(frozen=True, slots=True)
class Line:
    """One premises in a round: each item with its check, None: nobody looked."""

    premises: Premises
    checks: tuple[tuple[Item, Check | None], ...]

    @property
    def is_done(self) -> bool:
        return all(check for _, check in self.checks)


def stand_of(site: Site, due_on: date, at: datetime) -> Stand:
    """How far the round of `due_on` is at `site`."""
    today = actions.today_of(site, at)
    if today < due_on:
        return Stand.TO_COME
    return Stand.OVER if calendar.is_over(due_on, today) else Stand.OPEN


def month(sites: Sequence[Site], period: Period, at: datetime) -> list[tuple[date, list[SiteRound]]]:
    """The three rounds of a month, each with every site."""
    days = calendar.due_days(period.year, period.month)
    checks = Check.objects.filter(premises__site__in=sites, due_on__in=days).order_by()
    rows = checks.values_list("premises__site", "due_on").annotate(
        n=Count("pk"), bad=Count("pk", filter=Q(ok=False))
    )
    counted = {(site, day): (n, bad) for site, day, n, bad in rows}
    ended = {(one.site_id, one.due_on): one for one in Round.objects.filter(site__in=sites, due_on__in=days)}
    found = []
    for day in days:
        due = _due_counts(day, at)
        rounds = []
        for site in sites:
            looked_at, bad = counted.get((site.pk, day), (0, 0))
            end = ended.get((site.pk, day))
            stand = stand_of(site, day, at)
            known = end.due if end is not None else due.get(site.pk, 0)
            missed = len(end.missed) if end is not None else None
            rounds.append(SiteRound(site, day, stand, known, looked_at, bad, missed))
        found.append((day, rounds))
    return found


class OneRound:
    """The round of `due_on` at `site`, as it is at `at`."""

    def __init__(self, site: Site, due_on: date, at: datetime) -> None:
        self.site, self.due_on, self.at = site, due_on, at
        self.stand = stand_of(site, due_on, at)

    @cached_property
    def ended(self) -> Round | None:
        """How it ended; None: it is open, nobody took part, or it is not written down yet."""
        return Round.objects.filter(site=self.site, due_on=self.due_on).first()

    @cached_property
    def checks(self) -> Mapping[int, Mapping[str, Check]]:
        """The checks by premises and item."""
        found: dict[int, dict[str, Check]] = {}
        rows = Check.objects.filter(premises__site=self.site, due_on=self.due_on).select_related("by")
        for row in rows:
            found.setdefault(row.premises_id, {})[row.item] = row
        return found

    @cached_property
    def due(self) -> list[int]:
        """The premises of the round: those that are due, and when it is over those that were."""
        if self.ended is not None:
            return sorted({*self.ended.missed, *self.checks})
        return sorted({*actions.due_premises([self.site.pk], self.due_on, self.at), *self.checks})

    def of(self, show: Show) -> list[int]:
        """The premises that `show` asks for."""
        match show:
            case Show.TO_DO:
                return [one for one in self.due if len(self.checks.get(one, ())) < len(Item)]
            case Show.NOT_OK:
                return [
                    one for one in self.due if any(not row.ok for row in self.checks.get(one, {}).values())
                ]
            case Show.MISSED:
                return sorted(self.ended.missed) if self.ended is not None else []
        return self.due

    def page(self, show: Show, rows_max: int, number: str | None) -> tuple[Page[int], list[Line]]:
        """One page of them, by name."""
        named = Premises.objects.filter(site=self.site).order_by("name", "id").values_list("id", flat=True)
        wanted = set(self.of(show))
        page = Paginator([one for one in named if one in wanted], rows_max).get_page(number)
        places = Premises.objects.select_related("site").in_bulk(list(page))
        return page, [self.line(places[one]) for one in page]

    def line(self, premises: Premises) -> Line:
        """One premises as it is."""
        checks = self.checks.get(premises.pk, {})
        return Line(premises, tuple((item, checks.get(item)) for item in Item))


def _due_counts(due_on: date, at: datetime) -> dict[int, int]:
    places = counting.fleet.places(at)
    sites, counts = np.unique(places.site[places.is_due(due_on)], return_counts=True)
    return {int(site): int(count) for site, count in zip(sites, counts, strict=True)}
