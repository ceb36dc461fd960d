"""One search box: any word, a phone's last digits, a device's name; nobody learns more than a page shows."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flameblue.fleet.models import Device, Panel, Premises
from flameblue.people.models import Contact, Person
from flameblue.web import fleet_lists, fleet_search
from tests.cases.bench import another_cabin
from tests.cast import Cast
from tests.web.readers import Reader

LISTS = ("sites", "premises", "circuits", "devices", "points", "people")


@pytest.fixture
def lodge(cast: Cast) -> Premises:
    """白桦客栈 beside 松林客栈, with a device of its own."""
    another_cabin(cast, "白桦客栈")
    found = Premises.objects.get(name="白桦客栈")
    Contact.objects.create(
        premises=found, person=Person.objects.create(name="古丽", phone="+8613812345678"), order=1
    )
    return found


def found(user: User, tab: str, text: str) -> set[str]:
    asked = fleet_search.question(user, text)
    assert asked is not None
    ids = fleet_search.FINDERS[tab](asked)
    return {str(one) for one in fleet_lists.MODELS[tab].objects.filter(id__in=ids)}


@pytest.mark.parametrize(
    "text",
    ["松林", "客栈 松林", "D0217", "0217", "SN-02", "3区", "0001", "+8613800000001", "13800000001", "叶尔兰"],
)
def test_premises_are_found_by_any_word_by_device_and_by_the_phone_of_a_contact(
    text: str, cast: Cast, lodge: Premises
) -> None:
    assert found(cast.admin, "premises", text) == {str(cast.premises)}


@pytest.mark.parametrize(
    "text",
    [
        "138 1234 5678",
        "138-1234-5678",
        "+86 138-1234-5678",
        "+86 138 12 34 56 78",
        "（+86）138 1234 5678",
        "８６１３８１２３４５６７８",
        "0086 138 1234 5678",
        "1234-5678",
        "12345678",
        "45678",
        "5678",
        "古丽 138 1234 5678",
        "138 1234 5678 白桦",
    ],
)
def test_a_phone_is_found_however_it_is_written(text: str, cast: Cast, lodge: Premises) -> None:
    assert found(cast.admin, "people", text) == {"古丽"}
    assert found(cast.admin, "premises", text) == {str(lodge)}


def test_a_number_from_abroad_is_found_with_its_blanks(cast: Cast, lodge: Premises) -> None:
    person = Person.objects.create(name="Ержан", phone="+77011234567")
    Contact.objects.create(premises=lodge, person=person, order=2)
    for text in ("+7 701 123 4567", "+7 (701) 123-45-67", "+77011234567", "234567", "+77011234567 古丽"):
        assert found(cast.admin, "premises", text) == {str(lodge)}


@pytest.mark.parametrize("text", ["138 1234 5679", "138 1234", "+86 138-1234-567", "1381-234", "13812-34567"])
def test_another_number_and_the_beginning_of_one_find_nobody(text: str, cast: Cast, lodge: Premises) -> None:
    assert found(cast.admin, "people", text) == set()


def test_words_of_digits_stay_words_and_a_room_is_no_phone(cast: Cast, lodge: Premises) -> None:
    assert found(cast.admin, "devices", "0217 0001") == {"D0217"}
    Premises.objects.filter(name="松林客栈").update(address="567-8")
    assert found(cast.admin, "premises", "567-8") == {str(cast.premises)}


@pytest.mark.parametrize("text", ["松林 白桦", "没有的词", "古丽 松林", "D0217 古丽"])
def test_every_word_must_be_found(text: str, cast: Cast, lodge: Premises) -> None:
    for tab in LISTS:
        assert found(cast.admin, tab, text) == set()


def test_what_belongs_to_the_premises_is_found_by_the_same_words(cast: Cast, lodge: Premises) -> None:
    for text in ("松林", "D0217", "叶尔兰 3区"):
        assert found(cast.admin, "devices", text) == {"D0217"}
        assert found(cast.admin, "circuits", text) == {str(cast.circuit)}
        assert found(cast.admin, "points", text) == {"D0217/ir", "D0217/tb", "D0217/ib"}
    assert found(cast.admin, "points", "松林 tb") == {"D0217/tb"}
    assert found(cast.admin, "points", "203房") >= {"D0217/ir", "D0217/tb", "D0217/ib"}
    assert found(cast.admin, "circuits", "3号开关 203") >= {str(cast.circuit)}
    assert found(cast.admin, "people", "松林") == {"Ailin", "叶尔兰"}
    assert found(cast.admin, "people", "5678") == {"古丽"}
    assert found(cast.admin, "sites", "禾木") == {"禾木"}


def test_a_device_that_is_named_is_meant_alone(cast: Cast) -> None:
    Device.objects.create(premises=cast.premises, name="D0218", profile="flameblue-generic")
    assert found(cast.admin, "devices", "D0217") == {"D0217"}
    assert found(cast.admin, "devices", "松林") == {"D0217", "D0218"}


def test_a_word_that_everything_has_is_looked_for_until_there_are_enough(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_search, "FOUND_MAX", 3)
    Premises.objects.bulk_create(
        Premises(site=cast.site, name=f"{n}号木屋", short_name=f"{n}号") for n in range(1, 10)
    )
    for premises in Premises.objects.filter(name__endswith="木屋"):
        Panel.objects.create(premises=premises, name="1号箱").circuits.create(name="灯")
    asked = fleet_search.question(cast.admin, "木屋")
    assert asked is not None
    assert len(fleet_search.premises(asked)) == 4
    assert len(fleet_search.circuits(asked)) == 4
    assert found(cast.admin, "premises", "木屋 7号") == {"禾木 7号木屋"}


def test_nobody_finds_what_is_not_theirs(cast: Cast) -> None:
    assert cast.dana.user is not None
    for tab in LISTS:
        assert found(cast.dana.user, tab, "松林") == set()
        assert found(cast.dana.user, tab, "D0217") == set()


def test_a_viewer_can_not_guess_the_digits_that_a_page_hides(cast: Cast) -> None:
    viewer = User.objects.create_user("viewer")
    viewer.groups.add(Group.objects.get_or_create(name="viewer")[0])
    Person.objects.create(name="Vera", phone="+8613700000009", station=cast.station, user=viewer)
    assert found(viewer, "people", "0001") == {"Ailin", "Bolat"}
    assert found(viewer, "people", "00000001") == set()
    assert found(viewer, "people", "0000-0001") == set()
    assert found(viewer, "people", "138 0000 0001") == {"Ailin"}
    assert found(viewer, "people", "13800") == set()
    assert found(viewer, "people", "13800000001") == {"Ailin"}
    assert cast.bolat.user is not None
    assert found(cast.bolat.user, "people", "00000001") == {"Ailin", "Bolat"}
    assert found(cast.bolat.user, "people", "13800") == set()


def test_signs_that_a_database_reads_otherwise_are_only_signs(cast: Cast) -> None:
    for text in ("%", "_", "\\", "'", "松%栈", "\x00", "a" * 500):
        asked = fleet_search.question(cast.admin, text)
        assert asked is None or fleet_search.premises(asked) == []


@pytest.mark.parametrize("tab", LISTS)
def test_a_list_asks_as_often_for_many_rows_as_for_one(tab: str, cast: Cast, bolat: Reader) -> None:
    bolat.html(f"/fleet/{tab}/")
    with CaptureQueriesContext(connection) as few:
        bolat.html(f"/fleet/{tab}/")
    for n in range(5):
        another_cabin(cast, f"{n}号木屋")
    bolat.html(f"/fleet/{tab}/")
    with CaptureQueriesContext(connection) as many:
        bolat.html(f"/fleet/{tab}/")
    assert len(many) == len(few)
