"""The devices: last reading and its age, silent, expected to be silent, a wrong clock; what a broker announces."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from flameblue.cases.models import Alarm
from flameblue.domain.clock import to_datetime
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet import shelf
from flameblue.fleet.models import Device, Point
from flameblue.people.registry_discovered import discovered
from flameblue.web import access, readings, tiles
from flameblue.web.now import now


@dataclass(frozen=True, slots=True)
class Line:
    """One device. `at` None: nothing was ever heard from it."""

    device: Device
    at: datetime | None
    points: int
    is_silent: bool
    is_expected: bool
    has_clock_fault: bool


@require_GET
def devices(request: HttpRequest) -> HttpResponse:
    """The page: what is silent or wrong stands first."""
    at = now()
    silent, clock = _faulty(Rule.SILENCE), _faulty(Rule.CLOCK)
    found = access.devices_for(request.user).filter(enabled=True)
    wrong = silent | clock
    ordered = sorted(found, key=lambda device: (device.id not in wrong, device.premises.name, device.name))
    page = Paginator(ordered, PAGE_ROWS_MAX).get_page(request.GET.get("page"))
    heard = _heard([device.id for device in page])
    lines = [
        Line(
            device=device,
            at=heard.get(device.id, (None, 0))[0],
            points=heard.get(device.id, (None, 0))[1],
            is_silent=device.id in silent,
            is_expected=tiles.is_closed(device.premises, at),
            has_clock_fault=device.id in clock,
        )
        for device in page
    ]
    shelf.profiles()
    spoilt = sorted(shelf.shelf().problems.items())
    values = {"lines": lines, "page": page, "now": at, "spoilt": spoilt} | _announced(request)
    return render(request, "devices/devices.html", values)


def _announced(request: HttpRequest) -> dict[str, Any]:
    """What an existing broker's devices announce, for an admin, where that is listened to."""
    prefix = settings.CONFIG.broker.discovery_prefix
    if not prefix or access.role_of(request.user) != access.ADMIN:
        return {"announced": None}
    found, refused = discovered(settings.CONFIG.data, prefix)
    shown = found[:PAGE_ROWS_MAX]
    return {
        "announced": shown,
        "announced_left_out": len(found) - len(shown),
        "refused": refused[:PAGE_ROWS_MAX],
    }


def _faulty(rule: Rule) -> set[int]:
    rows = Alarm.objects.filter(rule=rule, level=Level.FAULT, point__retired=False)
    return set(rows.values_list("point__device_id", flat=True))


def _heard(devices: list[int]) -> dict[int, tuple[datetime | None, int]]:
    """When each device's newest reading arrived, and how many points it has."""
    owners = dict(Point.objects.filter(device__in=devices, retired=False).values_list("id", "device_id"))
    newest = readings.latest(list(owners))
    heard: dict[int, tuple[datetime | None, int]] = {}
    for point, device in owners.items():
        at, count = heard.get(device, (None, 0))
        reading = newest.get(point)
        arrived = to_datetime(reading.arrival_ns) if reading else None
        heard[device] = (max(filter(None, (at, arrived)), default=None), count + 1)
    return heard
