"""Every error names row, column and why; all errors come at once; with any, nothing is changed."""

from pathlib import Path

import pytest

from flameblue.fleet.models import Circuit, Device, Panel, Point, Premises, Site, Station
from flameblue.people.models import Contact, Person
from flameblue.people.registry_cells import COLUMNS
from tests.cast import Cast
from tests.people.registry_files import CABIN, HEATER, Bring, Cells, file

pytestmark = pytest.mark.django_db
MODELS = (Station, Site, Premises, Panel, Circuit, Device, Point, Person, Contact)
SONGLIN: Cells = {"site": "禾木", "premises": "松林客栈"}


def errors(bring: Bring, *rows: Cells) -> tuple[str, ...]:
    """The errors of `rows`; that nothing was changed is seen to."""
    before = [list(model._default_manager.order_by("pk").values()) for model in MODELS]
    report = bring(*rows)
    assert report.lines == ()
    assert [list(model._default_manager.order_by("pk").values()) for model in MODELS] == before
    return report.errors


@pytest.mark.parametrize(
    ("cells", "column", "why"),
    [
        ({"phone": "12345"}, "phone", "no phone number"),
        ({"phone": "8.6138E+12"}, "phone", "shortened by a spreadsheet"),
        ({"season": "winter"}, "season", "closed until 2027-05-01"),
        ({"season": "closed until 2027-02-30"}, "season", "closed until 2027-05-01"),
        ({"language": "ru"}, "language", "nor kk"),
        ({"latitude": "91"}, "latitude", "-90 to 90"),
        ({"longitude": "nan"}, "longitude", "-180 to 180"),
        ({"rated_current_a": "forty"}, "rated_current_a", "no number"),
        ({"rated_current_a": "0"}, "rated_current_a", "0.1 to 6000"),
        (
            {"quantity": "temperature"},
            "quantity",
            "did you mean temperature_c; known are residual_current_ma (剩余",
        ),
        ({"phase": "D"}, "phase", "known are A, B, C, N"),
        ({"place": "一" * 21}, "place", "21 characters, 20 at most"),
        ({"short_name": "松【林】"}, "short_name", "【】"),
        ({"short_name": "松\u202e林"}, "short_name", "character 2 is U+202E"),
        ({"premises": "松林\u2066客栈"}, "premises", "character 3 is U+2066"),
        ({"owner": "Ai\u200dlin"}, "owner", "character 3 is U+200D"),
        ({"device": "D\u200b1"}, "device", "character 2 is U+200B"),
        ({"device": "D#1"}, "device", "no / + #"),
        ({"device": "D" * 65}, "device", "64 characters"),
        ({"profile": "flameblue-9000"}, "profile", "known are acrel-adw300, "),
        ({"quantity": ""}, "quantity", "needs a quantity"),
        ({"profile": ""}, "profile", "needs a profile"),
        ({"phone": ""}, "phone", "the number of 'Aigul' is needed"),
        ({"owner": ""}, "owner", "whose number this is must be said"),
        ({"panel": ""}, "circuit", "needs a panel in the same row"),
        ({"device": ""}, "point", "needs a device in the same row"),
        ({"premises": ""}, "premises", "must say something"),
        ({"premises": "一" * 21}, "short_name", "no room"),
        ({"site": "白哈巴"}, "station", "needs one of the stations 喀纳斯消防站"),
        ({"station": "白哈巴消防站"}, "station", "there is no station '白哈巴消防站'"),
        ({"phone": "+8613900000001"}, "owner", "belongs to 'Bolat'"),
        ({"profile": "flameblue-efm8", "point": "t9"}, "point", "only ir, ta"),
        ({"profile": "flameblue-efm8", "quantity": "voltage_v"}, "quantity", "is temperature_c"),
    ],
)
def test_a_wrong_cell_is_named_with_its_row(bring: Bring, cells: Cells, column: str, why: str) -> None:
    found = errors(bring, SONGLIN, HEATER | cells)
    assert any(error.startswith(f"row 3, column {column}: ") and why in error for error in found), found


def test_a_profile_whose_file_cannot_be_used_says_what_is_wrong_in_it(bring: Bring, spoilt: Path) -> None:
    (error,) = errors(bring, HEATER | {"profile": spoilt.stem})
    assert error.startswith(f"row 2, column profile: the profile '{spoilt.stem}' can't be used: ")
    assert "'interval_s' is a required property" in error


