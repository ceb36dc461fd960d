"""Handled warnings: a table of a month or a year, the cases behind each number, and counts of before."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from flameblue.cases.handled import Handled
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import OLD_COUNTS_BYTES_MAX, PAGE_ROWS_MAX
from flameblue.fleet import periods
from flameblue.fleet.periods import Period
from flameblue.inspections import actions, old_counts
from flameblue.people.registry_text import text_of
from flameblue.web import handled_facts, sentences
from flameblue.web.now import now
from flameblue.web.practice_links import query_of


def period_of(request: HttpRequest) -> Period:
    """The month or year that the address asks for; this month where it asks for none."""
    here = periods.month_of(now(), ZoneInfo(settings.TIME_ZONE))
    asked = periods.read(request.GET.get("period", ""))
    return asked if asked is not None and asked.year <= here.year + 1 else here


@require_GET
def handled(request: HttpRequest) -> HttpResponse:
    """The page."""
    period = period_of(request)
    old, more = handled_facts.old_counts(period)
    values = {
        "period": period,
        "lines": handled_facts.lines(request.user, period),
        "outcomes": list(Handled),
        "old": old,
        "old_left_out": more,
    }
    return render(request, "practice/handled.html", values)


@require_GET
def handled_cases(request: HttpRequest) -> HttpResponse:
    """The cases behind one number."""
    period = period_of(request)
    family, outcome = request.GET.get("family", ""), request.GET.get("as", "")
    found = handled_facts.of(handled_facts.cases(request.user, period), family, outcome)
    page = Paginator(found, PAGE_ROWS_MAX // 4).get_page(request.GET.get("page"))
    values = {
        "period": period,
        "family": family,
        "outcome": outcome if outcome in set(Handled) else "",
        "page": page,
        "query": query_of(request),
        "rows": sentences.of_cases(page),
    }
    return render(request, "practice/handled_cases.html", values)


@require_POST
def bring_in(request: HttpRequest) -> HttpResponse:
    """Counts of before, from a CSV file: all of it or nothing."""
    try:
        rows = old_counts.read(_uploaded(request))
    except BadInput as error:
        messages.error(request, _("Nothing was brought in. %(why)s") % {"why": error})
        return redirect("handled")
    kept = actions.bring_in(rows, request.user.get_username(), now())
    messages.success(request, _("Counts brought in, not proven: %(n)d.") % {"n": kept})
    return redirect("handled")


def _uploaded(request: HttpRequest) -> str:
    file = request.FILES.get("file")
    if file is None or file.size is None or file.size > OLD_COUNTS_BYTES_MAX:
        raise BadInput(_("Choose a CSV file of at most 1 MiB."))
    text = text_of(file.read())
    if text is None:
        raise BadInput(_("The file is neither UTF-8 nor GB 18030."))
    return text
