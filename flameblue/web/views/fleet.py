"""The fleet: sites, premises, circuits, devices, points and people, to be found, filtered and edited in place."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from flameblue.domain.clock import to_ns
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.fleet import actions, audit, limit_preview, shelf
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Circuit, Device, Point
from flameblue.people import actions as people_actions
from flameblue.people.models import Person
from flameblue.people.registry_discovered import discovered
from flameblue.web import (
    access,
    asked_facts,
    device_page,
    fleet_history,
    fleet_lines,
    fleet_lists,
    health,
    keyset,
    premises_kinds,
    words,
)
from flameblue.web.fleet_forms import EditForm, form_for, may_edit
from flameblue.web.fleet_lists import TABS, Asked, Tab
from flameblue.web.now import now
from flameblue.web.numbers import number
from flameblue.web.ways_back import way_back

FIRST_TAB = "premises"


@require_GET
def fleet(request: HttpRequest) -> HttpResponse:
    """To the first tab, with what was looked for."""
    return redirect(f"{reverse('fleet-tab', args=[FIRST_TAB])}?{request.GET.urlencode()}".rstrip("?"))


@require_GET
def devices(request: HttpRequest) -> HttpResponse:
    """The address that the devices' page had."""
    return redirect(f"{reverse('fleet-tab', args=['devices'])}?{request.GET.urlencode()}".rstrip("?"))


@require_GET
def tab(request: HttpRequest, tab: str) -> HttpResponse:
    """One list."""
    shown, asked, at = _tab(tab), Asked.of(request.GET), now()
    place = keyset.Place(number(request.GET.get("after")), number(request.GET.get("before")))
    found = fleet_lists.listed(shown, request.user, asked, place)
    page = found.page
    values = {
        "tab": shown.name,
        "tabs": [(name, asked.query() if asked.q else "") for name in TABS],
        "asked": asked,
        "found": found,
        "lines": fleet_lines.lines(shown.name, page.rows, request.user, at),
        "earlier": asked.query(before=page.before) if page.before else "",
        "later": asked.query(after=page.after) if page.after else "",
        "may_edit": bool(may_edit(access.role_of(request.user), shown.name)),
        "choices": _choices(shown, request),
        "back": request.get_full_path(),
        "now": at,
        "is_judged": health.read(to_ns(at)).has_judged,
    }
    return render(request, "fleet/list.html", values | _of_devices(shown, request))


@require_GET
def thing(request: HttpRequest, tab: str, thing_id: int) -> HttpResponse:
    """One thing: what it is, its form, what was changed. For htmx: the form alone."""
    found = _thing(request, tab, thing_id)
    form = form_for(found, tab, access.role_of(request.user))
    template = "fleet/_form.html" if request.headers.get("HX-Request") else "fleet/thing.html"
    return render(request, template, _about(request, tab, found, form))


@require_POST
def edit(request: HttpRequest, tab: str, thing_id: int) -> HttpResponse:
    """Writes what the reader changed; another rating is first shown with the limits that follow it."""
    found = _thing(request, tab, thing_id)
    form = form_for(found, tab, access.role_of(request.user), request.POST)
    if form is None:
        raise PermissionDenied
    if not form.is_valid():
        return render(request, "fleet/thing.html", _about(request, tab, found, form), status=422)
    said = form.said
    if isinstance(found, Circuit) and "rated_current_a" in said and not _is_confirmed(request, said):
        preview = limit_preview.of_rating(found, said["rated_current_a"], shelf.profiles())
        values = {"preview": preview, "points": _points(preview), "rating": said["rated_current_a"]}
        return render(request, "fleet/thing.html", _about(request, tab, found, form) | values)
    if _write(found, said, _hand(request, form.cleaned_data["reason"])):
        messages.success(request, _("%(name)s is changed.") % {"name": found})
    else:
        messages.info(request, _("Nothing was changed."))
    return redirect(_back(request, tab))


def _write(thing: Any, said: dict[str, Any], hand: Hand) -> bool:
    if isinstance(thing, Person):
        values = {"phone" if name == "number" else name: value for name, value in said.items() if value}
        return people_actions.update_person(thing, values, hand)
    return actions.describe(thing, said, hand)


def _is_confirmed(request: HttpRequest, said: dict[str, Any]) -> bool:
    return request.POST.get("confirmed") == str(said["rated_current_a"])


def _about(request: HttpRequest, tab: str, thing: Any, form: EditForm | None) -> dict[str, Any]:
    of_device = device_page.about(thing, request, now()) if isinstance(thing, Device) else {}
    return of_device | {
        "tab": tab,
        "tabs": [(name, "") for name in TABS],
        "asked": Asked(),
        "thing": thing,
        "form": form,
        "answering": asked_facts.of(thing) if isinstance(thing, Device) else None,
        "history": fleet_history.lines(audit.history(thing)[:PAGE_ROWS_MAX]),
        "back": _back(request, tab),
        "now": now(),
    }


def _points(preview: limit_preview.Touched) -> list[tuple[Point, list[limit_preview.Difference]]]:
    """The points of a preview that change, with what changes."""
    changed = {point: differences for point, differences in preview.differences.items() if differences}
    points = Point.objects.filter(id__in=changed).select_related("device__premises__site", "circuit__panel")
    return [(point, changed[point.pk]) for point in points.order_by("id")]


def _tab(name: str) -> Tab:
    if name not in TABS:
        raise Http404
    return TABS[name]


def _thing(request: HttpRequest, tab: str, thing_id: int) -> Any:
    found = _tab(tab).rows(request.user).filter(pk=thing_id).first()
    if found is None:
        raise Http404
    return found


def _hand(request: HttpRequest, reason: str = "") -> Hand:
    return Hand(request.user.get_username(), now(), reason)


def _back(request: HttpRequest, tab: str) -> str:
    """The list that the reader came from."""
    return way_back(request, reverse("fleet-tab", args=[tab]))


def _choices(tab: Tab, request: HttpRequest) -> dict[str, Any]:
    """What each filter of the list offers."""
    offered: dict[str, Any] = {}
    if "site" in tab.filters:
        offered["site"] = fleet_lists.site_choices(request.user)
    if "kind" in tab.filters:
        offered["kind"] = premises_kinds.known()
    if "level" in tab.filters:
        offered["level"] = [(level.name.lower(), level) for level in fleet_lists.LEVELS]
    if "quantity" in tab.filters:
        offered["quantity"] = list(words.QUANTITIES)
    return offered | {name: True for name in ("equipped", "placed", "state", "silent") if name in tab.filters}


def _of_devices(tab: Tab, request: HttpRequest) -> dict[str, Any]:
    """Models that can't be used; for an admin, what an existing broker's devices announce."""
    if tab.name != "devices":
        return {}
    shelf.profiles()
    values: dict[str, Any] = {"spoilt": sorted(shelf.shelf().problems.items()), "announced": None}
    prefix = settings.CONFIG.broker.discovery_prefix
    if not prefix or access.role_of(request.user) != access.ADMIN:
        return values
    found, refused = discovered(settings.CONFIG.data, prefix)
    left_out = max(0, len(found) - PAGE_ROWS_MAX)
    shown = {"announced": found[:PAGE_ROWS_MAX], "announced_left_out": left_out}
    return values | shown | {"refused": refused[:PAGE_ROWS_MAX]}
