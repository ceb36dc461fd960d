"""The readings around an event as one SVG, drawn here: it needs no script and prints as it looks.

Colours and fonts come from the style sheet by class; the drawing carries no style of its own.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import groupby
from unicodedata import east_asian_width

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from flameblue.domain.clock import to_datetime, to_ns
from flameblue.domain.limits import SECOND_NS

WIDTH, HEIGHT = 720.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 92.0, 16.0, 26.0
NARROW_MAX = (
    480.0  # a drawing up to this width has the labels of its limits inside: a margin would cost a quarter
)
RIGHT_NARROW = 12.0
DAY_S = 86_400
TIME_STEPS_S = (
    10,
    30,
    60,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    DAY_S,
    2 * DAY_S,
    7 * DAY_S,
    14 * DAY_S,
)
TICK_EVERY = 90.0  # of the drawing's width: room for a label
VALUE_TICKS = 4
STEPS_TOGETHER_MIN = 66
LABEL_EM = 12.0  # of a wide sign in a label
LABEL_ROOM = 8.0
LABEL_APART = 13.0  # two labels at the right side never stand nearer


@dataclass(frozen=True, slots=True)
class Trace:
    """The lowest and highest value of each bucket of time, in the quantity's unit, oldest first."""

    at_ns: Sequence[int]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A limit: `kind` is `warning` or `alarm`. Where it changed it holds between two times only."""

    value: float
    kind: str
    label: str
    from_ns: int | None = None
    to_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, as a vertical line."""

    at_ns: int
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn. A gap longer than `gap_ns` breaks the line: what was not measured is not drawn.

    `beside`: up to five more traces of the same quantity, told apart by their strokes.
    """

    title: str
    unit: str
    from_ns: int
    to_ns: int
    trace: Trace
    zone: tzinfo
    gap_ns: int = 0
    limits: tuple[LimitLine, ...] = ()
    moments: tuple[Moment, ...] = field(default=())
    beside: tuple[Trace, ...] = ()
    width: float = WIDTH
    height: float = HEIGHT

    @property
    def traces(self) -> tuple[Trace, ...]:
        return (self.trace, *self.beside)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where times and values lie on the drawing."""

    from_ns: int
    to_ns: int
    bottom: float
    top: float
    width: float
    height: float

    @property
    def is_narrow(self) -> bool:
        return self.width <= NARROW_MAX

    @property
    def right(self) -> float:
        return self.width - (RIGHT_NARROW if self.is_narrow else RIGHT)

    @property
    def foot(self) -> float:
        return self.height - BOTTOM

    def x(self, at_ns: int) -> float:
        return LEFT + (at_ns - self.from_ns) / max(1, self.to_ns - self.from_ns) * (self.right - LEFT)

    def y(self, value: float) -> float:
        share = (value - self.bottom) / (self.top - self.bottom)
        return self.foot - share * (self.foot - TOP)


def svg(chart: Chart) -> SafeString:
    """The drawing. Every text in it is escaped."""
    frame = _frame(chart)
    parts = [
        f'<svg class="chart{" several" if chart.beside else ""}" role="img" '
        f'viewBox="0 0 {chart.width:.0f} {chart.height:.0f}" '
        f'xmlns="http://www.w3.org/2000/svg" aria-label="{escape(chart.title)}">',
        f"<title>{escape(chart.title)}</title>",
        *_value_axis(chart, frame),
        *_time_axis(chart, frame),
        *_moments(chart, frame),
        *_limits(chart, frame),
        *(part for number, trace in enumerate(chart.traces) for part in _trace(trace, number, chart, frame)),
        "</svg>",
    ]
    return mark_safe("".join(parts))


def runs(at_ns: Sequence[int], gap_ns: int) -> Iterator[range]:
    """The unbroken runs of readings, as ranges of their indices."""
    start = 0
    for index in range(1, len(at_ns)):
        if gap_ns and at_ns[index] - at_ns[index - 1] > gap_ns:
            yield range(start, index)
            start = index
    if len(at_ns):
        yield range(start, len(at_ns))


def nice_step(span: float, count: int) -> float:
    """The step of 1, 2 or 5 × a power of ten that divides `span` into about `count` parts."""
    raw = span / max(1, count)
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    return next((factor * power for factor in (1, 2, 5, 10) if factor * power >= raw), power)


