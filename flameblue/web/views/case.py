"""A case: what happened in one sentence, what to do next, who was told, every step, and the readings."""

from collections.abc import Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from flameblue.cases import record
from flameblue.cases.models import Alarm, Case, State
from flameblue.domain.clock import to_ns
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.web import access, case_charts, case_facts, drafts, drawings, health, live, sentences
from flameblue.web.now import now, now_ns

LIVE = drawings.Page(
    parts={
        "status": "layout/_status.html",
        "summary": "case/_summary.html",
        "awaited": "case/_awaited.html",
        "actions": "case/_actions.html",
        "clock": "case/_clock.html",
        "notices": "case/_notices.html",
        "timeline": "case/_timeline.html",
    },
    refresh_s=4.0,
    typed=frozenset({"actions"}),
)


@require_GET
def case(request: HttpRequest, number: int) -> HttpResponse:
    """The page."""
    after = live.newest()
    values = context(request, number)
    found = values["case"]
    values |= {"after": after, "spans": case_charts.SPANS_S, "span": _span(request, found)}
    values |= {"contacts": case_facts.contacts(found), "typed": drafts.take(request, number)}
    values["pictures"] = case_facts.pictures(found, values["alarms"])
    if how := values["typed"].get("how"):
        values["contrary"] = case_facts.contrary(found, values["now"], how)
    return render(request, "case/case.html", values | _drawn(found, values["alarms"], values["span"]))


@require_GET
async def live_case(request: HttpRequest, number: int) -> HttpResponseBase:
    """Its live line; 404 before it begins, where the reader must not know of the case."""
    await sync_to_async(access.case_for)(request.user, number)
    return await live.answer(request, LIVE, lambda asked: context(asked, number))


@require_GET
def chart(request: HttpRequest, number: int) -> HttpResponse:
    """The readings alone: the page asks for them again while the case is open."""
    found = access.case_for(request.user, number)
    alarms = record.alarms_of([found])[found.pk]
    return render(request, "case/_chart.html", _drawn(found, alarms, _span(request, found)))


@require_GET
def closed(request: HttpRequest) -> HttpResponse:
    """The closed cases, the newest first."""
    cases = access.cases_for(request.user).filter(state=State.CLOSED).order_by("-closed_at")
    page = Paginator(cases, PAGE_ROWS_MAX // 4).get_page(request.GET.get("page"))
    rows = sentences.of_cases(page)
    return render(request, "case/closed.html", {"page": page, "rows": rows})


def context(request: HttpRequest, number: int) -> dict[str, Any]:
    """All that the live parts of the page show now."""
    found = access.case_for(request.user, number)
    at = now()
    return case_facts.of(found, request.user, at) | {"health": health.read(to_ns(at))}


def _drawn(found: Case, alarms: Sequence[Alarm], span: str) -> dict[str, Any]:
    return {"case": found, "charts": case_charts.drawn(found, alarms, now_ns(), span)}


def _span(request: HttpRequest, found: Case) -> str:
    asked = request.GET.get("span", "")
    return asked if asked in case_charts.SPANS_S else case_charts.span_of(found)
