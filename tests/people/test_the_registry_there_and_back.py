"""An export imports as it is and changes nothing; what one installation exports another can be made of."""

import csv
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flameblue.domain.visible import flaw
from flameblue.fleet.models import (
    Circuit,
    Device,
    Panel,
    Point,
    PointChange,
    Premises,
    Site,
    Station,
)
from flameblue.people import registry_exporting
from flameblue.people.models import Contact, Person
from flameblue.people.registry import export_file, import_file
from flameblue.people.registry_cells import COLUMNS, READERS, words, written
from flameblue.people.registry_writing import csv_bytes
from tests.cast import Cast
from tests.people.registry_files import HEATER, Bring

pytestmark = pytest.mark.django_db


def rich(bring: Bring) -> None:
    """Something of everything, also what a spreadsheet would spoil."""
    bring(
        HEATER | {"language": "en", "latitude": "48.5678901234567", "longitude": "87.1", "season": "open"},
        HEATER | {"point": "ib", "quantity": "current_a", "place": "-1层"},
        {
            "site": "禾木",
            "premises": '雪莲, "大" 客栈',
            "short_name": "雪莲",
            "owner": "Aigul",
            "phone": "13800000011",
            "contact2": "=SUM(A1)",
            "phone2": "+77011234567",
            "language2": "kk",
            "season": "closed until 2027-05-01",
            "panel": "空箱",
        },
        {"site": "白哈巴", "premises": "@家", "station": "喀纳斯消防站", "panel": "总箱", "circuit": "备用"},
        {
            "site": "白哈巴",
            "premises": "@家",
            "device": "E1",
            "profile": "flameblue-efm8",
            "device_serial": "007",
        },
    )


@pytest.fixture(params=[f"{form}-{language}" for form in ("csv", "xlsx") for language in ("en", "zh-hans")])
def written_as(request: pytest.FixtureRequest) -> tuple[str, str]:
    """(ending of the file, language of its headings)."""
    form, _, language = request.param.partition("-")
    return f"out.{form}", language


def test_an_export_imports_and_changes_nothing(
    bring: Bring, now: datetime, tmp_path: Path, written_as: tuple[str, str]
) -> None:
    rich(bring)
    before = PointChange.objects.count()
    name, language = written_as
    assert export_file(tmp_path / name, language) == []
    report = import_file(tmp_path / name, now, "tests")
    assert (report.lines, report.errors) == ((), ())
    assert PointChange.objects.count() == before


def test_another_installation_can_be_made_of_an_export(
    bring: Bring, now: datetime, tmp_path: Path, written_as: tuple[str, str]
) -> None:
    rich(bring)
    before, (name, language) = held(), written_as
    export_file(tmp_path / name, language)
    PointChange.objects.all().delete()
    for model in (Point, Device, Circuit, Panel, Contact, Premises, Site):
        model._default_manager.all().delete()
    Person.objects.filter(user=None).delete()
    assert import_file(tmp_path / name, now, "tests").errors == ()
    assert Device.objects.filter(credential_hash="").count() == Device.objects.count() > 0
    assert held() == before


PREMISES = "premises__site__name", "premises__name"
CIRCUIT = tuple(f"panel__{name}" for name in (*PREMISES, "name"))
HELD: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Site, ("name", "station__name")),
    (Premises, ("site__name", "name", "short_name", "kind", "address", "latitude", "longitude")),
    (Premises, ("site__name", "name", "key_holder", "closed_until")),
    (Contact, (*PREMISES, "order", "person__name", "person__phone", "person__language")),
    (Panel, (*PREMISES, "name")),
    (Circuit, (*CIRCUIT, "name", "isolator", "rated_current_a")),
    (Device, ("name", *PREMISES, "serial", "profile")),
    (
        Point,
        ("device__name", "key", "quantity", "phase", "place", *(f"circuit__{n}" for n in (*CIRCUIT, "name"))),
    ),
)


def held() -> list[list[tuple[Any, ...]]]:
    """What the database says of everything that a file can say, but for credentials; ids don't count."""
    return [sorted(model._default_manager.values_list(*fields), key=repr) for model, fields in HELD]


def test_an_export_tells_no_credential_and_says_where_one_is_set(cast: Cast, tmp_path: Path) -> None:
    export_file(tmp_path / "out.csv")
    text = (tmp_path / "out.csv").read_text("utf-8-sig")
    assert cast.device.credential_hash not in text
    (first, *others) = csv.DictReader(text.splitlines())
    assert (first["device"], first["credential"]) == ("D0217", "(set)")
    assert [row["credential"] for row in others] == ["", ""]
    assert first["phone"] == "+8613800000001"
    assert (first["contact2"], first["rated_current_a"], first["season"]) == ("叶尔兰", "40", "open")


def test_the_station_stands_in_an_export_only_where_there_are_several(cast: Cast) -> None:
    assert registry_exporting.table().headings == [*COLUMNS, "station"]
    Person.objects.filter(station__in=(cast.next_station, cast.other_station)).update(station=None)
    Station.objects.exclude(pk=cast.station.pk).delete()
    assert registry_exporting.table().headings == list(COLUMNS)


def test_retired_points_are_not_exported_and_stay_retired(
    bring: Bring, cast: Cast, now: datetime, tmp_path: Path
) -> None:
    Point.objects.filter(pk=cast.tb.pk).update(retired=True)
    export_file(tmp_path / "out.csv")
    rows = csv.DictReader((tmp_path / "out.csv").read_text("utf-8-sig").splitlines())
    assert [row["point"] for row in rows] == ["ir", "ib"]
    assert import_file(tmp_path / "out.csv", now, "tests").lines == ()
    assert Point.objects.get(pk=cast.tb.pk).retired


