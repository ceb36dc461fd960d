"""Charts: what was measured is drawn, what was not is not, and the limits stand where they are."""

import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.cases.models import Case, State
from flameblue.domain.clock import to_datetime
from flameblue.domain.limits import SECOND_NS
from flameblue.web import case_charts, charts

MIDNIGHT_NS = 1_768_406_400 * SECOND_NS  # 2026-01-15T00:00:00+08:00
EMPTY = charts.Chart(
    title="Temperature",
    unit="°C",
    from_ns=MIDNIGHT_NS,
    to_ns=MIDNIGHT_NS + 3600 * SECOND_NS,
    trace=charts.Trace(at_ns=(), low=(), high=()),
    zone=ZoneInfo("Asia/Shanghai"),
)


def chart(readings: dict[int, float]) -> charts.Chart:
    """An hour with a reading at each second of `readings`."""
    values = list(readings.values())
    at_ns = [MIDNIGHT_NS + second * SECOND_NS for second in readings]
    return replace(EMPTY, trace=charts.Trace(at_ns=at_ns, low=values, high=values))


def lines_of(svg: str) -> list[list[tuple[float, float]]]:
    """The corners of each drawn line."""
    found = re.findall(r'<polyline class="reading" points="([^"]*)"', svg)
    return [[(float(x), float(y)) for x, y in (pair.split(",") for pair in one.split())] for one in found]


def test_a_higher_value_lies_higher_and_a_later_one_further_right() -> None:
    (line,) = lines_of(charts.svg(chart({0: 20.0, 1800: 40.0, 3600: 60.0})))
    xs, ys = zip(*line, strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys, reverse=True)
    assert xs[1] - xs[0] == xs[2] - xs[1]


def test_a_gap_is_not_drawn_over() -> None:
    readings = {0: 20.0, 10: 21.0, 20: 22.0, 600: 30.0, 610: 31.0}
    assert len(lines_of(charts.svg(chart(readings)))) == 1
    assert [len(line) for line in lines_of(charts.svg(replace(chart(readings), gap_ns=16 * SECOND_NS)))] == [
        3,
        2,
    ]


def test_a_single_reading_is_a_dot() -> None:
    svg = charts.svg(chart({5: 20.0}))
    assert lines_of(svg) == []
    assert svg.count('<circle class="reading"') == 1


def test_the_limits_are_drawn_even_where_the_values_are_far_below() -> None:
    limits = (
        charts.LimitLine(value=60.0, kind="warning", label="warning 60"),
        charts.LimitLine(value=70.0, kind="alarm", label="alarm 70"),
    )
    svg = charts.svg(replace(chart({0: 5.0, 60: 6.0}), limits=limits))
    (warning, alarm) = (
        float(re.findall(rf'class="limit {kind}"><line [^>]*y1="([\d.]+)"', svg)[0])
        for kind in ("warning", "alarm")
    )
    assert 0 < alarm < warning < min(y for line in lines_of(svg) for _, y in line) < charts.HEIGHT


def test_labels_of_near_limits_do_not_cover_each_other() -> None:
    limits = tuple(charts.LimitLine(value=70.0 + i / 100, kind="alarm", label=f"alarm {i}") for i in range(3))
    svg = charts.svg(replace(chart({0: 5.0, 60: 90.0}), limits=limits))
    ys = [float(y) for y in re.findall(r'<text x="634\.0" y="([\d.]+)"', svg)]
    assert len(ys) == 3
    assert all(low - high >= charts.LABEL_APART for high, low in pairwise(ys))


def test_hours_are_those_of_the_village() -> None:
    labels = re.findall(r'class="tick time"[^>]*>([^<]*)<', charts.svg(chart({0: 1.0})))
    assert labels[0] == "00:00"
    assert labels[-1] == "01:00"


def test_texts_are_escaped() -> None:
    svg = charts.svg(replace(chart({0: 1.0}), title="<script>", moments=(charts.Moment(MIDNIGHT_NS, "a<b"),)))
    assert "<script>" not in svg
    assert "a&lt;b" in svg


def labels_of(*moments: charts.Moment) -> list[str]:
    svg = charts.svg(replace(chart({0: 1.0}), moments=moments))
    assert svg.count('<g class="moment">') == len(moments)
    return re.findall(r'y="12.0">([^<]*)</text></g>', svg)


def test_the_labels_of_what_happened_never_lie_on_each_other() -> None:
    first, soon, later = (MIDNIGHT_NS + seconds * SECOND_NS for seconds in (1_800, 1_805, 3_000))
    near = (charts.Moment(first, "opened"), charts.Moment(soon, "taken"))
    assert labels_of(*near) == ["opened"]
    assert labels_of(*near, charts.Moment(later, "closed")) == ["opened", "closed"]


def test_a_label_without_room_on_its_left_stands_on_its_right() -> None:
    begin = charts.Moment(MIDNIGHT_NS, "opened")
    assert labels_of(begin) == ["opened"]
    assert 'class="before"' not in charts.svg(replace(chart({0: 1.0}), moments=(begin,)))


