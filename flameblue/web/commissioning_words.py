"""The words of commissioning: its steps, and what came of a test."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from flameblue.commissioning.models import TestRun
from flameblue.commissioning.progress import Step
from flameblue.web.editions import EDITIONS

Words = Mapping[Any, str | Promise]

STEPS: Words = {
    Step.EXPECTED: pgettext_lazy("commissioning", "Expected"),
    Step.HEARD: pgettext_lazy("commissioning", "Heard"),
    Step.BOUND: pgettext_lazy("commissioning", "Bound"),
    Step.TESTED: pgettext_lazy("commissioning", "Tested"),
    Step.ACCEPTED: pgettext_lazy("commissioning", "Accepted"),
}
RUN_STATES: Words = {
    TestRun.State.UNDER_WAY: pgettext_lazy("commissioning", "under way"),
    TestRun.State.PASSED: pgettext_lazy("commissioning", "passed"),
    TestRun.State.FAILED: pgettext_lazy("commissioning", "failed"),
    TestRun.State.BROKEN_OFF: pgettext_lazy("commissioning", "broken off"),
    TestRun.State.WAIVED: pgettext_lazy("commissioning", "waived"),
}


def limit(line: Mapping[str, Any]) -> list[str]:
    """What a line of a sheet was compared with: the limit with its hold and edition, the seconds with their clause."""
    if line["limit"] is None:
        return ["—"]
    found = [f"{line['limit']:g} {line['unit']}"]
    if line["hold_s"] is not None:
        found.append(_("held for %(n)s s") % {"n": f"{line['hold_s']:g}"})
    found += [str(EDITIONS.get(line["edition"], line["edition"]))] if line["edition"] else []
    return [
        *found,
        _("within %(n)s s (%(clause)s)") % {"n": f"{line['within_s']:g}", "clause": line["clause"]},
    ]


def measured(line: Mapping[str, Any]) -> list[str]:
    """What was measured: the first value that counted, and the seconds to the alarm."""
    found = [] if line["value"] is None else [f"{line['value']:.10g} {line['unit']}".removesuffix(" 1")]
    if line["seconds"] is not None:
        step = {"n": f"{line['seconds']:.1f}", "step": f"{line['step_s'] or 0:g}"}
        found.append(_("alarm after %(n)s s, a reading every %(step)s s") % step)
        if line["state"] == TestRun.State.PASSED and line["seconds"] > line["within_s"]:
            found.append(_("later than the clause: our own hold uses up its time"))
    return found


def counts(lines: Sequence[Mapping[str, Any]]) -> str:
    """How many lines of a device came to what."""
    found = Counter(line["state"] for line in lines)
    return ", ".join(f"{RUN_STATES[state]} {found[state]}" for state in RUN_STATES if found[state]) or "—"
