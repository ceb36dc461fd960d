"""The record of a closed case: what it shows does not follow what happens afterwards."""

import re
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flameblue.cases import actions, policy
from flameblue.cases import record as records
from flameblue.cases.models import Case
from flameblue.domain.clock import ManualClock, to_ns
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.points import POINT
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Point, PointChange
from flameblue.web import case_facts, charts, limit_history, readings
from tests.cases.bench import Bench, Said, give_row
from tests.web.readers import Reader, text_of

PAGE = "/cases/4001/"
SINCE = re.compile(r"since [\d:]+, [a-z ]+")  # what people did with the alarm goes with its row


def carried(bench: Bench, point: Point) -> None:
    """The point's row as the outbox carries it, written now."""
    PointChange.objects.create(created_at=bench.now, rows=bytes(point.row))


def set_limits(bench: Bench, point: Point, warning: float, alarm: float) -> None:
    row = np.frombuffer(bytes(point.row), POINT).copy()
    row["over_warning"], row["over_alarm"] = (
        QUANTITIES[point.quantity].steps(value) for value in (warning, alarm)
    )
    point.row = row.tobytes()
    point.save()
    carried(bench, point)


@pytest.fixture(autouse=True)
def closed(bench: Bench) -> None:
    """Limits 60 and 70 °C; an alarm a day later, closed after ten minutes."""
    carried(bench, give_row(bench.cast.tb))
    bench.wait(86_400)
    bench.alarm(bench.cast.tb, value=82.0)
    bench.wait(600)
    finding = {"cause": "loose_terminal", "action": "tightened", "without_proof_reason": "no load"}
    actions.close(bench.case().pk, bench.cast.chen, bench.now, **finding)
    bench.wait(600)


def record(reader: Reader) -> str:
    """The summary and the charts; the time line and the ages are left out."""
    html = reader.html(PAGE)
    summary = html[html.index('<ul class="presents">') : html.index('<ol class="steps">')]
    charts = html[html.index('id="chart"') : html.index('id="notices"')]
    return text_of(summary) + re.sub(r"\s+", " ", charts)


def sentence_in_list(reader: Reader) -> str:
    page = reader.sees("/cases/closed/")
    return page[page.index("4001") :]


def test_a_new_limit_changes_nothing_in_it(bench: Bench, bolat: Reader) -> None:
    before = record(bolat)
    assert "warning 60 °C alarm 70 °C" in before
    assert "limits: warning 60, alarm 70" in text_of(before)
    set_limits(bench, bench.cast.tb, 45.0, 50.0)
    assert record(bolat) == before


def test_time_that_passes_changes_nothing_in_it(bench: Bench, bolat: Reader, page_clock: ManualClock) -> None:
    before = record(bolat)
    assert "2026-01-16 02:52 – 03:22" in before
    page_clock.advance(40 * 60)
    assert record(bolat) == before


def test_a_limit_that_was_changed_in_the_middle_is_two_lines_and_the_alarms_own_stands_beside_it(
    bench: Bench, bolat: Reader
) -> None:
    change = PointChange.objects.get()
    change.pk, change.created_at = None, bench.case().opened_at + timedelta(minutes=3)
    row = np.frombuffer(bytes(change.rows), POINT).copy()
    row["over_alarm"] = QUANTITIES["temperature_c"].steps(90.0)
    change.rows = row.tobytes()
    change.save()
    said = text_of(record(bolat))
    assert "warning 60 °C alarm 70 °C" in said
    assert "limits: warning 60, alarm 70 until 03:10, alarm 90 from 03:10" in said


def test_what_is_too_long_ago_is_the_limit_that_the_alarm_had(bench: Bench, bolat: Reader) -> None:
    """Today's row was changed since then: it says nothing of that time, and no line is drawn."""
    PointChange.objects.all().delete()
    set_limits(bench, bench.cast.tb, 45.0, 50.0)
    said = text_of(record(bolat))
    assert "alarm 70 °C" in said
    assert "warning 45" not in said
    assert "alarm 50" not in said
    assert "alarm 70" not in said.replace("alarm 70 °C", "")


