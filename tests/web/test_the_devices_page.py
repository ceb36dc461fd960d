"""The device's page of the fleet says what a device is and measures, and is one press from its other pages and back."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from django.test import Client

from flameblue.domain.clock import to_ns
from flameblue.domain.readings import READING
from flameblue.fleet.models import Device, Point
from flameblue.history.board import Board
from flameblue.web import unknown_facts
from flameblue.web.unknown_facts import PLACES_SHOWN
from tests.cast import Cast
from tests.web.readers import Reader, text_of

pytestmark = pytest.mark.django_db


def read(data: Path, point: Point, steps: int, now: datetime) -> None:
    board = Board(data / "board.bin", writable=True)
    board.update(np.array([(point.pk, to_ns(now), steps, 0)], dtype=READING), to_ns(now))
    board.close()


def test_it_says_the_model_the_address_and_what_each_point_measures(
    cast: Cast, data: Path, now: datetime, bolat: Reader
) -> None:
    device = Device.objects.get(name="D0217")
    device.device_address = "790300000000"
    device.save(update_fields=["device_address"])
    first, *others = Point.objects.filter(device=device, retired=False).order_by("id")
    assert first.quantity == "residual_current_ma"
    read(data, first, 4120, now)
    page = bolat.sees(f"/fleet/devices/{device.pk}/")
    assert f"Profile {device.profile}" in page
    assert "Address on the line 790300000000" in page
    assert f"{first.key} Residual current" in page
    assert "412 mA 0 s" in page
    assert all(f" {one.key} " in page for one in others)
    assert "How it connects" not in page, "who may not set it up is not led there"


def test_its_pages_lead_to_each_other(cast: Cast, data: Path, admin: Client, bolat: Reader) -> None:
    number = Device.objects.get(name="D0217").pk
    own, *others = (f"/{of}/devices/{number}/" for of in ("fleet", "start", "commissioning"))
    for path in others:
        assert f'href="{path}"' in admin.get(own).content.decode()
        assert f'href="{own}"' in admin.get(path).content.decode()
    assert f'href="{own}"' in bolat.html(f"/premises/{cast.premises.pk}/")


@pytest.mark.parametrize(("profile", "is_asked"), [("lx47le-125", True), ("flameblue-efm8", False)])
def test_only_what_speaks_itself_is_told_to_go_on(
    cast: Cast, data: Path, now: datetime, admin: Client, profile: str, is_asked: bool
) -> None:
    device = Device.objects.get(name="D0217")
    device.profile = profile
    device.save(update_fields=["profile"])
    for point in Point.objects.filter(device=device)[:1]:
        read(data, point, 100, now)
    page = text_of(admin.get(f"/start/devices/{device.pk}/").content.decode())
    assert "Received" in page
    assert ("It is asked again and again from now on" in page) == is_asked
    assert ("Let it send on" in page) != is_asked


def test_places_stand_in_their_order_and_what_is_left_out_is_counted(
    cast: Cast, data: Path, admin: Client
) -> None:
    panel = cast.circuit.panel
    for n in range(PLACES_SHOWN + 5):
        panel.circuits.create(name=f"{n:02}")
    found = unknown_facts.places("")
    assert len(found.shown) == PLACES_SHOWN
    assert [one.watched for one in found.shown] == [0] * PLACES_SHOWN, "what nobody watches comes first"
    where = [(one.site, one.premises) for one in found.shown]
    assert where == sorted(where)
    assert found.more >= 5 + 1
    page = text_of(admin.get("/commissioning/unknown/places/").content.decode())
    assert f"{found.more} more places: search for them above." in page
    assert "more place" not in text_of(admin.get("/commissioning/unknown/places/?q=01").content.decode())