def test_a_spreadsheet_computes_nothing_in_an_export(bring: Bring) -> None:
    rich(bring)
    for row in csv.DictReader(csv_bytes(registry_exporting.table()).decode("utf-8-sig").splitlines()):
        assert [
            text for name, text in row.items() if text[:1] in "=+-@" and text and "phone" not in name
        ] == []


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="【】"), max_size=9
    ).filter(lambda text: flaw(text) is None)
)
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    if text.strip():
        assert words(20)(written(text)) == text


ODD = [
    "=1+1",
    "+1",
    "-1层",
    "@家",
    "'=x",
    "''",
    '"松"林',
    "a,b;c",
    "007",
    "１２３",
    "🔥 屋",
    "TRUE",
    "1.0",
    "2-3",
    "#N/A",
]
INVISIBLE = ("Cc", "Cs")
CHARACTERS = st.characters(codec="utf-8", exclude_categories=INVISIBLE, exclude_characters="【】\ufffe\uffff")
NAMES = st.one_of(
    st.sampled_from(ODD),
    st.text("松林=+-@',\"; a\u3000号😀_x0041", min_size=1, max_size=8),
    st.text(CHARACTERS, min_size=1, max_size=8),
).filter(lambda text: text == text.strip() != "" and flaw(text) is None)
SPOILT = ["松 ", " 林", "\u3000", "上\n下", "左\r\n右", "\ufffe", "\x0b", "木屋【1】"]
TEXTS = st.one_of(st.just(""), NAMES)
NUMBERS = st.one_of(st.none(), st.floats(-90, 90))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_the_database_holds_its_export_changes_nothing(
    cast: Cast, now: datetime, tmp_path: Path, written_as: tuple[str, str], data: st.DataObject
) -> None:
    with transaction.atomic():
        drawn(cast, data)
        name, language = written_as
        notes = export_file(tmp_path / name, language)
        report = import_file(tmp_path / name, now, "tests", dry_run=True)
        assert (notes, report.lines, report.errors) == ([], (), ())
        transaction.set_rollback(True)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_a_file_can_hold_makes_an_equal_registry_elsewhere(
    cast: Cast, now: datetime, tmp_path: Path, written_as: tuple[str, str], data: st.DataObject
) -> None:
    with transaction.atomic():
        drawn(cast, data)
        name, language = written_as
        notes = export_file(tmp_path / name, language)
        before = held()
        for model in (Point, Device, Circuit, Panel, Contact, Premises, Site):
            model._default_manager.all().delete()
        Person.objects.filter(user=None).delete()
        report = import_file(tmp_path / name, now, "tests")
        assert (notes, report.errors) == ([], ())
        assert held() == before
        transaction.set_rollback(True)


@pytest.mark.parametrize("text", SPOILT)
def test_what_a_file_can_not_hold_is_told(
    cast: Cast, tmp_path: Path, written_as: tuple[str, str], text: str
) -> None:
    Circuit.objects.filter(pk=cast.circuit.pk).update(isolator=text)
    name, language = written_as
    (note,) = export_file(tmp_path / name, language)
    assert note.startswith("禾木 松林客栈, isolator: ")
    assert (tmp_path / name).stat().st_size > 0


def drawn(cast: Cast, data: st.DataObject) -> None:
    """Premises with everything in them, of whatever texts."""
    premises = Premises(site=cast.site, name=data.draw(NAMES), short_name=data.draw(NAMES))
    premises.kind, premises.address, premises.key_holder = (data.draw(TEXTS) for _ in range(3))
    premises.latitude, premises.longitude = data.draw(NUMBERS), data.draw(NUMBERS)
    premises.closed_until = data.draw(st.one_of(st.none(), st.dates(date(2020, 1, 1), date(2030, 1, 1))))
    premises.save()
    people = [cast.ailin, cast.yeerlan]
    people.append(Person.objects.create(name=data.draw(NAMES), phone="+8613700000001", language="kk"))
    for order in data.draw(st.sets(st.sampled_from([1, 2]))):
        Contact.objects.create(premises=premises, order=order, person=data.draw(st.sampled_from(people)))
    panel = Panel.objects.create(premises=premises, name=data.draw(NAMES))
    circuit = Circuit.objects.create(panel=panel, name=data.draw(NAMES), isolator=data.draw(TEXTS))
    circuit.rated_current_a = data.draw(st.one_of(st.none(), st.floats(0.1, 6000)))
    circuit.save()
    device = Device.objects.create(premises=premises, name="H1", profile="flameblue-generic")
    device.serial = data.draw(TEXTS)
    device.save()
    for key in data.draw(st.sets(NAMES, max_size=3)):
        Point.objects.create(
            device=device,
            key=key,
            quantity=data.draw(st.sampled_from(["temperature_c", "current_a"])),
            circuit=data.draw(st.sampled_from([None, circuit])),
            phase=data.draw(st.sampled_from(["", "A", "N"])),
            place=data.draw(TEXTS),
        )


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13812340000", "+8613812340000"),
        ("138 1234 0000", "+8613812340000"),
        ("１３８１２３４００００", "+8613812340000"),
        ("8613812340000", "+8613812340000"),
        ("+86 138-1234-0000", "+8613812340000"),
        ("008613812340000", "+8613812340000"),
        ("+7 (701) 123-45-67", "+77011234567"),
    ],
)
def test_phone_numbers_become_e164(text: str, number: str) -> None:
    assert READERS["phone"](text) == number


@pytest.mark.parametrize(
    "text", ["0906-6551234", "23812340000", "1381234000", "+8", "ring me", "1.38123E+10"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"phone number|shortened"):
        READERS["phone"](text)
