"""The limits editor: where each limit comes from, what a change would touch, and the change, for a reason."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from flameblue.domain.limits import FLEET_ROWS
from flameblue.fleet import actions, audit, limit_preview, shelf
from flameblue.fleet.actions import LimitRefused
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Point
from flameblue.web import access, fleet_history, limit_editor
from flameblue.web.fleet_lists import TABS, Asked
from flameblue.web.limit_editor import Where
from flameblue.web.now import now

SAVE = "save"


@require_GET
def limits(request: HttpRequest) -> HttpResponse:
    """The limits of one quantity at one place; without a place, what can be chosen."""
    if not request.GET:
        values = {"profiles": sorted(shelf.profiles()), "tabs": _tabs(), "asked": Asked()}
        return render(request, "fleet/limits_choose.html", values)
    at = limit_editor.where(request.user, request.GET)
    if at is None:
        raise Http404
    return render(request, "fleet/limits.html", _page(request, at))


@require_POST
def set_limits(request: HttpRequest) -> HttpResponse:
    """First shows what the change touches; asked again for exactly that with `step=save`, makes it."""
    at = limit_editor.where(request.user, request.GET)
    if at is None:
        raise Http404
    try:
        wished = limit_editor.wished(at, request.POST)
    except LimitRefused as error:
        told = {"refused": limit_editor.refused(error), "wrong": error.facts.get("field", "")}
        return render(request, "fleet/limits.html", _page(request, at, told), status=422)
    shown = limit_editor.fingerprint(wished)
    if request.POST.get("step") != SAVE or request.POST.get("shown") != shown:
        touched = limit_preview.of_limits(wished, shelf.profiles(), FLEET_ROWS)
        points = Point.objects.filter(id__in=touched.differences)
        points = points.select_related("device__premises__site", "circuit__panel").order_by("id")
        lines = [(point, touched.differences[point.pk]) for point in points]
        values = {
            "shown": shown,
            "touched": touched,
            "touched_lines": lines,
            "touched_left_out": touched.points - len(lines),
        }
        return render(request, "fleet/limits.html", _page(request, at) | values)
    hand = Hand(request.user.get_username(), now(), request.POST["reason"].strip()[:200])
    actions.edit_limit(wished, hand)
    messages.success(request, _("The limits are set."))
    query = urlencode({at.scope: at.key, "quantity": at.quantity})
    return redirect(f"{reverse('fleet-limits')}?{query}")


def _tabs() -> list[tuple[str, str]]:
    return [(name, "") for name in TABS]


def _page(request: HttpRequest, at: Where, told: dict[str, Any] | None = None) -> dict[str, Any]:
    """`told`: what was refused, and in which field."""
    typed = {name: str(value) for name, value in request.POST.items()} if request.method == "POST" else None
    scopes, rows = limit_editor.rows(at, typed, (told or {}).get("wrong", ""))
    setting = limit_editor.setting_at(at)
    return {
        "at": at,
        "scopes": scopes,
        "rows": rows,
        "setting": setting,
        "typed_reason": (typed or {}).get("reason", ""),
        "history": fleet_history.lines(audit.history(setting)[:20]) if setting else [],
        "may_set": access.role_of(request.user) == access.ADMIN,
        "tabs": _tabs(),
        "asked": Asked(),
        "now": now(),
    } | (told or {})
