"""Unknown devices that talk: what each sends, and its place, its circuit and its model in three presses."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from flameblue.commissioning.binding import Binding, bind
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import FITTED_KEYS_MAX, KEY_CHARACTERS_MAX
from flameblue.domain.quantities import PHASES, QUANTITIES
from flameblue.domain.visible import flaw
from flameblue.fleet.actions import NewDevice
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Circuit, PairingWindow, Premises
from flameblue.fleet.shelf import profiles
from flameblue.fleet.starting import NewPoint
from flameblue.web import drawings, live, unknown_facts
from flameblue.web.now import now
from flameblue.web.unknown_facts import Stranger
from flameblue.web.views.quarantine import PAIRING_MINUTES

LIVE = drawings.Page(parts={"strangers": "commissioning/_strangers.html"}, refresh_s=2.0)


class BindForm(forms.Form):
    """Where an unknown device hangs and what it is."""

    name = forms.CharField(max_length=64)
    profile = forms.CharField(max_length=64)
    place = forms.RegexField(r"\A[cp][0-9]{1,12}\Z")
    called = forms.CharField(max_length=64, required=False)
    unit = forms.IntegerField(required=False, min_value=1, max_value=247)  # behind a 4G unit


@require_GET
def unknown(request: HttpRequest) -> HttpResponse:
    """The page: who talks and is not known."""
    after = live.newest()
    return render(request, "commissioning/unknown.html", context(request) | {"after": after})


@require_GET
async def live_unknown(request: HttpRequest) -> HttpResponseBase:
    """Its live line."""
    return await live.answer(request, LIVE, context)


def context(_request: HttpRequest) -> dict[str, Any]:
    """Who talks now."""
    at = now()
    return {
        "strangers": unknown_facts.strangers(),
        "pairing": PairingWindow.objects.filter(open_until__gt=at).order_by("-open_until").first(),
        "minutes": PAIRING_MINUTES,
        "now": at,
    }


@require_http_methods(["GET", "POST"])
def binding(request: HttpRequest) -> HttpResponse:
    """One unknown device and its form; posted, it gets its place."""
    asked = request.POST if request.method == "POST" else request.GET
    one = unknown_facts.stranger(asked.get("name", ""))
    if one is None:
        if request.method == "POST":
            messages.error(request, _("It is known already, or has not been heard lately."))
            return redirect("commissioning-unknown")
        raise Http404
    if request.method == "GET":
        return render(request, "commissioning/bind.html", _form_values(request, one))
    form = BindForm(request.POST)
    if not form.is_valid():
        return _again(request, one, _("Choose where it hangs and what it is."))
    try:
        made = bind(_wish(request, one, form.cleaned_data), _hand(request))
    except BadInput as error:
        return _again(request, one, str(error))
    messages.success(request, _("%(name)s is known now.") % {"name": made.name})
    return redirect("commissioning-device", made.pk)


@require_GET
def places(request: HttpRequest) -> HttpResponse:
    """The circuits that the reader looks for, as rows of the form."""
    return render(request, "commissioning/_places.html", _places(request))


@require_GET
def points(request: HttpRequest) -> HttpResponse:
    """What came as points of the model that the reader has chosen."""
    one = unknown_facts.stranger(request.GET.get("name", ""))
    if one is None:
        raise Http404
    return render(request, "commissioning/_points.html", _points(request, one))


def _again(request: HttpRequest, one: Stranger, why: str) -> HttpResponse:
    return render(
        request, "commissioning/bind.html", _form_values(request, one) | {"trouble": why}, status=422
    )


def _form_values(request: HttpRequest, one: Stranger) -> dict[str, Any]:
    asked = request.POST if request.method == "POST" else request.GET
    return {
        "one": one,
        "choices": unknown_facts.choices(one),
        **_places(request),
        "place": asked.get("place", ""),
        "called": asked.get("called", one.suggested_name),
        "unit": asked.get("unit", "1"),
        "q": request.GET.get("q", ""),
        "now": now(),
        **_points(request, one),
    }


def _points(request: HttpRequest, one: Stranger) -> dict[str, Any]:
    asked = request.POST if request.method == "POST" else request.GET
    profile = asked.get("profile") or (one.fit.profile if one.fit else "")
    return {
        "one": one,
        "profile": profile,
        "keys": unknown_facts.key_lines(one, profile),
        "fixed": unknown_facts.fixed_points(profile),
        "chosen": next((fit for fit in one.fits if fit.profile == profile), None),
        "quantities": list(QUANTITIES),
        "phases": PHASES,
    }


def _places(request: HttpRequest) -> dict[str, Any]:
    found = unknown_facts.places(request.GET.get("q", "")[:80])
    return {"places": found.shown, "more_places": found.more}


def _wish(request: HttpRequest, one: Stranger, said: dict[str, Any]) -> Binding:
    circuit, premises = _place(said["place"])
    device = NewDevice(
        name=said["called"] if one.is_free_to_name and said["called"] else one.row.name,
        premises=premises,
        profile=said["profile"],
        credential_hash=one.row.credential_hash,
        device_address=f"{one.address}?unit={said['unit'] or 1}" if _is_modbus(one, said) else one.address,
    )
    return Binding(device, circuit, _new_points(request))


def _is_modbus(one: Stranger, said: dict[str, Any]) -> bool:
    """Whether a number on the line behind a 4G unit belongs to the address; a meter has its own twelve digits."""
    profile = profiles().get(said["profile"])
    return one.is_unit and (profile is None or profile.dlt645 is None)


def _place(value: str) -> tuple[Circuit | None, Premises]:
    """The circuit and its premises; BadInput where it is gone."""
    number = int(value[1:])
    if value[0] == "c":
        circuit = Circuit.objects.select_related("panel__premises").filter(pk=number).first()
        if circuit is not None:
            return circuit, circuit.panel.premises
    elif (premises := Premises.objects.filter(pk=number).first()) is not None:
        return None, premises
    raise BadInput(_("This place is gone: choose another one."))


def _new_points(request: HttpRequest) -> list[NewPoint]:
    """The points of the form; a key without a quantity is left out."""
    found = []
    for number in range(FITTED_KEYS_MAX):
        key, quantity = request.POST.get(f"key-{number}", ""), request.POST.get(f"quantity-{number}", "")
        phase = request.POST.get(f"phase-{number}", "")
        if key and quantity and len(key) <= KEY_CHARACTERS_MAX:
            if flaw(key):
                raise BadInput(_("A key has a character that nobody can see: leave it out."))
            found.append(NewPoint(key, quantity, phase if phase in PHASES else ""))
    return found


def _hand(request: HttpRequest) -> Hand:
    return Hand(request.user.get_username(), now(), "commissioning")
