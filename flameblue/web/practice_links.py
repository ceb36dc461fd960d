"""What the addresses of the practice's pages have in common."""

from collections.abc import Sequence
from datetime import date
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest

from flameblue.fleet import periods
from flameblue.fleet.models import Site
from flameblue.fleet.periods import Period
from flameblue.web.now import now


def query_of(request: HttpRequest) -> str:
    """What the address asks for beside the page's number."""
    return urlencode({name: text for name, text in request.GET.items() if name != "page"})


def site_of(request: HttpRequest, sites: Sequence[Site]) -> Site | None:
    """The one of `sites` that the address names, or else the first; None: there is none."""
    asked = request.GET.get("site", "")
    return next((site for site in sites if str(site.pk) == asked), sites[0] if sites else None)


def day_of(request: HttpRequest, otherwise: date) -> date:
    """The day of this century that the address names."""
    try:
        found = date.fromisoformat(request.GET.get("on", "")[:10])
    except ValueError:
        return otherwise
    return found if 2000 <= found.year < 2100 else otherwise


def month_of(request: HttpRequest, zone: str = settings.TIME_ZONE, *, later: bool = False) -> Period:
    """The month that the address asks for; this one where it asks for none, or (but for `later`) for one to come."""
    here = periods.month_of(now(), ZoneInfo(zone))
    asked = periods.read(request.GET.get("period", ""))
    return asked if asked is not None and asked.month and (later or asked <= here) else here
