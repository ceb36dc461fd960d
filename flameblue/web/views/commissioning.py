"""How far commissioning has come, and the tests of one device."""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from flameblue.commissioning import progress, runs
from flameblue.commissioning.progress import STEPS, DeviceFacts
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import COMMISSIONED_DEVICES_MAX, FLEET_ROWS
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device, Point, Site
from flameblue.web import access, commissioning_facts, drawings, live, picture_facts
from flameblue.web.now import now
from flameblue.web.practice_links import query_of

MINUTES = (5, 10, 30, 60)
USUAL_MINUTES = 10
LIVE = drawings.Page(
    parts={"tests": "commissioning/_tests.html", "record": "commissioning/_record.html"}, refresh_s=1.0
)


@require_GET
def commissioning(request: HttpRequest) -> HttpResponse:
    """The progress: counts by site and maker, and the devices of a step."""
    site, found, trouble = _asked(request)
    step = request.GET.get("step", "")
    page = Paginator(commissioning_facts.at_step(found, step), FLEET_ROWS).get_page(request.GET.get("page"))
    values = {
        "sites": access.sites_for(request.user).order_by("name"),
        "site": site,
        "steps": STEPS,
        "step": step,
        "all": progress.count(found),
        "carriers": sum(one.carries for one in found),
        "groups": commissioning_facts.groups(found),
        "page": page,
        "query": query_of(request),
        "trouble": trouble,
    }
    return render(request, "commissioning/progress.html", values)


@require_GET
def table(request: HttpRequest) -> HttpResponseBase:
    """The same as CSV, a row a device."""
    _site, found, trouble = _asked(request)
    if trouble:
        return HttpResponse(trouble, status=422, content_type="text/plain; charset=utf-8")
    return StreamingHttpResponse(
        list(commissioning_facts.table(found)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="commissioning.csv"'},
    )


@require_GET
def device(request: HttpRequest, device_id: int) -> HttpResponse:
    """One device: its points, their tests, its picture and its record."""
    after, values = live.newest(), context(request, device_id)
    found: Device = values["device"]
    values |= {
        "after": after,
        "step": commissioning_facts.step_of_one(found),
        "steps": STEPS,
        "picture": picture_facts.one(found),
        "minutes": MINUTES,
        "usual": USUAL_MINUTES,
    }
    return render(request, "commissioning/device.html", values)


@require_GET
async def live_device(request: HttpRequest, device_id: int) -> HttpResponseBase:
    """Its live line."""
    await sync_to_async(_device)(request, device_id)
    return await live.answer(request, LIVE, lambda asked: context(asked, device_id))


def context(request: HttpRequest, device_id: int) -> dict[str, Any]:
    """The tests as they stand, and the record."""
    found, at = _device(request, device_id), now()
    return {
        "device": found,
        "trial": commissioning_facts.trial(found, at),
        "record": commissioning_facts.record(found),
        "commissioning": getattr(found, "commissioning", None),
        "now": at,
    }


@require_POST
def test(request: HttpRequest, device_id: int) -> HttpResponse:
    """Begins or ends the test of a device."""
    found, hand = _device(request, device_id), _hand(request)
    if "end" in request.POST:
        runs.end(found, hand)
        messages.success(request, _("The test has ended: what comes from now on is real."))
        return redirect("commissioning-device", device_id)
    asked = request.POST.get("minutes", "")
    minutes = int(asked) if asked in {str(known) for known in MINUTES} else USUAL_MINUTES
    runs.begin(found, minutes * 60.0, hand)
    messages.success(request, _("The test is open for %(n)d minutes: nobody is called.") % {"n": minutes})
    return redirect("commissioning-device", device_id)


@require_POST
def apply(request: HttpRequest, point_id: int) -> HttpResponse:
    """The current or the heat is applied to one point now."""
    point = _point(request, point_id)
    try:
        runs.apply(point, _hand(request))
    except BadInput as error:
        messages.error(request, str(error))
    return redirect("commissioning-device", point.device_id)


@require_POST
def waive(request: HttpRequest, device_id: int) -> HttpResponse:
    """One point of a device is not tested, for a reason."""
    found = _device(request, device_id)
    asked = request.POST.get("point", "")
    points = Point.objects.filter(device=found, retired=False).select_related("device")
    point = points.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 13 else None
    if point is None:
        messages.error(request, _("Choose the point that is not tested."))
        return redirect("commissioning-device", device_id)
    try:
        runs.waive(point, Hand(request.user.get_username(), now(), request.POST.get("reason", "")))
    except BadInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The reason is written down."))
    return redirect("commissioning-device", device_id)


def _asked(request: HttpRequest) -> tuple[Site | None, list[DeviceFacts], str]:
    """The site that the address names (None: all), its devices, and why they can't be shown."""
    devices, asked = access.devices_for(request.user), request.GET.get("site", "")
    sites = access.sites_for(request.user)
    site = sites.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 13 else None
    if site is not None:
        devices = devices.filter(premises__site=site)
    try:
        return site, commissioning_facts.facts(devices), ""
    except BadInput:
        most = {"n": COMMISSIONED_DEVICES_MAX}
        return site, [], _("These are more than %(n)d devices: choose one site.") % most


def _device(request: HttpRequest, device_id: int) -> Device:
    found = access.devices_for(request.user).filter(pk=device_id).first()
    if found is None:
        raise Http404
    return found


def _point(request: HttpRequest, point_id: int) -> Point:
    found = access.points_for(request.user).filter(pk=point_id, retired=False).first()
    if found is None:
        raise Http404
    return found


def _hand(request: HttpRequest) -> Hand:
    return Hand(request.user.get_username(), now(), "commissioning")
