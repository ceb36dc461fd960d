"""Two admins do the same: whoever comes second is told so, in the own language, and nothing is made twice."""

from collections.abc import Callable
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from flameblue.domain.errors import BadInput
from flameblue.fleet import starting
from flameblue.fleet.actions import NewDevice, bind_device
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device, Premises, Site, Station
from flameblue.people import starting as people
from flameblue.people.models import Person
from tests.cast import Cast
from tests.web.readers import text_of

Meanwhile = Callable[[ModuleType, str, Callable[[], object]], None]
SITE = {"station": "白哈巴站", "signature": "白哈巴", "site": "白哈巴", "time_zone": "Asia/Shanghai"}
PHONE = "+8613700000123"


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Another admin's deed happens after the form was found good and before it is written."""

    def between(module: ModuleType, name: str, deed: Callable[[], object]) -> None:
        real = getattr(module, name)

        def late(*given: Any, **named: Any) -> Any:
            deed()
            return real(*given, **named)

        monkeypatch.setattr(module, name, late)

    return between


@pytest.fixture
def admin(admin: Client) -> Client:
    """Who reads Chinese."""
    admin.defaults["HTTP_ACCEPT_LANGUAGE"] = "zh-hans"
    return admin


def refused(client: Client, step: str, fields: dict[str, str]) -> str:
    answer = client.post(f"/start/{step}/", fields)
    assert answer.status_code == 422
    return text_of(answer.content.decode())


def test_a_site(cast: Cast, admin: Client, meanwhile: Meanwhile) -> None:
    meanwhile(starting, "open_site", lambda: Site.objects.create(name="白哈巴", station=cast.station))
    assert "已经有名为“白哈巴”的村。" in refused(admin, "site", SITE)
    assert Station.objects.filter(name="白哈巴站").count() == 0


def test_premises(cast: Cast, admin: Client, meanwhile: Meanwhile) -> None:
    meanwhile(people, "add_premises", lambda: Premises.objects.create(site=cast.site, name="白桦"))
    owner = {"owner": "Erlan", "number": PHONE, "language": "en"}
    said = refused(
        admin, "premises", owner | {"site": str(cast.site.pk), "name": "白桦", "panel": "1", "circuit": "1"}
    )
    assert "禾木 已经有名为“白桦”的场所。" in said
    assert not Person.objects.filter(phone=PHONE).exists()


def test_the_owners_number(cast: Cast, admin: Client, meanwhile: Meanwhile) -> None:
    meanwhile(people, "add_premises", lambda: Person.objects.create(name="Marat", phone=PHONE))
    owner = {"owner": "Erlan", "number": PHONE, "language": "en"}
    said = refused(
        admin, "premises", owner | {"site": str(cast.site.pk), "name": "白桦", "panel": "1", "circuit": "1"}
    )
    assert "Marat" in said
    assert "This" not in said
    assert not Premises.objects.filter(name="白桦").exists()


def test_a_device(cast: Cast, admin: Client, meanwhile: Meanwhile) -> None:
    made = {"name": "D9", "premises": cast.premises, "profile": "flameblue-generic", "credential_hash": "x"}
    meanwhile(starting, "connect_device", lambda: Device.objects.create(**made))
    fields = {"circuit": str(cast.circuit.pk), "profile": "flameblue-generic", "name": "D9"}
    assert "已经有名为“D9”的设备。" in refused(admin, "device", fields)


@pytest.mark.parametrize(
    ("whose", "said"),
    [("root", "用户 root 已经关联了人员。"), ("erlan", "这个号码属于另一位已能登录的人。")],
)
def test_who_introduces_oneself(
    whose: str, said: str, cast: Cast, admin: Client, meanwhile: Meanwhile
) -> None:
    """In another window of the own, or while somebody else of that number gets a user."""
    user = User.objects.get_or_create(username=whose)[0]
    meanwhile(people, "introduce", lambda: Person.objects.create(name="Erlan", phone=PHONE, user=user))
    asked = {"name": "Erlan", "number": PHONE, "language": "en"}
    assert said in text_of(admin.post("/start/message/", asked, follow=True).content.decode())
    assert Person.objects.filter(phone=PHONE).count() == 1


@pytest.mark.parametrize(
    ("name", "profile", "said"),
    [
        ("D0217", "flameblue-generic", "已经有"),
        ("D/1", "flameblue-generic", "不能作"),
    ],
)
def test_a_device_that_is_paired(name: str, profile: str, said: str, cast: Cast, now: datetime) -> None:
    wish = NewDevice(name=name, premises=cast.premises, profile=profile, credential_hash="x")
    with translation.override("zh-hans"), pytest.raises(BadInput, match=said):
        bind_device(wish, Hand("root", now))


@pytest.fixture
def faster(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """The other click's row is there after every look and before the own is written."""

    def between(other: Any) -> None:
        real, model = type(other).save, type(other)

        def late(self: Any, *given: Any, **named: Any) -> None:
            monkeypatch.setattr(model, "save", real)
            other.save()
            real(self, *given, **named)

        monkeypatch.setattr(model, "save", late)

    return between


def test_two_quick_clicks_make_one_of_each_and_no_error(
    cast: Cast, admin: Client, faster: Callable[[Any], None]
) -> None:
    """The database decides which click was first, not a look before it."""
    owner = {"owner": "Erlan", "number": PHONE, "language": "en"}
    steps: list[tuple[str, dict[str, str], Any, str]] = [
        ("site", SITE, Site(name="白哈巴", station=cast.station), "已经有名为“白哈巴”的村。"),
        (
            "site",
            SITE | {"site": "新村"},
            Station(name="白哈巴站", signature="站"),
            "已经有名为“白哈巴站”的站",
        ),
        (
            "premises",
            owner | {"site": str(cast.site.pk), "name": "白桦", "panel": "1", "circuit": "1"},
            Premises(site=cast.site, name="白桦"),
            "禾木 已经有名为“白桦”的场所。",
        ),
        (
            "device",
            {"circuit": str(cast.circuit.pk), "profile": "flameblue-generic", "name": "D9"},
            Device(name="D9", premises=cast.premises, profile="flameblue-generic"),
            "已经有名为“D9”的设备。",
        ),
    ]
    for step, fields, other, said in steps:
        before = type(other).objects.count()
        faster(other)
        assert said in refused(admin, step, fields)
        assert type(other).objects.count() == before, (
            "what came in between is gone with the test's transaction"
        )
    assert not Person.objects.filter(phone=PHONE).exists()
