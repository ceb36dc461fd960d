"""What the addresses of the practice's pages have in common."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.http import HttpRequest

from flameblue.fleet.models import Site


def query_of(request: HttpRequest) -> str:
    """What the address asks for beside the page's number."""
    return urlencode({name: text for name, text in request.GET.items() if name != "page"})


def site_of(request: HttpRequest, sites: Sequence[Site]) -> Site | None:
    """The one of `sites` that the address names, or else the first; None: there is none."""
    asked = request.GET.get("site", "")
    return next((site for site in sites if str(site.pk) == asked), sites[0] if sites else None)
