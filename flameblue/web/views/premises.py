"""One premises: its circuits and points with their latest values and limits, its people, its cases."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from flameblue.cases.models import Alarm
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Point
from flameblue.people.models import Contact
from flameblue.web import access, point_facts, sentences, tiles
from flameblue.web.now import now


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case of the premises."""

    case: Any
    sentence: str


@require_GET
def premises(request: HttpRequest, premises_id: int) -> HttpResponse:
    """The page."""
    at = now()
    found = access.premises_for(request.user).filter(id=premises_id).first()
    if found is None:
        raise Http404
    points = Point.objects.filter(device__premises=found, retired=False)
    levels = tiles.worst(
        Alarm.objects.filter(point__in=points).exclude(level=Level.NORMAL).values_list("point_id", "level")
    )
    cases = access.cases_for(request.user).filter(premises=found).order_by("-opened_at")[:PAGE_ROWS_MAX]
    values = {
        "premises": found,
        "closed": tiles.is_closed(found, at),
        "points": point_facts.of(points.order_by("circuit__panel__name", "circuit__name", "id"), levels),
        "contacts": Contact.objects.filter(premises=found).select_related("person"),
        "cases": [CaseLine(case=case, sentence=sentences.of_case(case)) for case in cases],
        "now": at,
    }
    return render(request, "premises/premises.html", values)
