"""A device's own page: what people do there beside its form."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from flameblue.domain.errors import BadInput
from flameblue.fleet import actions, commands
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device
from flameblue.web import device_page
from flameblue.web.fleet_lists import TABS
from flameblue.web.now import now


@require_POST
def accept_address(request: HttpRequest, device_id: int) -> HttpResponse:
    """The device may speak from the address that the reader saw."""
    device, address = _device(request, device_id), request.POST.get("address", "")[:48]
    if actions.accept_address(device, address, _hand(request)):
        messages.success(
            request, _("%(name)s may speak from %(address)s.") % {"name": device, "address": address}
        )
    else:
        messages.info(request, _("That address does not wait any more."))
    return redirect("fleet-thing", "devices", device.pk)


@require_POST
def ask(request: HttpRequest, device_id: int) -> HttpResponse:
    """Asks the device what the reader chose; the page shows how far it has come."""
    device, hand = _device(request, device_id), _hand(request)
    kind = request.POST.get("kind", "")
    try:
        commands.ask(device, kind, device_page.arguments_of(device, request.POST, hand.now), hand)
    except BadInput as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('fleet-thing', args=['devices', device.pk])}#asked")


@require_GET
def log(request: HttpRequest, device_id: int) -> HttpResponse:
    """The last commands alone, which the page asks for while one is open."""
    device = _device(request, device_id)
    return render(request, "fleet/_command_log.html", {"thing": device} | device_page.log_of(device))


def _device(request: HttpRequest, device_id: int) -> Device:
    found: Device | None = TABS["devices"].rows(request.user).filter(pk=device_id).first()
    if found is None:
        raise Http404
    return found


def _hand(request: HttpRequest) -> Hand:
    return Hand(request.user.get_username(), now())
