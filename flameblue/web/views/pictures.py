"""Pictures of premises, panels and devices: shown to who may see the premises, changed by who may act."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import PICTURE_BYTES_MAX
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device, Panel
from flameblue.fleet.pictures import Pictured
from flameblue.web import access, picture_facts
from flameblue.web.now import now

KINDS = ("premises", "panel", "device")
CACHED = "private, max-age=86400"  # the address changes with the picture


@require_GET
def picture(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """The picture, kept by the reader's own browser only."""
    kept = picture_facts.folder().find(_thing(request, kind, number))
    if kept is None:
        raise Http404
    tag = f'"{kept.version}"'
    if request.headers.get("If-None-Match") == tag:
        answer: HttpResponse = HttpResponseNotModified()
    else:
        try:
            answer = HttpResponse(kept.path.read_bytes(), content_type="image/webp")
        except FileNotFoundError as error:  # removed a moment ago
            raise Http404 from error
    answer.headers["ETag"] = tag
    answer.headers["Cache-Control"] = CACHED
    return answer


@require_POST
def change(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """Adds, replaces or removes the picture; says in words why one can't be taken."""
    thing = _thing(request, kind, number)
    hand = Hand(request.user.get_username(), now())
    try:
        if "remove" in request.POST:
            picture_facts.folder().remove(thing, hand)
            messages.success(request, _("The picture is removed."))
        else:
            picture_facts.folder().keep(thing, _uploaded(request), hand)
            messages.success(request, _("The picture is kept."))
    except BadInput as error:
        messages.error(request, _("Not done. %(why)s") % {"why": error})
    if isinstance(thing, Device):
        return redirect("commissioning-device", thing.pk)
    premises = thing.premises_id if isinstance(thing, Panel) else thing.pk
    return redirect("premises", premises)


def _thing(request: HttpRequest, kind: str, number: int) -> Pictured:
    """What is pictured; 404 where the reader must not know of it."""
    premises = access.premises_for(request.user)
    found: Pictured | None = None
    if kind == KINDS[0]:
        found = premises.filter(pk=number).first()
    elif kind == KINDS[1]:
        found = Panel.objects.filter(pk=number, premises__in=premises).first()
    elif kind == KINDS[2]:
        found = access.devices_for(request.user).filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def _uploaded(request: HttpRequest) -> bytes:
    file = request.FILES.get("picture")
    if file is None:
        raise BadInput(_("Choose a picture."))
    data: bytes = file.read(PICTURE_BYTES_MAX + 1)
    return data
