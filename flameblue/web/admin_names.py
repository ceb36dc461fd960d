"""What the admin pages call their groups and lists, in the reader's language.

They are no `verbose_name` of the models: one of these is part of the migrations, and the audit stores it as it is.
"""

from django.apps import apps
from django.utils.translation import gettext_lazy as _

GROUPS = {"fleet": _("Fleet"), "people": _("People")}
LISTS = {
    "fleet.station": _("Stations"),
    "fleet.site": _("Sites"),
    "fleet.premises": _("Premises"),
    "fleet.panel": _("Panels"),
    "fleet.circuit": _("Circuits"),
    "fleet.device": _("Devices"),
    "fleet.point": _("Points"),
    "fleet.limitsetting": _("Limits"),
    "fleet.auditentry": _("Audit entries"),
    "people.person": _("People"),
    "people.contact": _("Contacts"),
    "people.shift": _("Duty shifts"),
    "people.apitoken": _("API tokens"),
}


def put() -> None:
    """Names them, once the models are there."""
    for label, name in GROUPS.items():
        apps.get_app_config(label).verbose_name = name
    for label, name in LISTS.items():
        apps.get_model(label)._meta.verbose_name_plural = name
