"""Messages that could not be read, devices that nobody knows, the pairing window, a place for a device."""

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from flameblue.domain.clock import to_datetime
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.fleet.actions import NewDevice, bind_device, open_pairing
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import PairingWindow, Premises
from flameblue.fleet.shelf import profiles
from flameblue.intake.asking.registration import TOPIC as UNITS
from flameblue.intake.quarantine import Quarantine, QuarantineRow, UnknownDeviceRow
from flameblue.web import access
from flameblue.web.now import now

PAIRING_MINUTES = (5, 15, 60)
BY_ADDRESS = (
    "gb26875/",
    UNITS,
)  # those who have an address in the place of a credential, told as their client id
ROWS_READ_MAX = 2_000  # from the file, before those of other stations are left out


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file with its times as people read them."""

    row: QuarantineRow | UnknownDeviceRow
    first: datetime
    last: datetime


class BindForm(forms.Form):
    """Where an unknown device hangs and what it is."""

    name = forms.CharField(max_length=64)
    premises = forms.ModelChoiceField(queryset=Premises.objects.all())
    profile = forms.CharField(max_length=64)
    unit = forms.IntegerField(
        required=False, min_value=1, max_value=247
    )  # behind a 4G unit, its number there


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
    at = now()
    values = {
        "lines": [_line(row) for row in rows[:PAGE_ROWS_MAX]],
        "unknown": [_line(row) for row in shelf().unknown_devices(limit=PAGE_ROWS_MAX)] if is_admin else [],
        "pairing": PairingWindow.objects.filter(open_until__gt=at).order_by("-open_until").first(),
        "minutes": PAIRING_MINUTES,
        "all_premises": access.premises_for(request.user).order_by("site__name", "name") if is_admin else (),
        "profiles": sorted(profiles()) if is_admin else (),
        "asked": sorted(name for name, one in profiles().items() if one.modbus) if is_admin else (),
        "units": UNITS,
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


@require_POST
def bind(request: HttpRequest) -> HttpResponse:
    """Gives an unknown device its premises and profile; it keeps the credential or address that it came with."""
    form = BindForm(request.POST)
    known = {row.name: row for row in shelf().unknown_devices(limit=PAGE_ROWS_MAX)}
    if not form.is_valid() or form.cleaned_data["name"] not in known:
        messages.error(request, _("Not done: choose the device, its premises and its profile."))
        return redirect("quarantine")
    found = known[form.cleaned_data["name"]]
    wish = NewDevice(
        name=found.name,
        premises=form.cleaned_data["premises"],
        profile=form.cleaned_data["profile"],
        credential_hash=found.credential_hash,
        device_address=_address(found, form.cleaned_data["unit"]),
    )
    try:
        bind_device(wish, Hand(by=request.user.get_username(), now=now(), reason="paired"))
    except BadInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(name)s is known now.") % {"name": wish.name})
    return redirect("quarantine")


def _address(found: UnknownDeviceRow, unit: int | None) -> str:
    if not found.topic.startswith(BY_ADDRESS):
        return ""
    return f"{found.client_id}?unit={unit or 1}" if found.topic.startswith(UNITS) else found.client_id


def _line(row: QuarantineRow | UnknownDeviceRow) -> Line:
    return Line(row=row, first=to_datetime(row.first_ns), last=to_datetime(row.last_ns))
