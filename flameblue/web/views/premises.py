"""One premises: its one-line diagram with live values, its charts, its energy, its points and limits, its cases."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from asgiref.sync import sync_to_async
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from flameblue.cases import record
from flameblue.cases.models import Alarm, Case, State
from flameblue.domain.clock import to_ns
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.readings import NS_PER_MS
from flameblue.fleet.models import Point, Premises
from flameblue.people.models import Contact
from flameblue.web import (
    access,
    charts,
    device_facts,
    drawings,
    energy_facts,
    health,
    live,
    one_line,
    picture_facts,
    point_facts,
    sentences,
    series,
    tiles,
)
from flameblue.web.now import now, now_ns

OPEN_SHOWN = 10
PANELS_PICTURED = 20
LIVE = drawings.Page(
    parts={
        "status": "layout/_status.html",
        "diagram": "premises/_diagram.html",
        "open-cases": "premises/_open.html",
    },
    refresh_s=4.0,
    shared=lambda request: _scope(request),
)


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case of the premises."""

    case: Case
    alarms: tuple[Alarm, ...]

    @property
    def sentence(self) -> str:
        """In the language that it is drawn in."""
        return sentences.of_its(self.case, self.alarms)


@dataclass(frozen=True, slots=True)
class Legend:
    """What a chart shows of one point, for who reads rather than looks."""

    point: Point
    trace: charts.Trace | None

    @property
    def has_readings(self) -> bool:
        return bool(self.trace and self.trace.at_ns)

    @property
    def lowest(self) -> float:
        return min(self.trace.low) if self.trace else 0.0

    @property
    def highest(self) -> float:
        return max(self.trace.high) if self.trace else 0.0


@require_GET
def premises(request: HttpRequest, premises_id: int) -> HttpResponse:
    """The page: the diagram, what is open, the devices and the people."""
    after = live.newest()
    values = context(request, premises_id) | {"after": after}
    found = values["premises"]
    values |= {
        "contacts": Contact.objects.filter(premises=found).select_related("person"),
        "devices": device_facts.of(found, values["now"]),
        "days": device_facts.DAYS,
        "pictures": picture_facts.of(found, found.panels.order_by("name")[:PANELS_PICTURED]),
    }
    return render(request, "premises/premises.html", values)


@require_GET
async def live_premises(request: HttpRequest, premises_id: int) -> HttpResponseBase:
    """Its live line; 404 before it begins, where the reader must not know of the premises."""
    await sync_to_async(_found)(request, premises_id)
    return await live.answer(request, LIVE, lambda asked: context(asked, premises_id))


def context(request: HttpRequest, premises_id: int) -> dict[str, Any]:
    """All that the live parts of the page show now."""
    found = _found(request, premises_id)
    at = now()
    cases = access.cases_for(request.user).filter(premises=found).exclude(state=State.CLOSED)
    return _head(found, "premises") | {
        "diagram": one_line.of(found, at),
        "open": _lines(cases.order_by("-opened_at")[:OPEN_SHOWN]),
        "now": at,
        "health": health.read(to_ns(at)),
    }


@require_GET
def charts_page(request: HttpRequest, premises_id: int) -> HttpResponse:
    """Charts of up to six points of one quantity, drawn here; the script of the page zooms."""
    found = _found(request, premises_id)
    points = series.points_of(found)
    chosen = series.pick(points, request.GET, tiles.of_points([point.pk for point in points]))
    at_ns = now_ns()
    span, from_ns, to_ns = series.window(request.GET, at_ns)
    zone = ZoneInfo(found.site.time_zone)
    values = _head(found, "premises-charts") | {
        "points": [point for point in points if chosen and point.quantity == chosen[0].quantity],
        "chosen": chosen,
        "quantities": list(dict.fromkeys(point.quantity for point in points)),
        "spans": series.SPANS_S,
        "span": span,
    }
    if chosen:
        answer = series.answer(
            series.Question(tuple(chosen), from_ns, to_ns), found, series.FIRST_PAINT_BUCKETS
        )
        values |= {
            "limits_note": series.limits_note(answer.limits_from_ns, answer.question.to_ns, zone),
            "wide": charts.svg(series.drawing(answer, zone, series.WIDE)),
            "narrow": charts.svg(series.drawing(answer, zone, series.NARROW)),
            "answer": answer,
            "legend": [Legend(point, answer.traces.get(point.pk)) for point in chosen],
            "unit": QUANTITIES[chosen[0].quantity].unit,
            "from_ms": from_ns // NS_PER_MS,
            "to_ms": to_ns // NS_PER_MS,
            "earlier_ms": (from_ns + (to_ns - from_ns) // 2) // NS_PER_MS,
            "later_ms": (to_ns + (to_ns - from_ns) // 2) // NS_PER_MS,
            "is_now": to_ns > at_ns - NS_PER_MS,
        }
    return render(request, "premises/charts.html", values)


@require_GET
def energy_page(request: HttpRequest, premises_id: int) -> HttpResponse:
    """The energy of the last 31 days, by day."""
    found = _found(request, premises_id)
    energy = energy_facts.of(found, request.GET.get("circuit", ""), now())
    return render(request, "premises/energy.html", _head(found, "premises-energy") | {"energy": energy})


@require_GET
def points_page(request: HttpRequest, premises_id: int) -> HttpResponse:
    """Every point with its limits and where they come from."""
    found = _found(request, premises_id)
    points = Point.objects.filter(device__premises=found, retired=False)
    ordered = points.order_by("circuit__panel__name", "circuit__name", "id")
    page = Paginator(ordered, PAGE_ROWS_MAX).get_page(request.GET.get("page"))
    shown = [point.pk for point in page]
    lines = point_facts.of(ordered.filter(pk__in=shown), tiles.of_points(shown))
    at = now()
    values = _head(found, "premises-points") | {"points": lines, "page": page, "now": at}
    values["is_judged"] = health.read(to_ns(at)).has_judged
    values["may_set"] = access.role_of(request.user) in access.RUNS.roles
    return render(request, "premises/points.html", values)


@require_GET
def cases_page(request: HttpRequest, premises_id: int) -> HttpResponse:
    """Every case that the premises ever had, the newest first."""
    found = _found(request, premises_id)
    cases = access.cases_for(request.user).filter(premises=found).order_by("-opened_at")
    page = Paginator(cases, PAGE_ROWS_MAX // 4).get_page(request.GET.get("page"))
    values = _head(found, "premises-cases") | {"page": page, "cases": _lines(page)}
    return render(request, "premises/cases.html", values)


def _found(request: HttpRequest, premises_id: int) -> Premises:
    found = access.premises_for(request.user).filter(id=premises_id).first()
    if found is None:
        raise Http404
    return found


def _head(found: Premises, tab: str) -> dict[str, Any]:
    return {"premises": found, "closed": tiles.is_closed(found, now()), "tab": tab}


def _lines(cases: Any) -> list[CaseLine]:
    cases = list(cases)
    alarms = record.alarms_of(cases)
    return [CaseLine(case, tuple(alarms[case.pk])) for case in cases]


def _scope(request: HttpRequest) -> Hashable:
    """What readers must have in common to see the same parts; who may see the premises was asked before."""
    match = request.resolver_match
    number = match.kwargs["premises_id"] if match else None
    return (number, *access.scope_of(request))
