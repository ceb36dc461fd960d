"""The limits of a case are those of the time that is shown, whether it is open or closed."""

import re
from datetime import UTC, timedelta

import numpy as np
import pytest

from flameblue.cases import actions
from flameblue.domain.clock import ManualClock, to_ns
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.points import NO_LIMIT, POINT
from flameblue.domain.quantities import QUANTITIES
from flameblue.fleet.models import Point, PointChange
from flameblue.web import case_charts, case_limits, charts, limit_history, readings, series
from tests.cases.bench import Bench
from tests.web.readers import Reader

PAGE = "/cases/4001/"
DRAWN = re.compile(r'<g class="limit (\w+)"><line x1="([\d.]+)" x2="([\d.]+)"')
LIMITS = re.compile(r"<li>limits: ([^<]*)</li>")


def carried(bench: Bench, point: Point, **limits: float | None) -> None:
    """`limits` of `point` are set now; the outbox carries its row."""
    row = np.frombuffer(bytes(point.row), POINT).copy()
    for name, value in limits.items():
        is_hold = name.endswith("_hold_ns")
        steps = NO_LIMIT if value is None else QUANTITIES[point.quantity].steps(value)
        row[name] = round((value or 0.0) * SECOND_NS) if is_hold else steps
    point.row = row.tobytes()
    point.save()
    PointChange.objects.create(created_at=bench.now, rows=bytes(point.row))


@pytest.fixture(autouse=True)
def opened(bench: Bench, page_clock: ManualClock) -> None:
    """Limits 60 and 70 °C; an alarm a day later, at 03:07, looked at ten minutes after it."""
    carried(bench, bench.cast.tb)
    bench.wait(86_400)
    bench.alarm(bench.cast.tb, value=82.0)
    bench.wait(600)
    page_clock.advance(87_000)


def raised(bench: Bench, minutes_ago: float, **limits: float | None) -> None:
    """Limits of the alarm's point are set some minutes ago."""
    bench.wait(-60 * minutes_ago)
    carried(bench, bench.cast.tb, **limits)
    bench.wait(60 * minutes_ago)


def chart(reader: Reader, span: str = "1h") -> str:
    """The chart of the alarm's point, as the page asks for it again."""
    return reader.html(f"{PAGE}chart/?span={span}").partition("</figure>")[0]


def read_since(monkeypatch: pytest.MonkeyPatch, bench: Bench, minutes: float) -> None:
    """The alarm's point was read from some minutes before now on."""
    at_ns = to_ns(bench.now - timedelta(minutes=minutes))
    traces = {bench.cast.tb.pk: charts.Trace([at_ns, at_ns + SECOND_NS], [20.0, 21.0], [20.0, 21.0])}
    monkeypatch.setattr(readings, "traces", lambda *_: traces)


def test_a_limit_that_was_raised_while_the_case_is_open_is_drawn_as_it_was(
    bench: Bench, bolat: Reader
) -> None:
    raised(bench, 3, over_alarm=90.0)
    html = chart(bolat)
    assert LIMITS.findall(html) == ["warning 60, alarm 70 until 03:14, alarm 90 from 03:14"]
    wide, narrow = DRAWN.findall(html)[:3], DRAWN.findall(html)[3:]
    assert [kind for kind, _, _ in wide] == [kind for kind, _, _ in narrow] == ["alarm", "alarm", "warning"]
    (_, now_from, now_to), (_, then_from, then_to), (_, whole_from, whole_to) = wide
    assert (then_from, then_to, now_to) == (whole_from, now_from, whole_to), "they meet where it was raised"
    assert float(whole_from) < float(then_to) < float(whole_to)


def test_a_limit_that_was_changed_twice_is_three_lines_with_their_dates(bench: Bench, bolat: Reader) -> None:
    raised(bench, 600, over_alarm=90.0)
    raised(bench, 5, over_alarm=None)
    assert LIMITS.findall(chart(bolat)) == ["warning 60, alarm 90 until 03:12"]
    assert LIMITS.findall(chart(bolat, "24h")) == [
        "warning 60, alarm 70 until 01-15 17:17, alarm 90 from 01-15 17:17 until 03:12"
    ]


