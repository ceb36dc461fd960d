"""Messages that could not be read, devices that nobody knows, and the pairing window."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.fleet import actions
from flameblue.intake.quarantine import Quarantine
from flameblue.web.now import now

PAIRING_MINUTES = (5, 15, 60)


@require_GET
def quarantine(request: HttpRequest) -> HttpResponse:
    """The page."""
    path = settings.CONFIG.data / "quarantine.sqlite3"
    shelf = Quarantine(path) if path.exists() else None
    try:
        values = {
            "rows": shelf.rows()[:PAGE_ROWS_MAX] if shelf else [],
            "unknown": shelf.unknown_devices()[:PAGE_ROWS_MAX] if shelf else [],
            "minutes": PAIRING_MINUTES,
            "now": now(),
        }
    finally:
        if shelf:
            shelf.close()
    return render(request, "quarantine/quarantine.html", values)


@require_POST
def pairing(request: HttpRequest) -> HttpResponse:
    """Opens the pairing window: unknown devices are listed instead of refused, for the asked minutes."""
    asked = request.POST.get("minutes", "")
    minutes = int(asked) if asked in {str(known) for known in PAIRING_MINUTES} else PAIRING_MINUTES[0]
    actions.open_pairing(by=request.user.get_username(), now=now(), seconds=minutes * 60)
    messages.success(request, _("The pairing window is open for %(n)d minutes.") % {"n": minutes})
    return redirect("quarantine")
