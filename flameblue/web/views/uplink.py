"""The answer to a city's centre that asks who is on duty (查岗)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from flameblue.uplink import answering
from flameblue.uplink.models import Ask
from flameblue.web import access
from flameblue.web.now import now


@require_POST
def answer_duty(request: HttpRequest, ask_id: int) -> HttpResponse:
    """Says that somebody is here, or that it was said before, or too late."""
    ask = get_object_or_404(Ask, pk=ask_id, flag=answering.DUTY_CHECK)
    if answering.answer_duty_check(ask.pk, access.person_of(request.user), now()):
        messages.success(request, _("The fire centre is told that you are on duty."))
    else:
        messages.warning(request, _("It was answered before, or its time was over."))
    return redirect("board")
