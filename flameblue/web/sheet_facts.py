"""The monthly wiring sheets of some premises: readings of each circuit, silent hours, findings, visits.

Everything is asked for all of them at once: twenty sheets are printed with as many questions as one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Min, Q, QuerySet

from flameblue.cases.announcing import told
from flameblue.cases.models import Alarm, AppliedTransition, Case
from flameblue.domain.clock import to_ns
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet import zones
from flameblue.fleet.models import Circuit, Point, Premises
from flameblue.fleet.periods import Period
from flameblue.inspections.models import Visit
from flameblue.inspections.sheets import Turn, silent_hours, visits_saved
from flameblue.people.models import Contact
from flameblue.web import access, readings, sentences

SHOWN = ("residual_current_ma", "temperature_c", "current_a", "voltage_v")
CASES_MAX = 50  # of one sheet; the rest is counted
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Measured:
    """One point over the month, in its unit; None: no reading."""

    point: Point
    counted: int
    low: float | None = None
    mean: float | None = None
    high: float | None = None

    @property
    def unit(self) -> str:
        return QUANTITIES[self.point.quantity].unit


@dataclass(slots=True)
class Watched:
    """A circuit and its points; None: points that no circuit was named for."""

    circuit: Circuit | None
    points: list[Measured] = field(default_factory=list)

    @property
    def was_read(self) -> bool:
        return any(one.counted for one in self.points)


@dataclass(slots=True)
class Sheet:
    """One premises. `saved` None: the month is not over yet."""

    premises: Premises
    period: Period
    until: datetime  # the month's end, or now
    circuits: list[Watched] = field(default_factory=list)
    findings: list[tuple[Case, str]] = field(default_factory=list)
    findings_left_out: int = 0
    visits: list[Visit] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    silent_h: float = 0.0
    is_over: bool = False

    @property
    def was_read(self) -> bool:
        """Any circuit was: where none was, no silent hours say nothing."""
        return any(one.was_read for one in self.circuits)

    @property
    def saved(self) -> int | None:
        if not self.is_over:
            return None
        return visits_saved([one.was_read for one in self.circuits], self.silent_h, len(self.visits))


def of(places: Sequence[Premises], period: Period, user: access.AnyUser, at: datetime) -> list[Sheet]:
    """The sheets of `places`, all of one time zone, in their order. BadInput and WorldFailed as `readings.traces`."""
    if not places:
        return []
    span = period.bounds(ZoneInfo(places[0].site.time_zone))
    sheets = {
        place.pk: Sheet(place, period, until=min(span[1], at), is_over=at >= span[1]) for place in places
    }
    points = list(
        Point.objects.filter(device__premises__in=sheets, retired=False)
        .select_related("circuit__panel", "device")
        .defer("row")
        .order_by("id")
    )
    _fill_readings(sheets, points, span)
    _fill_silence(sheets, points, (span[0], min(span[1], at)))
    _fill_findings(sheets, period, user)
    visits = Visit.objects.filter(
        premises__in=sheets, day__gte=period.first, day__lt=period.end
    ).select_related("by")
    for visit in visits.order_by("day", "id"):
        sheets[visit.premises_id].visits.append(visit)
    for contact in Contact.objects.filter(premises__in=sheets).select_related("person"):
        sheets[contact.premises_id].contacts.append(contact)
    return list(sheets.values())


def _fill_readings(sheets: dict[int, Sheet], points: Iterable[Point], span: Span) -> None:
    shown = [point for point in points if point.quantity in SHOWN]
    found = readings.summaries([point.pk for point in shown], to_ns(span[0]), to_ns(span[1]) - 1)
    for point in sorted(
        shown, key=lambda point: (*_circuit(point), SHOWN.index(point.quantity), point.phase)
    ):
        circuits = sheets[point.device.premises_id].circuits
        if not circuits or circuits[-1].circuit != point.circuit:
            circuits.append(Watched(point.circuit))
        circuits[-1].points.append(_measured(point, found.get(point.pk)))


def _circuit(point: Point) -> tuple[str, str, int]:
    if point.circuit is None:
        return ("", "", 0)
    return (point.circuit.panel.name, point.circuit.name, point.circuit.pk)


def _measured(point: Point, summary: readings.Summary | None) -> Measured:
    if summary is None:
        return Measured(point, 0)
    scale = QUANTITIES[point.quantity].steps_per_unit
    return Measured(point, summary.counted, summary.low / scale, summary.mean / scale, summary.high / scale)


def _fill_silence(sheets: dict[int, Sheet], points: Sequence[Point], span: Span) -> None:
    numbers, (begin, end) = [point.pk for point in points], span
    silences = AppliedTransition.objects.filter(point__in=numbers, rule=Rule.SILENCE)
    silent, turns = _silent_after(silences, numbers, end), {number: list[Turn]() for number in sheets}
    owners = {point.pk: point.device.premises_id for point in points}
    rows = silences.filter(arrival__gte=begin, arrival__lt=end).order_by("-arrival", "-id")
    for point, level, was, arrival in rows.values_list("point_id", "level", "before", "arrival"):
        turns[owners[point]].append(Turn(point, arrival, level == Level.FAULT))
        (silent.add if was == Level.FAULT else silent.discard)(point)
    for number, sheet in sheets.items():
        before = {point for point in silent if owners[point] == number}
        sheet.silent_h = silent_hours(reversed(turns[number]), begin, end, before)


def _silent_after(silences: QuerySet[AppliedTransition], numbers: Sequence[int], end: datetime) -> set[int]:
    """The points that were silent at `end`: as the first transition after it says, or as it is now."""
    first = silences.filter(arrival__gte=end).values("point").annotate(id=Min("id")).values("id")
    later = dict(AppliedTransition.objects.filter(id__in=first).values_list("point_id", "before"))
    alarms = Alarm.objects.filter(point__in=numbers, rule=Rule.SILENCE, level=Level.FAULT)
    still = set(alarms.values_list("point_id", flat=True)) - set(later)
    return still | {point for point, level in later.items() if level == Level.FAULT}


def _fill_findings(sheets: dict[int, Sheet], period: Period, user: access.AnyUser) -> None:
    """The cases that were opened or closed in the month, tests left out."""
    opened = zones.within(period, "opened_at", "premises__site")
    closed = zones.within(period, "closed_at", "premises__site")
    cases = access.cases_for(user).filter(told(), opened | closed, premises__in=sheets, is_test=False)
    for case, sentence in sentences.of_cases(cases.order_by("opened_at", "number")[: PAGE_ROWS_MAX * 5]):
        sheet = sheets[case.premises_id or 0]
        if len(sheet.findings) < CASES_MAX:
            sheet.findings.append((case, sentence))
        else:
            sheet.findings_left_out += 1


def counts(places: Sequence[Premises], period: Period) -> dict[int, tuple[int, int]]:
    """(cases, visits) of the month of each of `places`."""
    opened = zones.within(period, "opened_at", "premises__site")
    cases = Case.objects.filter(told(), opened, Q(premises__in=places), is_test=False)
    visits = Visit.objects.filter(premises__in=places, day__gte=period.first, day__lt=period.end)
    by_case = dict(cases.order_by().values_list("premises").annotate(n=Count("pk")))
    by_visit = dict(visits.order_by().values_list("premises").annotate(n=Count("pk")))
    return {place.pk: (by_case.get(place.pk, 0), by_visit.get(place.pk, 0)) for place in places}
