"""The rounds of the 9th, 19th and 29th: the calendar, one round's premises, ticking off, the printed checklist."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from flameblue.domain.limits import PAGE_ROWS_MAX, ROUND_ROWS_MAX
from flameblue.fleet.models import Premises, Site
from flameblue.inspections import actions, calendar
from flameblue.inspections.models import Item
from flameblue.web import access, round_facts, round_form, words
from flameblue.web.now import now
from flameblue.web.practice_links import day_of, month_of, query_of, site_of
from flameblue.web.round_facts import OneRound
from flameblue.web.round_form import CheckForm
from flameblue.web.round_words import Show, Stand


@require_GET
def rounds(request: HttpRequest) -> HttpResponse:
    """The month."""
    sites = list(access.sites_for(request.user).order_by("name")[:PAGE_ROWS_MAX])
    period = month_of(request, later=True)
    values = {
        "period": period,
        "days": round_facts.month(sites, period, now()),
        "began": actions.began(sites),
    }
    return render(request, "practice/rounds.html", values)


@require_GET
def day(request: HttpRequest) -> HttpResponse:
    """One round of one site."""
    found, sites = _round(request)
    show = request.GET.get("show", "")
    wanted = Show(show) if show in set(Show) else Show.ALL
    page, lines = found.page(wanted, ROUND_ROWS_MAX, request.GET.get("page"))
    values = {
        "round": found,
        "sites": sites,
        "show": wanted,
        "shows": [(one, len(found.of(one))) for one in Show if one != Show.MISSED or found.ended],
        "page": page,
        "lines": lines,
        "query": query_of(request),
        "is_open": found.stand == Stand.OPEN,
        "items": list(Item),
    }
    return render(request, "practice/round.html", values)


@require_GET
def printed(request: HttpRequest) -> HttpResponse:
    """The checklist of a site on paper, with what is ticked off already."""
    found, _sites = _round(request)
    page, lines = found.page(Show.ALL, PAGE_ROWS_MAX, request.GET.get("page"))
    values = {
        "round": found,
        "page": page,
        "lines": lines,
        "query": query_of(request),
        "items": list(Item),
        "first": page.start_index(),
    }
    return render(request, "practice/round_print.html", values)


@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, premises_id: int) -> HttpResponse:
    """The three items of one premises, to be ticked off in the round that is open."""
    place = access.premises_for(request.user).filter(id=premises_id).first()
    if place is None:
        raise Http404
    at = now()
    due_on = calendar.round_of(day_of(request, actions.today_of(place.site, at)))
    found = OneRound(place.site, due_on, at)
    if request.method == "POST":
        return _ticked(request, place, found)
    return _checklist(request, place, found)


def _ticked(request: HttpRequest, place: Premises, found: OneRound) -> HttpResponse:
    form, on = CheckForm(request.POST), found.due_on
    if found.stand == Stand.OPEN and not form.is_valid():
        return _checklist(request, place, found, form)
    findings = form.findings() if form.is_valid() else []
    refused = actions.check(place, on, findings, access.person_of(request.user), found.at)
    if refused is not None:
        messages.error(request, words.word(words.INSPECTION_REFUSALS, refused))
        return redirect(f"{reverse('check', args=[place.pk])}?on={on.isoformat()}")
    messages.success(request, _("%(name)s is ticked off.") % {"name": place.name})
    return redirect(f"{reverse('round')}?on={on.isoformat()}&site={place.site_id}&show=to_do")


def _checklist(
    request: HttpRequest, place: Premises, found: OneRound, refused: CheckForm | None = None
) -> HttpResponse:
    """The items as they are kept; of a form that was refused, as they were sent, with what is wrong."""
    line = found.line(place)
    values = {
        "round": found,
        "line": line,
        "rows": round_form.kept(line) if refused is None else refused.rows(line),
        "troubles": () if refused is None else refused.non_field_errors(),
        "is_open": found.stand == Stand.OPEN,
    }
    return render(request, "practice/check.html", values, status=200 if refused is None else 422)


def _round(request: HttpRequest) -> tuple[OneRound, list[Site]]:
    sites = list(access.sites_for(request.user).order_by("name"))
    site = site_of(request, sites)
    if site is None:
        raise Http404
    asked = day_of(request, actions.today_of(site, now()))
    return OneRound(site, calendar.round_of(asked), now()), sites
