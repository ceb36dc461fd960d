"""The API, version 1: cases, premises, points, readings, for programs with a bearer token.

`web.access` names every address here; a token's user sees what the same user sees on the pages.
"""

from datetime import datetime, timedelta
from typing import Annotated

from django.db.models import Count, Q
from django.http import HttpRequest
from ninja import NinjaAPI, Query
from ninja.errors import HttpError
from ninja.security import HttpBearer

from flameblue import __version__
from flameblue.cases import actions
from flameblue.cases.models import CaseEvent, State
from flameblue.domain.clock import to_datetime, to_ns
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Point
from flameblue.history.board import Latest
from flameblue.web import access, readings, tiles
from flameblue.web.api_shapes import (
    CaseOut,
    CasesPage,
    CaseWithEvents,
    CommentIn,
    EventOut,
    PointOut,
    PointsPage,
    PremisesOut,
    PremisesPage,
    ReadingsOut,
    TakeOut,
)
from flameblue.web.now import now

SPAN_MAX = timedelta(days=31)
POINTS_MAX = 20  # of one request for readings

YEARS = (2000, 2200)  # a time in nanoseconds fits its 64 bits
Limit = Annotated[int, Query(ge=1, le=PAGE_ROWS_MAX)]
Id = Annotated[int, Query(ge=0, le=2**63 - 1)]
PointIds = Annotated[list[Id], Query(min_length=1, max_length=POINTS_MAX)]


class Token(HttpBearer):
    """For the API's own description; whether the token is good was decided in web.access."""

    def authenticate(self, request: HttpRequest, token: str) -> bool:
        return bool(token) and request.user.is_authenticated


api = NinjaAPI(
    title="Flameblue",
    version="1",
    description=f"Flameblue {__version__}. Send `Authorization: Bearer …`; `flameblue token USER` makes one.",
    urls_namespace="api",
    docs_url=None,
    auth=Token(),
)


@api.get("/cases", response=CasesPage, url_name="cases")
def cases(request: HttpRequest, state: str = "", before: Id | None = None, limit: Limit = 50) -> CasesPage:
    """The cases, the newest number first. `state`: one of the six, or `unclosed`; `before`: a page's end."""
    found = access.cases_for(request.user)
    if state == "unclosed":
        found = found.exclude(state=State.CLOSED)
    elif state:
        found = found.filter(state=state)
    if before is not None:
        found = found.filter(number__lt=before)
    page = list(found.order_by("-number")[: limit + 1])
    items = [CaseOut.of(case) for case in page[:limit]]
    return CasesPage(items=items, next_before=items[-1].number if len(page) > limit else None)


@api.get("/cases/{number}", response=CaseWithEvents, url_name="case")
def case(request: HttpRequest, number: int) -> CaseWithEvents:
    """One case with its newest events, oldest first."""
    found = access.case_for(request.user, number)
    events = CaseEvent.objects.filter(case=found).select_related("by").order_by("-number")[:PAGE_ROWS_MAX]
    return CaseWithEvents(case=CaseOut.of(found), events=[EventOut.of(event) for event in reversed(events)])


@api.post("/cases/{number}/take", response=TakeOut, url_name="case-take")
def take(request: HttpRequest, number: int) -> TakeOut:
    """Takes the case for the token's person; `taken` false: somebody else has it, the case says who."""
    found = access.case_for(request.user, number, may=access.ACT)
    taken = actions.take(found.pk, by=access.person_of(request.user), now=now())
    return TakeOut(taken=bool(taken), case=CaseOut.of(access.case_for(request.user, number)))


@api.post("/cases/{number}/comment", response=CaseOut, url_name="case-comment")
def comment(request: HttpRequest, number: int, body: CommentIn) -> CaseOut:
    """Adds a comment."""
    found = access.case_for(request.user, number, may=access.ACT)
    text = body.text.strip()
    if not 0 < len(text) <= 500:
        raise HttpError(422, "A comment has 1 to 500 characters.")
    actions.comment(found.pk, by=access.person_of(request.user), text=text, now=now())
    return CaseOut.of(access.case_for(request.user, number))


@api.get("/premises", response=PremisesPage, url_name="premises")
def premises(request: HttpRequest, after: Id = 0, limit: Limit = 100) -> PremisesPage:
    """The premises by id, equipped or not, with their level now."""
    found = access.premises_for(request.user).filter(id__gt=after).order_by("id")
    page = list(found.annotate(n=Count("devices", filter=Q(devices__enabled=True)))[: limit + 1])
    levels = tiles.worst_levels()
    items = [
        PremisesOut.of(
            one, is_equipped=bool(one.n), level=levels.get(one.id, Level.NORMAL) if one.n else None
        )
        for one in page[:limit]
    ]
    return PremisesPage(items=items, next_after=items[-1].id if len(page) > limit else None)


@api.get("/points", response=PointsPage, url_name="points")
def points(
    request: HttpRequest,
    premises: Id | None = None,
    after: Id = 0,
    limit: Limit = 100,
) -> PointsPage:
    """The points by id, with their latest value in the quantity's unit."""
    found = access.points_for(request.user).filter(id__gt=after, retired=False).order_by("id")
    if premises is not None:
        found = found.filter(device__premises=premises)
    page = list(found[: limit + 1])
    newest = readings.latest([point.id for point in page[:limit]])
    items = [_point(point, newest.get(point.id)) for point in page[:limit]]
    return PointsPage(items=items, next_after=items[-1].id if len(page) > limit else None)


def _point(point: Point, reading: Latest | None) -> PointOut:
    quantity = QUANTITIES[point.quantity]
    has_value = reading is not None and reading.value != NO_VALUE
    return PointOut(
        id=point.pk,
        premises_id=point.device.premises_id,
        premises=point.device.premises.name,
        circuit=point.circuit.name if point.circuit else None,
        device=point.device.name,
        key=point.key,
        quantity=point.quantity,
        unit=quantity.unit,
        phase=point.phase,
        place=point.place,
        at=to_datetime(reading.at_ns) if reading else None,
        value=quantity.value(reading.value) if reading is not None and has_value else None,
    )


@api.get("/readings", response=list[ReadingsOut], url_name="readings")
def readings_between(
    request: HttpRequest, point: PointIds, start: datetime, end: datetime
) -> list[ReadingsOut]:
    """The lowest and highest value of each of at most 2,000 buckets between two times with a time zone."""
    if start.tzinfo is None or end.tzinfo is None:
        raise HttpError(422, "start and end need a time zone, such as 2026-01-15T03:00:00+08:00.")
    if not YEARS[0] <= start.year <= end.year <= YEARS[1]:
        raise HttpError(422, f"start and end must lie between the years {YEARS[0]} and {YEARS[1]}.")
    if not timedelta(0) < end - start <= SPAN_MAX:
        raise HttpError(422, f"end must be after start, by at most {SPAN_MAX.days} days.")
    found = list(access.points_for(request.user).filter(id__in=point))
    if len(found) != len(set(point)):
        raise HttpError(404, "Not all of these points are known.")
    try:
        traces = readings.traces(found, to_ns(start), to_ns(end))
    except BadInput as error:
        raise HttpError(422, str(error)) from error
    return [
        ReadingsOut(
            point=one.pk,
            unit=QUANTITIES[one.quantity].unit,
            at=[to_datetime(at) for at in traces[one.pk].at_ns],
            low=list(traces[one.pk].low),
            high=list(traces[one.pk].high),
        )
        for one in found
        if one.pk in traces
    ]
