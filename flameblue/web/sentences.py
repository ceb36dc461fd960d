"""What happened, in one plain sentence, from the case's own alarms."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from flameblue.cases import kinds, record
from flameblue.cases.models import Alarm, Case
from flameblue.domain.points import NO_LIMIT, NO_LOWER_LIMIT
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.transitions import Level, Rule, Why
from flameblue.fleet.models import Point
from flameblue.web import words

NAMES_MAX = 4  # what a row of the board has room for
SEVERITY = {Level.ALARM: 3, Level.WARNING: 2, Level.FAULT: 1, Level.NORMAL: 0}
RAISED = (kinds.OPENED, kinds.JOINED, kinds.REOPENED)  # what a trouble of the system comes with


def of_cases(cases: Iterable[Case]) -> list[tuple[Case, str]]:
    """Each of `cases` with its sentence."""
    cases = list(cases)
    alarms = record.alarms_of(cases)
    return [(case, of_its(case, alarms[case.pk])) for case in cases]


def of_case(case: Case) -> str:
    """The case's worst alarm as a sentence, and how many more there are; for an incident its members."""
    return of_its(case, record.alarms_of([case])[case.pk])


def of_its(case: Case, alarms: Iterable[Alarm]) -> str:
    """The same of `alarms`, which are the case's own."""
    alarms = list(alarms)
    if not alarms:
        return _without_alarms(case)
    if len(alarms) > 1 and all(alarm.rule == Rule.SILENCE for alarm in alarms):
        return _silences(alarms)
    first = of_alarm(worst(alarms))
    more = len(alarms) - 1
    if not more:
        return first
    return first + " " + ngettext("%(n)d more point.", "%(n)d more points.", more) % {"n": more}


def worst(alarms: Iterable[Alarm]) -> Alarm:
    """The one of `alarms` (at least one) that is told of first."""
    return max(alarms, key=_severity)


def _severity(alarm: Alarm) -> tuple[int, int, float]:
    return (SEVERITY[Level(alarm.worst_level)], SEVERITY[Level(alarm.level)], -alarm.since.timestamp())


def _silences(alarms: Sequence[Alarm]) -> str:
    """The devices that are silent, who has been so longest first, with the circuits that nobody watches now."""
    still = [alarm for alarm in alarms if alarm.level] or alarms
    circuits: dict[str, list[str]] = {}
    for alarm in sorted(still, key=lambda alarm: (alarm.since, alarm.point_id)):
        point = alarm.point
        here = circuits.setdefault(point.device.name, [])
        if (said := where(point.place, point.circuit.name if point.circuit else "")) and said not in here:
            here.append(said)
    devices = [_with_circuits(*one) for one in circuits.items()]
    return _("No data from %(devices)s.") % {"devices": _few(devices)}


def _with_circuits(device: str, circuits: Sequence[str]) -> str:
    if not circuits:
        return device
    return _("%(device)s (%(circuits)s)") % {"device": device, "circuits": _few(circuits)}


def _few(names: Sequence[str]) -> str:
    """The first of `names`, and how many more there are."""
    said = pgettext("between names", ", ").join(names[:NAMES_MAX])
    more = len(names) - NAMES_MAX
    return said if more <= 0 else said + " " + _("and %(n)d more") % {"n": more}


def _without_alarms(case: Case) -> str:
    members = case.members.count()
    if case.site is not None and members:
        said = ngettext(
            "%(n)d premises of %(site)s send no data.", "%(n)d premises of %(site)s send no data.", members
        )
        return said % {"n": members, "site": case.site.name}
    return _troubles(case) or words.word(words.FAMILIES, case.family)


