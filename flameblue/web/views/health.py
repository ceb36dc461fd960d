"""Whether the chain is alive: for people, for a watchdog, for Prometheus."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from flameblue.cases import actions
from flameblue.cases.models import Case, SkippedRecord, State
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.notices import counting
from flameblue.uplink import watching
from flameblue.web import asked_facts, chain, live
from flameblue.web import health as core
from flameblue.web.now import now, now_ns

UPLINK_ROWS = 10


@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """The page."""
    at = now()
    lines, down = asked_facts.lines_down()
    values = {
        "health": core.read(now_ns()),
        "skipped": SkippedRecord.objects.order_by("-offset")[:PAGE_ROWS_MAX],
        "unproven": Case.objects.filter(state=State.MADE_SAFE).count(),
        "unproven_closed": Case.objects.filter(closed_without_proof=True).count(),
        "channels": counting.of_channels(at),
        "perhaps_repeated": counting.perhaps_repeated(at - counting.OVER),
        "lines": lines,
        "lines_down": down[:PAGE_ROWS_MAX],
        "lines_stand": lines - len(down),
        "config": settings.CONFIG,
        "asks": watching.latest_asks(UPLINK_ROWS),
        "not_told": watching.latest_refused(UPLINK_ROWS),
        "reaches_phones": chain.reaches_phones(),
        "now": at,
    }
    return render(request, "health/health.html", values)


@require_GET
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 only when every stage has beaten within 15 s; else 503 that names which have not.

    `at` dates the answer: who watches sees that it is no old one. `board`: whether every station's board is
    sounding, of the stations that have ever had one open. `uplink`: the line to a centre, where one is set; one that
    is down makes no 503, since Flameblue itself works.
    """
    found = core.read(now_ns())
    stages = {
        stage.name: {"alive": stage.alive, "age_s": stage.age_s, "lag": stage.lag} for stage in found.stages
    }
    dead = [stage.name for stage in found.dead] if found.readable else ["core"]
    said: dict[str, Any]
    said = {"alive": found.alive, "at": now().isoformat(), "dead": dead, "stages": stages, "board": _board()}
    if found.uplink is not None:
        said["uplink"] = asdict(found.uplink)
    return JsonResponse(said, status=200 if found.alive else 503)


def _board() -> str:
    """sounding, silent (a station's are), none (there has never been one); unknown while the database is away."""
    try:
        desks = actions.desks(now())
    except DatabaseError:
        return "unknown"
    return "none" if not desks else "sounding" if all(desks.values()) else "silent"


@require_GET
def metrics(_request: HttpRequest) -> HttpResponse:
    """The core's counters and ours, as Prometheus reads them."""
    registry = CollectorRegistry()
    found = core.read(now_ns())
    up = Gauge("flameblue_stage_up", "1: the stage beats", ["stage"], registry=registry)
    lag = Gauge("flameblue_stage_lag", "What the stage has yet to do", ["stage"], registry=registry)
    for stage in found.stages:
        up.labels(stage.name).set(stage.alive)
        lag.labels(stage.name).set(stage.lag)
    counter = Gauge("flameblue_counter", "A counter of the core, by its name", ["name"], registry=registry)
    for name, value in found.counters.items():
        counter.labels(name).set(value)
    open_cases = Gauge("flameblue_open_cases", "Open cases by state", ["state"], registry=registry)
    for state in State.values:
        open_cases.labels(state).set(Case.objects.filter(state=state).count())
    Gauge("flameblue_newest_event", "The newest case event's number", registry=registry).set(live.newest())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
