"""Coverage as a reader may see it: three numbers, the same by kind, and the premises behind each number.

Invariant: the strip, the page and its lists are counted from the same arrays, which are at most `KEPT_S`
(for the board `STRIP_KEPT_S`) old. The page waits for a fleet that has changed; the strip says what is known.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.core.paginator import Page, Paginator

from flameblue.cases.models import Case
from flameblue.domain.clock import to_datetime, to_ns
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.fleet import counting, coverage_table, zones
from flameblue.fleet.coverage import NEVER_NS, Measure, Missing
from flameblue.fleet.coverage_table import COUNTED, REASONS, Array, Flags, Places, Seen
from flameblue.fleet.models import Premises
from flameblue.inspections.models import Visit
from flameblue.web import access, readings

KEPT_S = 20.0  # as a board refreshes; counting 200,000 premises takes about 0.1 s
STRIP_KEPT_S = 60.0  # of the board, which has no time to count
ALL_SITES = frozenset({0})
SCOPES_KEPT_MAX = 64  # about one a station


@dataclass(frozen=True, slots=True)
class Number:
    """How many of `of` premises are counted under `measure`."""

    measure: Measure
    count: int
    of: int

    @property
    def missing(self) -> int:
        return self.of - self.count

    @property
    def percent(self) -> int:
        """Rounded down: only all of them are 100."""
        return self.count * 100 // self.of if self.of else 0


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of premises; empty: those whose kind nobody wrote down."""

    kind: str
    premises: int
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which premises of the page are listed."""

    measure: Measure = Measure.ONLINE
    missing: bool = True
    why: Missing | None = None
    kind: str | None = None  # None: all
    site: int = 0  # 0: all


@dataclass(frozen=True, slots=True)
class Listed:
    """One premises of a list. `why` None: it is counted."""

    premises: Premises
    why: Missing | None
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The business premises that a reader may see, and what is known of each."""

    places: Places
    which: Flags
    seen: Seen
    now_ns: int
    why: dict[Measure, Array] = field(default_factory=dict)

    @property
    def total(self) -> tuple[Number, ...]:
        return self._numbers(np.ones(len(self.ids), bool))

    @property
    def ids(self) -> Array:
        return np.asarray(self.places.ids[self.which])

    def lines(self) -> list[Line]:
        """By kind, the most premises first."""
        kind = self.places.kind[self.which]
        found = [
            Line(self.places.kinds[one], int((kind == one).sum()), self._numbers(kind == one))
            for one in np.unique(kind)
        ]
        return sorted(found, key=lambda line: (-line.premises, line.kind))

    def reasons(self, wanted: Wanted) -> list[tuple[Missing, int]]:
        """How many are missing for which reason, whatever reason is asked for."""
        why = self._why(wanted.measure)[self._places_of(wanted)]
        return [(one, n) for index, one in enumerate(REASONS) if (n := int((why == index).sum()))]

    def page(self, wanted: Wanted, number: str | None) -> tuple[Page[Any], list[Listed]]:
        """One page of the premises asked for: what is missing by its reason, what is counted by its id."""
        why = self._why(wanted.measure)
        chosen = self._places_of(wanted) & ((why != COUNTED) == wanted.missing)
        if wanted.missing and wanted.why is not None:
            chosen &= why == REASONS.index(wanted.why)
        at = np.flatnonzero(chosen)
        at = at[np.argsort(why[at], kind="stable")]
        page = Paginator(at, PAGE_ROWS_MAX // 2).get_page(number)
        return page, list(self._listed(np.asarray(page.object_list), why))

    def _listed(self, at: Array, why: Array) -> Iterator[Listed]:
        ids = self.ids[at]
        premises = Premises.objects.select_related("site").in_bulk([int(one) for one in ids])
        for index, one in zip(at, ids, strict=True):
            if int(one) not in premises:
                continue
            heard_ns, reason = int(self.seen.heard_ns[index]), int(why[index])
            yield Listed(
                premises=premises[int(one)],
                why=None if reason == COUNTED else REASONS[reason],
                heard_at=None if heard_ns == NEVER_NS else to_datetime(heard_ns),
            )

    def _numbers(self, some: Flags) -> tuple[Number, ...]:
        of = int(some.sum())
        return tuple(Number(one, int((self._why(one)[some] == COUNTED).sum()), of) for one in Measure)

    def _places_of(self, wanted: Wanted) -> Flags:
        chosen = np.ones(len(self.ids), bool)
        if wanted.kind is not None:
            known = self.places.kinds
            number = known.index(wanted.kind) if wanted.kind in known else len(known)
            chosen &= self.places.kind[self.which] == number
        if wanted.site:
            chosen &= self.places.site[self.which] == wanted.site
        return chosen

    def _why(self, measure: Measure) -> Array:
        if measure not in self.why:
            self.why[measure] = coverage_table.reasons(self.seen, measure, self.now_ns)
        return self.why[measure]


_lock = threading.Lock()
_kept: dict[frozenset[int], Coverage] = {}


def strip(user: access.AnyUser, places: Places, at: datetime) -> tuple[Number, ...]:
    """The three numbers for the board (`board/_coverage.html`), of `places`, at most STRIP_KEPT_S old."""
    sites = _sites(user)
    kept = _known(sites, at, STRIP_KEPT_S)
    return (kept if kept is not None and kept.places is places else _keep(sites, places, at)).total


def of(user: access.AnyUser, at: datetime) -> Coverage:
    """The coverage of what `user` may see, at most KEPT_S old."""
    sites = _sites(user)
    return _known(sites, at, KEPT_S) or _keep(sites, counting.fleet.places(at), at)


def forget() -> None:
    """Nothing that was counted is true any more."""
    counting.fleet.forget()
    with _lock:
        _kept.clear()


def _known(sites: frozenset[int], at: datetime, kept_s: float) -> Coverage | None:
    with _lock:
        kept = _kept.get(sites)
    return kept if kept is not None and 0 <= to_ns(at) - kept.now_ns < kept_s * 1e9 else None


def _keep(sites: frozenset[int], places: Places, at: datetime) -> Coverage:
    found = count(sites, places, at)
    with _lock:
        if len(_kept) >= SCOPES_KEPT_MAX:
            _kept.clear()
        _kept[sites] = found
    return found


def count(sites: frozenset[int], places: Places, at: datetime) -> Coverage:
    """The coverage of the business premises of `sites`, as `places` has them."""
    which = places.is_business()
    if sites != ALL_SITES:
        which = which & np.isin(places.site, np.array(sorted(sites), np.int64))
    seen = Seen(
        is_installed=places.is_installed,
        heard_ns=places.heard_ns(readings.arrivals()),
        is_tested=np.isin(places.ids, np.array(sorted(tested(at)), np.int64)),
        is_closed=places.is_closed(coverage_table.today(at)),
    )
    return Coverage(places, which, seen.of(which), to_ns(at))


def tested(at: datetime) -> set[int]:
    """The premises with a test this month: a detector told of one, or a visitor pressed its button."""
    told = Case.objects.filter(zones.this_month(at, "opened_at", "premises__site"), is_test=True)
    pressed = Visit.objects.filter(zones.days_of_this_month(at, "day", "premises__site"), tested=True)
    return {
        *told.values_list("premises_id", flat=True).distinct(),
        *pressed.values_list("premises_id", flat=True).distinct(),
    }


def _sites(user: access.AnyUser) -> frozenset[int]:
    if access.role_of(user) == access.ADMIN:
        return ALL_SITES
    return frozenset(access.sites_for(user).values_list("id", flat=True))