def test_what_happened_outside_the_window_is_not_drawn() -> None:
    moments = (charts.Moment(MIDNIGHT_NS - 1, "before"), charts.Moment(MIDNIGHT_NS + 1, "inside"))
    svg = charts.svg(replace(chart({0: 1.0}), moments=moments))
    assert "inside" in svg
    assert "before" not in svg


@given(
    st.dictionaries(st.integers(0, 3600), st.floats(-1e6, 1e6, allow_nan=False), max_size=40),
    st.lists(st.floats(-1e6, 1e6, allow_nan=False), max_size=4),
    st.integers(1, 40 * 86_400),
)
def test_any_readings_and_limits_make_a_drawing_inside_its_frame(
    readings: dict[int, float], limits: list[float], span_s: int
) -> None:
    drawn = replace(
        chart(dict(sorted(readings.items()))),
        to_ns=MIDNIGHT_NS + max(span_s, max(readings, default=0), 1) * SECOND_NS,
        limits=tuple(charts.LimitLine(value=value, kind="alarm", label="x") for value in limits),
        gap_ns=60 * SECOND_NS,
    )
    svg = charts.svg(drawn)
    ElementTree.fromstring(svg)
    for x, y in (corner for line in lines_of(svg) for corner in line):
        assert charts.LEFT - 0.1 <= x <= charts.WIDTH - charts.RIGHT + 0.1
        assert charts.TOP - 0.1 <= y <= charts.HEIGHT - charts.BOTTOM + 0.1
    assert len(svg) < 40_000


HOUR_NS = 3_600 * SECOND_NS


def closed_after(seconds: int, proven_after: int | None = None) -> Case:
    """A case that was opened at midnight."""
    opened = to_datetime(MIDNIGHT_NS)
    proven = None if proven_after is None else opened + timedelta(seconds=proven_after)
    closed = opened + timedelta(seconds=seconds)
    return Case(state=State.CLOSED, opened_at=opened, closed_at=closed, proven_at=proven)


def test_an_open_case_is_looked_at_up_to_now() -> None:
    case = Case(state=State.OPEN, opened_at=to_datetime(MIDNIGHT_NS))
    now_ns = MIDNIGHT_NS + 120 * SECOND_NS
    assert case_charts.window(case, now_ns, HOUR_NS) == (now_ns - HOUR_NS, now_ns)
    assert case_charts.span_of(case) == "1h"


