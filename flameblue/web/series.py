"""What a chart of premises asks, and the answer: readings of up to six points, limits as they were, cases.

Pages, the script that zooms and the export ask the same question; the address says all of it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext as _

from flameblue.cases.models import Alarm, Case
from flameblue.domain.clock import to_datetime, to_ns
from flameblue.domain.errors import BadInput, FlameblueError
from flameblue.domain.limits import (
    CHART_POINTS_MAX,
    CIRCUIT_POINTS_MAX,
    PAGE_ROWS_MAX,
    SECOND_NS,
    SERIES_MAX,
    SERIES_SPAN_S_MAX,
)
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.readings import NS_PER_MS
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Point, Premises
from flameblue.web import charts, limit_history, readings, sentences, words

SPANS_S = {"1h": 3_600, "6h": 21_600, "24h": 86_400, "7d": 604_800, "31d": 2_678_400, "1y": 31_536_000}
SPAN = "24h"
FIRST_PAINT_BUCKETS = 600  # two pixels each of the wide drawing
NUMBER = re.compile(r"[0-9]{1,15}")
GAP_WIDTHS = 1.75  # of a bucket: the first readings of two neighbours lie nearer
QUANTITY_ORDER = ("residual_current_ma", "temperature_c", "current_a", "voltage_v")


@dataclass(frozen=True, slots=True)
class Size:
    """How large the server draws a chart, and in how many steps."""

    width: float
    height: float
    steps: int


WIDE = Size(1_280.0, 380.0, FIRST_PAINT_BUCKETS)
NARROW = Size(360.0, 260.0, FIRST_PAINT_BUCKETS // 3)  # a phone held upright


@dataclass(frozen=True, slots=True)
class Question:
    """Points of one quantity, at least one, between two times."""

    points: tuple[Point, ...]
    from_ns: int
    to_ns: int

    @property
    def quantity(self) -> str:
        return self.points[0].quantity


@dataclass(frozen=True, slots=True)
class Answer:
    """`trouble` says why there are no readings, where they could not be had."""

    question: Question
    traces: Mapping[int, charts.Trace]
    limits: Sequence[tuple[int, limit_history.LimitStep]]
    cases: Sequence[Case]
    width_ns: int
    trouble: str
    limits_from_ns: int | None = None  # before it not all of the limits are known; None: they are


def points_of(premises: Premises) -> list[Point]:
    """The points that can be looked at, by quantity, panel, circuit and phase."""
    known = Point.objects.filter(device__premises=premises, retired=False)
    points = known.select_related("device", "circuit__panel").order_by("id")[:CIRCUIT_POINTS_MAX]
    return sorted(points, key=_order)


def _order(point: Point) -> tuple[Any, ...]:
    known = QUANTITY_ORDER.index(point.quantity) if point.quantity in QUANTITY_ORDER else 99
    place = (point.circuit.panel.name, point.circuit.pk) if point.circuit else ("~", 0)
    return (known, point.quantity, *place, point.phase, point.pk)


def pick(points: Sequence[Point], asked: QueryDict, levels: Mapping[int, Level]) -> list[Point]:
    """The points that are asked for, of one quantity; else the ones that need a look, of the quantity asked for."""
    wanted = set(asked.getlist("point"))
    quantity = asked.get("quantity", "")
    chosen = [point for point in points if str(point.pk) in wanted]
    if quantity and any(point.quantity == quantity for point in points):
        chosen = [point for point in chosen if point.quantity == quantity]
        points = [point for point in points if point.quantity == quantity]
    if chosen:
        return [point for point in chosen if point.quantity == chosen[0].quantity][:SERIES_MAX]
    if not points:
        return []
    troubled = [point for point in points if levels.get(point.pk, Level.NORMAL) != Level.NORMAL]
    first = (troubled or points)[0]
    alike = [point for point in points if point.quantity == first.quantity]
    alike.sort(key=lambda point: (point not in troubled, point.circuit_id != first.circuit_id))
    return alike[:SERIES_MAX]


def window(asked: QueryDict, now_ns: int) -> tuple[str, int, int]:
    """(span, from, to) of a page: a word of SPANS_S up to now, or up to `to` (milliseconds since 1970)."""
    span = asked.get("span", SPAN)
    span = span if span in SPANS_S else SPAN
    to = asked.get("to", "")
    to_ns_ = min(int(to) * NS_PER_MS, now_ns) if NUMBER.fullmatch(to) else now_ns
    return span, to_ns_ - SPANS_S[span] * SECOND_NS, to_ns_


def question(points: Sequence[Point], asked: QueryDict, now_ns: int) -> Question:
    """What a script asks: `point` (up to six of one quantity), `from` and `to` in milliseconds. BadInput if not so."""
    wanted = asked.getlist("point")
    if not 1 <= len(set(wanted)) <= SERIES_MAX:
        raise BadInput(f"Between 1 and {SERIES_MAX} points can be asked for.")
    chosen = [point for point in points if str(point.pk) in wanted]
    if len(chosen) != len(set(wanted)):
        raise BadInput("Not all of these points belong to these premises.")
    if len({point.quantity for point in chosen}) > 1:
        raise BadInput("Points of one quantity only can be compared.")
    begin, end = asked.get("from", ""), asked.get("to", "")
    if not (NUMBER.fullmatch(begin) and NUMBER.fullmatch(end)):
        raise BadInput("from and to are times in milliseconds since 1970.")
    from_ns, to_ns_ = int(begin) * NS_PER_MS, min(int(end) * NS_PER_MS, now_ns)
    if not 0 < to_ns_ - from_ns <= SERIES_SPAN_S_MAX * SECOND_NS:
        raise BadInput("to lies after from, by at most 366 days, and from before now.")
    return Question(tuple(chosen), from_ns, to_ns_)


def buckets(asked: QueryDict) -> int:
    """How many buckets of each series are wanted: `n`, at most CHART_POINTS_MAX of all together a series."""
    wanted = asked.get("n", "")
    return max(1, min(int(wanted), CHART_POINTS_MAX)) if NUMBER.fullmatch(wanted) else FIRST_PAINT_BUCKETS


def answer(asked: Question, premises: Premises, buckets_max: int) -> Answer:
    """The readings and all that is drawn beside them."""
    traces: dict[int, charts.Trace] = {}
    trouble = ""
    try:
        traces = readings.traces(asked.points, asked.from_ns, asked.to_ns, buckets_max)
    except FlameblueError as error:
        trouble = str(error)
    span = (asked.from_ns, asked.to_ns)
    limits = limit_history.Limits.of(asked.points, span)
    return Answer(
        question=asked,
        traces=traces,
        limits=limits.steps(asked.points),
        cases=cases_of(premises, asked.points, *span),
        width_ns=readings.width_ns(*span, buckets_max),
        trouble=trouble,
        limits_from_ns=limits.unknown_until(firsts(traces)),
    )


def firsts(traces: Mapping[int, charts.Trace]) -> dict[int, int]:
    """The first reading of each point that has one."""
    return {point: trace.at_ns[0] for point, trace in traces.items() if trace.at_ns}


def limits_note(known_ns: int | None, to_ns_: int, zone: ZoneInfo) -> str:
    """Since when the limits that are drawn are known; empty: for all of the time."""
    if known_ns is None:
        return ""
    if known_ns >= to_ns_:
        return _("the limits of this time are not known")
    return _("limits before %(at)s are not known") % {"at": _time(known_ns, to_ns_, zone)}


def limits_said(
    lines: Iterable[charts.LimitLine], known_ns: int | None, window: tuple[int, int], zone: ZoneInfo
) -> str:
    """The limits that are drawn, in words: those that changed within `window` with their times."""
    begins = {None, window[0], known_ns}
    said = []
    for line in lines:
        times = {
            name: _time(at_ns, window[1], zone)
            for name, at_ns, ends in (("at", line.from_ns, begins), ("until", line.to_ns, {None, window[1]}))
            if at_ns is not None and at_ns not in ends
        }
        forms = {
            ("at",): _("%(limit)s from %(at)s"),
            ("until",): _("%(limit)s until %(until)s"),
            ("at", "until"): _("%(limit)s from %(at)s until %(until)s"),
        }
        said.append(forms.get(tuple(times), "%(limit)s") % {"limit": line.label, **times})
    return ", ".join(said)


def _time(at_ns: int, to_ns_: int, zone: ZoneInfo) -> str:
    """A time of a chart that ends at `to_ns_`, with its date where that is another one."""
    at, end = (to_datetime(ns).astimezone(zone) for ns in (at_ns, to_ns_))
    return at.strftime("%H:%M" if at.date() == end.date() else "%m-%d %H:%M")


def cases_of(premises: Premises, points: Sequence[Point], from_ns: int, to_ns_: int) -> list[Case]:
    """The cases of `premises` that these points had a part in and that were open between two times."""
    begin, end = to_datetime(from_ns), to_datetime(to_ns_)
    mine = Alarm.objects.filter(point__in=[point.pk for point in points]).values("case")
    by_transition = Case.objects.filter(transitions__point__in=[point.pk for point in points]).values("pk")
    cases = Case.objects.filter(premises=premises, opened_at__lte=end)
    cases = cases.filter(pk__in=mine) | cases.filter(pk__in=by_transition)
    still = cases.filter(closed_at=None) | cases.filter(closed_at__gte=begin)
    return list(still.order_by("-opened_at")[:PAGE_ROWS_MAX])


def gap_ns(point: Point, width_ns: int) -> int:
    """The gap beyond which the line of `point` breaks: longer than promised, and than a bucket can explain."""
    promised = readings.gap_ns(point)
    return max(promised, round(GAP_WIDTHS * width_ns)) if promised else 0


def drawing(found: Answer, zone: ZoneInfo, size: Size) -> charts.Chart:
    """The chart that the server draws."""
    points = found.question.points
    empty = charts.Trace(at_ns=(), low=(), high=())
    span = (found.question.from_ns, found.question.to_ns)
    known = [found.traces.get(point.pk, empty) for point in points]
    (first, *others), steps = charts.drawn_together(known, span, size.steps)
    span_ns = found.question.to_ns - found.question.from_ns
    width_ns = max(found.width_ns, span_ns // steps)
    return charts.Chart(
        title=title(points),
        unit=QUANTITIES[found.question.quantity].unit,
        from_ns=found.question.from_ns,
        to_ns=found.question.to_ns,
        trace=first,
        beside=tuple(others),
        zone=zone,
        gap_ns=max(gap_ns(point, width_ns) for point in points),
        width=size.width,
        height=size.height,
        limits=tuple(limit_lines(found)),
        moments=tuple(
            charts.Moment(to_ns(case.opened_at), _("case %(number)s") % {"number": case.number})
            for case in found.cases
        ),
    )


def limit_lines(found: Answer) -> list[charts.LimitLine]:
    """Each limit once, however many of the points share it."""
    return lines_of(step for _point, step in found.limits)


def lines_of(steps: Iterable[limit_history.LimitStep]) -> list[charts.LimitLine]:
    """Limits as they were, as they are drawn, each once."""
    labels = {"warning": _("warning"), "alarm": _("alarm")}
    lines = {
        charts.LimitLine(
            value=step.value,
            kind=step.kind,
            label=f"{labels[step.kind]} {step.value:.4g}",
            from_ns=step.from_ns,
            to_ns=step.to_ns,
        )
        for step in steps
    }
    return sorted(lines, key=lambda line: (line.from_ns or 0, line.value))


def title(points: Sequence[Point]) -> str:
    """What the chart shows, in words."""
    places = ", ".join(sentences.place(point) for point in points)
    return f"{words.word(words.QUANTITIES, points[0].quantity)}, {places}"


def as_data(found: Answer) -> dict[str, Any]:
    """The answer as the script takes it: times in milliseconds."""
    asked = found.question
    return {
        "unit": QUANTITIES[asked.quantity].unit,
        "from": asked.from_ns // NS_PER_MS,
        "to": asked.to_ns // NS_PER_MS,
        "width": found.width_ns / NS_PER_MS,
        "trouble": found.trouble,
        "series": [_series(point, found) for point in asked.points],
        "limits": [_limit(line) for line in limit_lines(found)],
        "cases": [_case(case, to_datetime(asked.to_ns)) for case in found.cases],
    }


def _series(point: Point, found: Answer) -> dict[str, Any]:
    trace = found.traces.get(point.pk, charts.Trace(at_ns=(), low=(), high=()))
    return {
        "point": point.pk,
        "name": sentences.place(point),
        "gap": gap_ns(point, found.width_ns) / NS_PER_MS,
        "at": [at_ns // NS_PER_MS for at_ns in trace.at_ns],
        "low": list(trace.low),
        "high": list(trace.high),
    }


def _limit(line: charts.LimitLine) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "label": line.label,
        "value": line.value,
        "from": (line.from_ns or 0) // NS_PER_MS,
        "to": (line.to_ns or 0) // NS_PER_MS,
    }


def _case(case: Case, end: datetime) -> dict[str, Any]:
    closed = case.closed_at or end
    return {
        "label": _("case %(number)s") % {"number": case.number},
        "from": to_ns(case.opened_at) // NS_PER_MS,
        "to": to_ns(closed) // NS_PER_MS,
    }
