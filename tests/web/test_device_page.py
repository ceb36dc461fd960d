"""A device's own page: where it speaks from."""

from datetime import datetime

import pytest

from flameblue.fleet import sources
from flameblue.fleet.models import AuditEntry, Device
from flameblue.intake.origins import Heard
from tests.cast import Cast
from tests.web.readers import Reader


@pytest.fixture
def transmitter(cast: Cast) -> Device:
    return Device.objects.create(
        premises=cast.premises, name="用传1", profile="gb26875-generic", device_address="790300000000"
    )


def test_a_new_address_is_shown_and_accepted_by_who_is_on_duty(
    transmitter: Device, bolat: Reader, now: datetime
) -> None:
    page = f"/fleet/devices/{transmitter.pk}/"
    assert "none named: its first address is remembered" in bolat.sees(page)
    sources.keep_heard({"用传1": Heard("10.0.0.7", "203.0.113.9")}, now)
    assert "It speaks from the new address 203.0.113.9 since" in bolat.sees(page)
    said = bolat.presses(f"{page}address/", address="203.0.113.9")
    assert "用传1 may speak from 203.0.113.9." in said
    assert "new address" not in said
    assert "bolat accepted an address that it speaks from" in said.lower()
    assert AuditEntry.objects.latest("id").verb == "accepted address"
    again = bolat.presses(f"{page}address/", address="203.0.113.9")
    assert "That address does not wait any more." in again


def test_nobody_accepts_an_address_of_another_station(
    transmitter: Device, dana: Reader, now: datetime
) -> None:
    sources.keep_heard({"用传1": Heard("10.0.0.7", "203.0.113.9")}, now)
    answer = dana.client.post(f"/fleet/devices/{transmitter.pk}/address/", {"address": "203.0.113.9"})
    assert answer.status_code in (403, 404)
    assert sources.awaiting(transmitter) is not None


def test_where_networks_are_named_nothing_waits(transmitter: Device, bolat: Reader, now: datetime) -> None:
    sources.keep_heard({"用传1": Heard("10.0.0.7", "203.0.113.9")}, now)
    transmitter.networks = "10.0.0.0/8"
    transmitter.save()
    page = bolat.sees(f"/fleet/devices/{transmitter.pk}/")
    assert "Allowed networks 10.0.0.0/8" in page
    assert "203.0.113.9" not in page


def test_a_device_with_a_password_needs_no_address(cast: Cast, bolat: Reader) -> None:
    page = bolat.sees(f"/fleet/devices/{cast.ir.device_id}/")
    assert "its password or certificate is enough" in page
