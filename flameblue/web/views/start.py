"""Getting started: from an empty system to the first reading, step by step. Each step is a form that works alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import TEST_NOTICES_PER_HOUR_MAX
from flameblue.fleet import actions, starting
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Circuit, Device, Site, Station
from flameblue.fleet.shelf import profiles
from flameblue.notices import sign_of_life
from flameblue.notices.natures import nature_of
from flameblue.notices.planning import SMS
from flameblue.notices.writing import channel_for
from flameblue.people import starting as people
from flameblue.people.models import Person
from flameblue.web import access, asked_facts, connection, device_page, drawings, live, map_tiles, start_facts
from flameblue.web.now import now
from flameblue.web.start_forms import (
    DeviceForm,
    PersonForm,
    PremisesForm,
    SiteForm,
    StartForm,
    circuit_choices,
)

SHOWN_S = 600  # how long a new credential is shown: only the reader's browser has it
COOKIE = "flameblue-new-device"
LIVE = drawings.Page(parts={"received": "start/_received.html"}, refresh_s=1.0)


@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """The page: what is done, and the form of what is next."""
    return render(request, "start/start.html", _page(request))


@require_POST
def site(request: HttpRequest) -> HttpResponse:
    """Step 1."""
    form = SiteForm(request.POST)
    if not form.is_valid():
        return _again(request, form)
    try:
        starting.open_site(starting.NewSite(**form.cleaned_data), _hand(request))
    except BadInput as error:  # somebody else was quicker
        return _again(request, form, str(error))
    messages.success(request, _("%(name)s is made.") % {"name": form.cleaned_data["site"]})
    return redirect(_step("premises"))


@require_POST
def premises(request: HttpRequest) -> HttpResponse:
    """Step 2."""
    form = PremisesForm(request.POST)
    if not form.is_valid():
        return _again(request, form)
    said = dict(form.cleaned_data)
    owner = people.NewPerson(said.pop("owner"), said.pop("number"), said.pop("language"))
    try:
        people.add_premises(people.NewPremises(**said), owner, _hand(request))
    except BadInput as error:
        return _again(request, form, str(error))
    messages.success(request, _("%(name)s is made.") % {"name": said["name"]})
    return redirect(_step("device"))


@require_POST
def device(request: HttpRequest) -> HttpResponse:
    """Step 3, to the page that says how it connects."""
    form = _device_form(start_facts.circuits(), request.POST)
    if not form.is_valid():
        return _again(request, form)
    said = form.cleaned_data
    circuit = Circuit.objects.select_related("panel__premises__site").get(pk=said["circuit"])
    points = form.points(said) if profiles()[said["profile"]].open_points else []
    wish = starting.FirstDevice(said["name"], circuit, said["profile"], points)
    try:
        made, credential = starting.connect_device(wish, _hand(request))
    except BadInput as error:
        return _again(request, form, str(error))
    return _shown_for_a_while(request, made, credential)


@require_POST
def credential(request: HttpRequest, device_id: int) -> HttpResponse:
    """Another credential for a device whose own is lost; the old one is good for nothing from now on."""
    found, new = _device(device_id), starting.new_credential()
    actions.set_credential(found, new, _hand(request))
    messages.success(request, _("The device has a new password; the old one opens nothing any more."))
    return _shown_for_a_while(request, found, new)


@require_POST
def message(request: HttpRequest) -> HttpResponse:
    """Step 4: who the reader is, where that is not known, and a test message to them."""
    person = access.persons_of(request.user).select_related("station").first()
    if person is None:
        form = PersonForm(request.POST)
        if not form.is_valid() or not Station.objects.exists():
            return _again(request, form)
        try:
            person = _introduced(request, form)
        except BadInput as error:  # by now the form may be gone from the page
            messages.error(request, str(error))
            return redirect(_step("message"))
    try:
        sign_of_life.try_way(person, _hand(request))
    except BadInput:
        most = {"n": TEST_NOTICES_PER_HOUR_MAX}
        messages.error(request, _("%(n)d test messages an hour are enough: wait a while.") % most)
    return redirect(_step("message"))


@require_GET
def connect(request: HttpRequest, device_id: int) -> HttpResponse:
    """How one device connects, and whether anything has come."""
    after, values = live.newest(), context(request, device_id)
    found: Device = values["device"]
    shown = request.COOKIES.get(COOKIE, "")
    values |= {
        "after": after,
        "credential": shown,
        "shown_min": SHOWN_S // 60,
        "connection": connection.of(found, request, settings.CONFIG, shown),
        "answering": asked_facts.of(found),
    }
    return render(request, "start/connect.html", values)


@require_GET
async def live_connect(request: HttpRequest, device_id: int) -> HttpResponseBase:
    """Its live line."""
    await sync_to_async(_device)(device_id)
    return await live.answer(request, LIVE, lambda asked: context(asked, device_id))


def context(_request: HttpRequest, device_id: int) -> dict[str, Any]:
    """What was heard of the device until now."""
    found, at = _device(device_id), now()
    values, behind = start_facts.values(found), start_facts.behind(found)
    return {
        "device": found,
        "values": values,
        "behind": behind,
        "received": any(value.reading for value in values) or any(one.at for one in behind),
        "has_address": device_page.has_address(found),
        "is_asked": device_page.is_asked(found),
        "push_path": connection.push_path(found),
        "refused": start_facts.refused(found, values, at),
        "now": at,
    }


def _page(request: HttpRequest, failed: StartForm | None = None) -> dict[str, Any]:
    """The page's values; `failed`: the form that is shown again with what is wrong in it."""
    at, person = now(), access.persons_of(request.user).select_related("station").first()
    devices, notices = start_facts.started(), start_facts.notices(person, at)
    done = start_facts.done(devices, notices)
    channel, circuits = channel_for(SMS), start_facts.circuits()
    forms = _forms(done, circuits)
    if failed is not None:
        forms[failed.step] = failed
    return {
        "done": done,
        "next": failed.step if failed else next((step for step in start_facts.STEPS if not done[step]), ""),
        "forms": forms,
        "sites": Site.objects.select_related("station").order_by("-id")[:5],
        "circuits": circuits[:5],
        "devices": devices[:5],
        "open_models": " ".join(start_facts.open_models()),
        "me": person,
        "notices": notices,
        "channel": channel,
        "reaches": nature_of(channel).reaches,
        "background": map_tiles.of_settings(settings.CONFIG.web, reverse("map-tiles")),
        "now": at,
    }


