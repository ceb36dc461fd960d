"""The readings of premises for the script that zooms, and as a file."""

from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language
from django.views.decorators.http import conditional_page, require_GET

from flameblue.domain.errors import BadInput
from flameblue.fleet.models import Premises
from flameblue.web import access, series, series_csv
from flameblue.web.now import now_ns


@require_GET
@conditional_page
def data(request: HttpRequest, premises_id: int) -> HttpResponse:
    """The readings of `point`s between `from` and `to` in at most `n` buckets, as JSON; 422 says what is wrong."""
    found = _found(request, premises_id)
    try:
        asked = series.question(series.points_of(found), request.GET, now_ns())
    except BadInput as error:
        return JsonResponse({"trouble": str(error)}, status=422)
    answer = series.as_data(series.answer(asked, found, series.buckets(request.GET)))
    return JsonResponse(answer, headers={"Cache-Control": "private, no-cache"})


@require_GET
def table(request: HttpRequest, premises_id: int) -> HttpResponseBase:
    """The same as CSV; with `raw` every reading."""
    found = _found(request, premises_id)
    raw = request.GET.get("raw") == "1"
    try:
        asked = series.question(series.points_of(found), request.GET, now_ns())
        series_csv.check(asked, raw=raw)
    except BadInput as error:
        return HttpResponse(str(error), status=422, content_type="text/plain; charset=utf-8")
    lines = series_csv.lines(asked, ZoneInfo(found.site.time_zone), raw=raw)
    pieces = series_csv.pieces(lines, get_language() or "en")
    name = f"premises-{found.pk}-{asked.quantity}-{'every-reading' if raw else 'lowest-highest'}.csv"
    return StreamingHttpResponse(
        pieces,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _found(request: HttpRequest, premises_id: int) -> Premises:
    found = access.premises_for(request.user).filter(id=premises_id).first()
    if found is None:
        raise Http404
    return found