def _frame(chart: Chart) -> Frame:
    values = [value for trace in chart.traces for value in (*trace.low, *trace.high)]
    values += [limit.value for limit in chart.limits]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = (high - low) * 0.08 or max(abs(high) * 0.1, 1.0)
    bottom = 0.0 if low >= 0 and low - room < (high - low) else low - room
    return Frame(
        from_ns=chart.from_ns,
        to_ns=chart.to_ns,
        bottom=bottom,
        top=high + room,
        width=chart.width,
        height=chart.height,
    )


def _value_axis(chart: Chart, frame: Frame) -> Iterator[str]:
    step = nice_step(frame.top - frame.bottom, VALUE_TICKS)
    decimals = max(0, -math.floor(math.log10(step)))
    tick = math.ceil(frame.bottom / step) * step
    yield f'<text class="unit" x="{LEFT - 6:.1f}" y="{TOP - 4:.1f}">{escape(chart.unit)}</text>'
    while tick <= frame.top:
        y = frame.y(tick)
        yield f'<line class="grid" x1="{LEFT}" x2="{frame.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="tick value" x="{LEFT - 6:.1f}" y="{y + 4:.1f}">{tick:.{decimals}f}</text>'
        tick += step


def _time_axis(chart: Chart, frame: Frame) -> Iterator[str]:
    span_s = (chart.to_ns - chart.from_ns) / SECOND_NS
    for tick_ns, label in (
        _months(chart) if span_s / ticks_max(chart) > TIME_STEPS_S[-1] else _ticks(chart, span_s)
    ):
        x = frame.x(tick_ns)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{frame.foot}" y2="{frame.foot + 4}"/>'
        yield f'<text class="tick time" x="{x:.1f}" y="{frame.foot + 18:.1f}">{label}</text>'


def ticks_max(chart: Chart) -> float:
    """How many times fit below the drawing."""
    return max(1.0, chart.width / TICK_EVERY)


