"""Every part that pages are made of, on one page: for who builds a page, and for the pictures in tests."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from flameblue.domain.transitions import Level
from flameblue.web import samples
from flameblue.web.now import now
from flameblue.web.templatetags.flameblue import ICONS

COLOURS = (
    "back",
    "card",
    "sunk",
    "text",
    "soft",
    "line",
    "act",
    "alarm",
    "warning",
    "fault",
    "normal",
    "good",
)


@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    """The page."""
    at = now()
    values = {
        "colours": COLOURS,
        "levels": list(Level),
        "icons": sorted(path.stem for path in ICONS.glob("*.svg")),
        "at": at,
        "earlier": at - timedelta(minutes=3, seconds=7),
        "due": at + timedelta(seconds=83),
    }
    return render(request, "styleguide/styleguide.html", values | samples.of(at))