def test_what_can_not_be_looked_through_is_not_known(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """More has changed since then than is looked at for one chart."""
    PointChange.objects.all().delete()
    carried(bench, bench.cast.ib)
    opened_at = bench.case().opened_at
    known = limit_history.changes_of([bench.cast.tb], opened_at, 0)
    assert [int(row["point"]) for _, rows in known for row in rows] == [bench.cast.tb.pk]
    monkeypatch.setattr(limit_history, "LIMIT_HISTORY_BYTES_MAX", POINT.itemsize)
    assert limit_history.changes_of([bench.cast.tb], opened_at, 0) == []


def test_its_limits_are_looked_for_once(bench: Bench, bolat: Reader) -> None:
    """A live line draws the page anew every four seconds; the outbox may hold 32 MiB to look through."""
    case, admin = bench.case(), bench.cast.admin
    with CaptureQueriesContext(connection) as queries:
        first = case_facts.of(case, admin, bench.now)["presents"]
    assert asks_for_limits(queries)
    with CaptureQueriesContext(connection) as queries:
        again = case_facts.of(case, admin, bench.now)["presents"]
    assert not asks_for_limits(queries)
    assert [one.now.limits for one in again] == [one.now.limits for one in first]
    assert first[0].now.limits


def asks_for_limits(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries if "fleet_pointchange" in query["sql"]]


def test_a_later_case_on_the_same_point_takes_nothing_from_it(bench: Bench, bolat: Reader) -> None:
    """The row of the alarm goes to the later case; what it was in this one is known from its transitions."""
    before, listed = record(bolat), sentence_in_list(bolat)
    assert "alarm value 82 °C" in before
    assert "reached 82 °C, the limit is 70 °C" in listed
    bench.say(Said(bench.cast.tb, Level.NORMAL, 30.0))
    bench.wait(policy.current().relapse_window_s + 1)
    bench.alarm(bench.cast.tb, value=91.0)
    later = Case.objects.get(number=4002)
    assert [alarm.worst_value for alarm in later.alarms.all()] == [910]
    assert not Case.objects.get(number=4001).alarms.exists()
    assert SINCE.sub("", record(bolat)) == SINCE.sub("", before)
    assert sentence_in_list(bolat) == listed
    assert "reached 82 °C, the limit is 70 °C" in bolat.sees(PAGE)


def flaps(bench: Bench, times: int) -> None:
    """The alarm comes at 91 °C, goes and comes again; its case is closed."""
    bench.say(Said(bench.cast.tb, Level.NORMAL, 30.0))
    bench.wait(policy.current().relapse_window_s + 1)
    bench.alarm(bench.cast.tb, value=91.0)
    for _ in range(times):
        bench.wait(60)
        bench.say(Said(bench.cast.tb, Level.NORMAL, 30.0))
        bench.alarm(bench.cast.tb, value=84.0)
    finding = {"cause": "loose_terminal", "action": "tightened", "without_proof_reason": "no load"}
    actions.close(Case.objects.latest("number").pk, bench.cast.chen, bench.now, **finding)


def test_an_alarm_that_came_and_went_often_leaves_the_other_cases_theirs(
    bench: Bench, bolat: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read for a page is bounded, and is not used up by the first of its cases."""
    monkeypatch.setattr("flameblue.cases.record.RECORD_TRANSITIONS_MAX", 10)
    for times in (8, 8, 0, 0):
        flaps(bench, times)
    closed = bolat.sees("/cases/closed/")
    assert closed.count("reached 91 °C, the limit is 70 °C") == 4
    assert closed.count("reached 82 °C, the limit is 70 °C") == 1
    case = Case.objects.get(number=4002)
    (alarm,) = (one for one in records.alarms_of([case])[case.pk] if one.pk is None)
    last = alarm.case.transitions.latest("offset", "index")
    assert (alarm.worst_value, alarm.value, alarm.since) == (910, last.value, last.at)


def test_limits_that_are_not_known_for_all_that_was_read_are_said_so(
    bench: Bench, bolat: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system was started after the first readings: its lines begin there, and the words say that."""
    opened_at = bench.case().opened_at
    PointChange.objects.update(created_at=opened_at - timedelta(minutes=4))
    read_ns = to_ns(opened_at - timedelta(minutes=10))
    traces = {bench.cast.tb.pk: charts.Trace([read_ns, read_ns + SECOND_NS], [20.0, 21.0], [20.0, 21.0])}
    monkeypatch.setattr(readings, "traces", lambda *_: traces)
    assert "limits: warning 60, alarm 70 limits before 03:03 are not known" in bolat.sees(PAGE)
    PointChange.objects.update(created_at=opened_at - timedelta(minutes=10))
    assert "are not known" not in bolat.sees(PAGE)


def test_its_alarms_are_looked_for_once_a_drawing(bench: Bench, bolat: Reader) -> None:
    with CaptureQueriesContext(connection) as queries:
        bolat.html(PAGE)
    taken = [query["sql"] for query in queries.captured_queries if "ROW_NUMBER" in query["sql"]]
    assert len(taken) == 1
