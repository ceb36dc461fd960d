"""What people do in inspections: each is one transaction with its audit entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import numpy as np
from django.db import transaction
from django.db.models import Count, Exists, Max, Min, OuterRef

from flameblue.domain.limits import ROUNDS_CLOSED_AT_ONCE_MAX
from flameblue.fleet import audit, counting
from flameblue.fleet.models import Premises, Site
from flameblue.fleet.periods import day_of
from flameblue.inspections import calendar
from flameblue.inspections.models import Check, Item, OldCount, Round, Visit
from flameblue.inspections.old_counts import Counted
from flameblue.people.models import Person

TEXT_CHARACTERS_MAX = 200


class Refused(StrEnum):
    """Why it was not done."""

    NOT_YET = "not_yet"
    OVER = "over"
    NO_ROUND = "no_round"
    TEXT_MISSING = "text_missing"
    TEXT_TOO_LONG = "text_too_long"
    IN_THE_FUTURE = "in_the_future"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one item; a finding that is not ok says what it is."""

    item: Item
    ok: bool
    text: str = ""


def today_of(site: Site, now: datetime) -> date:
    """The day it is at `site`."""
    return day_of(now, site.time_zone)


@transaction.atomic
def check(
    premises: Premises, due_on: date, findings: Sequence[Finding], by: Person, now: datetime
) -> Refused | None:
    """Ticks items off in an open round, or corrects what was ticked; None: all were, otherwise none was."""
    refused = _refused(premises, due_on, now)
    for finding in findings:
        refused = refused or text_refused(finding)
    if refused:
        return refused
    known = Check.objects.select_for_update(of=("self",)).filter(premises=premises, due_on=due_on)
    old = {row.item: row for row in known}
    for finding in findings:
        row = old.get(finding.item) or Check(premises=premises, due_on=due_on, item=finding.item)
        _tick(row, finding, by, now)
    return None


def text_refused(finding: Finding) -> Refused | None:
    """Why the text of `finding` can't stand; None: it can."""
    return _text_refused(finding.text.strip(), needed=not finding.ok)


@transaction.atomic
def note_visit(visit: Visit, by: Person, now: datetime) -> Refused | None:
    """Somebody was at the premises (`visit` is not saved yet); None: it was written down."""
    note = visit.note.strip()
    if visit.day > today_of(visit.premises.site, now):
        return Refused.IN_THE_FUTURE
    if refused := _text_refused(note, needed=False):
        return refused
    visit.note, visit.by, visit.at = note, by, now
    visit.save(force_insert=True)
    detail = {"day": visit.day.isoformat(), "tested": visit.tested, "note": note}
    audit.record(by.name, "noted visit", str(visit.premises), detail, now)
    return None


@transaction.atomic
def bring_in(rows: Sequence[Counted], by: str, now: datetime) -> int:
    """Keeps counts from before, each once a month, kind and source (a later file corrects); how many."""
    OldCount.objects.bulk_create(
        [
            OldCount(month=row.month, kind=row.kind, number=row.number, source=row.source, by=by, at=now)
            for row in rows
        ],
        update_conflicts=True,
        unique_fields=["month", "kind", "source"],
        update_fields=["number", "by", "at"],
        batch_size=500,
    )
    audit.record(
        by, "brought in old counts", f"{len(rows)} rows", {"sum": sum(row.number for row in rows)}, now
    )
    return len(rows)


def close_rounds(now: datetime) -> int:
    """Writes down how the rounds ended that are over; how many.

    A site takes part from the first round in which somebody ticked something off there: before, nothing is missed.
    """
    begin = {site: calendar.next_round(day) for site, day in _newest_rounds().items()} | _first_rounds()
    sites = Site.objects.in_bulk(list(begin))
    made = 0
    for number, due_on in begin.items():
        today = today_of(sites[number], now)
        while calendar.is_over(due_on, today) and made < ROUNDS_CLOSED_AT_ONCE_MAX:
            _close(sites[number], due_on, now)
            made += 1
            due_on = calendar.next_round(due_on)
    return made


def _newest_rounds() -> dict[int, date]:
    return dict(Round.objects.order_by().values_list("site").annotate(day=Max("due_on")))


def _first_rounds() -> dict[int, date]:
    """Of the sites of which no round has ended yet: the first one in which somebody ticked something off."""
    ticked = Exists(Check.objects.filter(premises__site=OuterRef("pk")))
    return began(list(Site.objects.filter(ticked, rounds=None)))


def began(sites: Sequence[Site]) -> dict[int, date]:
    """From which round on each site takes part: the first one in which somebody ticked something off there."""
    checks = Check.objects.filter(premises__site__in=sites).order_by()
    return dict(checks.values_list("premises__site").annotate(day=Min("due_on")))


def due_premises(sites: Sequence[int], due_on: date, at: datetime) -> list[int]:
    """The business premises of `sites` that are due: those not closed for the season on that day."""
    places = counting.fleet.places(at)
    wanted = places.is_due(due_on) & np.isin(places.site, np.array(sites, np.int64))
    return [int(one) for one in places.ids[wanted]]


def _close(site: Site, due_on: date, now: datetime) -> None:
    due = due_premises([site.pk], due_on, now)
    whole = (
        Check.objects.filter(premises__site=site, due_on=due_on)
        .values("premises")
        .annotate(n=Count("id"))
        .filter(n=len(Item))
    )
    looked_at = set(whole.values_list("premises", flat=True))
    missed = [one for one in due if one not in looked_at]
    Round.objects.get_or_create(
        site=site, due_on=due_on, defaults={"due": len(due), "missed": missed, "closed_at": now}
    )


def _tick(row: Check, finding: Finding, by: Person, now: datetime) -> None:
    """What is so already stays with who had found it."""
    said = {"ok": finding.ok, "text": finding.text.strip()}
    before = {"ok": row.ok, "text": row.text} if row.pk else None
    if said == before:
        return
    row.ok, row.text, row.by, row.at = finding.ok, finding.text.strip(), by, now
    row.save()
    detail = {"due_on": row.due_on.isoformat(), "item": str(finding.item), **said}
    if before is not None:
        detail["before"] = before
    audit.record(by.name, "checked", str(row.premises), detail, now)


def _refused(premises: Premises, due_on: date, now: datetime) -> Refused | None:
    today = today_of(premises.site, now)
    if not calendar.is_due_day(due_on):
        return Refused.NO_ROUND
    if due_on > today:
        return Refused.NOT_YET
    return Refused.OVER if calendar.is_over(due_on, today) else None


def _text_refused(text: str, *, needed: bool) -> Refused | None:
    if needed and not text:
        return Refused.TEXT_MISSING
    return Refused.TEXT_TOO_LONG if len(text) > TEXT_CHARACTERS_MAX else None
