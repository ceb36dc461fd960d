"""Coverage: how many business premises are installed, on line and tested, and which are missing, and why."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET

from flameblue.fleet.coverage import Measure, Missing
from flameblue.web import access, coverage_facts
from flameblue.web.coverage_facts import Wanted
from flameblue.web.now import now
from flameblue.web.numbers import number
from flameblue.web.practice_links import query_of

ANY_KIND = "*"  # an empty one asks for those whose kind nobody wrote down


@require_GET
def coverage(request: HttpRequest) -> HttpResponse:
    """The page; the address says which premises are listed."""
    at, wanted = now(), wanted_of(request.GET)
    found = coverage_facts.of(request.user, at)
    page, listed = found.page(wanted, request.GET.get("page"))
    values = {
        "total": found.total,
        "lines": found.lines(),
        "wanted": wanted,
        "reasons": found.reasons(wanted) if wanted.missing else [],
        "page": page,
        "listed": listed,
        "query": query_of(request),
        "sites": access.sites_for(request.user).order_by("name"),
        "measures": list(Measure),
        "now": at,
    }
    return render(request, "practice/coverage.html", values)


def wanted_of(asked: QueryDict) -> Wanted:
    """What the address asks for; what it can't mean is left out."""
    measure, why = asked.get("of", ""), asked.get("why", "")
    kind = str(asked.get("kind", ANY_KIND))
    return Wanted(
        measure=Measure(measure) if measure in set(Measure) else Measure.ONLINE,
        missing=asked.get("show") != "counted",
        why=Missing(why) if why in set(Missing) else None,
        kind=None if kind == ANY_KIND else kind,
        site=number(asked.get("site")) or 0,
    )
