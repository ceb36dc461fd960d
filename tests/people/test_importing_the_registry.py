"""A registry file becomes sites, premises, people, devices and points."""

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from flameblue.domain.errors import BadInput
from flameblue.domain.points import NEVER_NS, POINT
from flameblue.fleet import point_table, shelf
from flameblue.fleet.models import (
    AuditEntry,
    Circuit,
    Device,
    Panel,
    Point,
    PointChange,
    Premises,
    Site,
    Station,
)
from flameblue.intake.directory import credential_hash
from flameblue.people.models import Contact, Person
from flameblue.people.registry import import_file
from tests.cast import Cast
from tests.people.registry_files import CABIN, HEATER, Bring, file

pytestmark = pytest.mark.django_db
MODELS = (Site, Premises, Panel, Circuit, Device, Point, Person, Contact, AuditEntry, PointChange)


def counts() -> list[int]:
    return [model._default_manager.count() for model in MODELS]


def test_one_row_makes_everything_from_the_premises_to_the_point(bring: Bring) -> None:
    report = bring(HEATER)
    assert report.errors == ()
    point = Point.objects.get(device__name="D0300")
    assert (point.key, point.quantity, point.phase, point.place) == ("tb", "temperature_c", "B", "101房")
    circuit = point.circuit
    assert circuit is not None
    assert (circuit.name, circuit.isolator, circuit.rated_current_a) == ("101房暖气", "2号开关", 32.0)
    assert circuit.panel.premises == point.device.premises
    assert point.device.serial == "SN-300"
    contact = Contact.objects.get(premises__name="白桦客栈")
    assert (contact.person.name, contact.person.phone, contact.order) == ("Aigul", "+8613800000011", 1)
    assert "premises 禾木 白桦客栈: new" in report.lines
    assert len(np.frombuffer(point_table.waiting_changes()[-1][1], dtype=POINT)) >= 1


def test_a_row_may_stop_at_premises_which_are_known_and_not_equipped(bring: Bring) -> None:
    assert bring({"site": "禾木", "premises": "雪莲客栈"}).errors == ()
    premises = Premises.objects.get(name="雪莲客栈")
    assert premises.short_name == "雪莲客栈"
    assert not premises.devices.exists()
    assert not premises.contacts.exists()


def test_a_row_may_stop_at_a_device_and_the_profile_makes_its_points(bring: Bring) -> None:
    row = {name: text for name, text in HEATER.items() if name not in ("point", "quantity", "phase")}
    assert bring(row | {"profile": "flameblue-efm8"}).errors == ()
    points = {point.key: point for point in Point.objects.filter(device__name="D0300")}
    assert set(points) == set(shelf.profiles()["flameblue-efm8"].points)
    assert (points["tb"].quantity, points["tb"].phase, points["tb"].place) == ("temperature_c", "B", "101房")
    assert {point.circuit.name for point in points.values() if point.circuit} == {"101房暖气"}


def test_a_row_that_stops_at_a_device_speaks_only_for_points_that_no_other_row_names(bring: Bring) -> None:
    device = {"device": "D0300", "profile": "flameblue-efm8"}
    bring(
        CABIN | device | {"panel": "1号箱", "circuit": "总", "place": "走廊"},
        CABIN | {"device": "D0300", "point": "tb", "panel": "1号箱", "circuit": "浴室", "place": "浴室"},
    )
    place = dict(Point.objects.filter(device__name="D0300").values_list("key", "place"))
    assert (place["ta"], place["tb"]) == ("走廊", "浴室")
    circuit = dict(Point.objects.filter(device__name="D0300").values_list("key", "circuit__name"))
    assert (circuit["ta"], circuit["tb"]) == ("总", "浴室")


def test_the_same_file_again_changes_nothing(bring: Bring) -> None:
    rows = [
        HEATER,
        HEATER | {"point": "ib", "quantity": "current_a"},
        {"site": "禾木", "premises": "雪莲客栈"},
    ]
    assert bring(*rows).lines
    before = counts()
    report = bring(*rows)
    assert (report.lines, report.errors) == ((), ())
    assert counts() == before


