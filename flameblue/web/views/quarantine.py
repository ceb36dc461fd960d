"""Messages that could not be read, devices that nobody knows, the pairing window."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from flameblue.domain.clock import to_datetime
from flameblue.domain.limits import PAGE_ROWS_MAX, QUARANTINE_KEYS_TOLD_MAX
from flameblue.fleet.actions import open_pairing
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import PairingWindow
from flameblue.intake.asking.registration import TOPIC as UNITS
from flameblue.intake.kept_parts import KeptKey
from flameblue.intake.quarantine import Quarantine, QuarantineRow, UnknownDeviceRow
from flameblue.web import access, quarantine_facts
from flameblue.web.now import now

PAIRING_MINUTES = (5, 15, 60)
BY_ADDRESS = (
    "gb26875/",
    UNITS,
)  # those who have an address in the place of a credential, told as their client id
ROWS_READ_MAX = 2_000  # from the file, before those of other stations are left out


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key that messages of a row name, how many of them, and when the newest came."""

    key: str
    times: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file, as people read it, with its times. `keys`: where several were told, all of them."""

    row: QuarantineRow | UnknownDeviceRow
    shown: quarantine_facts.Shown
    first: datetime
    last: datetime
    keys: Sequence[KeyLine] = ()
    keys_in_all: int = 0
    keys_more: int = 0


def shelf() -> Quarantine:
    """The core's quarantine, for reading."""
    return Quarantine(settings.CONFIG.data / "quarantine.sqlite3", reader_only=True)


@require_GET
def quarantine(request: HttpRequest) -> HttpResponse:
    """The page: an admin sees all, others what their station's devices sent."""
    is_admin = access.role_of(request.user) == access.ADMIN
    rows = shelf().rows(limit=ROWS_READ_MAX)
    if not is_admin:
        own = set(access.devices_for(request.user).values_list("name", flat=True))
        rows = [row for row in rows if row.device in own]
    at, rows = now(), rows[:PAGE_ROWS_MAX]
    keys = shelf().keys(rows)
    values = {
        "lines": [_line(row, keys.get(row.id, [])) for row in rows],
        "unknown": [_line(row) for row in shelf().unknown_devices(limit=PAGE_ROWS_MAX)] if is_admin else [],
        "pairing": PairingWindow.objects.filter(open_until__gt=at).order_by("-open_until").first(),
        "minutes": PAIRING_MINUTES,
        "now": at,
    }
    return render(request, "quarantine/quarantine.html", values)


@require_POST
def pairing(request: HttpRequest) -> HttpResponse:
    """Opens the pairing window: unknown devices are listed, for the asked minutes."""
    asked = request.POST.get("minutes", "")
    minutes = int(asked) if asked in {str(known) for known in PAIRING_MINUTES} else PAIRING_MINUTES[0]
    open_pairing(minutes * 60.0, Hand(by=request.user.get_username(), now=now()))
    messages.success(request, _("The pairing window is open for %(n)d minutes.") % {"n": minutes})
    return redirect("commissioning-unknown" if "commissioning" in request.POST else "quarantine")


def _line(row: QuarantineRow | UnknownDeviceRow, keys: Sequence[KeptKey] = ()) -> Line:
    first, last = to_datetime(row.first_ns), to_datetime(row.last_ns)
    shown = keys[:QUARANTINE_KEYS_TOLD_MAX] if len(keys) > 1 else ()
    told = [KeyLine(one.key, one.times, to_datetime(one.last_ns)) for one in shown]
    return Line(row, quarantine_facts.shown(row), first, last, told, len(keys), len(keys) - len(told))
