"""The words of a device's page: what it may be asked, and how far that has come."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from flameblue.intake.device_commands import Outcome

Words = Mapping[Any, str | Promise]

ORDERS: Words = {
    "set_clock": _("Set its clock"),
    "duty_check": _("Duty check"),
    "device_state": _("State of the device"),
    "device_time": _("Time of the device"),
    "device_version": _("Version of the device"),
    "device_configuration": _("Configuration of the device"),
    "device_operations": _("What was done at the device"),
    "component_state": _("State of a component"),
    "component_value": _("Values of a component"),
    "system_operations": _("What was done at a fire system"),
}
HINTS: Words = {
    "set_clock": _("It takes our time, in its own zone."),
    "duty_check": _("It calls whoever is on duty there, who presses its key within these minutes."),
    "device_state": _("Whether it monitors, and whether its power or a line of its has a fault."),
    "device_time": _("What its clock says, beside ours."),
    "device_version": _("Which software runs in it."),
    "device_configuration": _("What it says of its set-up."),
    "device_operations": _("Reset, mute, test and answers to duty checks, as it has recorded them."),
    "component_state": _("Alarm, fault, shielded and so on, now."),
    "component_value": _("What it measures now."),
    "system_operations": _("Reset, mute and test of the system behind it."),
}
OUTCOMES: Words = {
    Outcome.WAITING: pgettext_lazy("command", "on its way"),
    Outcome.SENT: _("sent, no answer yet"),
    Outcome.HEARD: _("confirmed; nobody there has pressed the key yet"),
    Outcome.DONE: pgettext_lazy("command", "answered"),
    Outcome.DENIED: _("the device has denied it"),
    Outcome.NO_ANSWER: _("no answer; it was sent four times in 40 s"),
    Outcome.NOBODY: _("nobody there has pressed the key in time"),
    Outcome.NO_LINE: _("not sent: the device has no line now"),
    Outcome.NO_ZONE: _("not sent: its model does not say how far its clock is from UTC"),
    Outcome.NOT_SERVED: _("not sent: this installation does not listen for its protocol"),
    Outcome.LAPSED: _("not done: it waited too long, or Flameblue was stopped meanwhile"),
}
SPANS: Words = {1: _("the last hour"), 24: _("the last day"), 168: _("the last week")}
