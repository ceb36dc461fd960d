"""A case's charts: the readings of its alarms' points, and below them the load of their circuits."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from flameblue.cases.models import Alarm, Case, State
from flameblue.domain.clock import to_datetime, to_ns
from flameblue.domain.errors import FlameblueError
from flameblue.domain.limits import SECOND_NS, SERIES_MAX
from flameblue.domain.quantities import QUANTITIES
from flameblue.fleet.models import Point
from flameblue.web import charts, limit_history, readings, sentences, series, words
from flameblue.web.series import NARROW

SPANS_S = {"10m": 600, "1h": 3_600, "6h": 21_600, "24h": 86_400}
SPAN = "1h"
CHARTS_MAX = 6
STEPS_MAX = 660  # one a pixel of the drawing
GAP_SHARE_MIN = 6  # thousandths of the span: a shorter gap is not seen anyway
BEFORE_SHARE = 0.25  # of the span, where a closed case is looked at
AFTER_SHARE = 1 / 12  # likewise, after it was closed
AFTER_NS_MAX = 300 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Drawn:
    """One chart with its title, drawn for a desk and for a phone; `lines` is the same in words, a line a trace.

    `trouble` says why it has no readings, where they could not be had.
    """

    title: str
    when: str
    svg: SafeString
    narrow: SafeString
    lines: list[str]
    limits: str = ""  # with their times, where they changed
    trouble: str = ""
    note: str = ""  # since when the limits are known
    is_stated: bool = False  # its points send states only: there is nothing to draw


def points_of(alarms: Iterable[Alarm]) -> list[list[Point]]:
    """A chart a list: each point that alarmed, then the currents of each of their circuits, its phases together."""
    alarmed = [alarm.point for alarm in alarms]
    circuits = {point.circuit_id for point in alarmed if point.circuit_id}
    loads = (
        Point.objects.filter(circuit__in=circuits, quantity="current_a", retired=False)
        .filter(~Q(id__in=[point.id for point in alarmed]))
        .select_related("device", "circuit")
        .order_by("circuit", "phase", "id")
    )
    by_circuit = [list(few)[:SERIES_MAX] for _, few in groupby(loads, key=lambda point: point.circuit_id)]
    return [*([point] for point in dict.fromkeys(alarmed)), *by_circuit][:CHARTS_MAX]


def drawn(case: Case, alarms: Iterable[Alarm], now_ns: int, span: str) -> list[Drawn]:
    """The charts of `span` (a key of SPANS_S): up to now; of a closed case around the event, whatever the time."""
    from_ns, to_ns = window(case, now_ns, SPANS_S[span] * SECOND_NS)
    groups = points_of(alarms)
    traces, trouble = _traces([point for points in groups for point in points], from_ns, to_ns)
    zone = ZoneInfo(_time_zone(case))
    empty = charts.Trace(at_ns=(), low=(), high=())
    moments = _moments(case)
    limits = limit_history.Limits.of([point for points in groups for point in points], (from_ns, to_ns))
    read_first = series.firsts(traces)
    drawings = []
    stated = readings.sending_states_only([point.pk for points in groups for point in points]) - set(
        read_first
    )
    for points in groups:
        first, *others = points
        known_ns = limits.unknown_until(
            {point.id: read_first[point.id] for point in points if point.id in read_first}
        )
        chart = charts.Chart(
            title=_title(points),
            unit=QUANTITIES[first.quantity].unit,
            from_ns=from_ns,
            to_ns=to_ns,
            trace=traces.get(first.id, empty),
            beside=tuple(traces.get(point.id, empty) for point in others),
            zone=zone,
            gap_ns=max(readings.gap_ns(first), GAP_SHARE_MIN * (to_ns - from_ns) // 1000),
            limits=tuple(series.lines_of(step for _point, step in limits.steps(points))),
            moments=moments,
        )
        drawings.append(
            replace(
                _drawn(chart, points, trouble),
                limits=series.limits_said(chart.limits, known_ns, (from_ns, to_ns), zone),
                note=series.limits_note(known_ns, to_ns, zone),
                is_stated=all(point.pk in stated for point in points),
            )
        )
    return drawings


def _title(points: list[Point]) -> str:
    """What and where; of several phases the circuit alone, each phase is named below."""
    quantity = words.word(words.QUANTITIES, points[0].quantity)
    if len(points) == 1 or points[0].circuit is None:
        return f"{quantity}, {sentences.place(points[0])}"
    named = ", ".join(point.phase or point.key for point in points)
    where = sentences.where(points[0].place, points[0].circuit.name)
    return f"{quantity}, {where}, " + _("each phase: %(phases)s") % {"phases": named}


def _drawn(chart: charts.Chart, points: list[Point], trouble: str) -> Drawn:
    return Drawn(
        title=chart.title,
        when=_when(chart),
        svg=charts.svg(_thinned(chart, STEPS_MAX)),
        narrow=charts.svg(_thinned(replace(chart, width=NARROW.width, height=NARROW.height), NARROW.steps)),
        lines=[
            _said(trace, chart.unit, sentences.place(point) if len(points) > 1 else "")
            for point, trace in zip(points, chart.traces, strict=True)
        ],
        trouble=trouble,
    )


def _thinned(chart: charts.Chart, steps: int) -> charts.Chart:
    span = (chart.from_ns, chart.to_ns)
    (first, *others), steps = charts.drawn_together(chart.traces, span, steps)
    gap_ns = chart.gap_ns
    if others:
        gap_ns = max(gap_ns, round(series.GAP_WIDTHS * (chart.to_ns - chart.from_ns) / steps))
    return replace(chart, trace=first, beside=tuple(others), gap_ns=gap_ns)


def _when(chart: charts.Chart) -> str:
    """From when to when, with the date of the end where it is another day."""
    begin, end = (to_datetime(at).astimezone(chart.zone) for at in (chart.from_ns, chart.to_ns))
    form = "%H:%M" if begin.date() == end.date() else "%m-%d %H:%M"
    return f"{begin:%Y-%m-%d %H:%M} – {end.strftime(form)}"


def _said(trace: charts.Trace, unit: str, name: str) -> str:
    """A trace for who can't see it."""
    if not trace.at_ns:
        said = _("no readings in this time")
    else:
        facts = {"low": f"{min(trace.low):.4g}", "high": f"{max(trace.high):.4g}"}
        last = {"last": f"{trace.high[-1]:.4g}", "unit": unit}
        said = _("lowest %(low)s, highest %(high)s, last %(last)s %(unit)s") % {**facts, **last}
    return f"{name}: {said}" if name else said


