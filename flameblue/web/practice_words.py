"""The words of the practice, and what each number counts: a definition stands beside every number."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from flameblue.fleet.coverage import Measure, Missing

Words = Mapping[Any, str | Promise]

MEASURES: Words = {
    Measure.INSTALLED: _("Installed"),
    Measure.ONLINE: _("On line, 24 h"),
    Measure.TESTED: _("Tested this month"),
}
MEASURE_DEFINITIONS: Words = {
    Measure.INSTALLED: _("Business premises with at least one device that is in use. Homes are not counted."),
    Measure.ONLINE: _(
        "Of the business premises, those of which a reading arrived within the last 24 hours. Premises that are "
        "closed for the season are not left out: they are missing, and say why."
    ),
    Measure.TESTED: _(
        "Of the business premises, those with a test since the first of this month, by the calendar of the site: a "
        "detector told that it was being tested (a test case), or a visit pressed the test button."
    ),
}
MISSING: Words = {
    Missing.NO_DEVICE: _("no device"),
    Missing.CLOSED: _("closed for the season"),
    Missing.NEVER_HEARD: _("device never heard"),
    Missing.SILENT: _("silent"),
    Missing.NOT_TESTED: _("no test this month"),
}