def test_a_limit_that_was_not_changed_has_no_times(bench: Bench, bolat: Reader) -> None:
    html = chart(bolat, "6h")
    assert LIMITS.findall(html) == ["warning 60, alarm 70"]
    assert "not known" not in html


def test_what_was_read_before_the_limits_are_known_is_said_so_on_both_charts(
    bench: Bench, bolat: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_since(monkeypatch, bench, 40)
    PointChange.objects.update(created_at=bench.now - timedelta(minutes=20))
    html = chart(bolat)
    assert LIMITS.findall(html) == ["warning 60, alarm 70"]
    assert "<li>limits before 02:57 are not known</li>" in html
    page = f"/premises/{bench.cast.premises.pk}/charts/?span=1h&point={bench.cast.tb.pk}"
    assert "limits before 02:57 are not known" in bolat.sees(page)


def test_both_charts_draw_the_same_limits(bench: Bench, bolat: Reader) -> None:
    """Of one point in one time, a line a limit; the drawings differ in their size alone."""
    raised(bench, 20, over_alarm=90.0, over_warning=55.0)
    raised(bench, 5, over_alarm=80.0)
    ours = case_charts.drawn(bench.case(), bench.case().alarms.all(), to_ns(bench.now), "1h")[0].svg
    asked = series.Question((bench.cast.tb,), to_ns(bench.now - timedelta(hours=1)), to_ns(bench.now))
    answer = series.answer(asked, bench.cast.premises, 600)
    theirs = charts.svg(series.drawing(answer, UTC, series.Size(charts.WIDTH, charts.HEIGHT, 600)))
    assert DRAWN.findall(ours) == DRAWN.findall(theirs)
    assert len(DRAWN.findall(ours)) == 5


def test_a_chart_up_to_now_looks_at_nothing_older_than_its_beginning(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is drawn every ten seconds, beside as much as the outbox may hold."""
    tb, day = bench.cast.tb, timedelta(days=1)
    other = bytes(bench.cast.ib.row)
    for days in (0.9, 0.8, 0.1):
        PointChange.objects.create(created_at=bench.now - days * day, rows=other)
    found = limit_history.changes_of([tb], bench.now, to_ns(bench.now - day / 2))
    assert [(at, int(row["point"])) for at, rows in found for row in rows] == [
        (to_ns(bench.now - 0.8 * day), tb.pk)
    ]
    raised(bench, 5, over_alarm=90.0)
    then = bench.now - day / 4
    found = limit_history.changes_of([tb], then, to_ns(bench.now - day / 2))
    assert [(at, int(row["over_alarm"])) for at, rows in found for row in rows] == [
        (to_ns(bench.now - timedelta(seconds=87_000)), 700)
    ], "its present row says nothing of then"


def test_the_standard_clock_says_the_hold_of_then(bench: Bench, bolat: Reader) -> None:
    """That a clause is kept follows no limit that somebody sets afterwards, of an open case or a closed one."""
    kept = "Beyond the limit before it counts 03:07:00 0.0 ≤ 40 s kept"
    assert kept in bolat.sees(PAGE)
    raised(bench, 1, alarm_hold_ns=50.0)
    case_limits.forget()
    assert kept in bolat.sees(PAGE)
    finding = {"cause": "loose_terminal", "action": "tightened", "without_proof_reason": "no load"}
    actions.close(bench.case().pk, bench.cast.chen, bench.now, **finding)
    assert kept in bolat.sees(PAGE)
    PointChange.objects.filter(created_at__lt=bench.now - timedelta(minutes=5)).delete()
    case_limits.forget()
    assert "Beyond the limit before it counts 03:07:00 not known ≤ 40 s" in bolat.sees(PAGE)
