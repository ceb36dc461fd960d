"""Where a protocol knows no names a device has an address: one of its protocol, kept in one spelling."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from flameblue.domain.errors import BadInput
from flameblue.fleet import actions, point_table, shelf
from flameblue.fleet.actions import NewDevice
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import AuditEntry, Device
from flameblue.intake.protocols.gb26875.fields import spelled_address
from flameblue.people.registry_exporting import table
from tests.cast import Cast
from tests.people.registry_files import HEATER, Bring

pytestmark = pytest.mark.django_db
TRANSMITTER = HEATER | {
    "profile": "gb26875-generic",
    "device": "用传1",
    "point": "1.17.2db83201",
    "quantity": "residual_current_ma",
    "device_address": "790300000000",
}
ANOTHER = TRANSMITTER | {"device": "用传2", "point": "1.17.2eb83201"}


@pytest.fixture
def bring(cast: Cast, now: datetime) -> Bring:
    return Bring(now)


@pytest.fixture
def hand(now: datetime) -> Hand:
    return Hand("root", now)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("790300000000", "790300000000"),
        ("79 03 00 00 00 00", "790300000000"),
        ("79:03:00:00:00:00", "790300000000"),
        ("0x790300000000", "790300000000"),
        ("５８139710A1ff", "58139710a1ff"),
        ("889", "790300000000"),
        ("1", "010000000000"),
        ("281474976710655", "ffffffffffff"),
    ],
)
def test_an_address_is_read_in_any_usual_spelling(text: str, address: str) -> None:
    assert spelled_address(text).hex() == address


@pytest.mark.parametrize("text", ["", "zz0300000000", "281474976710656", "-5", "8.9", "79030000000000g"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        spelled_address(text)


def test_a_registry_brings_addresses_and_takes_them_back(bring: Bring) -> None:
    assert bring(TRANSMITTER | {"device_address": "889"}).errors == ()
    assert Device.objects.get(name="用传1").device_address == "790300000000"
    exported = table("zh-hans")
    assert "通信地址" in exported.headings
    assert any("790300000000" in row for row in exported.rows)
    assert bring(TRANSMITTER).lines == ()


def test_a_file_gives_no_address_twice(bring: Bring) -> None:
    with translation.override("en"):
        (first, second) = bring(TRANSMITTER, ANOTHER).errors
    assert "device '用传2' has the same address; an address must name one device" in first
    assert "row 3, column device_address: device '用传1' has the same address" in second
    assert bring(TRANSMITTER).errors == ()
    assert len(bring(ANOTHER).errors) == 1
    assert not Device.objects.filter(name="用传2").exists()


def test_devices_of_two_protocols_may_share_an_address(bring: Bring) -> None:
    assert bring(TRANSMITTER, HEATER | {"device_address": "889"}).errors == ()


METER = HEATER | {
    "profile": "eastron-sdm630",
    "device": "电表1",
    "point": "ua",
    "quantity": "voltage_v",
    "phase": "A",
    "device_address": "192.0.2.7?unit=17",
}


def test_a_meter_that_is_asked_has_its_line_and_number_in_one_spelling(bring: Bring) -> None:
    assert bring(METER).errors == ()
    assert Device.objects.get(name="电表1").device_address == "tcp://192.0.2.7:502?unit=17"
    assert bring(METER | {"device_address": "TCP://192.0.2.7:502/?unit=17"}).lines == ()
    with translation.override("en"):
        (why,) = bring(METER | {"device": "电表2", "device_address": "tcp://192.0.2.7?unit=017"}).errors
    assert "device '电表1' has the same address" in why
    assert bring(METER | {"device": "电表2", "device_address": "tcp://192.0.2.7?unit=18"}).errors == ()


@pytest.mark.parametrize(
    ("address", "why", "chinese"),
    [
        (
            "889",
            "'889' does not say the device's number on the line: write ?unit=1",
            "“889”没有写设备在线路上的站号",
        ),
        ("udp://x?unit=1", "one looks like tcp://192.0.2.7:502?unit=17 or rtu://", "不是这个型号的通信地址"),
        ("tcp://x?unit=256", "unit is 1 to 247, with tcp:// 0 to 255", "站号不对"),
        ("serial:/dev/ttyS1?unit=1&baud=x", "settings that no serial line has: baud=9600", "串口参数不对"),
        ("dtu:1?unit=1", "has no IMEI: the 15 digits", "没有 IMEI"),
        (f"serial:/dev/{'x' * 120}?unit=1", "is too long: 128 characters at most", "最多 128 个字符"),
    ],
)
def test_what_is_no_address_of_an_asked_device_is_told(
    bring: Bring, address: str, why: str, chinese: str
) -> None:
    for language, expected in (("en", why), ("zh-hans", chinese)):
        with translation.override(language):
            (told,) = bring(METER | {"device_address": address}).errors
        assert expected in told
        assert "row 2, column device_address" in told or "第 2 行" in told


def test_a_port_may_be_named_by_its_maker_and_number(bring: Bring) -> None:
    """Such a name stays the same whichever port is plugged in first."""
    port = "serial:/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
    address = f"{port}?baud=19200&parity=even&stop_bits=2&unit=247"
    assert bring(METER | {"device_address": address}).errors == ()
    assert Device.objects.get(name="电表1").device_address == address


@pytest.mark.parametrize(
    ("address", "why", "chinese"),
    [
        ("tcp://x:8899", "does not say the meter's address: write ?meter=", "没有写电表的地址"),
        ("tcp://x:8899?meter=ABC", "names digits that no meter has", "不是电表地址"),
        ("serial:/dev/ttyS1?meter=1&baud=x", "settings that no serial line has", "串口参数不对"),
        ("dtu:1?meter=1", "has no IMEI: the 15 digits", "没有 IMEI"),
        ("tcp://x?meter=1", "one looks like tcp://192.0.2.7:8899?meter=", "不是这个型号的通信地址"),
    ],
)
def test_what_is_no_address_of_a_dlt645_meter_is_told(
    bring: Bring, address: str, why: str, chinese: str
) -> None:
    meter = METER | {"profile": "dlt645-single-phase", "device_address": address}
    for language, expected in (("en", why), ("zh-hans", chinese)):
        with translation.override(language):
            (told,) = bring(meter).errors
        assert expected in told


def test_a_device_that_gets_another_protocol_needs_another_address(bring: Bring) -> None:
    assert bring(TRANSMITTER).errors == ()
    with translation.override("en"):
        (told,) = bring(METER | {"device": "用传1", "device_address": ""}).errors
    assert "row 2, column profile: '790300000000' does not say the device's number on the line" in told
    assert bring(METER | {"device": "用传1"}).errors == ()


def test_the_directory_finds_the_transmitter(bring: Bring, now: datetime) -> None:
    bring(TRANSMITTER)
    directory, known = point_table.directory(b"", now), shelf.profiles()
    found = directory.at("gb26875", "790300000000", known)
    assert found is not None
    assert (found.name, set(found.points)) == ("用传1", {"1.17.2db83201"})
    assert directory.at("mqtt", "790300000000", known) is None


def test_the_admin_page_takes_an_address_once(cast: Cast, bring: Bring, client: Client) -> None:
    bring(TRANSMITTER, ANOTHER | {"device_address": "2"})
    client.force_login(cast.admin)
    device = Device.objects.get(name="用传2")
    where = reverse("admin:fleet_device_change", args=[device.pk])
    values = {"premises": device.premises_id, "serial": "SN-300", "profile": device.profile, "enabled": "on"}
    for wrong in ("889", "no address"):
        assert client.post(where, values | {"device_address": wrong}).status_code == 200
    assert client.post(where, values | {"device_address": "890"}).status_code == 302
    assert Device.objects.get(pk=device.pk).device_address == "7a0300000000"
    changes = AuditEntry.objects.filter(verb="changed device").latest("id").detail["changes"]
    assert changes == {"device_address": ["020000000000", "7a0300000000"]}


def test_a_paired_transmitter_has_the_address_that_it_came_with(cast: Cast, hand: Hand) -> None:
    wish = NewDevice("790300000000", cast.premises, "gb26875-generic", device_address="790300000000")
    assert actions.bind_device(wish, hand).device_address == "790300000000"
    other = NewDevice("again", cast.premises, "gb26875-generic", device_address="790300000000")
    with translation.override("en"), pytest.raises(BadInput, match="has the same address"):
        actions.bind_device(other, hand)