def test_a_dry_run_tells_what_would_change_and_changes_nothing(bring: Bring) -> None:
    before = counts()
    told = bring(HEATER, dry_run=True)
    assert counts() == before
    assert told.lines == bring(HEATER).lines
    assert "device D0300: new" in told.lines


def test_an_empty_cell_changes_nothing(bring: Bring, cast: Cast) -> None:
    report = bring({"site": "禾木", "premises": "松林客栈", "device": "D0217", "point": "tb"})
    assert (report.lines, report.errors) == ((), ())
    cast.tb.refresh_from_db()
    assert (cast.tb.place, cast.tb.circuit_id, cast.tb.quantity) == (
        "203房",
        cast.circuit.pk,
        "temperature_c",
    )


def test_a_changed_rating_moves_the_limits_and_is_on_record(bring: Bring, cast: Cast, now: datetime) -> None:
    point_table.refresh(shelf.profiles(), now)
    place = {"site": "禾木", "premises": "松林客栈", "panel": "2号箱", "circuit": "203房暖气"}
    report = bring(place | {"rated_current_a": "20"})
    assert report.lines == ("circuit 松林客栈 2号箱 203房暖气: rated_current_a 40.0 → 20.0",)
    rows = np.frombuffer(point_table.waiting_changes()[-1][1], dtype=POINT)
    assert [(int(row["point"]), int(row["over_alarm"])) for row in rows] == [(cast.ib.pk, 20_000)]
    entry = AuditEntry.objects.get(verb="changed circuit")
    assert entry.by == "tests"
    assert entry.detail == {"changes": {"rated_current_a": [40.0, 20.0]}, "reason": "import of test.csv"}


def test_closed_premises_are_expected_to_be_silent_and_stay_listed(bring: Bring, cast: Cast) -> None:
    row = {"site": "禾木", "premises": "松林客栈"}
    assert bring(row | {"season": "closed until 2027-05-01"}).errors == ()
    rows = point_table.all_rows()
    assert set(rows["silence_ns"]) == {NEVER_NS}
    assert Premises.objects.get(name="松林客栈").closed_until == date(2027, 5, 1)
    bring(row | {"season": "open"})
    assert NEVER_NS not in point_table.all_rows()["silence_ns"]


def test_the_season_ends_at_midnight_of_the_sites_time_zone(bring: Bring, cast: Cast) -> None:
    bring({"site": "禾木", "premises": "松林客栈", "season": "closed until 2027-05-01"})
    eve = datetime.fromisoformat("2027-04-30T23:59:59+08:00")
    assert point_table.refresh(shelf.profiles(), eve) == 0
    morning = datetime.fromisoformat("2027-05-01T00:00:00+08:00")
    assert point_table.refresh(shelf.profiles(), morning) == 3
    assert NEVER_NS not in point_table.all_rows()["silence_ns"]


def test_a_device_moves_to_other_premises_and_leaves_the_old_circuits(bring: Bring, cast: Cast) -> None:
    report = bring({"site": "禾木", "premises": "雪莲客栈", "device": "D0217"})
    assert "device D0217: premises 禾木 松林客栈 → 禾木 雪莲客栈" in report.lines
    cast.device.refresh_from_db()
    assert cast.device.premises.name == "雪莲客栈"
    assert list(cast.device.points.values_list("circuit", flat=True)) == [None] * 3
    assert list(cast.device.points.order_by("id").values_list("id", flat=True)) == [
        cast.ir.pk,
        cast.tb.pk,
        cast.ib.pk,
    ]


def test_credentials_are_kept_as_keyed_hashes_and_are_told_nowhere(bring: Bring) -> None:
    report = bring(HEATER)
    expected = credential_hash(settings.CREDENTIAL_KEY.encode(), "icicle-on-the-eaves")
    assert Device.objects.get(name="D0300").credential_hash == expected
    bring(HEATER | {"credential": "another-one-of-these"})
    told = f"{report} {list(AuditEntry.objects.values_list('detail', flat=True))}"
    assert "icicle" not in told
    assert "another-one" not in told
    assert expected not in told


