"""The board: open cases by priority and age, premises by level, and whether the chain itself is alive."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from flameblue.cases import actions, presence
from flameblue.cases.announcing import told
from flameblue.cases.models import State
from flameblue.domain.clock import to_ns
from flameblue.domain.limits import BOARD_CASES_MAX, BOARD_SITES_MAX
from flameblue.fleet import census, counting
from flameblue.uplink import answering
from flameblue.web import (
    access,
    case_facts,
    case_rows,
    chain,
    coverage_facts,
    drawings,
    health,
    live,
    map_places,
    map_tiles,
    roads,
    sketch,
    start_facts,
    tiles,
)
from flameblue.web.now import now

BEGAN = ("family", "reopened", "opened_at", "announced_at")
ORDERED_BY = ("is_test", "shelved_until", "level", "worst_level", "state", *BEGAN)
LIVE = drawings.Page(
    parts={
        "status": "layout/_status.html",
        "centre": "board/_centre.html",
        "cases": "board/_cases.html",
        "chain": "board/_chain.html",
        "coverage": "board/_coverage.html",
        "premises": "board/_premises.html",
        "places": "board/_places.html",
    },
    refresh_s=60.0,
    shared=lambda request: _scope(request),
    watched=lambda: _watched(now()),
)


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """The page."""
    after, values = live.newest(), context(request)
    values["background"] = map_tiles.of_settings(settings.CONFIG.web, reverse("map-tiles"))
    values["roads"] = sketch.of_roads(values["places"], roads.polylines())
    if not values["chain"].devices and start_facts.is_empty():
        values |= {"is_empty": True, "admins": start_facts.admins()}
    ringing = any(row.desk.sounds for row in values["rows"])
    return render(request, "board/board.html", values | {"after": after, "ringing": ringing})


@require_GET
async def live_board(request: HttpRequest) -> HttpResponseBase:
    """Its live line."""
    return await live.answer(request, LIVE, context)


def context(request: HttpRequest) -> dict[str, Any]:
    """All that the board shows now."""
    at = now()
    core = health.read(to_ns(at))
    page = Paginator(open_cases(request.user), BOARD_CASES_MAX).get_page(request.GET.get("page"))
    shown = access.cases_for(request.user).in_bulk(page.object_list)
    fleet = counting.fleet.last(at)
    counted = census.of(fleet.places, access.sites_for(request.user)) if fleet else []
    devices = sum(one.devices for one in counted) if fleet else None
    sites = tiles.by_site(access.premises_for(request.user), counted, at)
    for site in sites:
        site.is_judged = core.has_judged
    desks = actions.desks(at)
    is_grace = presence.grace_until(core.boards_heard_since, at) is not None
    silent = frozenset(() if is_grace else (station for station, heard in desks.items() if not heard))
    return {
        "page": page,
        "rows": case_rows.of([shown[pk] for pk in page.object_list if pk in shown], silent, at),
        "sites": sites[:BOARD_SITES_MAX],
        "places": map_places.named((one.site.name, one.middle) for one in sites),
        "lost": map_places.lost(sites),
        "sites_left_out": max(0, len(sites) - BOARD_SITES_MAX),
        "asks": list(answering.open_duty_checks(at)),
        "health": core,
        "chain": chain.of(request.user, core, desks, devices, at),
        "fleet": fleet,
        "coverage": coverage_facts.strip(request.user, fleet.places, at) if fleet else (),
        "now": at,
    }


def open_cases(user: access.AnyUser) -> list[int]:
    """Their keys, what needs somebody first; members stand in their incident, suspected ones nowhere."""
    cases = access.cases_for(user).exclude(state=State.CLOSED).filter(told(), incident=None)
    light = cases.select_related(None).prefetch_related(None).values_list("pk", *ORDERED_BY)
    return [row[0] for row in sorted(light, key=_order)]


def _order(row: Sequence[Any]) -> tuple[bool, bool, int, bool, datetime]:
    """Tests and shelved cases last; then by level, what nobody has, and age."""
    _pk, is_test, shelved_until, level, worst_level, state, *began = row
    rank = tiles.RANK[case_facts.level_of(state, level, worst_level)]
    return (is_test, shelved_until is not None, rank, state != State.OPEN, case_rows.began_at(*began))


def _watched(at: datetime) -> tuple[object, ...]:
    core = health.read(to_ns(at))
    asked_until = core.counters.get("uplink_asked_until_s")
    return (core.word, presence.grace_until(core.boards_heard_since, at), counting.fleet.times, asked_until)


def _scope(request: HttpRequest) -> tuple[object, ...]:
    """What readers must have in common to see the same board."""
    return (*access.scope_of(request), access.is_person(request.user), request.GET.get("page"))
