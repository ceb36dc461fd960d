"""The admin pages save through the same actions as everybody else."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from flameblue.fleet import actions
from flameblue.fleet.models import AuditEntry, Circuit, Device, LimitSetting, Point, PointChange, Site
from flameblue.people.models import ApiToken, Person
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(cast: Cast, client: Client) -> Client:
    client.force_login(cast.admin)
    return client


def change(root: Client, thing: object, **values: object) -> None:
    """Posts the change form of `thing`; a form that is refused fails the test."""
    answer = root.post(address(thing), values)
    assert answer.status_code == 302, answer.context["errors"]


def address(thing: object, page: str = "change") -> str:
    model = thing if isinstance(thing, type) else type(thing)
    where = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    return reverse(where, args=[] if isinstance(thing, type) else [thing.pk])


def test_a_rating_changed_on_the_admin_page_is_on_record_with_its_reason(root: Client, cast: Cast) -> None:
    values = {"name": "203房暖气", "isolator": "3号开关", "rated_current_a": "16", "reason": "new breaker"}
    change(root, cast.circuit, **values)
    assert Circuit.objects.get(pk=cast.circuit.pk).rated_current_a == 16
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.verb) == ("root", "changed circuit")
    assert entry.detail == {"changes": {"rated_current_a": [40.0, 16.0]}, "reason": "new breaker"}
    assert PointChange.objects.count() == 1


def test_a_limit_set_on_the_admin_page_is_on_record_and_told_to_detection(root: Client, cast: Cast) -> None:
    values = {"scope": "site", "site": cast.site.pk, "quantity": "temperature_c", "over_alarm": "65"}
    answer = root.post(address(LimitSetting, "add"), values | {"reason": "old wiring"})
    assert answer.status_code == 302
    assert AuditEntry.objects.get().detail["changes"]["over_alarm"] == [None, 65.0]
    assert PointChange.objects.count() == 1
    setting = LimitSetting.objects.get()
    assert root.post(address(setting, "delete"), {"post": "yes"}).status_code == 302
    assert AuditEntry.objects.order_by("id").values_list("verb", flat=True)[1] == "removed limit setting"
    assert PointChange.objects.count() == 2


@pytest.mark.parametrize(
    "values",
    [
        {"scope": "site", "quantity": "temperature_c", "over_alarm": "65", "reason": "x"},
        {
            "scope": "profile",
            "profile": "none",
            "quantity": "temperature_c",
            "over_alarm": "65",
            "reason": "x",
        },
        {
            "scope": "profile",
            "profile": "flameblue-efm8",
            "quantity": "temperature_c",
            "over_alarm": "900",
            "reason": "x",
        },
        {
            "scope": "profile",
            "profile": "flameblue-efm8",
            "quantity": "temperature_c",
            "over_alarm": "65",
            "reason": "",
        },
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_by_the_form(root: Client, values: dict[str, str]) -> None:
    assert root.post(address(LimitSetting, "add"), values).status_code == 200
    assert not LimitSetting.objects.exists()


def test_a_credential_goes_in_and_never_comes_out(root: Client, cast: Cast) -> None:
    values = {
        "premises": cast.premises.pk,
        "serial": "SN-0217",
        "profile": "flameblue-generic",
        "enabled": "on",
    }
    change(root, cast.device, **values, credential="a-new-one")
    device = Device.objects.get(pk=cast.device.pk)
    assert device.credential_hash == actions.hashed("a-new-one")
    change(root, cast.device, **values, credential="")
    assert Device.objects.get(pk=cast.device.pk).credential_hash == device.credential_hash
    page = root.get(address(cast.device)).content.decode()
    assert device.credential_hash not in page
    assert "a-new-one" not in page


def test_a_point_keeps_its_device_key_and_quantity_and_its_circuit_is_in_its_premises(
    root: Client, cast: Cast
) -> None:
    change(root, cast.tb, circuit=cast.circuit.pk, phase="C", place="204房", quantity="current_a", key="zz")
    point = Point.objects.get(pk=cast.tb.pk)
    assert (point.key, point.quantity, point.phase, point.place) == ("tb", "temperature_c", "C", "204房")


def test_a_circuit_of_other_premises_is_refused(root: Client, cast: Cast) -> None:
    other = cast.site.premises.create(name="白桦客栈", short_name="白桦")
    circuit = Circuit.objects.create(panel=other.panels.create(name="1"), name="1")
    answer = root.post(address(cast.tb), {"circuit": circuit.pk, "phase": "B", "place": ""})
    assert answer.status_code == 200
    assert Point.objects.get(pk=cast.tb.pk).circuit == cast.circuit


def test_devices_points_and_people_are_never_deleted(root: Client, cast: Cast) -> None:
    for thing in (cast.device, cast.tb, cast.ailin):
        assert root.post(address(thing, "delete"), {"post": "yes"}).status_code == 403


def test_a_time_zone_that_does_not_exist_is_refused(root: Client, cast: Cast) -> None:
    values = {"name": "禾木", "station": cast.station.pk, "time_zone": "Asia/Kanas"}
    assert root.post(address(cast.site), values).status_code == 200
    change(root, cast.site, **values | {"time_zone": "Asia/Urumqi"})
    assert Site.objects.get(pk=cast.site.pk).time_zone == "Asia/Urumqi"


def test_a_phone_number_is_written_anew_and_shown_masked(root: Client, cast: Cast) -> None:
    page = root.get(address(cast.ailin)).content.decode()
    assert cast.ailin.phone not in page
    assert "+86138****0001" in page
    change(root, cast.ailin, name="Ailin", number="138 0000 0099", language="zh-hans", active="on")
    assert Person.objects.get(pk=cast.ailin.pk).phone == "+8613800000099"
    assert AuditEntry.objects.get().detail["changes"]["phone"] == ["+86138****0001", "+86138****0099"]
    assert root.post(address(cast.ailin), {"name": "Ailin", "number": "12"}).status_code == 200


def test_the_audit_cannot_be_changed(root: Client, cast: Cast, now: object) -> None:
    entry = AuditEntry.objects.create(at=now, by="x", verb="v", subject="s")
    assert root.post(address(entry), {"by": "somebody else"}).status_code == 403
    assert root.post(address(entry, "delete"), {"post": "yes"}).status_code == 403
    assert root.get(address(entry)).status_code == 200


def test_tokens_are_revoked_here_and_their_hashes_are_not_shown(
    root: Client, cast: Cast, now: object
) -> None:
    token = ApiToken.objects.create(name="t", token_hash="f" * 64, user=cast.admin, created_at=now)
    assert "f" * 64 not in root.get(address(token)).content.decode()
    root.post(address(ApiToken, "changelist"), {"action": "revoke", "_selected_action": [token.pk]})
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert AuditEntry.objects.get().verb == "revoked token"


@pytest.mark.parametrize(
    "model",
    ["station", "site", "premises", "panel", "circuit", "device", "point", "limitsetting", "auditentry"],
)
def test_every_list_of_the_fleet_opens(root: Client, model: str) -> None:
    assert (
        root.get(
            reverse(f"admin:fleet_{model}_changelist"), {"q": "203"} if model == "point" else {}
        ).status_code
        == 200
    )


@pytest.mark.parametrize("model", ["person", "contact", "shift", "apitoken"])
def test_every_list_of_the_people_opens(root: Client, model: str) -> None:
    assert root.get(reverse(f"admin:people_{model}_changelist")).status_code == 200


def test_a_duty_officer_does_not_come_in(client: Client, cast: Cast) -> None:
    client.force_login(cast.bolat.user)
    assert client.get(address(cast.circuit)).status_code in (302, 403)


def test_the_admin_pages_have_chinese_names_and_an_icon_and_the_audit_keeps_its_words(
    root: Client, cast: Cast
) -> None:
    with override("en"):  # a page leaves its language behind
        page = root.get("/admin/", headers={"Accept-Language": "zh-hans"}).content.decode()
    for said in (
        "火焰蓝登记管理",
        "台账",
        "值班班次",
        "回路",
        "配电箱",
        "测点",
        "限值",
        "审计记录",
        "消防站",
    ):
        assert said in page
    for said in ("Circuits", "Shifts", "Fleet", "Django"):
        assert said not in page
    assert 'rel="icon"' in page
    values = {"name": "203房暖气", "isolator": "3号开关", "rated_current_a": "16", "reason": "new breaker"}
    with override("en"):
        root.post(address(cast.circuit), values, headers={"Accept-Language": "zh-hans"})
    assert AuditEntry.objects.get().verb == "changed circuit"