def _forms(done: Mapping[str, bool], circuits: Sequence[Circuit]) -> dict[str, StartForm]:
    station = Station.objects.order_by("id").first()
    language = Person.Language.ENGLISH if get_language() == "en" else Person.Language.CHINESE
    place = {"latitude": station.latitude, "longitude": station.longitude} if station else {}
    named = {"station": station.name, "signature": station.signature} if station else {}
    found: dict[str, StartForm] = {
        "site": SiteForm(initial={"time_zone": settings.TIME_ZONE} | named),
        "message": PersonForm(initial={"language": language}),
    }
    if done["site"]:
        circuit = {"panel": _("Panel 1"), "circuit": _("Circuit 1")}
        found["premises"] = PremisesForm(initial={"language": language} | circuit | place)
    if circuits:
        found["device"] = _device_form(circuits)
    return found


def _device_form(circuits: Sequence[Circuit], said: Any = None) -> DeviceForm:
    return DeviceForm(said, profiles=start_facts.models(), circuits=circuit_choices(circuits))


def _again(request: HttpRequest, form: StartForm, why: str = "") -> HttpResponse:
    if why:
        form.add_error(None, why)
    return render(request, "start/start.html", _page(request, form), status=422)


def _introduced(request: HttpRequest, form: PersonForm) -> Person:
    said, user = form.cleaned_data, request.user
    assert isinstance(user, User)
    wish = people.NewPerson(said["name"], said["number"], said["language"])
    station = Station.objects.order_by("id")[0]
    return people.introduce(user, wish, station, on_duty=said["on_duty"], hand=_hand(request))


def _shown_for_a_while(request: HttpRequest, device: Device, credential: str) -> HttpResponse:
    """To the device's page. The credential is the browser's alone, for that page and for SHOWN_S."""
    path = reverse("start-connect", args=[device.pk])
    answer = redirect(path)
    answer.set_cookie(
        COOKIE,
        credential,
        max_age=SHOWN_S,
        path=path,
        secure=request.is_secure(),
        httponly=True,
        samesite="Strict",
    )
    return answer


def _device(device_id: int) -> Device:
    found = Device.objects.select_related("premises__site").filter(pk=device_id).first()
    if found is None:
        raise Http404
    return found


def _step(name: str) -> str:
    return f"{reverse('start')}#{name}"


def _hand(request: HttpRequest) -> Hand:
    return Hand(request.user.get_username(), now(), "getting started")
