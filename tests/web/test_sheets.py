"""The monthly wiring sheet: what was read, silent hours, findings, visits; many of a site at once."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from flameblue.cases import actions as cases
from flameblue.domain.clock import ManualClock, to_ns
from flameblue.domain.readings import Reading, readings_array
from flameblue.domain.transitions import Level
from flameblue.fleet.models import AuditEntry, Circuit, Panel, Point, Premises, Site
from flameblue.fleet.periods import Period
from flameblue.inspections.models import Visit
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import readings_draft
from flameblue.web.sheet_facts import Measured, Sheet, Watched
from tests.cases.bench import Bench, another_cabin
from tests.cast import Cast
from tests.web.readers import Reader, text_of

FEBRUARY = datetime.fromisoformat("2026-02-02T10:00:00+08:00")


@pytest.fixture
def read(data: Path, cast: Cast, now: datetime) -> Cast:
    """In January three temperatures and two residual currents; one temperature of December and one of February."""
    journal = EmbeddedJournal(data / "journal.sqlite3")
    day_s = 86_400
    rows = [(cast.tb, -15 * day_s, 999), *((cast.tb, n, 200 + n) for n in (0, 10, 35))]
    rows += [(cast.ir, 0, 105), (cast.ir, 20, 95), (cast.tb, 18 * day_s, 888)]
    for point, after_s, value in rows:
        at_ns = to_ns(now + timedelta(seconds=after_s))
        journal.append([readings_draft(at_ns, readings_array([Reading(point.pk, at_ns, value, 0)]))])
    journal.close()
    return cast


def sheet(cast: Cast, month: str = "2026-01") -> str:
    return f"/premises/{cast.premises.pk}/sheet/?period={month}"


def test_each_circuit_shows_lowest_mean_and_highest_of_the_month(read: Cast, bolat: Reader) -> None:
    page = bolat.sees(sheet(read))
    assert "2号箱 203房暖气 Residual current 9.5 10.0 10.5 mA 2 Temperature B 20.0 21.5 23.5 °C 3" in page
    assert "Load current B no reading A 0" in page
    assert "松林客栈 禾木, 3区12号 客栈 · Owner: Ailin · Key: Ailin" in page


def test_a_month_without_readings_and_nonsense_in_the_address(read: Cast, bolat: Reader) -> None:
    assert "Temperature B no reading °C 0" in bolat.sees(sheet(read, "2025-11"))
    for nonsense in ("2026", "2027-01", "x"):
        assert "Monthly wiring sheet 2026-01" in bolat.sees(sheet(read, nonsense))


def test_silent_hours_are_those_of_the_month(
    bench: Bench, read: Cast, bolat: Reader, clock: ManualClock
) -> None:
    bench.now = datetime.fromisoformat("2025-12-30T00:00:00+08:00")
    bench.silent(read.tb)
    bench.now = datetime.fromisoformat("2026-01-01T05:30:00+08:00")
    bench.heard(read.tb)
    bench.now = datetime.fromisoformat("2026-01-15T01:07:00+08:00")
    bench.silent(read.tb, read.ir)
    assert "Silent hours 7.5 h Findings" in bolat.sees(sheet(read))
    assert "Silent hours 48.0 h Findings" in bolat.sees(sheet(read, "2025-12"))
    clock.advance((FEBRUARY - datetime.fromisoformat("2026-01-15T03:07:00+08:00")).total_seconds())
    assert "Silent hours 412.4 h Findings" in bolat.sees(sheet(read))
    bench.now = datetime.fromisoformat("2026-02-01T10:00:00+08:00")
    bench.heard(read.tb, read.ir)
    assert "Silent hours 412.4 h Findings" in bolat.sees(sheet(read))
    assert "Silent hours 10.0 h Findings" in bolat.sees(sheet(read, "2026-02"))


def test_findings_say_what_was_done(bench: Bench, read: Cast, bolat: Reader) -> None:
    bench.alarm(read.tb)
    case = bench.case()
    cases.take(case.pk, read.bolat, bench.now)
    cases.repaired(case.pk, read.bolat, "loose_terminal", "拧紧端子", bench.now)
    page = bolat.sees(sheet(read))
    assert f"{case.number} Alarm 01-15 03:07 203房暖气 phase B: Temperature reached 82 °C" in page
    assert "Loose terminal; 拧紧端子 · Repaired, unproven" in page
    assert "No warning in this month." in bolat.sees(sheet(read, "2025-12"))


def test_a_visit_is_saved_when_the_month_is_over_and_nobody_went(
    read: Cast, bolat: Reader, clock: ManualClock
) -> None:
    assert "Visits made 0 Visits saved not over yet" in bolat.sees(sheet(read))
    clock.advance((FEBRUARY - datetime.fromisoformat("2026-01-15T03:07:00+08:00")).total_seconds())
    assert "Visits made 0 Visits saved 1" in bolat.sees(sheet(read))
    assert "Visits saved 0" in bolat.sees(sheet(read, "2025-11"))
    Visit.objects.create(premises=read.premises, day=date(2026, 1, 31), by=read.bolat, at=FEBRUARY)
    assert "Visits made 1 Visits saved 0" in bolat.sees(sheet(read))


def test_a_visit_is_written_down_by_who_made_it(read: Cast, bolat: Reader) -> None:
    path = f"/premises/{read.premises.pk}/visit/"
    page = bolat.presses(path, day="2026-01-14", tested="on", note=" 插座松 ")
    assert "The visit is written down." in page
    assert "01-14 Bolat · test button pressed · 插座松" in page
    entry = AuditEntry.objects.get(verb="noted visit")
    assert (entry.by, entry.detail["tested"]) == ("Bolat", True)
    assert "can't be in the future" in bolat.presses(path, day="2026-01-16")
    assert "name the day" in bolat.presses(path, day="x")
    assert Visit.objects.count() == 1


def test_nobody_of_another_station_sees_or_writes_it(read: Cast, dana: Reader) -> None:
    dana.html(sheet(read), status=404)
    answer = dana.client.post(f"/premises/{read.premises.pk}/visit/", {"day": "2026-01-14"})
    assert answer.status_code == 404
    assert "松林客栈" not in dana.sees(f"/sheets/print/?site={read.site.pk}")


def test_a_site_lists_its_premises_and_prints_them_all(bench: Bench, read: Cast, bolat: Reader) -> None:
    another_cabin(read, "白桦客栈")
    bench.alarm(read.tb, Level.WARNING, 65.0)
    page = bolat.sees("/sheets/")
    assert "松林客栈 客栈 1 0" in page
    assert "白桦客栈 0 0" in page
    printed = bolat.html(f"/sheets/print/?site={read.site.pk}&period=2026-01")
    assert printed.count('class="sheet card"') == 2


def test_twenty_sheets_ask_as_often_as_one(read: Cast, client: Client) -> None:
    client.force_login(read.admin)
    asked = []
    for more in (0, 19, 5):
        for number in range(more):
            another_cabin(read, f"{more}-{number}")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = client.get(f"/sheets/print/?site={read.site.pk}").content.decode()
        asked.append((page.count('class="sheet card"'), len(queries)))
    assert [sheets for sheets, _ in asked] == [1, 20, 20]
    assert asked[1][1] <= asked[0][1]
    assert asked[0][1] < 30


def test_a_visits_day_is_asked_for_as_a_date_in_chinese_too(bolat: Reader, cast: Cast) -> None:
    bolat.presses("/language/", language="zh-hans", next="/")
    page = bolat.client.get(sheet(cast)).content.decode()
    assert '<label for="visit-day">日期</label>' in page


def test_silent_hours_have_their_unit_and_none_are_said_only_of_what_was_read() -> None:
    """A zero without a unit says nothing; where nothing was ever read, nothing is known to be complete."""
    circuit = Circuit(name="203房暖气", panel=Panel(name="2号箱"))
    point = Point(quantity="temperature_c", circuit=circuit)
    place = Premises(name="松林客栈", site=Site(name="禾木"))
    at = datetime(2026, 1, 15, tzinfo=UTC)
    for counted, silent_h, said in (
        (9, 0.0, "0 h"),
        (9, 0.01, "< 0.1 h"),
        (9, 1.25, "1.3 h"),
        (0, 0.0, "no reading"),
    ):
        watched = Watched(circuit, [Measured(point, counted, 1.0, 2.0, 3.0)])
        one = Sheet(place, Period(2026, 1), at, [watched], silent_h=silent_h)
        with translation.override("en"):
            html = render_to_string("practice/_sheet.html", {"sheet": one})
        assert f"Silent hours {said} Findings" in text_of(html).replace("&lt;", "<")