def steps_of(steps: int, traces: int) -> int:
    """In how many steps each of several traces is drawn: where their swings lie on one another, envelopes are read."""
    return steps if traces == 1 else max(steps // traces, STEPS_TOGETHER_MIN)


def thinned(trace: Trace, most: int) -> Trace:
    """`trace` in at most `most` steps, each with the lowest and highest of what it stands for."""
    every = max(1, -(-len(trace.at_ns) // most))
    starts = range(0, len(trace.at_ns), every)
    return Trace(
        at_ns=[trace.at_ns[i] for i in starts],
        low=[min(trace.low[i : i + every]) for i in starts],
        high=[max(trace.high[i : i + every]) for i in starts],
    )


def drawn_together(traces: Sequence[Trace], window: tuple[int, int], steps: int) -> tuple[list[Trace], int]:
    """`traces` as they are drawn within `window`, and in how many steps of time at most.

    Several are drawn by their envelopes: of what swings within a step its lowest and highest remain.
    """
    if len(traces) == 1:
        return [thinned(traces[0], steps)], steps
    steps = steps_of(steps, len(traces))
    return [
        _by_time(trace, window[0], max(1, -(-(window[1] - window[0]) // steps))) for trace in traces
    ], steps


def _by_time(trace: Trace, from_ns: int, width_ns: int) -> Trace:
    some = [
        list(few)
        for _, few in groupby(range(len(trace.at_ns)), key=lambda i: (trace.at_ns[i] - from_ns) // width_ns)
    ]
    return Trace(
        at_ns=[trace.at_ns[few[0]] for few in some],
        low=[min(trace.low[i] for i in few) for few in some],
        high=[max(trace.high[i] for i in few) for few in some],
    )


def _ticks(chart: Chart, span_s: float) -> Iterator[tuple[int, str]]:
    """Round times of the chart's zone; midnight of a chart of more than one date is said as its date."""
    at = bisect_right(TIME_STEPS_S, span_s / ticks_max(chart))
    step_ns = TIME_STEPS_S[min(at, len(TIME_STEPS_S) - 1)] * SECOND_NS
    form = "%H:%M:%S" if step_ns < 60 * SECOND_NS else "%H:%M"
    first, last = (to_datetime(at).astimezone(chart.zone) for at in (chart.from_ns, chart.to_ns))
    has_dates, offset = first.date() != last.date(), first.utcoffset()
    offset_ns = round(offset.total_seconds()) * SECOND_NS if offset else 0
    tick_ns = -(-(chart.from_ns + offset_ns) // step_ns) * step_ns - offset_ns
    while tick_ns <= chart.to_ns:
        when = to_datetime(tick_ns).astimezone(chart.zone)
        is_date = step_ns >= DAY_S * SECOND_NS or (has_dates and (when.hour, when.minute) == (0, 0))
        yield tick_ns, when.strftime("%m-%d" if is_date else form)
        tick_ns += step_ns


def _months(chart: Chart) -> Iterator[tuple[int, str]]:
    """The first of each month, of every second or sixth where there are many; a January is said with its year."""
    first, last = (to_datetime(at).astimezone(chart.zone) for at in (chart.from_ns, chart.to_ns))
    begin, end = first.year * 12 + first.month, last.year * 12 + last.month - 1
    step = next((step for step in (1, 2, 3, 6, 12) if (end - begin + 1) / step <= ticks_max(chart)), 12)
    for month in range(begin, end + 1):
        when = datetime(month // 12, month % 12 + 1, 1, tzinfo=chart.zone)
        if month % step == 0:
            yield to_ns(when), when.strftime("%Y-%m" if when.month == 1 else "%m-%d")


def _moments(chart: Chart, frame: Frame) -> Iterator[str]:
    """A line each, and its label where there is room for it: the first has one, the time line says the rest."""
    free_from = LEFT
    for moment in sorted(chart.moments, key=lambda moment: moment.at_ns):
        if not chart.from_ns <= moment.at_ns <= chart.to_ns:
            continue
        x, width, label = frame.x(moment.at_ns), _width(moment.label), ""
        if x - width >= free_from:
            label = f'<text class="before" x="{x - 4:.1f}" y="{TOP - 4:.1f}">{escape(moment.label)}</text>'
            free_from = x
        elif free_from == LEFT:
            label = f'<text x="{x + 4:.1f}" y="{TOP - 4:.1f}">{escape(moment.label)}</text>'
            free_from = x + width
        line = f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{frame.foot}"/>'
        yield f'<g class="moment">{line}{label}</g>'


def _width(label: str) -> float:
    """About how wide a label is, with the room beside it."""
    return LABEL_ROOM + sum(LABEL_EM if east_asian_width(sign) in "WF" else LABEL_EM * 0.6 for sign in label)


def _limits(chart: Chart, frame: Frame) -> Iterator[str]:
    """A line each; the label of one that still holds at the right end stands there."""
    lowest = -LABEL_APART
    for limit in sorted(chart.limits, key=lambda limit: -limit.value):
        y = frame.y(limit.value)
        left = LEFT if limit.from_ns is None else max(LEFT, frame.x(limit.from_ns))
        right = frame.right if limit.to_ns is None else min(frame.right, frame.x(limit.to_ns))
        label = ""
        if right >= frame.right - 0.5:
            lowest = max(y, lowest + LABEL_APART)
            label = _limit_label(limit, frame, lowest)
        yield (
            f'<g class="limit {escape(limit.kind)}">'
            f'<line x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>{label}</g>'
        )


def _limit_label(limit: LimitLine, frame: Frame, y: float) -> str:
    """Beside the drawing; of a narrow one above the line."""
    if frame.is_narrow:
        return f'<text class="before" x="{frame.right:.1f}" y="{y - 3:.1f}">{escape(limit.label)}</text>'
    return f'<text x="{frame.right + 6:.1f}" y="{y + 4:.1f}">{escape(limit.label)}</text>'


def _trace(trace: Trace, number: int, chart: Chart, frame: Frame) -> Iterator[str]:
    """The runs of one trace: the first with the band between its lowest and highest values."""
    for run in runs(trace.at_ns, chart.gap_ns):
        yield _run(run, trace, frame, f" stroke-{number}" if number else "")


def _run(run: range, trace: Trace, frame: Frame, stroke: str) -> str:
    upper = [f"{frame.x(trace.at_ns[i]):.1f},{frame.y(trace.high[i]):.1f}" for i in run]
    lower = [f"{frame.x(trace.at_ns[i]):.1f},{frame.y(trace.low[i]):.1f}" for i in reversed(run)]
    if len(run) == 1:
        x, y = upper[0].split(",")
        return f'<circle class="reading{stroke}" cx="{x}" cy="{y}" r="2"/>'
    band = f'<polygon class="band{stroke}" points="{" ".join(upper + lower)}"/>'
    return f'{band}<polyline class="reading{stroke}" points="{" ".join(upper)}"/>'
