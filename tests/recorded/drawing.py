"""The pictures of docs/recorded.md: the product's own charts, with its own style sheet's rules inside."""

import re
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

import numpy as np

from flameblue.domain.points import POINT
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.fleet.models import Point
from flameblue.history.queries import Memory
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.web import charts, limit_history, readings, series

STYLE = Path(charts.__file__).parent / "static/web/flameblue.css"
END_NS = 2**62
BUCKETS = 360  # half the width of a chart in pixels
OURS = "svg { background: #ffffff; font-family: sans-serif; } .shade { fill: #74808b; opacity: 0.18; }"
Span = tuple[int, int]  # from, to, in nanoseconds


class Past:
    """What a replay has left in its folder."""

    def __init__(self, folder: Path) -> None:
        self._journal = EmbeddedJournal(folder / "journal.sqlite3", reader_only=True)
        self._memory = Memory(folder / "history", self._journal)

    def close(self) -> None:
        self._journal.close()

    def count(self) -> int:
        """How many readings there are."""
        points = list(Point.objects.values_list("pk", flat=True))
        return sum(len(values) for _, values in self._memory.raw(points, 0, END_NS).values())

    def worst(self, point: int, span: Span, *, lowest: bool) -> float:
        """The lowest or highest value of `point` between two device times, in its quantity's unit."""
        _, values = self._memory.raw([point], *span)[point]
        good = values[values != NO_VALUE]
        steps = int(good.min() if lowest else good.max())
        return QUANTITIES[Point.objects.get(pk=point).quantity].value(steps)

    def trace(self, point: Point, span: Span) -> charts.Trace:
        one = self._memory.series([point.pk], *span, buckets_max=BUCKETS)[point.pk]
        per_unit = QUANTITIES[point.quantity].steps_per_unit
        low, high = (np.asarray(values) / per_unit for values in (one.low, one.high))
        return charts.Trace([int(at) for at in one.at_ns], low.tolist(), high.tolist())


def picture(
    past: Past, point: Point, span: Span, moments: Sequence[charts.Moment], shaded: Sequence[Span] = ()
) -> str:
    """The chart of `point` over `span` as a file of its own; `shaded` spans have a grey ground."""
    chart = charts.Chart(
        title=f"{point.quantity} of {point.device.name}",
        unit=QUANTITIES[point.quantity].unit,
        from_ns=span[0],
        to_ns=span[1],
        trace=past.trace(point, span),
        zone=UTC,
        gap_ns=max(readings.gap_ns(point), 2 * (span[1] - span[0]) // BUCKETS),
        limits=_limits(point, span),
        moments=tuple(moments),
    )
    drawn = str(charts.svg(chart))
    ground = "".join(_shade(chart, one) for one in shaded)
    return drawn.replace("</title>", f"</title><style>{_rules()}</style>{ground}", 1) + "\n"


def _limits(point: Point, span: Span) -> tuple[charts.LimitLine, ...]:
    """Those of the replay, which nobody changes meanwhile."""
    changes = [(span[0], np.frombuffer(bytes(point.row), POINT))]
    steps = limit_history.steps(changes, point.pk, QUANTITIES[point.quantity], span)
    return tuple(series.lines_of(steps))


def _shade(chart: charts.Chart, span: Span) -> str:
    frame = charts.Frame(chart.from_ns, chart.to_ns, 0.0, 1.0, chart.width, chart.height)
    left, right = (frame.x(min(max(at, chart.from_ns), chart.to_ns)) for at in span)
    height = charts.HEIGHT - charts.TOP - charts.BOTTOM
    return (
        f'<rect class="shade" x="{left:.1f}" y="{charts.TOP}" width="{right - left:.1f}" height="{height}"/>'
    )


def _rules() -> str:
    """What the style sheet says of charts, by day."""
    sheet = STYLE.read_text(encoding="utf-8")
    rules = re.findall(r"(?m)^\.chart[ .{][^}]*\}", sheet)
    return re.findall(r"(?m)^:root \{[^}]*\}", sheet)[0] + " ".join(rules) + OURS
