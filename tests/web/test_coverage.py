"""Coverage: the page, its lists and reasons, a plain SQL recount, and a detector that is unplugged."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from flameblue.domain.clock import ManualClock, to_ns
from flameblue.domain.readings import Reading, readings_array
from flameblue.domain.transitions import Level, Rule, Why
from flameblue.fleet import counting, keeping
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device, Point, Premises
from flameblue.history.board import Board
from flameblue.inspections.models import Visit
from flameblue.web import coverage_facts
from tests.cases.bench import Bench, Said, another_cabin
from tests.cast import Cast
from tests.web.readers import Reader, text_of

RECOUNT = """
    WITH used AS (SELECT id, premises_id FROM fleet_device WHERE enabled)
    SELECT count(*),
           count(*) FILTER (WHERE EXISTS (SELECT 1 FROM used d WHERE d.premises_id = p.id)),
           count(*) FILTER (WHERE EXISTS (
               SELECT 1 FROM used d JOIN fleet_point t ON t.device_id = d.id JOIN heard h ON h.point = t.id
               WHERE d.premises_id = p.id AND h.at_ns > %s)),
           count(*) FILTER (WHERE EXISTS (SELECT 1 FROM used d WHERE d.premises_id = p.id) AND (
               EXISTS (SELECT 1 FROM cases_case c
                       WHERE c.premises_id = p.id AND c.is_test AND c.opened_at >= %s)
               OR EXISTS (SELECT 1 FROM inspections_visit v
                          WHERE v.premises_id = p.id AND v.tested AND v.day >= %s)))
    FROM fleet_premises p WHERE p.kind NOT IN ('民居', '住宅')
"""
JANUARY = datetime.fromisoformat("2026-01-01T00:00:00+08:00")


@pytest.fixture
def board(data: Path, cast: Cast, now: datetime) -> Board:
    """The cast's three points were heard at `now`."""
    made = Board(data / "board.bin", writable=True)
    hear(made, now, cast.ir, cast.tb, cast.ib)
    return made


def hear(board: Board, at: datetime, *points: Point) -> None:
    rows = [Reading(point.pk, to_ns(at), 230, 0) for point in points]
    board.update(readings_array(rows), to_ns(at))


@pytest.fixture
def village(bench: Bench, board: Board, now: datetime) -> Cast:
    """One premises of each sort, beside the cast's own, which is on line and not tested."""
    cast = bench.cast
    Premises.objects.create(site=cast.site, name="空屋", short_name="空屋", kind="商店")
    Premises.objects.create(site=cast.site, name="民宅", short_name="民宅", kind="民居")
    another_cabin(cast, "从未")
    _, lost = another_cabin(cast, "失联")
    hear(board, now - timedelta(hours=30), lost)
    shut, shut_point = another_cabin(cast, "冬歇")
    shut.closed_until = date(2026, 5, 1)
    shut.save()
    hear(board, now - timedelta(days=40), shut_point)
    pressed, point = another_cabin(cast, "试过")
    hear(board, now, point)
    Visit.objects.create(premises=pressed, day=date(2026, 1, 3), tested=True, by=cast.bolat, at=now)
    _told, told_point = another_cabin(cast, "自报")
    hear(board, now, told_point)
    bench.say(Said(told_point, Level.WARNING, rule=Rule.TEST, why=int(Why.TEST)))
    earlier, _ = another_cabin(cast, "上月")
    Visit.objects.create(premises=earlier, day=date(2025, 12, 31), tested=True, by=cast.bolat, at=now)
    entered, _ = another_cabin(cast, "看过")
    Visit.objects.create(premises=entered, day=date(2026, 1, 4), by=cast.bolat, at=now)
    return cast


def numbers(cast: Cast, at: datetime) -> list[tuple[int, int]]:
    return [(one.count, one.of) for one in coverage_facts.of(cast.admin, at).total]


def test_each_number_and_the_reason_of_each_that_is_missing(
    village: Cast, bolat: Reader, now: datetime
) -> None:
    assert numbers(village, now) == [(8, 9), (3, 9), (2, 9)]
    page = bolat.sees("/coverage/")
    assert "空屋 no device 禾木 商店 never" in page
    assert "从未 device never heard 禾木 never" in page
    assert "失联 silent since 2026-01-13 21:07 禾木 2026-01-13 21:07" in page
    assert "冬歇 closed for the season until 2026-05-01 禾木" in page
    assert "民宅" not in page
    assert "松林客栈" not in page
    assert "no device 1 closed for the season 1 device never heard 3 silent 1" in page
    tested = bolat.sees("/coverage/?of=tested")
    assert "松林客栈 no test this month note a visit 禾木 客栈 2026-01-15 03:07" in tested
    assert "上月 no test this month" in tested
    assert "看过 no test this month" in tested
    assert "试过" not in tested
    counted = bolat.sees("/coverage/?of=tested&show=counted")
    assert "试过" in counted
    assert "自报" in counted
    assert "上月" not in counted


