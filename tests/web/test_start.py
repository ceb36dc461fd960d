"""Getting started: forms alone lead from nothing to a device; what is wrong is said; only an admin may."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from flameblue.config import Config, Gb26875, Messages, Mqtt
from flameblue.domain.clock import ManualClock, to_datetime
from flameblue.domain.limits import TEST_NOTICES_PER_HOUR_MAX
from flameblue.domain.readings import READING
from flameblue.fleet.actions import hashed
from flameblue.fleet.models import AuditEntry, Circuit, Device, Point, Site, Station
from flameblue.history.board import Board
from flameblue.intake.quarantine import Quarantine, Quarantined
from flameblue.intake.reasons import Reason
from flameblue.notices.models import Notice
from flameblue.people.models import Contact, Person, Shift
from flameblue.web.views.start import COOKIE
from tests.cast import Cast
from tests.web.readers import Reader, text_of

pytestmark = pytest.mark.django_db
SITE = {
    "site": "禾木",
    "station": "禾木消防站",
    "time_zone": "Asia/Shanghai",
    "latitude": "48.55",
    "longitude": "87.43",
}
OWNER = {"owner": "Ailin", "number": "13800000001", "language": "zh-hans"}
DEVICE = {
    "profile": "flameblue-generic",
    "name": "D0217",
    "has_temperature_c": "on",
    "key_temperature_c": "temp",
}


class Admin:
    """The first administrator, whom nobody has linked to a person."""

    def __init__(self) -> None:
        self.user = User.objects.create_superuser("admin")
        self.client = Client(headers={"Accept-Language": "en"})
        self.client.force_login(self.user)

    def sees(self, path: str = "/start/") -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200
        return text_of(answer.content.decode())

    def posts(self, step: str, status: int = 302, **fields: str) -> str:
        answer = self.client.post(f"/start/{step}/", fields)
        assert answer.status_code == status, text_of(answer.content.decode())
        return text_of(answer.content.decode()) if status != 302 else answer.headers["Location"]

    def has_premises(self) -> Circuit:
        self.posts("site", **SITE)
        site = str(Site.objects.get().pk)
        place = {"site": site, "name": "松林客栈", "panel": "1号箱", "circuit": "1号回路"}
        self.posts("premises", **OWNER, **place)
        return Circuit.objects.get()

    def has_device(self) -> Device:
        self.posts("device", circuit=str(self.has_premises().pk), **DEVICE)
        return Device.objects.get()


@pytest.fixture
def admin(data: Path, page_clock: ManualClock) -> Admin:
    return Admin()


def test_an_empty_board_leads_here_and_says_to_others_who_can(admin: Admin) -> None:
    assert "No device is connected yet. Four steps lead to the first reading. Get started" in admin.sees("/")
    viewer = User.objects.create_user("viewer")
    viewer.groups.create(name="viewer")
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(viewer)
    said = text_of(client.get("/").content.decode())
    assert "No device is connected yet. An administrator can set it up: admin." in said
    assert "Get started" not in said
    assert client.get("/start/").status_code == 403


def test_a_board_with_a_device_has_no_such_note(bolat: Reader) -> None:
    assert "No device is connected yet" not in bolat.sees("/")


def test_forms_alone_lead_to_a_device(admin: Admin) -> None:
    assert "1 Station and village next" in admin.sees()
    assert admin.posts("site", **SITE) == "/start/#premises"
    station = Station.objects.get()
    assert (station.signature, station.latitude, station.longitude) == ("禾木消防站", 48.55, 87.43)
    assert "1 Station and village done" in admin.sees()
    place = {"site": str(Site.objects.get().pk), "name": "松林客栈", "panel": "1号箱", "circuit": "1号回路"}
    assert admin.posts("premises", **OWNER, **place) == "/start/#device"
    contact = Contact.objects.get()
    assert (contact.person.phone, contact.order) == ("+8613800000001", 1)
    path = admin.posts("device", circuit=str(Circuit.objects.get().pk), **DEVICE)
    device = Device.objects.get()
    assert path == f"/start/devices/{device.pk}/"
    (point,) = Point.objects.all()
    assert (point.key, point.quantity, point.circuit) == ("temp", "temperature_c", Circuit.objects.get())
    assert set(AuditEntry.objects.values_list("by", flat=True)) == {"admin"}
    verbs = {"added station", "added site", "added premises", "added person", "added contact", "added device"}
    assert verbs <= set(AuditEntry.objects.values_list("verb", flat=True))


def test_a_credential_is_the_browsers_alone_and_only_for_a_while(admin: Admin) -> None:
    device = admin.has_device()
    kept = admin.client.cookies[COOKIE]
    assert device.credential_hash == hashed(kept.value)
    assert (kept["path"], kept["max-age"], kept["httponly"], kept["samesite"]) == (
        f"/start/devices/{device.pk}/",
        600,
        True,
        "Strict",
    )
    page = admin.sees(f"/start/devices/{device.pk}/")
    line = "mosquitto_pub -h 127.0.0.1 -p 1883 -u D0217 -P {} -q 1 -t flameblue/v1/D0217/readings -m"
    assert line.format(kept.value) + ' \'{"v": {"temp": 41.2}}\'' in page
    del admin.client.cookies[COOKIE]
    assert line.format("PASSWORD") in admin.sees(f"/start/devices/{device.pk}/")
    assert kept.value not in str(list(AuditEntry.objects.values()))


def test_a_new_credential_takes_the_place_of_the_old_one(admin: Admin) -> None:
    device = admin.has_device()
    old = admin.client.cookies[COOKIE].value
    admin.posts(f"devices/{device.pk}/credential")
    device.refresh_from_db()
    new = admin.client.cookies[COOKIE].value
    assert new != old
    assert device.credential_hash == hashed(new)


def test_a_model_with_fixed_values_brings_its_own(admin: Admin) -> None:
    fields = DEVICE | {"profile": "flameblue-efm8"}
    admin.posts("device", circuit=str(admin.has_premises().pk), **fields)
    keys = set(Point.objects.values_list("key", flat=True))
    assert "ir" in keys
    assert "temp" not in keys
    assert not Point.objects.filter(circuit=None).exists()


def test_tls_and_other_hosts_have_their_lines(admin: Admin, data: Path, settings: LazySettings) -> None:
    device = admin.has_device()
    mqtt = Mqtt(host="0.0.0.0", port=1883, tls_port=8883, client_certificates="required")
    settings.CONFIG = Config(data=data, mqtt=mqtt)
    page = admin.client.get(f"/start/devices/{device.pk}/", headers={"Host": "localhost:8000"})
    said = text_of(page.content.decode())
    assert "mosquitto_pub -h localhost -p 1883" in said
    assert "mosquitto_pub -h localhost -p 8883 --cafile ca.crt" in said
    assert "must show a certificate of its own" in said
    assert "Only programs of this machine" not in said


def test_what_is_refused_is_said_where_the_device_is_awaited(
    admin: Admin, data: Path, clock: ManualClock
) -> None:
    device = admin.has_device()
    path, at = f"/start/devices/{device.pk}/", clock.now_ns()
    assert "Waiting for the first message…" in admin.sees(path)
    shelf = Quarantine(data / "quarantine.sqlite3")
    old = at - 16 * 60 * 10**9
    shelf.add(
        [
            Quarantined("D0217", "", Reason.WRONG_CREDENTIAL, "D0217 from 10.0.0.1", b"", at),
            Quarantined("D0217", "t", Reason.UNKNOWN_KEY, "temperature", b'{"v": {"temperature": 1}}', at),
            Quarantined("", "", Reason.UNKNOWN_DEVICE, "d0217 from 10.0.0.2", b"", at),
            Quarantined("", "y", Reason.UNKNOWN_DEVICE, "D0217 (no client id) from 10.0.0.1", b"", at),
            Quarantined("", "x", Reason.PROTOCOL, "10.0.0.3: no MQTT", b"", at),
            Quarantined("D0999", "", Reason.WRONG_CREDENTIAL, "somebody else", b"", at),
            Quarantined("D0217", "u", Reason.EMPTY, "long ago", b"", old),
        ]
    )
    shelf.close()
    said = admin.sees(path)
    assert "A known device with a wrong credential; it was refused. D0217 from 10.0.0.1" in said
    assert "The device has no point of this key. temperature" in said
    assert "its user name must be exactly D0217" in said
    assert "It came a moment before this device was known: send it again." in said
    for other in ("no MQTT", "somebody else", "long ago"):
        assert other not in said


def test_the_first_reading_is_said_with_its_unit(admin: Admin, data: Path, clock: ManualClock) -> None:
    device = admin.has_device()
    point = device.points.get()
    board = Board(data / "board.bin", writable=True)
    at = clock.now_ns()
    board.update(np.array([(point.pk, at, 412, 0)], dtype=READING), at)
    board.close()
    shelf = Quarantine(data / "quarantine.sqlite3")
    before = Quarantined("D0217", "", Reason.WRONG_CREDENTIAL, "a wrong one before", b"", at - 1)
    shelf.add([before, Quarantined("D0217", "t", Reason.UNKNOWN_KEY, "humidity", b"", at)])
    shelf.close()
    said = admin.sees(f"/start/devices/{device.pk}/")
    assert "a wrong one before" not in said
    assert "The device has no point of this key. humidity" in said
    assert "Received Temperature temp 41.2 °C" in said
    assert "3 First device done" in admin.sees()


def test_a_test_message_goes_to_the_reader_and_its_state_is_shown(
    admin: Admin, data: Path, settings: LazySettings, clock: ManualClock
) -> None:
    admin.has_premises()
    me = {"name": "Bolat", "number": "13900000001", "language": "en", "on_duty": "on"}
    assert admin.posts("message", **me) == "/start/#message"
    person = Person.objects.get(user=admin.user)
    assert (person.phone, person.station) == ("+8613900000001", Station.objects.get())
    assert Shift.objects.get(person=person).role == "duty"
    notice = Notice.objects.get()
    assert (notice.to, notice.reason, notice.state) == (person.phone, "test_message", "planned")
    assert "waits" in admin.sees()
    Notice.objects.update(state=Notice.State.DELIVERED, sent_at=to_datetime(clock.now_ns()))
    said = admin.sees()
    assert "only written down" in said
    assert "4 Test SMS to yourself done" not in said
    Notice.objects.update(channel="smpp")
    settings.CONFIG = Config(data=data, messages=Messages(sms_channel="smpp"))
    said = admin.sees()
    assert "delivered" in said
    assert "4 Test SMS to yourself done" in said
    assert AuditEntry.objects.filter(verb="sent test message", by="admin").exists()


def test_test_messages_are_few(admin: Admin, clock: ManualClock) -> None:
    admin.has_premises()
    me = {"name": "Bolat", "number": "13900000001", "language": "en"}
    for _ in range(TEST_NOTICES_PER_HOUR_MAX):
        admin.posts("message", **me)
    admin.posts("message")
    assert Notice.objects.count() == TEST_NOTICES_PER_HOUR_MAX
    assert "test messages an hour are enough" in admin.sees()
    clock.advance(3_601)
    admin.posts("message")
    assert Notice.objects.count() == TEST_NOTICES_PER_HOUR_MAX + 1
    assert not Shift.objects.exists()


def test_a_channel_that_reaches_nobody_is_called_so(admin: Admin, data: Path, settings: LazySettings) -> None:
    admin.has_premises()
    assert "No SMS gateway is set" in admin.sees()
    settings.CONFIG = Config(data=data, messages=Messages(sms_channel="smpp"))
    assert "No SMS gateway is set" not in admin.sees()


@pytest.mark.parametrize(
    ("step", "fields", "said"),
    [
        ("site", SITE | {"time_zone": "Mars/Olympus"}, "There is no such time zone"),
        ("site", SITE | {"longitude": ""}, "A position needs both numbers"),
        ("site", SITE | {"latitude": "91"}, "less than or equal to 90"),
        ("site", SITE | {"station": "【站】"}, "no signature brackets"),
        ("site", SITE | {"site": "禾\u2066木"}, "Character 2 (U+2066)"),
        ("site", {}, "This field is required"),
    ],
)
def test_a_wrong_village_is_refused_in_words(
    admin: Admin, step: str, fields: dict[str, str], said: str
) -> None:
    assert said in admin.posts(step, 422, **fields)
    assert not Site.objects.exists()
    assert not Station.objects.exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"number": "12"}, "That is no phone number"),
        ({"owner": "Yerlan"}, "This number is Ailin's: write the name so."),
        ({"name": "松林客栈"}, "There is another one of this name."),
        ({"site": "99"}, "Select a valid choice"),
        ({"rated_current_a": "-3"}, "greater than or equal to"),
    ],
)
def test_wrong_premises_are_refused_in_words(admin: Admin, fields: dict[str, str], said: str) -> None:
    admin.has_premises()
    good = OWNER | {"site": str(Site.objects.get().pk), "name": "白桦小屋", "panel": "1", "circuit": "1"}
    assert said in admin.posts("premises", 422, **(good | fields))
    assert Circuit.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "D/1"}, "no / + # in it"),
        ({"name": "GW>D1"}, "A device behind a gateway comes by a file"),
        ({"profile": "nothing"}, "Select a valid choice"),
        ({"profile": "zigbee2mqtt-bridge"}, "Select a valid choice"),
        ({"circuit": "99"}, "Select a valid choice"),
        ({"has_current_a": "on", "key_current_a": "temp"}, "Each value needs a key of its own."),
        ({"key_temperature_c": ""}, "Each value needs a key of its own."),
    ],
)
def test_a_wrong_device_is_refused_in_words(admin: Admin, fields: dict[str, str], said: str) -> None:
    good = DEVICE | {"circuit": str(admin.has_premises().pk)}
    assert said in admin.posts("device", 422, **(good | fields))
    assert not Device.objects.exists()


def test_a_device_of_that_name_is_not_made_twice(admin: Admin) -> None:
    device = admin.has_device()
    fields = DEVICE | {"circuit": str(Circuit.objects.get().pk)}
    assert "There is another one of this name." in admin.posts("device", 422, **fields)
    assert Device.objects.get() == device


def test_steps_out_of_their_order_do_nothing(admin: Admin) -> None:
    admin.posts("premises", 422, **OWNER, name="x", panel="1", circuit="1")
    admin.posts("device", 422, **DEVICE)
    admin.posts("message", 422, name="Bolat", number="13900000001", language="en")
    assert not Person.objects.exists()
    assert not Notice.objects.exists()


def test_the_page_asks_the_same_of_a_large_fleet(admin: Admin, cast: Cast) -> None:
    def asks() -> int:
        with CaptureQueriesContext(connection) as asked:
            admin.sees()
        return len(asked)

    few = asks()
    for n in range(40):
        Device.objects.create(name=f"X{n}", premises=cast.premises, profile="flameblue-generic")
        Circuit.objects.create(panel=cast.panel, name=f"C{n}")
    assert asks() == few < 32


def test_a_transmitter_is_told_its_port_and_address_and_gets_no_password(
    cast: Cast, settings: LazySettings
) -> None:
    admin = Admin()
    device = Device.objects.create(
        premises=cast.premises, name="用传1", profile="gb26875-generic", device_address="790300000000"
    )
    page = admin.sees(f"/start/devices/{device.pk}/")
    assert "does not listen for GB/T 26875.3" in page
    settings.CONFIG = replace(settings.CONFIG, gb26875=Gb26875(host="192.0.2.7", port=5200))
    page = admin.sees(f"/start/devices/{device.pk}/")
    assert "192.0.2.7 Port 5200 Address on the line 790300000000" in page
    assert "new password" not in page
