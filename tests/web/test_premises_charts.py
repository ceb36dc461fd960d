"""Charts of premises: what is asked, what is answered, and the file; each bounded, each of these premises only."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse
from django.test import AsyncClient

from flameblue.domain.clock import to_ns
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.readings import NS_PER_MS, Reading, readings_array
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Point, PointChange
from flameblue.history.archive import Archive
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import readings_draft
from flameblue.web import series, series_csv
from tests.cases.bench import Bench, another_cabin, give_row
from tests.cast import Cast
from tests.web.readers import Reader, text_of

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def journal(data: Path) -> Iterator[EmbeddedJournal]:
    opened = EmbeddedJournal(data / "journal.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def hour(journal: EmbeddedJournal, bench: Bench, now: datetime) -> Bench:
    """An hour of temperatures at every ten seconds, 40.0 to 75.9 °C, with six minutes missing from the 30th on."""
    for n in range(360):
        if not 180 <= n < 216:
            at_ns = to_ns(now) - (360 - n) * 10 * SECOND_NS
            reading = Reading(bench.cast.tb.pk, at_ns, 400 + n, 0)
            journal.append([readings_draft(at_ns, readings_array([reading]))])
    return bench


def ms(at: datetime) -> int:
    return to_ns(at) // NS_PER_MS


def question(cast: Cast, now: datetime, *points: Point, **more: object) -> str:
    """The address of the series of `points` of the last hour."""
    asked: dict[str, object] = {"from": ms(now - timedelta(hours=1)), "to": ms(now), "n": 100} | more
    pairs = [("point", point.pk) for point in points] + list(asked.items())
    return f"/premises/{cast.premises.pk}/series/?{urlencode(pairs)}"


def test_the_page_draws_readings_limits_and_cases_without_a_script(
    hour: Bench, bolat: Reader, now: datetime
) -> None:
    cast = hour.cast
    PointChange.objects.create(created_at=now - timedelta(minutes=20), rows=bytes(cast.tb.row))
    hour.alarm(cast.tb)
    html = bolat.html(f"/premises/{cast.premises.pk}/charts/?span=1h&point={cast.tb.pk}")
    assert html.count('<polyline class="reading"') == 4, "two runs, drawn wide and narrow"
    assert html.count('<g class="limit alarm">') == 2
    assert "case 4001" in html
    assert "2号箱 203房暖气 phase B 40 °C 75.9 °C" in text_of(html)


def test_without_a_choice_what_needs_a_look_is_shown(hour: Bench, bolat: Reader) -> None:
    path = f"/premises/{hour.cast.premises.pk}/charts/"
    assert f'data-points="{hour.cast.ir.pk}"' in bolat.html(path)
    hour.alarm(hour.cast.tb)
    assert f'data-points="{hour.cast.tb.pk}"' in bolat.html(path)
    html = bolat.html(path + f"?quantity=current_a&point={hour.cast.tb.pk}")
    assert f'data-points="{hour.cast.ib.pk}"' in html
    assert "no readings in this time" in text_of(html)


def test_six_points_at_most_are_compared_and_of_one_quantity(cast: Cast, bolat: Reader) -> None:
    extra = [
        Point.objects.create(device=cast.device, key=f"t{n}", quantity="temperature_c") for n in range(9)
    ]
    wanted = "&".join(f"point={point.pk}" for point in [cast.ir, *extra])
    html = bolat.html(f"/premises/{cast.premises.pk}/charts/?quantity=temperature_c&{wanted}")
    shown = html.partition('data-points="')[2].partition('"')[0].split(",")
    assert len(shown) == 6
    assert str(cast.ir.pk) not in shown


def test_a_question_is_answered_in_buckets_with_the_lowest_and_highest(
    hour: Bench, bolat: Reader, now: datetime
) -> None:
    answer = json.loads(bolat.html(question(hour.cast, now, hour.cast.tb, hour.cast.tb)))
    (one,) = answer["series"]
    assert answer["unit"] == "°C"
    assert 80 <= len(one["at"]) <= 100
    assert (min(one["low"]), max(one["high"])) == (40.0, 75.9)
    assert all(low <= high for low, high in zip(one["low"], one["high"], strict=True))
    assert max(b - a for a, b in zip(one["at"], one["at"][1:], strict=False)) > 360_000 > one["gap"]


def test_finer_questions_bring_every_reading(hour: Bench, bolat: Reader, now: datetime) -> None:
    begin = ms(now - timedelta(minutes=10))
    answer = json.loads(bolat.html(question(hour.cast, now, hour.cast.tb, **{"from": begin, "n": 2_000})))
    (one,) = answer["series"]
    assert len(one["at"]) == 60
    assert one["low"] == one["high"]


def test_never_more_buckets_than_the_limit(hour: Bench, bolat: Reader, now: datetime) -> None:
    answer = json.loads(bolat.html(question(hour.cast, now, hour.cast.tb, n=10_000_000)))
    assert len(answer["series"][0]["at"]) <= 2_000
    assert answer["width"] >= 3_600_000 / 2_000


def test_limits_and_cases_are_answered_with_their_times(hour: Bench, bolat: Reader, now: datetime) -> None:
    tb = hour.cast.tb
    PointChange.objects.create(created_at=now - timedelta(minutes=20), rows=bytes(tb.row))
    hour.alarm(tb, Level.ALARM)
    answer = json.loads(bolat.html(question(hour.cast, now, tb)))
    begin, end = ms(now - timedelta(minutes=20)), ms(now)
    assert [(one["kind"], one["value"], one["from"], one["to"]) for one in answer["limits"]] == [
        ("warning", 60.0, begin, end),
        ("alarm", 70.0, begin, end),
    ]
    assert [one["label"] for one in answer["cases"]] == ["case 4001"]


def test_what_did_not_change_is_not_sent_again(hour: Bench, bolat: Reader, now: datetime) -> None:
    path = question(hour.cast, now, hour.cast.tb)
    first = bolat.client.get(path)
    again = bolat.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


@pytest.mark.parametrize(
    "spoilt",
    [
        {"from": "yesterday"},
        {"to": ""},
        {"to": "1e12"},
        {"from": "9" * 15},
        {"from": "0"},
        {"to": "1"},
        {"point": "1; DROP TABLE"},
        {"point": "99999999"},
    ],
)
def test_a_question_that_makes_no_sense_is_told_so(
    spoilt: dict[str, str], hour: Bench, bolat: Reader, now: datetime
) -> None:
    answer = json.loads(bolat.html(question(hour.cast, now, hour.cast.tb, **spoilt), status=422))
    assert answer["trouble"]


def test_other_premises_other_quantities_and_too_many_are_refused(
    hour: Bench, bolat: Reader, now: datetime
) -> None:
    cast = hour.cast
    _, other = another_cabin(cast, "白桦客栈")
    many = [Point.objects.create(device=cast.device, key=f"t{n}", quantity="temperature_c") for n in range(7)]
    for points in ((cast.tb, other), (cast.tb, cast.ir), many, ()):
        bolat.html(question(cast, now, *points), status=422)


def rows_of(lines: Iterator[str]) -> list[list[str]]:
    text = "".join(lines)
    assert text.startswith("\ufeff"), "Excel reads UTF-8 by its mark"
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def asked(bench: Bench, now: datetime) -> series.Question:
    return series.Question((bench.cast.tb,), to_ns(now - timedelta(hours=1)), to_ns(now))


def test_the_file_has_every_reading_or_buckets(hour: Bench, data: Path, now: datetime) -> None:
    raw = rows_of(series_csv.lines(asked(hour, now), ZONE, raw=True))
    assert len(raw) == 1 + 324
    assert raw[1] == ["2026-01-15 02:07:00.000+08:00", "2号箱", "203房暖气", "B", "Temperature", "°C", "40"]
    assert raw[-1][-1] == "75.9"
    buckets = rows_of(series_csv.lines(asked(hour, now), ZONE, raw=False))
    assert buckets[0][-2:] == ["Lowest", "Highest"]
    assert len(buckets) == 1 + 324


@pytest.mark.parametrize("name", ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1"])
def test_no_name_becomes_a_formula(name: str, hour: Bench, data: Path, now: datetime) -> None:
    hour.cast.circuit.name = hour.cast.panel.name = name
    hour.cast.tb.place, hour.cast.tb.circuit = "", hour.cast.circuit
    hour.cast.circuit.panel = hour.cast.panel
    row = rows_of(series_csv.lines(asked(hour, now), ZONE, raw=True))[1]
    assert row[1].startswith("'")
    assert row[2].startswith("'")


def test_every_reading_can_be_had_of_a_month_only(cast: Cast, now: datetime) -> None:
    long = series.Question((cast.tb,), to_ns(now - timedelta(days=32)), to_ns(now))
    series_csv.check(long, raw=False)
    with pytest.raises(BadInput, match="31 days"):
        series_csv.check(long, raw=True)


@pytest.mark.django_db(transaction=True)
def test_the_file_is_sent_in_pieces_in_the_readers_language(
    hour: Bench, bolat: Reader, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series_csv, "PIECE_ROWS", 100)
    path = question(hour.cast, now, hour.cast.tb, raw=1).replace("/series/", "/readings.csv")

    async def fetched() -> tuple[StreamingHttpResponse, list[bytes]]:
        client = AsyncClient(headers={"Accept-Language": "zh-hans"})
        assert bolat.person.user is not None
        await client.aforce_login(bolat.person.user)
        answer = await client.get(path)
        assert isinstance(answer, StreamingHttpResponse)
        return answer, [piece async for piece in answer]

    answer, pieces = async_to_sync(fetched)()
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert len(pieces) == 4
    rows = list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"))))
    assert len(rows) == 1 + 324
    assert rows[1][4] == "温度"


def test_the_two_files_have_names_of_their_own(hour: Bench, bolat: Reader, now: datetime) -> None:
    def name(**more: int) -> str:
        path = question(hour.cast, now, hour.cast.tb, **more).replace("/series/", "/readings.csv")
        return bolat.client.get(path).headers["Content-Disposition"]

    assert name().endswith('-temperature_c-lowest-highest.csv"')
    assert name(raw=1).endswith('-temperature_c-every-reading.csv"')


def test_a_month_of_closed_days_is_answered_from_roll_ups(
    journal: EmbeddedJournal, data: Path, bench: Bench, bolat: Reader, now: datetime
) -> None:
    cast = bench.cast
    give_row(cast.ib, gap_s=4_000.0)
    first = now.astimezone(UTC) - timedelta(days=3)
    for n in range(72):
        at_ns = to_ns(first + timedelta(hours=n))
        journal.append([readings_draft(at_ns, readings_array([Reading(cast.ib.pk, at_ns, 10_000, 0)]))])
    archive = Archive(data / "history")
    archive.append(journal.read(0, 1_000))
    assert list((data / "history").rglob("*.hours.parquet"))
    begin = ms(now - timedelta(days=365))
    answer = json.loads(bolat.html(question(cast, now, cast.ib, **{"from": begin, "n": 500})))
    assert answer["width"] == 18 * 3_600_000
    assert (min(answer["series"][0]["low"]), max(answer["series"][0]["high"])) == (10.0, 10.0)
    page = bolat.sees(f"/premises/{cast.premises.pk}/energy/")
    assert "01-14" in page
    assert "Estimated from load current × voltage × a power factor of 0.95" in page
