"""Who has no session: a demo asks for none on its own machine, everywhere else the way leads to the sign-in."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def is_demo(request: HttpRequest) -> bool:
    """True where no sign-in is needed: a demo, asked for on this machine."""
    host = request.get_host()
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return bool(settings.CONFIG.demo) and name in LOOPBACK


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in and back here; a form or a script, which can't be led on, is told in words."""
    address = f"{reverse('sign-in')}?{urlencode({'next': request.get_full_path()})}"
    if request.headers.get("HX-Request") or request.method != "GET":
        answer = HttpResponse(_("Please sign in."), status=401, content_type="text/plain; charset=utf-8")
        answer.headers["HX-Redirect"] = reverse("sign-in")
        return answer
    return HttpResponseRedirect(address)
