"""Handled warnings: the table, the cases behind a number, months by the site's calendar, counts of before."""

from datetime import date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from flameblue.cases.models import Alarm, Case, Family, State
from flameblue.fleet.models import AuditEntry, Point, Premises, Site
from flameblue.inspections.models import OldCount
from tests.cast import Cast
from tests.web.readers import Reader, text_of

CSV = "month,kind,number,source\n2025-12,漏电,12,台账三\n2026-01,heat,4,台账三\n"


def closed(cast: Cast, number: int, cause: str, at: datetime, **more: object) -> Case:
    fields: dict[str, object] = {
        "number": number,
        "premises": cast.premises,
        "family": Family.HEAT,
        "state": State.CLOSED,
        "level": 0,
        "worst_level": 2,
        "opened_at": at - timedelta(days=1),
        "announced_at": at,
        "closed_at": at,
        "cause": cause,
        "action": "看过",
    }
    return Case.objects.create(**(fields | more))


@pytest.fixture
def month(cast: Cast, now: datetime) -> Cast:
    """January: of heat three real, a nuisance, a duplicate, one not found; of leakage a real one and two tests."""
    for number, cause in enumerate(
        ("loose_terminal", "overload", "bad_joint", "limit_too_low", "duplicate", "unknown")
    ):
        closed(cast, number + 1, cause, now)
    leak = {"family": Family.LEAKAGE}
    closed(cast, 11, "wet_cable", now, closed_without_proof=True, **leak)
    closed(cast, 12, "test", now, is_test=True, **leak)
    closed(cast, 13, "test", now, **leak)
    closed(cast, 21, "loose_terminal", datetime.fromisoformat("2025-12-31T23:59:59+08:00"))
    closed(cast, 22, "loose_terminal", datetime.fromisoformat("2026-02-01T00:00:00+08:00"))
    closed(cast, 23, "returned_by_itself", now, family=Family.SILENCE, announced=False)
    closed(cast, 24, "outage", now, family=Family.SILENCE, incident=Case.objects.get(number=1))
    return cast


def test_each_family_and_what_its_warnings_were(month: Cast, bolat: Reader) -> None:
    page = bolat.sees("/handled/?period=2026-01")
    assert "Overheating 3 0 1 1 1 6 0 –" in page
    assert "Leakage current 1 2 0 0 0 3 1 –" in page
    assert "No data" not in page.partition("What is counted")[0]
    assert page == bolat.sees("/handled/")
    assert "Overheating 5 0 1 1 1 8 0 –" not in bolat.sees("/handled/?period=2026")
    assert "Overheating 4 0 1 1 1 7 0 –" in bolat.sees("/handled/?period=2026")
    assert "Overheating 1 0 0 0 0 1 0 –" in bolat.sees("/handled/?period=2025-12")


def test_each_number_leads_to_its_cases(month: Cast, bolat: Reader) -> None:
    html = bolat.html("/handled/?period=2026-01")
    assert "/handled/cases/?period=2026-01&amp;family=heat&amp;as=real" in html
    real = bolat.sees("/handled/cases/?period=2026-01&family=heat&as=real")
    assert "Overheating · Real · 3" in real
    assert "Loose terminal; 看过" in real
    tests = bolat.sees("/handled/cases/?period=2026-01&family=leakage&as=test")
    assert "· Test · 2" in tests
    assert "· 6" in bolat.sees("/handled/cases/?period=2026-01&family=heat")
    assert "2026-01 · 9" in bolat.sees("/handled/cases/?period=2026-01")
    for nonsense in ("period=x", "family=x&as=x", "page=x"):
        assert bolat.sees(f"/handled/cases/?{nonsense}")


def test_the_lists_behind_the_numbers_of_a_family_are_all_its_cases(month: Cast, bolat: Reader) -> None:
    listed = []
    for outcome in ("real", "test", "nuisance", "duplicate", "unclear"):
        page = bolat.sees(f"/handled/cases/?period=2026-01&family=heat&as={outcome}")
        listed.append(int(page.partition("All numbers")[0].rpartition("· ")[2]))
    assert listed == [3, 0, 1, 1, 1]


