"""The acceptance sheet: shown, signed, printed, as PDF."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from flameblue.commissioning import accepting
from flameblue.commissioning.accepting import NAME_MAX, Content, Place, Signing
from flameblue.commissioning.models import Acceptance
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import PAGE_ROWS_MAX, SIGNATURE_BYTES_MAX
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Site
from flameblue.fleet.shelf import profiles
from flameblue.web import acceptance_pdf, access, commissioning_facts
from flameblue.web.now import now
from flameblue.web.practice_links import site_of


class SignForm(forms.Form):
    """Who signs what."""

    name = forms.CharField(max_length=NAME_MAX)
    role = forms.CharField(max_length=NAME_MAX)
    digest = forms.RegexField(r"\A[0-9a-f]{64}\Z")


@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    """The sheet as it would be signed now, and the form that signs it."""
    sites = list(access.sites_for(request.user).order_by("name"))
    site = site_of(request, sites)
    place = _place(request, site) if site is not None else None
    if place is None:
        return render(request, "commissioning/accept.html", {"sites": sites, "site": None})
    content = _content(request, place)
    values: dict[str, Any] = {
        "sites": sites,
        "site": site,
        "place": place,
        "all_premises": access.premises_for(request.user).filter(site=site).order_by("name")[:PAGE_ROWS_MAX],
        "content": content,
        "digest": accepting.digest_of(content),
        "signed": Acceptance.objects.filter(site=site).order_by("-id")[:PAGE_ROWS_MAX],
        "most": NAME_MAX,
    }
    if request.method == "GET":
        return render(request, "commissioning/accept.html", values)
    try:
        made = accepting.sign(place, content, _signing(request), Hand(request.user.get_username(), now()))
    except BadInput as error:
        said = {name: request.POST.get(name, "") for name in ("name", "role")}
        return render(
            request, "commissioning/accept.html", values | {"trouble": str(error), "said": said}, status=422
        )
    messages.success(request, _("The sheet is signed."))
    return redirect("acceptance", made.pk)


@require_GET
def sheet(request: HttpRequest, number: int) -> HttpResponse:
    """A signed sheet, to read and to print."""
    found = _acceptance(request, number)
    values = {
        "acceptance": found,
        "content": found.content,
        "is_unchanged": accepting.digest_of(found.content) == found.digest,
    }
    return render(request, "commissioning/sheet.html", values)


@require_GET
def pdf(request: HttpRequest, number: int) -> HttpResponse:
    """The same as a file."""
    found = _acceptance(request, number)
    data = acceptance_pdf.of(found, get_language() or "en")
    return HttpResponse(
        data,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="acceptance-{found.pk}.pdf"'},
    )


@require_GET
def signature(request: HttpRequest, number: int) -> HttpResponse:
    """The signature of a sheet, kept by the reader's own browser only."""
    found = _acceptance(request, number)
    answer = HttpResponse(bytes(found.signature), content_type="image/webp")
    answer.headers["Cache-Control"] = "private, max-age=86400"
    return answer


def _signing(request: HttpRequest) -> Signing:
    """What the form says; BadInput where it says too little."""
    form, drawing = SignForm(request.POST), request.FILES.get("drawn")
    if not form.is_valid():
        raise BadInput(_("Write your name and your role, in at most %(n)d characters.") % {"n": NAME_MAX})
    drawn: bytes = drawing.read(SIGNATURE_BYTES_MAX + 1) if drawing is not None else b""
    return Signing(**form.cleaned_data, drawn=drawn)


def _place(request: HttpRequest, site: Site) -> Place:
    asked = request.GET.get("premises", "")
    if not asked.isdecimal() or len(asked) > 12:
        return Place(site)
    return Place(site, access.premises_for(request.user).filter(site=site, pk=int(asked)).first())


def _content(request: HttpRequest, place: Place) -> Content:
    devices = access.devices_for(request.user).filter(premises__site=place.site)
    if place.premises is not None:
        devices = devices.filter(premises=place.premises)
    try:
        found = commissioning_facts.facts(devices)
    except BadInput:
        found = []
    return accepting.content_of(place, found, profiles())


def _acceptance(request: HttpRequest, number: int) -> Acceptance:
    found = Acceptance.objects.filter(pk=number, site__in=access.sites_for(request.user))
    one = found.select_related("site", "premises").first()
    if one is None:
        raise Http404
    return one