def _troubles(case: Case) -> str:
    """The newest trouble that still stands, and how many more; where none does, the last one. A remark is none."""
    raised = case.events.filter(kind__in=RAISED).order_by("number")
    texts: dict[str, str] = {}
    for data in raised.values_list("data", flat=True):
        if what := data.get("what"):
            texts.pop(what, None)  # so that the last one is the newest
            texts[what] = data.get("text", "")
    standing = [texts[what] for what in case.troubles if what in texts]
    if not standing:
        return next(reversed(texts.values()), "")
    more = len(standing) - 1
    if not more:
        return standing[-1]
    others = ngettext("%(n)d more trouble.", "%(n)d more troubles.", more) % {"n": more}
    return f"{standing[-1]} {others}"


def of_alarm(alarm: Alarm) -> str:
    """One alarm: where, what, how much against which limit, and what is odd about it."""
    said = _said(alarm)
    reasons = words.whys(alarm.why & ~Why.TEST if alarm.rule == Rule.TEST else alarm.why)
    return f"{said} ({'; '.join(reasons)})" if reasons else said


def _said(alarm: Alarm) -> str:
    point = alarm.point
    facts = {
        "where": place(point),
        "quantity": words.word(words.QUANTITIES, point.quantity),
        "value": measured(alarm.worst_value, point.quantity),
        "limit": measured(alarm.limit if alarm.worst_limit is None else alarm.worst_limit, point.quantity),
        "device": point.device.name,
    }
    return _pattern(alarm) % facts


def _pattern(alarm: Alarm) -> str:
    if alarm.rule == Rule.REPORTED and alarm.worst_value == NO_VALUE:
        return _("%(where)s: the device itself reports an alarm (%(quantity)s).")
    patterns = {
        Rule.OVER: _("%(where)s: %(quantity)s reached %(value)s, the limit is %(limit)s."),
        Rule.UNDER: _("%(where)s: %(quantity)s fell to %(value)s, the limit is %(limit)s."),
        Rule.SILENCE: _("%(where)s: device %(device)s sends no data."),
        Rule.SENSOR: _("%(where)s: the sensor for %(quantity)s is broken."),
        Rule.REPORTED: _("%(where)s: the device itself reports an alarm; %(quantity)s is %(value)s."),
        Rule.REPORTED_FAULT: _("%(where)s: device %(device)s reports a fault."),
        Rule.SHIELDED: _("%(where)s: the point is shielded at the device."),
        Rule.TEST: _("%(where)s: device %(device)s is being tested."),
        Rule.CLOCK: _("%(where)s: the clock of device %(device)s is wrong."),
        Rule.PHASE_LOSS: _("%(where)s has no voltage (%(value)s), while another phase has."),
        Rule.ORIGIN: _("%(where)s: somebody speaks as device %(device)s from an unexpected address."),
        Rule.LATE: _(
            "%(where)s: late data says that %(quantity)s had been %(value)s, the limit is %(limit)s."
        ),
    }
    return patterns[Rule(alarm.rule)]


def place(point: Point) -> str:
    """Where a point is, as people call it: room, circuit, phase."""
    said = where(point.place, point.circuit.name if point.circuit else "") or point.device.name
    return said + " " + _("phase %(phase)s") % {"phase": point.phase} if point.phase else said


def where(place: str, circuit: str) -> str:
    """Room and circuit, without saying a name twice: 203房 and 203房暖气 are 203房暖气."""
    return circuit if circuit.startswith(place) else f"{place} {circuit}".strip()


COUNTERS = frozenset({"energy_kwh"})  # compared with a display: their tenths are said however large they are


def measured(steps: int, quantity: str) -> str:
    """A value with its unit; a dash where there is none."""
    known = QUANTITIES.get(quantity)
    if known is None or steps in (NO_VALUE, NO_LIMIT, NO_LOWER_LIMIT):
        return "—"
    value = known.value(steps)
    large = f"{value:.1f}" if quantity in COUNTERS else f"{value:.0f}"
    number = large if abs(value) >= 1000 else f"{value:.4g}"
    return number if known.unit == "1" else f"{number} {known.unit}"
