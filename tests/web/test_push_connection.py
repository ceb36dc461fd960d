"""The page of a source that is pushed: its address, its token, and a line to try that our endpoint takes."""

import json
import shlex
from dataclasses import replace

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from flameblue.config import HttpPush
from flameblue.fleet.models import Device, Point
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
    assert "curl" not in shown
    assert "推送地址" in page(device, "zh-hans")


def test_what_is_behind_a_source_has_nothing_of_its_own_to_be_set(cloud: Device, cast: Cast) -> None:
    behind = Device.objects.create(premises=cast.premises, name="云 1>k1", profile="flameblue-push")
    shown = page(behind)
    assert "It speaks through 云 1 : nothing is to be set at it" in shown
    assert "Push address" not in shown
    assert "new password" not in shown
    lost = Device.objects.create(premises=cast.premises, name="cloud 2>k1", profile="flameblue-push")
    assert "cloud 2, which the registry does not have" in page(lost)
