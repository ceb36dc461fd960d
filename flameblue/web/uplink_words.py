"""What a city's centre wanted, and what it did not get, as people read it."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from flameblue.uplink import following, outbox, talking
from flameblue.uplink.answering import DUTY_CHECK, INITIALISE, SET_CLOCK
from flameblue.uplink.models import Upload

Words = Mapping[Any, str | Promise]

ASKS: Words = {
    DUTY_CHECK: _("Who is on duty?"),
    SET_CLOCK: _("Its clock"),
    INITIALISE: _("To begin anew from factory settings"),
}
UPLOADS: Words = {
    Upload.State.DENIED: _("denied"),
    Upload.State.UNANSWERED: _("not answered"),
    Upload.State.DROPPED: _("not sent"),
}
UPLOAD_DETAILS: Words = {
    talking.SAID_NO: _("the centre said no"),
    talking.SAID_NOTHING: _("the centre answered others, and not this"),
    following.ANEW: _("another centre, or another agreement"),
    following.OFF: _("the uplink was switched off"),
    outbox.FULL: _("too much was waiting"),
}