def test_a_plain_recount_in_sql_agrees(village: Cast, board: Board, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE heard (point bigint, at_ns bigint)")
        for point, slot in enumerate(board.all()):
            if slot["sequence"]:
                cursor.execute("INSERT INTO heard VALUES (%s, %s)", [point, int(slot["arrival_ns"])])
        day_ago = to_ns(now - timedelta(hours=24))
        cursor.execute(RECOUNT, [day_ago, JANUARY, JANUARY.date()])
        of, *counted = cursor.fetchone()
        cursor.execute("DROP TABLE heard")
    assert numbers(village, now) == [(count, of) for count in counted]


def test_an_unplugged_detector_falls_from_on_line_within_a_day_and_stays_installed(
    cast: Cast, board: Board, clock: ManualClock, bolat: Reader, now: datetime
) -> None:
    seen = []
    for hour in range(1, 26):
        clock.advance(3_600)
        page = bolat.sees("/coverage/")
        installed, online = page.index("Installed ?"), page.index("On line, 24 h ?")
        assert " 1 / 1 " in page[installed:online]
        if " 1 / 1 " not in page[online : page.index("Tested this month ?")]:
            seen.append(hour)
    assert seen[0] == 24
    assert seen == [24, 25]


def test_what_is_edited_is_counted_anew(village: Cast, now: datetime, data: Path) -> None:
    assert numbers(village, now)[0] == (8, 9)
    device = Device.objects.get(name="D-从未")
    device.enabled = False
    keeping.keep(device, Hand("root", now))
    assert numbers(village, now + timedelta(seconds=21))[0] == (7, 9)


def test_a_device_whose_points_lie_apart_is_heard_by_each(
    cast: Cast, board: Board, now: datetime, data: Path
) -> None:
    """Another device's point has an id between two of this one's."""
    _, point = another_cabin(cast, "夹在中间")
    late = Point.objects.create(device=cast.device, key="late", quantity="voltage_v")
    assert cast.ib.pk < point.pk < late.pk
    coverage_facts.forget()
    later = now + timedelta(hours=30)
    hear(board, later, late)
    assert numbers(cast, later)[1] == (1, 2)
    hear(board, later, point)
    coverage_facts.forget()
    assert numbers(cast, later)[1] == (2, 2)


def test_a_reader_counts_the_own_sites_only(village: Cast, dana: Reader) -> None:
    assert " 0 / 0 " in dana.sees("/coverage/")


def test_the_address_filters_and_nonsense_is_left_out(village: Cast, bolat: Reader) -> None:
    shops = bolat.sees("/coverage/?of=installed&kind=商店")
    assert "空屋 no device" in shops
    inns = bolat.sees("/coverage/?of=online&kind=客栈&show=counted")
    assert "松林客栈 禾木 客栈" in inns
    silent = bolat.sees("/coverage/?why=silent")
    assert "失联" in silent
    assert "从未" not in silent
    assert "Nothing is missing." in bolat.sees("/coverage/?kind=无此类")
    for nonsense in ("of=x", "why=x", "site=-1", "site=9e9", "page=x", "show=x"):
        assert "失联" in bolat.sees(f"/coverage/?{nonsense}")


def test_the_page_asks_as_often_for_many_premises_as_for_few(
    village: Cast, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(village.admin)
    for number in range(40):
        another_cabin(village, f"{number}号")
    with django_assert_max_num_queries(22):
        assert client.get("/coverage/").status_code == 200


def test_the_strip_for_the_board_leads_to_each_list(
    village: Cast, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with translation.override("en"):
        places = counting.fleet.places(now)
        values = {"fleet": True, "coverage": coverage_facts.strip(village.admin, places, now)}
        html = render_to_string("board/_coverage.html", values)
    assert "Installed 8 / 9 On line, 24 h 3 / 9 Tested this month 2 / 9" in text_of(html)
    assert 'href="/coverage/?of=online"' in html
    with django_assert_max_num_queries(0):
        coverage_facts.strip(village.admin, places, now + timedelta(seconds=59))


def test_nothing_known_is_nothing_counted(data: Path, db: None, admin_client: Client) -> None:
    page = admin_client.get("/coverage/", headers={"Accept-Language": "en"}).content.decode()
    assert "No business premises are known yet." in page
