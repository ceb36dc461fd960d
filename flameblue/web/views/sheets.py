"""The monthly wiring sheets: one to read and print, the list of a site, all of them to print; visits."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from flameblue.domain.errors import BadInput, WorldFailed
from flameblue.domain.limits import PAGE_ROWS_MAX, SHEETS_PER_PAGE
from flameblue.fleet.models import Device, Premises, Site
from flameblue.fleet.periods import Period
from flameblue.inspections import actions
from flameblue.inspections.models import Visit
from flameblue.web import access, sheet_facts, words
from flameblue.web.now import now
from flameblue.web.practice_links import month_of, query_of, site_of


class VisitForm(forms.Form):
    """Who was there when, and whether the test button was pressed."""

    day = forms.DateField()
    tested = forms.BooleanField(required=False)
    note = forms.CharField(required=False, max_length=actions.TEXT_CHARACTERS_MAX)


@require_GET
def sheet(request: HttpRequest, premises_id: int) -> HttpResponse:
    """The sheet of one premises."""
    place = _premises(request, premises_id)
    period = month_of(request, place.site.time_zone)
    values = _read(request, [place], period) | {
        "place": place,
        "today": actions.today_of(place.site, now()),
    }
    return render(request, "practice/sheet.html", values)


@require_GET
def sheets(request: HttpRequest) -> HttpResponse:
    """The premises of a site that have a sheet."""
    sites = list(access.sites_for(request.user).order_by("name"))
    site = site_of(request, sites)
    period = month_of(request, site.time_zone if site else settings.TIME_ZONE)
    page = Paginator(_equipped(request, site), PAGE_ROWS_MAX // 2).get_page(request.GET.get("page"))
    counts = sheet_facts.counts(list(page), period)
    values = {
        "sites": sites,
        "site": site,
        "period": period,
        "page": page,
        "query": query_of(request),
        "rows": [(one, *counts[one.pk]) for one in page],
    }
    return render(request, "practice/sheets.html", values)


@require_GET
def printed(request: HttpRequest) -> HttpResponse:
    """The sheets of a site, one a page of paper; SHEETS_PER_PAGE at a time."""
    site = site_of(request, list(access.sites_for(request.user).order_by("name")))
    period = month_of(request, site.time_zone if site else settings.TIME_ZONE)
    page = Paginator(_equipped(request, site), SHEETS_PER_PAGE).get_page(request.GET.get("page"))
    values = _read(request, list(page), period) | {"site": site, "page": page, "query": query_of(request)}
    return render(request, "practice/sheets_print.html", values)


@require_POST
def visit(request: HttpRequest, premises_id: int) -> HttpResponse:
    """Writes a visit down."""
    place, form = _premises(request, premises_id), VisitForm(request.POST)
    by = access.person_of(request.user)
    if not form.is_valid():
        messages.error(request, _("Not written down: name the day of the visit."))
        return redirect("sheet", premises_id)
    noted = Visit(premises=place, **form.cleaned_data)
    refused = actions.note_visit(noted, by, now())
    if refused is None:
        messages.success(request, _("The visit is written down."))
    else:
        messages.error(request, words.word(words.INSPECTION_REFUSALS, refused))
    return redirect("sheet", premises_id)


def _read(request: HttpRequest, places: list[Premises], period: Period) -> dict[str, Any]:
    """The sheets, or why they can't be read."""
    values: dict[str, Any] = {"period": period, "now": now(), "sheets": [], "trouble": ""}
    try:
        values["sheets"] = sheet_facts.of(places, period, request.user, values["now"])
    except (BadInput, WorldFailed):
        values["trouble"] = _("The readings of this month can't be read now.")
    return values


def _premises(request: HttpRequest, premises_id: int) -> Premises:
    found = access.premises_for(request.user).filter(id=premises_id).first()
    if found is None:
        raise Http404
    return found


def _equipped(request: HttpRequest, site: Site | None) -> QuerySet[Premises]:
    in_use = Device.objects.filter(premises=OuterRef("pk"), enabled=True)
    found = access.premises_for(request.user).filter(Exists(in_use), site=site)
    return found.order_by("name", "id")
