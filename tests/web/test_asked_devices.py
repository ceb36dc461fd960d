"""Devices that are asked, on the pages: how one is connected, how it answers, and a 4G unit that gets its place."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from flameblue.config import ModbusDialIn
from flameblue.domain.clock import ManualClock, to_ns
from flameblue.fleet.models import Device
from flameblue.intake.asking.grouping import NotAsked
from flameblue.intake.asking.registration import TOPIC
from flameblue.intake.asking.round_trips import Failure, NoAnswer, RoundTrips
from flameblue.intake.quarantine import Quarantine, Unknown
from flameblue.runtime import asking
from flameblue.web import asked_facts, words
from tests.cast import Cast
from tests.web.readers import text_of

pytestmark = pytest.mark.django_db
LINE = "tcp://192.0.2.7:502"
IMEI = "860123456789014"


class Admin:
    """The administrator, who is no person of the registry."""

    def __init__(self, cast: Cast) -> None:
        self.client = Client(headers={"Accept-Language": "en"})
        self.client.force_login(cast.admin)

    def sees(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200
        return text_of(answer.content.decode())


@pytest.fixture
def reader(cast: Cast) -> Admin:
    return Admin(cast)


@pytest.fixture
def meter(cast: Cast) -> Device:
    return Device.objects.create(
        premises=cast.premises, name="电表1", profile="lx47le-125", device_address=f"{LINE}?unit=17"
    )


def tell(data: Path, now: datetime, devices: dict[str, Any], **line: Any) -> None:
    """What the core has written."""
    told = {"at_ns": to_ns(now), "lines": {LINE: line} if line else {}, "devices": devices}
    (data / asking.FILE).write_text(json.dumps(told), encoding="utf-8")


def trips(now: datetime) -> dict[str, Any]:
    made = RoundTrips(to_ns(now))
    for _ in range(3):
        made.answer(0.0601)
    made.answer(0.5)
    made.failure(NoAnswer(Failure.TIME_OUT, "no answer within 1 s"), to_ns(now))
    return {"line": LINE, **made.as_dict()}


def test_the_pages_and_the_core_mean_the_same_file_and_words() -> None:
    assert asked_facts.FILE == asking.FILE
    assert set(words.NOT_ASKED) == {one.value for one in NotAsked}
    assert set(words.ASKING_FAILURES) == {one.value for one in Failure}


def test_what_we_connect_to_is_said_to_have_no_password(meter: Device, reader: Admin, data: Path) -> None:
    page = reader.sees(f"/fleet/devices/{meter.pk}/")
    assert "password or certificate" not in page
    assert (
        f"/commissioning/devices/{meter.pk}/"
        in reader.client.get(f"/fleet/devices/{meter.pk}/").content.decode()
    )
    back = reader.client.get(f"/commissioning/devices/{meter.pk}/").content.decode()
    assert f'href="/fleet/devices/{meter.pk}/"' in back


def test_a_device_says_how_it_answers(
    data: Path, meter: Device, reader: Admin, now: datetime, clock: ManualClock
) -> None:
    tell(data, now, {"电表1": trips(now)}, is_open=True, since_ns=to_ns(now), trouble="")
    for page in (f"/fleet/devices/{meter.pk}/", f"/start/devices/{meter.pk}/"):
        said = reader.sees(page)
        assert f"Line {LINE} stands since 2026-01-15 03:07:00" in said
        assert "Asked 5 since 2026-01-15 03:07:00 Answered 4" in said
        assert "half within 60 ms, 95 % within 500 ms" in said
        assert (
            "Last question without an answer No answer came in time. 2026-01-15 03:07:00 no answer within 1 s"
            in said
        )
    clock.advance(60)
    assert "This is old: the core wrote it 1 min" in reader.sees(f"/fleet/devices/{meter.pk}/")


def test_what_keeps_a_device_from_being_asked_is_said(
    data: Path, meter: Device, reader: Admin, now: datetime
) -> None:
    page = f"/fleet/devices/{meter.pk}/"
    assert "Nothing is known yet" in reader.sees(page)
    tell(data, now, {"电表1": {"not_asked": "port_differs"}})
    assert "It is not asked. Another device says other settings of the same serial port" in reader.sees(page)
    tell(
        data,
        now,
        {"电表1": trips(now)},
        is_open=False,
        since_ns=to_ns(now),
        trouble=f"{LINE} is not reached.",
    )
    said = reader.sees(page)
    assert f"The line is not reached. {LINE} is not reached." in said
    assert f"Line {LINE} does not stand" in said
    (data / asking.FILE).write_text("{", encoding="utf-8")
    assert "Nothing is known yet" in reader.sees(page)


def test_a_device_that_speaks_by_itself_has_no_such_part(cast: Cast, reader: Admin) -> None:
    assert "How it answers" not in reader.sees(f"/fleet/devices/{cast.device.pk}/")


def test_the_health_page_names_the_lines_that_do_not_stand(
    data: Path, meter: Device, reader: Admin, now: datetime
) -> None:
    assert "Devices that are asked" not in reader.sees("/health/")
    tell(data, now, {meter.name: trips(now)}, is_open=True, since_ns=to_ns(now), trouble="")
    assert "1 of 1 lines stand." in reader.sees("/health/")
    tell(
        data, now, {meter.name: trips(now)}, is_open=False, since_ns=to_ns(now), trouble="It is not reached."
    )
    said = reader.sees("/health/")
    assert "0 of 1 lines stand." in said
    assert f"{LINE} 1 2026-01-15 03:07:00 It is not reached." in said


def test_how_an_asked_device_is_connected(meter: Device, reader: Admin, settings: LazySettings) -> None:
    said = reader.sees(f"/start/devices/{meter.pk}/")
    assert f"Address on the line {LINE}?unit=17 Change it" in said
    assert "tcp://192.0.2.7:502?unit=1 " in said
    assert "does not listen for such units (modbus_dial_in.port is 0)" in said
    assert "What to know of this model" in said
    assert "new password" not in said
    settings.CONFIG = replace(settings.CONFIG, modbus_dial_in=ModbusDialIn(host="192.0.2.1", port=5300))
    said = reader.sees(f"/start/devices/{meter.pk}/")
    assert "Set the unit to connect to 192.0.2.1, port 5300, by TCP, to send its IMEI first" in said
    assert f"dtu:{IMEI}?unit=1" in said


def test_how_a_meter_is_connected_and_answers(
    data: Path, cast: Cast, reader: Admin, now: datetime, settings: LazySettings
) -> None:
    line = "tcp://192.0.2.7:8899"
    meter = Device.objects.create(
        premises=cast.premises,
        name="电表2",
        profile="dlt645-single-phase",
        device_address=f"{line}?meter=000000000161",
    )
    tell(data, now, {"电表2": {**trips(now), "line": line}})
    settings.CONFIG = replace(settings.CONFIG, modbus_dial_in=ModbusDialIn(host="192.0.2.1", port=5300))
    said = reader.sees(f"/start/devices/{meter.pk}/")
    assert "Flameblue asks it by DL/T 645 every 60 s" in said
    assert f"Address on the line {line}?meter=000000000161 Change it" in said
    assert "Serial line, as delivered 2400 even 1" in said
    assert "no Modbus gateway tcp://192.0.2.7:8899?meter=000000123456" in said
    assert "A serial port of this machine serial:/dev/ttyUSB0?meter=000000123456" in said
    assert f"dtu:{IMEI}?meter=000000123456 Set the unit to connect to 192.0.2.1, port 5300" in said
    assert "unit=" not in said
    assert "Currents are in 0.001 A" in said
    assert "Asked 5" in said
    assert "Asked 5" in reader.sees(f"/fleet/devices/{meter.pk}/")


def test_an_unknown_4g_unit_gets_its_place_with_a_number_on_its_line(
    data: Path, cast: Cast, now: datetime, reader: Admin
) -> None:
    kept = Quarantine(data / "quarantine.sqlite3")
    kept.add([Unknown(IMEI, f"dtu:{IMEI}", "10.0.0.9", "", TOPIC, IMEI.encode(), to_ns(now))])
    kept.close()
    form = "/commissioning/unknown/bind/"
    assert "Number on its line" in reader.sees(f"{form}?name={IMEI}")
    wish = {"name": IMEI, "place": f"c{cast.circuit.pk}", "profile": "lx47le-125"}
    refused = reader.client.post(form, wish | {"unit": "248"})
    assert refused.status_code == 422
    said = reader.client.post(form, wish | {"unit": "3"}, follow=True).content.decode()
    assert f"{IMEI} is known now." in said
    assert Device.objects.get(name=IMEI).device_address == f"dtu:{IMEI}?unit=3"