def test_set_in_the_place_of_a_credential_changes_nothing(bring: Bring, cast: Cast) -> None:
    before = cast.device.credential_hash
    report = bring({"site": "禾木", "premises": "松林客栈", "device": "D0217", "credential": "(set)"})
    assert (report.lines, report.errors) == ((), ())
    assert Device.objects.get(name="D0217").credential_hash == before
    report = bring(HEATER | {"credential": "(set)"})
    assert "device D0300: new, its credential must be set anew" in report.lines
    assert Device.objects.get(name="D0300").credential_hash == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_files_are_read_as_excel_in_china_saves_them(bring: Bring, encoding: str) -> None:
    report = bring.data(file(HEATER, encoding=encoding))
    assert report.errors == ()
    assert Premises.objects.filter(name="白桦客栈").exists()


def test_a_new_site_takes_the_only_station(bring: Bring, cast: Cast) -> None:
    Person.objects.filter(station__in=(cast.next_station, cast.other_station)).update(station=None)
    Station.objects.exclude(pk=cast.station.pk).delete()
    assert bring({"site": "白哈巴", "premises": "雪松客栈"}).errors == ()
    assert Site.objects.get(name="白哈巴").station == cast.station


def test_the_station_column_says_whose_a_new_site_is_and_moves_a_known_one(bring: Bring, cast: Cast) -> None:
    row = {"site": "白哈巴", "premises": "雪松客栈"}
    assert bring(row | {"station": "喀纳斯消防站"}).errors == ()
    assert Site.objects.get(name="白哈巴").station == cast.next_station
    report = bring(row | {"station": "禾木消防站"})
    assert report.lines == ("site 白哈巴: station 喀纳斯消防站 → 禾木消防站",)


def test_a_device_that_changes_its_model_gets_that_models_points(bring: Bring, cast: Cast) -> None:
    bring({"site": "禾木", "premises": "松林客栈", "device": "D0217", "point": "x9", "quantity": "voltage_v"})
    report = bring({"site": "禾木", "premises": "松林客栈", "device": "D0217", "profile": "flameblue-efm8"})
    assert report.errors == ()
    live = set(cast.device.points.filter(retired=False).values_list("key", flat=True))
    assert live == set(shelf.profiles()["flameblue-efm8"].points)
    assert cast.device.points.get(key="x9").retired


def test_a_file_that_is_not_there_is_said_in_a_sentence(now: datetime, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"registry\.csv can't be read"):
        import_file(tmp_path / "registry.csv", now, "tests")


def test_a_file_on_disk_is_imported(cast: Cast, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "registry.csv"
    path.write_bytes(file(HEATER))
    assert import_file(path, now, "tests", dry_run=True).errors == ()
    assert not Device.objects.filter(name="D0300").exists()
    assert import_file(path, now, "tests").errors == ()
    assert Device.objects.filter(name="D0300").exists()


def test_a_device_behind_a_gateway_is_a_row_with_the_gateways_name_and_no_credential(
    bring: Bring, cast: Cast
) -> None:
    gateway = CABIN | {"device": "GW1", "profile": "thingsboard-gateway", "credential": "A1_GATEWAY"}
    plug = HEATER | {"device": "GW1>厨房 插座", "profile": "thingsboard-gateway-device", "credential": ""}
    assert bring(gateway, plug).errors == ()
    book = point_table.directory(settings.CREDENTIAL_KEY.encode(), bring.now)
    found = book.behind(book.devices["GW1"], "厨房 插座")
    assert found is not None
    assert list(found.points) == [HEATER["point"]]
    assert book.admit("A1_GATEWAY", None, 0).device is book.devices["GW1"]
    assert book.admit("GW1>厨房 插座", "", 0).device is None
