"""The words of the fleet's pages: lists, fields, deeds, and why a limit is refused."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = Mapping[Any, str | Promise]

TABS: Words = {
    "sites": _("Sites"),
    "premises": _("Premises"),
    "circuits": _("Circuits"),
    "devices": _("Devices"),
    "points": _("Points"),
    "people": _("People"),
}
FIELDS: Words = {
    "name": _("Name"),
    "short_name": _("Short name, for messages"),
    "kind": _("Kind"),
    "address": _("Address"),
    "key_holder": _("Who has the key"),
    "closed_until": _("Closed for the season until"),
    "isolator": _("Switch to be pulled"),
    "rated_current_a": _("Rated current (A)"),
    "serial": _("Serial number"),
    "place": _("Place, as a message says it"),
    "time_zone": _("Time zone"),
    "phone": _("Phone"),
    "language": _("Language of the messages"),
    "site": _("Site"),
    "premises": _("Premises"),
    "panel": _("Panel"),
    "circuit": _("Circuit"),
    "device": _("Device"),
    "profile": _("Profile"),
    "quantity": _("Quantity"),
    "phase": _("Phase"),
    "enabled": _("In use"),
    "retired": _("Retired"),
    "active": _("Active"),
    "station": _("Station"),
    "user": _("User"),
    "reason": _("Reason"),
    "credential_hash": _("Credential"),
    "device_address": _("Address on the line"),
    "networks": _("Allowed networks"),
}
DEEDS: Words = {
    "added": _("added"),
    "changed": _("changed"),
    "removed": _("removed"),
    "revealed": _("phone was looked at"),
    "left": _("left its circuit"),
    "accepted": _("accepted an address that it speaks from"),
    "asked": _("asked the device"),
}
BY: Words = {"command line": _("command line")}
OCCASIONS: Words = {
    "paired": _("paired"),
    "commissioning": pgettext_lazy("occasion", "commissioning"),
    "getting started": pgettext_lazy("occasion", "getting started"),
}
IMPORTED = "import of "  # and the file's name
LIMIT_TROUBLES: Words = {
    "hold": _("“%(field)s” can't be %(value)s s: between 0 and %(most)s s."),
    "hysteresis": _("“%(field)s” can't be %(value)s %(unit)s: it is neither negative nor so large."),
    "implausible": _(
        "“%(field)s” can't be %(value)s %(unit)s: a sensor that says less than %(least)s or more than "
        "%(most)s %(unit)s is broken."
    ),
    "order": _(
        "“%(field)s” (%(value)s %(unit)s) lies beyond “%(other)s” (%(other_value)s %(unit)s): a warning comes first."
    ),
    "reason": _("A limit is changed for a reason: say it."),
    "number": _("“%(field)s” is no number: %(value)s."),
    "nothing": _("Nothing was changed."),
}
STATES: Words = {
    "silent": pgettext_lazy("devices", "silent"),
    "clock": _("clock fault"),
    "off": pgettext_lazy("devices", "not in use"),
}
