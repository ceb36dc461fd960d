"""Choosing day or night."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from flameblue.web.themes import COOKIE, THEMES

YEAR_S = 365 * 86_400


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keeps the choice and goes back to the page."""
    back = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    response = HttpResponseRedirect(back if safe else "/")
    wanted = request.POST.get("theme", "")
    if wanted in THEMES:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(COOKIE, wanted, max_age=YEAR_S, samesite="Lax", httponly=True, secure=secure)
    return response
