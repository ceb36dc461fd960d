"""The words of the practice, and what each number counts: a definition stands beside every number."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from flameblue.cases.handled import Handled
from flameblue.fleet.coverage import Measure, Missing
from flameblue.inspections.actions import Refused
from flameblue.inspections.models import Item
from flameblue.web.round_words import Show, Stand

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
HANDLED: Words = {
    Handled.REAL: pgettext_lazy("handled", "Real"),
    Handled.TEST: pgettext_lazy("handled", "Test"),
    Handled.NUISANCE: pgettext_lazy("handled", "Nuisance"),
    Handled.DUPLICATE: pgettext_lazy("handled", "Duplicate"),
    Handled.UNCLEAR: pgettext_lazy("handled", "Unclear"),
}
HANDLED_DEFINITIONS: Words = {
    Handled.REAL: _(
        "Closed with a cause that was there: in the wiring, the appliance, the supply or the detector."
    ),
    Handled.TEST: _("A test case, or closed with the cause “A test”."),
    Handled.NUISANCE: _(
        "The warning was of nothing: limit set too low, closed for the season, switched off on purpose, came back by "
        "itself; and heat, leakage, load, voltage or arcing that only the detector's own fault made."
    ),
    Handled.DUPLICATE: _("Closed with the cause “The same as another case”."),
    Handled.UNCLEAR: _("Nobody found the cause. It is never counted as real."),
}
INSPECTION_REFUSALS: Words = {
    Refused.NOT_YET: _("This round has not begun yet."),
    Refused.OVER: _("This round is over: what was missed stays missed."),
    Refused.NO_ROUND: _("No round begins on this day."),
    Refused.TEXT_MISSING: _("Please say what is not in order."),
    Refused.TEXT_TOO_LONG: _("The text is too long: 200 characters at most."),
    Refused.IN_THE_FUTURE: _("A visit can't be in the future."),
}
ITEMS: Words = {item: item.label for item in Item}
STANDS: Words = {
    Stand.TO_COME: pgettext_lazy("round", "To come"),
    Stand.OPEN: pgettext_lazy("round", "Open now"),
    Stand.OVER: pgettext_lazy("round", "Over"),
}
SHOWS: Words = {
    Show.ALL: pgettext_lazy("round", "all premises"),
    Show.TO_DO: pgettext_lazy("round", "not looked at yet"),
    Show.NOT_OK: pgettext_lazy("round", "not in order"),
    Show.MISSED: pgettext_lazy("round", "missed"),
}
