"""Phone numbers are masked; who looks at one is on record."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from flameblue.people import actions
from flameblue.web import access
from flameblue.web.now import now


@require_POST
def reveal_phone(request: HttpRequest, person_id: int) -> HttpResponse:
    """The whole number: the fragment for htmx, a page without it."""
    person = access.people_for(request.user).filter(id=person_id).first()
    if person is None:
        raise Http404
    phone = actions.reveal_phone(person, by=request.user.get_username(), now=now())
    template = "people/_phone.html" if request.headers.get("HX-Request") else "people/phone.html"
    return render(request, template, {"person": person, "phone": phone, "revealed": True})
