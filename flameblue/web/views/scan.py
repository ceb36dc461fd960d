"""Serial numbers from a phone: a page that works without signal, and where it sends them when there is some."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from flameblue.commissioning import scanning
from flameblue.commissioning.scanning import Scanned
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import SCANS_SENT_MAX, SCANS_SHOWN_MAX
from flameblue.fleet.keeping import Hand
from flameblue.web.now import now

WORKER = "web/scan-worker.js"


@require_GET
def scan(request: HttpRequest) -> HttpResponse:
    """The page. It alone may use the phone's camera."""
    answer = render(request, "commissioning/scan.html", {"most": SCANS_SENT_MAX})
    answer.headers["Permissions-Policy"] = "camera=(self), geolocation=(), microphone=()"
    return answer


@require_GET
def worker(_request: HttpRequest) -> HttpResponse:
    """What keeps the page on the phone: served from beside it, since it may keep nothing but what lies below."""
    found = finders.find(WORKER)
    if not isinstance(found, str):
        raise Http404
    script = Path(found).read_text(encoding="utf-8")
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")


@require_GET
def scans(request: HttpRequest) -> HttpResponse:
    """What was scanned, the latest first."""
    return render(request, "commissioning/scans.html", {"scans": scanning.newest(SCANS_SHOWN_MAX)})


@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """Takes a JSON array of {id, serial, place, at}; sent again it changes nothing."""
    try:
        taken = scanning.take(
            [_scanned(one) for one in _array(request)], Hand(request.user.get_username(), now())
        )
    except BadInput as error:
        return JsonResponse({"trouble": str(error)}, status=422)
    return JsonResponse({"new": taken})


def _array(request: HttpRequest) -> list[Any]:
    try:
        found = json.loads(request.body)
    except ValueError as error:
        raise BadInput(_("This is no list of scans.")) from error
    if not isinstance(found, list) or len(found) > SCANS_SENT_MAX:
        raise BadInput(_("This is no list of scans."))
    return found


def _scanned(one: Any) -> Scanned:
    said = one if isinstance(one, dict) else {}
    texts = [said.get(name) for name in ("id", "serial", "place", "at")]
    if not all(isinstance(text, str) for text in texts):
        raise BadInput(_("This is no list of scans."))
    try:
        at = datetime.fromisoformat(str(texts[3]))
    except ValueError as error:
        raise BadInput(_("This is no list of scans.")) from error
    if at.tzinfo is None:
        raise BadInput(_("This is no list of scans."))
    return Scanned(str(texts[0]), str(texts[1]), str(texts[2]), at)