def test_one_wrong_cell_is_one_error(bring: Bring) -> None:
    assert len(errors(bring, HEATER | {"phone": "12345"})) == 1
    assert len(errors(bring, HEATER | {"panel": "一" * 30})) == 1
    assert (
        len(errors(bring, HEATER | {"profile": "flameblue-9000"}, HEATER | {"point": "tc", "profile": ""}))
        == 1
    )


def test_all_errors_come_at_once_in_the_order_of_the_rows(bring: Bring) -> None:
    found = errors(
        bring,
        HEATER | {"season": "winter", "phase": "X"},
        CABIN | {"premises": "雪莲客栈", "phone": "12", "device": "D0301", "profile": "none-such"},
        {"site": "白哈巴", "premises": "雪松客栈"},
    )
    assert [error.split(":")[0] for error in found] == [
        "row 2, column season",
        "row 2, column phase",
        "row 3, column phone",
        "row 3, column profile",
        "row 4, column station",
    ]


def test_two_rows_that_disagree_of_one_thing_are_both_named(bring: Bring) -> None:
    found = errors(bring, CABIN | {"address": "1区"}, CABIN | {"address": "2区"})
    assert found == ("row 3, column address: it says 2区, but row 2 says 1区 of the same thing.",)


def test_two_credentials_for_one_device_are_refused_without_telling_them(bring: Bring) -> None:
    (error,) = errors(bring, HEATER, HEATER | {"credential": "smoke-in-may"})
    assert error.startswith("row 3, column credential")
    assert "smoke" not in error


def test_one_person_cannot_have_two_languages(bring: Bring) -> None:
    found = errors(bring, CABIN | {"language": "en"}, CABIN | {"premises": "雪莲客栈", "language": "zh-hans"})
    assert found == ("row 3, column language: it says zh-hans, but row 2 says en of the same person.",)


def test_a_point_keeps_its_quantity(bring: Bring) -> None:
    row = SONGLIN | {"device": "D0217", "point": "tb", "quantity": "current_a"}
    (error,) = errors(bring, row)
    assert error.startswith("row 2, column quantity: point 'tb' has been temperature_c")


def test_a_token_that_comes_alone_must_name_one_device(bring: Bring) -> None:
    token = {"profile": "thingsboard-generic", "credential": "A1_TEST_TOKEN"}
    (error, _) = errors(bring, HEATER | token, HEATER | token | {"device": "D0301"})
    assert error.startswith("row 2, column credential: device 'D0301' has the same token")
    assert "A1_TEST_TOKEN" not in error


def test_the_name_of_somebody_who_signs_in_is_not_changed_by_a_file(bring: Bring, cast: Cast) -> None:
    Contact.objects.filter(person=cast.ailin).update(person=cast.bolat)
    (error,) = errors(bring, SONGLIN | {"owner": "Somebody", "phone": cast.bolat.phone})
    assert error.startswith("row 2, column owner: Bolat signs in here")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "None of the first 20 rows names the columns, at least site (村) and premises (场所)"),
        (file(CABIN).replace(b"site,", b"sight,"), "row 1, column site (村): the column is missing"),
        (file(CABIN, columns=(*COLUMNS, "colour")), "row 1, column colour: there is no such column"),
        (file(CABIN, columns=(*COLUMNS, "site")), "row 1, column site: the column stands there twice"),
        (file(CABIN) + b"a,\xff\xff\xff", "The file is neither UTF-8 nor GB 18030"),
        (file(CABIN) + b'"never closed', "row 3: this is no CSV"),
        (file(CABIN) + b"," * 30 + b"x\r\n", "row 3: its 31st cell stands under no heading"),
    ],
)
def test_a_file_that_is_no_registry_is_refused(bring: Bring, data: bytes, error: str) -> None:
    report = bring.data(data)
    assert report.lines == ()
    assert any(one.startswith(error) for one in report.errors), report.errors


def test_a_file_may_hold_empty_rows(bring: Bring) -> None:
    report = bring.data(file(CABIN) + b"\r\n" + b"," * 25 + b"\r\n")
    assert report.errors == ()
    assert Premises.objects.filter(name="白桦客栈").exists()
