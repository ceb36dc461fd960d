"""The beat of an open board: whether its sound would be heard."""

import hashlib

from django import forms
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from flameblue.cases import actions, presence
from flameblue.web import access
from flameblue.web.now import now

NO_SESSION = "demo"  # a demo signs nobody in


class BeatForm(forms.Form):
    """Which tab, by a name that it has made itself, and how its sound is."""

    tab = forms.RegexField(r"^[0-9a-f]{16,32}$")
    state = forms.ChoiceField(choices=[(state, state) for state in sorted(presence.STATES)])


@require_POST
def beat(request: HttpRequest) -> HttpResponse:
    """204 when it is kept; a user of no station has no desk, and nothing is kept."""
    form = BeatForm(request.POST)
    if not form.is_valid():
        said = form.errors.as_text()
        return HttpResponse(said, status=400, content_type="text/plain; charset=utf-8")
    station = access.station_id_of(request.user)
    if station is not None:
        tab = actions.Tab(station, _session(request), form.cleaned_data["tab"])
        actions.report_board(tab, form.cleaned_data["state"], now())
    return HttpResponse(status=204)


def _session(request: HttpRequest) -> str:
    key = request.session.session_key
    return hashlib.sha256(key.encode()).hexdigest()[:32] if key else NO_SESSION