def test_a_case_counts_in_the_month_that_it_was_at_its_own_site(
    cast: Cast, admin_client: Client, data: object
) -> None:
    """New Year in Shanghai, still December in Berlin: premises, an incident of a site, a case of no site."""
    berlin = Site.objects.create(name="Berlin", station=cast.station, time_zone="Europe/Berlin")
    laube = Premises.objects.create(site=berlin, name="Laube", short_name="Laube")
    at = datetime.fromisoformat("2026-01-01T03:00:00+08:00")
    closed(cast, 1, "overload", at)
    closed(cast, 2, "overload", at, premises=laube)
    closed(cast, 3, "outage", at, premises=None, site=berlin, family=Family.SILENCE)
    closed(cast, 4, "outage", at, premises=None, site=cast.site, family=Family.SILENCE)
    closed(cast, 5, "system", at, premises=None, family=Family.SYSTEM)
    counted = {}
    for month in ("2025-12", "2026-01"):
        page = text_of(
            admin_client.get(f"/handled/?period={month}", headers={"Accept-Language": "en"}).content.decode()
        )
        counted[month] = [f"{name} 1 0" in page for name in ("Overheating", "No data", "This system")]
    assert counted == {"2025-12": [True, True, False], "2026-01": [True, True, True]}


def test_another_station_sees_none_of_it(month: Cast, dana: Reader) -> None:
    assert "Overheating 0 0 0 0 0 0 0 –" in dana.sees("/handled/")
    assert "Overheating · 0" in dana.sees("/handled/cases/?family=heat")


def uploaded(client: Client, content: str) -> str:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    file = SimpleUploadedFile("old.csv", content.encode())
    return text_of(client.post("/handled/old-counts/", {"file": file}, follow=True).content.decode())


def test_counts_of_before_stand_beside_and_are_never_added(month: Cast, data: object, client: Client) -> None:
    client.force_login(month.admin)
    page = uploaded(client, CSV)
    assert "Counts brought in, not proven: 2." in page
    assert "Overheating 3 0 1 1 1 6 0 4" in page
    assert "2026-01 Overheating 4 台账三" in page
    assert AuditEntry.objects.filter(verb="brought in old counts", by="root").count() == 1
    december = text_of(client.get("/handled/?period=2025-12").content.decode())
    assert "Leakage current 0 0 0 0 0 0 0 12" in december


def test_a_later_file_corrects_an_earlier_one(cast: Cast, data: object, client: Client) -> None:
    client.force_login(cast.admin)
    uploaded(client, CSV)
    uploaded(client, CSV.replace(",4,", ",5,"))
    rows = OldCount.objects.filter(kind="heat").values_list("month", "number", "source")
    assert list(rows) == [(date(2026, 1, 1), 5, "台账三")]


def test_of_a_file_with_a_mistake_nothing_is_taken(cast: Cast, data: object, client: Client) -> None:
    client.force_login(cast.admin)
    assert "Nothing was brought in. Row 4: “x” is no month" in uploaded(client, CSV + "x,heat,1,y\n")
    assert "neither UTF-8 nor" in uploaded(client, CSV + "\0")
    assert "at most 1 MiB" in uploaded(client, "x" * (1024 * 1024 + 1))
    assert not OldCount.objects.exists()


def test_only_an_admin_brings_counts_in(cast: Cast, bolat: Reader) -> None:
    assert bolat.client.post("/handled/old-counts/").status_code == 403
    assert "Bring in" not in bolat.sees("/handled/")


def test_a_list_of_many_cases_asks_no_more_often(
    month: Cast, bolat: Reader, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(100, 130):
        case = closed(month, number, "overload", now)
        point = Point.objects.create(device=month.device, key=f"t{number}", quantity="temperature_c")
        Alarm.objects.create(
            point=point,
            rule=1,
            level=0,
            worst_level=2,
            case=case,
            since=now,
            value=0,
            worst_value=820,
            limit=700,
        )
    Case.objects.filter(number__lt=100).order_by("-number").delete()
    with django_assert_max_num_queries(14):
        assert bolat.sees("/handled/cases/?period=2026-01&family=heat").count("Temperature reached") == 30