def _traces(points: list[Point], from_ns: int, to_ns: int) -> tuple[dict[int, charts.Trace], str]:
    try:
        return readings.traces(points, from_ns, to_ns), ""
    except FlameblueError as error:
        return {}, str(error)


def window(case: Case, now_ns: int, span_ns: int) -> tuple[int, int]:
    """From when to when, `span_ns` at most: an open case up to now.

    A closed one from a little before it was opened to a little after it was closed; that never moves again.
    """
    if case.state != State.CLOSED or case.closed_at is None:
        return now_ns - span_ns, now_ns
    begin = to_ns(case.opened_at) - round(span_ns * BEFORE_SHARE)
    after_ns = min(round(span_ns * AFTER_SHARE), AFTER_NS_MAX)
    return begin, min(begin + span_ns, to_ns(case.closed_at) + after_ns)


def span_of(case: Case) -> str:
    """The span that is shown unasked: of a closed case the shortest, SPAN at least, that reaches its proof or end."""
    ended_at = case.proven_at or case.closed_at
    if case.state != State.CLOSED or ended_at is None:
        return SPAN
    for name, seconds in SPANS_S.items():
        if seconds >= SPANS_S[SPAN] and window(case, 0, seconds * SECOND_NS)[1] >= to_ns(ended_at):
            return name
    return max(SPANS_S, key=lambda name: SPANS_S[name])


def _moments(case: Case) -> tuple[charts.Moment, ...]:
    known = (
        (case.opened_at, _("opened")),
        (case.taken_at, _("taken")),
        (case.made_safe_at, _("made safe")),
        (case.repaired_at, _("repaired")),
        (case.proven_at, _("proven")),
        (case.closed_at, _("closed")),
    )
    return tuple(charts.Moment(at_ns=to_ns(at), label=label) for at, label in known if at is not None)


def _time_zone(case: Case) -> str:
    site = case.premises.site if case.premises else case.site
    return site.time_zone if site else "Asia/Shanghai"
