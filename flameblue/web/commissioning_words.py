"""The words of commissioning: its steps, and what came of a test."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from flameblue.commissioning import judging
from flameblue.commissioning.models import TestRun
from flameblue.commissioning.progress import Step
from flameblue.domain.limits import TEST_STEP_S_MAX
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
    TestRun.State.LATE: pgettext_lazy("commissioning", "alarmed; the clause is not met"),
    TestRun.State.FAILED: pgettext_lazy("commissioning", "failed"),
    TestRun.State.BROKEN_OFF: pgettext_lazy("commissioning", "broken off"),
    TestRun.State.WAIVED: pgettext_lazy("commissioning", "waived"),
}


def result(line: Mapping[str, Any]) -> str:
    """What came of a line of a sheet: one word that counts, whatever its seconds say.

    Late was once written down as passed, and what is signed keeps that: it says so, and that it was not.
    """
    if line["state"] == TestRun.State.PASSED and is_unmet(line):
        return _("written down as passed; the clause is not met")
    return str(RUN_STATES.get(line["state"], line["state"]))


def is_unmet(line: Mapping[str, Any]) -> bool:
    """Whether its alarm came later than the clause allows."""
    return judging.is_beyond(line["seconds"], line["within_s"])


def unmet(content: Mapping[str, Any]) -> str:
    """What a sheet says of its points that have not met their clause; nothing where there are none."""
    found = sum(is_unmet(line) for device in content["devices"] for line in device["points"])
    if not found:
        return ""
    return _(
        "Points that alarmed later than their clause allows: %(n)d. "
        "They have not passed; who signs takes them so."
    ) % {"n": found}


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
    """What was measured: the first value that counted, how long it took to come, the seconds from it to the alarm."""
    found = [] if line["value"] is None else [f"{line['value']:.10g} {line['unit']}".removesuffix(" 1")]
    return [*found, *times(line)] if line["seconds"] is not None else found


def times(line: Mapping[str, Any]) -> list[str]:
    """The times of a test that has `seconds`, apart: the device's and ours, and why it is late or can't pass.

    `line` is one of a sheet; those that were signed before `waited_s` was measured have none.
    """
    seconds, step_s, waited_s = line["seconds"], line["step_s"] or 0.0, line.get("waited_s")
    found = [] if waited_s is None else [_("the first value came after %(n)s s") % {"n": f"{waited_s:.1f}"}]
    after = {"n": f"{seconds:.1f}", "step": f"{step_s:g}"}
    if step_s:
        found.append(_("alarm after %(n)s s, a reading every %(step)s s") % after)
    else:
        found.append(_("alarm after %(n)s s, a reading on change") % after)
    if is_unmet(line):
        found.append(_late(line, seconds))
    if line["state"] == TestRun.State.FAILED and judging.is_too_seldom(step_s, waited_s):
        most = {"n": f"{TEST_STEP_S_MAX:g}"}
        found.append(_("readings more than %(n)s s apart show nothing of the clause's time") % most)
    return found


def _late(line: Mapping[str, Any], seconds: float) -> str:
    """What the clause allows, and how much of it our own hold took where the hold is what ended."""
    own = {"n": f"{line['within_s']:g}", "hold": f"{line['hold_s'] or 0.0:g}"}
    if line["value"] is None or not line["hold_s"] or line["hold_s"] > seconds:
        return _("the clause allows %(n)s s") % own
    if line["hold_s"] >= line["within_s"]:
        return _("the clause allows %(n)s s; Flameblue's own hold of %(hold)s s uses that up") % own
    return _("the clause allows %(n)s s; %(hold)s s of the time are Flameblue's own hold") % own


def counts(lines: Sequence[Mapping[str, Any]]) -> str:
    """How many lines of a device came to what."""
    found = Counter(map(_word_of, lines))
    return ", ".join(f"{RUN_STATES[state]} {found[state]}" for state in RUN_STATES if found[state]) or "—"


def _word_of(line: Mapping[str, Any]) -> str:
    is_late = line["state"] == TestRun.State.PASSED and is_unmet(line)
    return str(TestRun.State.LATE if is_late else line["state"])