@pytest.mark.parametrize(
    ("closed_s", "span_s", "end_s"),
    [(1_200, 3_600, 1_500), (1_200, 86_400, 1_500), (90, 600, 140), (9_000, 3_600, 2_700)],
)
def test_a_closed_case_is_looked_at_around_its_event_whatever_the_time(
    closed_s: int, span_s: int, end_s: int
) -> None:
    """From a quarter of the span before it was opened to a little after it was closed, the span at most."""
    found = {
        case_charts.window(closed_after(closed_s), MIDNIGHT_NS + later * HOUR_NS, span_s * SECOND_NS)
        for later in (0, 1, 24, 9_000)
    }
    assert found == {(MIDNIGHT_NS - span_s * SECOND_NS // 4, MIDNIGHT_NS + end_s * SECOND_NS)}


@pytest.mark.parametrize(
    ("closed_s", "proven_s", "span"),
    [
        (300, None, "1h"),
        (2_400, None, "1h"),
        (2_800, None, "6h"),
        (40_000, 2_400, "1h"),
        (40_000, None, "24h"),
        (400_000, None, "24h"),
    ],
)
def test_a_closed_case_shows_a_span_that_reaches_its_proof_or_its_closing(
    closed_s: int, proven_s: int | None, span: str
) -> None:
    assert case_charts.span_of(closed_after(closed_s, proven_s)) == span


def time_labels(days: float, width: float = charts.WIDTH) -> list[str]:
    end = MIDNIGHT_NS + round(days * 86_400) * SECOND_NS
    svg = charts.svg(replace(chart({0: 1.0}), to_ns=end, width=width))
    return re.findall(r'class="tick time"[^>]*>([^<]*)<', svg)


def test_a_chart_of_days_says_dates() -> None:
    assert time_labels(2) == ["01-15", "12:00", "01-16", "12:00", "01-17"]
    assert time_labels(7) == ["01-15", "01-16", "01-17", "01-18", "01-19", "01-20", "01-21", "01-22"]
    assert time_labels(0.5)[0] == "00:00"


def test_a_chart_of_a_year_says_months_and_its_january_the_year() -> None:
    labels = time_labels(365, width=1_280.0)
    assert labels[:3] == ["02-01", "03-01", "04-01"]
    assert labels[-1] == "2027-01"
    assert len(time_labels(365, width=360.0)) <= 6


@given(st.floats(0.01, 366.0), st.sampled_from((360.0, 720.0, 1_280.0)))
def test_times_below_a_chart_have_room(days: float, width: float) -> None:
    end = MIDNIGHT_NS + round(days * 86_400) * SECOND_NS
    svg = charts.svg(replace(chart({0: 1.0}), to_ns=end, width=width))
    xs = [float(x) for x in re.findall(r'class="tick time" x="([\d.]+)"', svg)]
    assert all(right - left > 36.0 for left, right in pairwise(xs))


def test_a_limit_that_was_changed_ends_where_it_did_and_the_present_one_has_the_label() -> None:
    half = MIDNIGHT_NS + 1_800 * SECOND_NS
    limits = (
        charts.LimitLine(70.0, "alarm", "alarm 70", MIDNIGHT_NS, half),
        charts.LimitLine(60.0, "alarm", "alarm 60", half, EMPTY.to_ns),
    )
    svg = charts.svg(replace(chart({0: 5.0}), limits=limits))
    lines = re.findall(r'<g class="limit alarm"><line x1="([\d.]+)" x2="([\d.]+)"', svg)
    middle = (charts.LEFT + charts.WIDTH - charts.RIGHT) / 2
    assert [(float(a), float(b)) for a, b in lines] == [
        (charts.LEFT, middle),
        (middle, charts.WIDTH - charts.RIGHT),
    ]
    assert "alarm 60" in svg
    assert "alarm 70" not in svg


def test_traces_beside_the_first_have_strokes_of_their_own_and_count_for_the_scale() -> None:
    other = charts.Trace(at_ns=[MIDNIGHT_NS, EMPTY.to_ns], low=[900.0, 900.0], high=[910.0, 910.0])
    svg = charts.svg(replace(chart({0: 1.0, 60: 2.0}), beside=(other,)))
    assert '<polyline class="reading stroke-1"' in svg
    assert all(float(y) >= charts.TOP for y in re.findall(r",([\d.]+)", svg))


def test_the_bands_of_several_traces_are_drawn_without_edges_in_fewer_steps() -> None:
    """Three swinging phases on one another would be a hatching that nobody reads."""
    one = chart({0: 1.0, 60: 2.0})
    assert '<svg class="chart" ' in charts.svg(one)
    assert '<svg class="chart several" ' in charts.svg(replace(one, beside=(one.trace,)))
    assert [charts.steps_of(600, traces) for traces in (1, 2, 3, 6)] == [600, 300, 200, 100]
    assert charts.steps_of(200, 6) == charts.STEPS_TOGETHER_MIN
    swinging = chart({second: float(second // 10 % 2) for second in range(0, 600, 10)}).trace
    span = (one.from_ns, one.to_ns)
    (first, second), _ = charts.drawn_together([swinging, swinging], span, 240)
    assert (set(first.low), set(first.high)) == ({0.0}, {1.0}), "a sixth of the time is read: an envelope too"
    assert first == second
    assert len(first.at_ns) == 20
    assert charts.drawn_together([swinging], span, 240)[0] == [swinging]


@given(st.lists(st.floats(-1e3, 1e3), max_size=50), st.integers(1, 60))
def test_a_thinned_trace_keeps_the_lowest_and_the_highest(values: list[float], most: int) -> None:
    trace = charts.Trace(at_ns=range(len(values)), low=values, high=values)
    thin = charts.thinned(trace, most)
    assert len(thin.at_ns) <= most
    assert min(thin.low, default=0.0) == min(values, default=0.0)
    assert max(thin.high, default=0.0) == max(values, default=0.0)
    assert list(thin.at_ns) == sorted(set(thin.at_ns))


def test_midnight_is_said_as_a_date_where_a_chart_crosses_it() -> None:
    hour_ns = 3_600 * SECOND_NS
    over = replace(chart({0: 1.0}), from_ns=MIDNIGHT_NS - 3 * hour_ns, to_ns=MIDNIGHT_NS + 3 * hour_ns)
    labels = re.findall(r'class="tick time"[^>]*>([^<]*)<', charts.svg(over))
    assert "01-15" in labels
    assert "00:00" not in labels


def test_a_drawing_for_a_phone_has_the_labels_of_its_limits_inside() -> None:
    limits = (charts.LimitLine(70.0, "alarm", "alarm 70"), charts.LimitLine(70.5, "warning", "warning 70.5"))
    svg = charts.svg(replace(chart({0: 5.0, 3600: 80.0}), limits=limits, width=360.0, height=260.0))
    (line,) = lines_of(svg)
    assert line[-1][0] == 360.0 - charts.RIGHT_NARROW
    labels = re.findall(r'<text class="before" x="([\d.]+)" y="([\d.]+)">(?:alarm|warning)', svg)
    assert {float(x) for x, _ in labels} == {360.0 - charts.RIGHT_NARROW}
    high, low = sorted(float(y) for _, y in labels)
    assert low - high >= charts.LABEL_APART
