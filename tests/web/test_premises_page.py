"""Premises: the one-line diagram says what flows now, the page who is told and which device can be trusted."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from flameblue.cases.models import Case, State
from flameblue.domain.clock import ManualClock, to_ns
from flameblue.domain.readings import Reading, readings_array
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Circuit, Panel, Point
from flameblue.history.board import Board
from flameblue.web import drawings, one_line
from flameblue.web.views import premises as view
from tests.cases.bench import Bench, Said, another_cabin, give_row
from tests.cast import Cast
from tests.web.readers import Reader, swapped, text_of
from tests.web.test_live import BOTH, a_line, request_of, without_the_moment, without_tokens


@pytest.fixture
def board(data: Path) -> Board:
    return Board(data / "board.bin", writable=True)


def hear(board: Board, now: datetime, **values: tuple[Point, int]) -> None:
    rows = [Reading(point.pk, to_ns(now), steps, 0) for point, steps in values.values()]
    board.update(readings_array(rows), to_ns(now))


def page_of(cast: Cast) -> str:
    return f"/premises/{cast.premises.pk}/"


def many_circuits(cast: Cast, panels: int, each: int) -> None:
    """`panels` more panels of `each` circuits with the currents of three phases."""
    for number in range(panels):
        panel = Panel.objects.create(premises=cast.premises, name=f"{number + 10}号箱")
        for n in range(each):
            circuit = Circuit.objects.create(panel=panel, name=f"{n}号回路", rated_current_a=20.0)
            for phase in "ABC":
                give_row(
                    Point.objects.create(
                        device=cast.device,
                        circuit=circuit,
                        key=f"i{number}.{n}{phase}",
                        quantity="current_a",
                        phase=phase,
                    )
                )


def test_a_circuit_shows_its_breaker_its_values_and_its_share_of_the_rating(
    bench: Bench, board: Board, bolat: Reader, now: datetime
) -> None:
    cast = bench.cast
    hear(board, now, load=(cast.ib, 12_400), leak=(cast.ir, 285), hot=(cast.tb, 614))
    page = bolat.sees(page_of(cast))
    assert "2号箱 203房暖气 3号开关 · 40 A" in page
    assert "Load current B 12.4 A 31 % of the rating" in page
    assert "Residual current 28.5 mA" in page
    assert "Temperature B 61.4 °C" in page
    assert "Voltage not measured" in page
    assert "Normal" not in page[page.index("203房暖气") : page.index("Devices")], "grey is normal"


def test_what_is_not_normal_is_said_in_a_word_and_leads_to_its_chart(
    bench: Bench, board: Board, bolat: Reader, now: datetime
) -> None:
    cast = bench.cast
    hear(board, now, hot=(cast.tb, 820))
    bench.alarm(cast.tb)
    html = bolat.html(page_of(cast))
    assert "Temperature B 82 °C Alarm" in text_of(html)
    assert 'class="feeder is-alarm"' in html
    assert f'/premises/{cast.premises.pk}/charts/?point={cast.tb.pk}"' in html
    assert "Open cases Alarm 4001" in text_of(html)


def test_three_phases_stand_in_their_order_and_the_highest_counts_against_the_rating(
    cast: Cast, board: Board, bolat: Reader, now: datetime
) -> None:
    for phase, steps in (("C", 30_000), ("A", 10_000)):
        point = Point.objects.create(
            device=cast.device, circuit=cast.circuit, key=f"i{phase}", quantity="current_a", phase=phase
        )
        hear(board, now, one=(point, steps))
    hear(board, now, one=(cast.ib, 20_000))
    assert "Load current A 10 A B 20 A C 30 A 75 % of the rating" in bolat.sees(page_of(cast))


def test_a_value_that_should_have_had_a_successor_is_said_to_be_old(
    bench: Bench, board: Board, bolat: Reader, now: datetime, clock: ManualClock
) -> None:
    hear(board, now, hot=(bench.cast.tb, 200))
    assert " old" not in bolat.sees(page_of(bench.cast))
    clock.advance(3_600)
    assert "B 20 °C 1 h old" in bolat.sees(page_of(bench.cast))


def test_points_of_no_circuit_and_circuits_without_points_are_there_too(cast: Cast, bolat: Reader) -> None:
    Circuit.objects.create(panel=cast.panel, name="备用")
    Point.objects.create(device=cast.device, key="amb", quantity="ambient_temperature_c")
    page = bolat.sees(page_of(cast))
    assert "备用 Nothing is measured on this circuit." in page
    assert "Not of a circuit Device" in page


def test_premises_without_a_device_say_so(cast: Cast, bolat: Reader) -> None:
    Point.objects.all().delete()
    cast.device.delete()
    Circuit.objects.all().delete()
    for part in ("", "charts/", "points/"):
        assert "Not equipped: nothing is measured here." in bolat.sees(page_of(cast) + part)
    assert "Nothing here tells of energy" in bolat.sees(page_of(cast) + "energy/")


@pytest.mark.parametrize("part", ["", "charts/", "energy/", "points/", "cases/"])
def test_sixty_circuits_ask_no_more_than_one(part: str, cast: Cast, board: Board, bolat: Reader) -> None:
    path = page_of(cast) + part
    bolat.html(path)
    with CaptureQueriesContext(
        connection,
    ) as few:
        bolat.html(path)
    many_circuits(cast, panels=5, each=12)
    with CaptureQueriesContext(connection) as many:
        page = bolat.html(path)
    assert len(many) <= len(few) + 2, [query["sql"] for query in many.captured_queries]
    assert len(page) < 400_000
    if not part:
        assert page.count('class="feeder ') == 61


def test_circuits_beyond_the_limit_are_counted(
    cast: Cast, bolat: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_circuits(cast, panels=1, each=4)
    monkeypatch.setattr(one_line, "CIRCUITS_SHOWN_MAX", 2)
    page = bolat.html(page_of(cast))
    assert page.count('class="feeder ') == 2
    assert "3 more circuits are not drawn." in text_of(page)


def test_a_device_says_when_it_was_heard_and_how_often_it_was_silent(
    bench: Bench, board: Board, bolat: Reader, now: datetime, clock: ManualClock
) -> None:
    cast = bench.cast
    hear(board, now, load=(cast.ib, 1_000))
    bench.silent(cast.tb, cast.ib)  # together: one silence
    bench.heard(cast.tb, cast.ib)
    bench.wait(7_200)
    bench.silent(cast.tb)
    bench.say(Said(cast.ib, Level.FAULT, rule=Rule.CLOCK))
    clock.advance(7_260)
    page = bolat.sees(page_of(cast))
    assert "D0217 SN-0217 silent · clock fault Fault 2026-01-15 03:07:00 2 h 2 1 3" in page
    clock.advance(31 * 86_400)
    assert "31 days 0 0 3" in bolat.sees(page_of(cast))


def test_every_case_of_the_premises_is_on_a_page(cast: Cast, bolat: Reader, now: datetime) -> None:
    Case.objects.bulk_create(
        Case(
            number=5_000 + n,
            site=cast.site,
            premises=cast.premises,
            family="heat",
            state=State.CLOSED,
            level=Level.NORMAL,
            worst_level=Level.ALARM,
            opened_at=now - timedelta(days=n),
            announced_at=now,
            closed_at=now,
        )
        for n in range(51)
    )
    first = bolat.sees(page_of(cast) + "cases/")
    assert "5000 Alarm" in first
    assert "5050" not in first
    assert "5050 Alarm" in bolat.sees(page_of(cast) + "cases/?page=2")


@pytest.mark.parametrize(
    "part", ["", "charts/", "series/?point=1", "readings.csv?point=1", "energy/", "points/", "cases/"]
)
def test_nobody_of_another_station_learns_of_them(part: str, cast: Cast, dana: Reader) -> None:
    assert dana.client.get(page_of(cast) + part).status_code == 404


def test_the_page_before_and_the_live_parts_are_the_page_after(
    bench: Bench, board: Board, bolat: Reader, now: datetime, clock: ManualClock
) -> None:
    cast = bench.cast
    hear(board, now, hot=(cast.tb, 300))
    before = bolat.html(page_of(cast))
    hear(board, now + timedelta(seconds=10), hot=(cast.tb, 820))
    bench.alarm(cast.tb)
    number = cast.premises.pk
    request = request_of(bolat, page_of(cast))
    parts = drawings.parts_of(request, view.LIVE, view.context(request, number), "en")
    after = bolat.html(page_of(cast))
    live_end = "<h2>Devices</h2>"
    merged = swapped(before, parts)
    assert without_tokens(merged.partition(live_end)[0]) == without_tokens(after.partition(live_end)[0])
    assert "82 °C" in text_of(merged)


def test_the_kept_names_are_escaped(cast: Cast, bolat: Reader) -> None:
    cast.circuit.name = "<b>锅炉"
    cast.circuit.save()
    for part in ("", "charts/", "energy/"):
        html = bolat.html(page_of(cast) + part)
        assert "<b>锅炉" not in html
        assert "&lt;b&gt;锅炉" in html


def test_another_cabin_is_not_mixed_in(cast: Cast, bolat: Reader) -> None:
    _, other = another_cabin(cast, "白桦客栈")
    assert f"point={other.pk}" not in bolat.html(page_of(cast))


@pytest.mark.parametrize("asked_in", ["en", "zh-hans"])
def test_each_language_is_drawn_from_the_same_facts(
    asked_in: str, bench: Bench, board: Board, bolat: Reader, now: datetime
) -> None:
    cast = bench.cast
    hear(board, now, hot=(cast.tb, 820))
    bench.alarm(cast.tb)
    request = request_of(bolat, page_of(cast))
    with translation.override(asked_in):
        shown = a_line(view.LIVE, request, lambda asked: view.context(asked, cast.premises.pk)).parts(BOTH)
    singly = {
        language: drawings.parts_of(request, view.LIVE, view.context(request, cast.premises.pk), language)
        for language in BOTH
    }
    assert without_the_moment(shown) == without_the_moment(singly)
    assert "°C" in shown["en"]["diagram"]
    assert shown["en"] != shown["zh-hans"]
