"""The page of a source that is pushed: its address, its token, and a line to try that our endpoint takes."""

import json
import shlex
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from flameblue.config import HttpPush
from flameblue.domain.clock import to_ns
from flameblue.domain.readings import Reading, readings_array
from flameblue.fleet.models import Device, Point
from flameblue.history.board import Board
from flameblue.intake.quarantine import Quarantine, Quarantined
from flameblue.intake.reasons import Reason
from tests.cast import Cast
from tests.web.readers import text_of

pytestmark = pytest.mark.django_db


def page(device: Device, language: str = "en") -> str:
    client = Client(headers={"Accept-Language": language})
    client.force_login(User.objects.get_or_create(username="admin", is_superuser=True, is_staff=True)[0])
    answer = client.get(f"/start/devices/{device.pk}/")
    assert answer.status_code == 200
    return text_of(answer.content.decode())


@pytest.fixture
def cloud(cast: Cast) -> Device:
    device = Device.objects.create(premises=cast.premises, name="云 1", profile="flameblue-push")
    Point.objects.create(device=device, key="ir", quantity="residual_current_ma")
    return device


def test_it_is_said_where_nothing_is_taken(cloud: Device) -> None:
    assert "http_push.port and http_push.tls_port are 0" in page(cloud)


def test_a_source_is_told_its_address_and_how_to_show_its_token(
    cloud: Device, settings: LazySettings
) -> None:
    settings.CONFIG = replace(settings.CONFIG, http_push=HttpPush("192.0.2.7", 8900, 8901))
    shown = page(cloud)
    assert "Push address http://192.0.2.7:8900/intake/v1/%E4%BA%91%201" in shown
    assert "Push address with TLS https://192.0.2.7:8901/intake/v1/%E4%BA%91%201" in shown
    assert "?token=PASSWORD" in shown
    assert "mosquitto" not in shown
    assert "can sign" not in shown
    start = shown.index("curl -H")
    words = shlex.split(shown[start : shown.index("Copy the line", start)])
    assert words[:4] == ["curl", "-H", "Authorization: Bearer PASSWORD", "--data-raw"]
    assert json.loads(words[4]) == {"v": {"ir": 12.5}}
    assert words[5] == "http://192.0.2.7:8900/intake/v1/%E4%BA%91%201"


def test_a_platform_that_signs_is_told_where_its_secret_belongs(cast: Cast, settings: LazySettings) -> None:
    settings.CONFIG = replace(settings.CONFIG, http_push=HttpPush("127.0.0.1", 8900))
    device = Device.objects.create(premises=cast.premises, name="ONENET", profile="onenet-push")
    shown = page(device)
    assert 'as a line ONENET = "its secret"' in shown
    assert "Only programs of this machine can connect: set http_push.host" in shown
    start = shown.index("curl -H")
    body = json.loads(shlex.split(shown[start : shown.index("Copy the line", start)])[4])
    assert json.loads(body["msg"])["deviceName"] == "k1"
    assert "推送地址" in page(device, "zh-hans")


def test_a_source_without_points_is_tried_with_a_message_of_a_device_behind_it(
    cast: Cast, data: Path, now: datetime, settings: LazySettings
) -> None:
    settings.CONFIG = replace(settings.CONFIG, http_push=HttpPush("192.0.2.7", 8900))
    source = Device.objects.create(premises=cast.premises, name="CLOUD1", profile="flameblue-push")
    assert '{"device": "k1", "v": {"ir": 12.5, "t": 41.2}}' in page(source).replace(
        '"t": 41.2, "ir": 12.5', '"ir": 12.5, "t": 41.2'
    )
    inner = Device.objects.create(premises=cast.premises, name="CLOUD1>box 7", profile="flameblue-push")
    point = Point.objects.create(device=inner, key="leak", quantity="residual_current_ma")
    shown = page(source)
    assert '{"device": "box 7", "v": {"leak": 12.5}}' in shown
    assert "which the registry calls CLOUD1>box 7" in shown
    assert (
        "Waiting for the first message… It appears here by itself. Values: those of the devices behind it"
        in shown
    )
    board = Board(data / "board.bin", writable=True)
    board.update(readings_array([Reading(point.pk, to_ns(now), 125, 0)]), to_ns(now))
    board.close()
    assert "Received CLOUD1>box 7 2026-01-15" in page(source)
    through = Client(headers={"Accept-Language": "en"})
    through.force_login(User.objects.get(username="admin"))
    assert "it speaks through CLOUD1, whose password" in text_of(
        through.get(f"/fleet/devices/{inner.pk}/").content.decode()
    )


def test_who_is_refused_is_advised_in_the_way_that_the_device_speaks(
    cast: Cast, data: Path, now: datetime
) -> None:
    source = Device.objects.create(premises=cast.premises, name="CLOUD1", profile="flameblue-push")
    transmitter = Device.objects.create(
        premises=cast.premises, name="GB2", profile="gb26875-generic", device_address="790300000000"
    )
    kept = Quarantine(data / "quarantine.sqlite3")
    unknown, at = Reason.UNKNOWN_DEVICE, to_ns(now)
    kept.add(
        [
            Quarantined("CLOUD1", "/intake/v1/CLOUD1", unknown, "CLOUD1>k2", b'{"device": "k2"}', at),
            Quarantined(
                "", "/intake/v1/", unknown, "cloud1 (POST) from 10.0.0.8: No credential was sent.", b"", at
            ),
            Quarantined(
                "", "gb26875/2", unknown, "address 062028251115 (1) from 10.0.0.8:5200", b"40 40", at
            ),
            Quarantined(
                "", "", unknown, "gb2 (no client id) from 10.0.0.8: No credential was sent.", b"", at
            ),
        ]
    )
    kept.close()
    shown = page(source)
    assert "Register CLOUD1>k2 under just that name, without a password" in shown
    assert "what it calls must end in /intake/v1/CLOUD1." in shown
    assert "/intake/v1/cloud1" in shown
    shown += page(transmitter)
    assert "its address must be exactly 790300000000" in shown
    assert "user name" not in shown
    assert "gb2 (no client id)" not in shown


def test_what_is_behind_a_source_has_nothing_of_its_own_to_be_set(cloud: Device, cast: Cast) -> None:
    behind = Device.objects.create(premises=cast.premises, name="云 1>k1", profile="flameblue-push")
    shown = page(behind)
    assert "It speaks through 云 1 : nothing is to be set at it" in shown
    assert "Push address" not in shown
    assert "new password" not in shown
    lost = Device.objects.create(premises=cast.premises, name="cloud 2>k1", profile="flameblue-push")
    assert "cloud 2, which the registry does not have" in page(lost)
