"""The addresses that devices speak from: kept, accepted by people, brought by a registry."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from flameblue.domain.limits import ADDRESSES_PER_DEVICE_MAX
from flameblue.fleet import actions, point_table, sources
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import AuditEntry, Device, PointChange
from flameblue.intake.directory import DeviceEntry
from flameblue.intake.origins import Heard
from flameblue.intake.sources import spelled
from flameblue.people.registry_exporting import table
from tests.cast import Cast
from tests.fleet.test_addresses import TRANSMITTER
from tests.people.registry_files import Bring

pytestmark = pytest.mark.django_db
HOME, ABROAD = "10.0.0.7", "203.0.113.9"


@pytest.fixture
def bring(cast: Cast, now: datetime) -> Bring:
    return Bring(now)


@pytest.fixture
def device(bring: Bring) -> Device:
    bring(TRANSMITTER)
    return Device.objects.get(name="用传1")


@pytest.fixture
def hand(now: datetime) -> Hand:
    return Hand("bolat", now)


def entry(now: datetime) -> DeviceEntry:
    return point_table.directory(b"", now).devices["用传1"]


def test_the_first_address_is_known_at_the_next_start_and_a_new_one_waits(
    device: Device, now: datetime
) -> None:
    sources.keep_heard({"用传1": Heard(HOME, ABROAD), "nobody": Heard("10.9.9.9")}, now)
    assert (entry(now).addresses, entry(now).new_address) == ((HOME,), ABROAD)
    sources.keep_heard({"用传1": Heard("10.0.0.8", "198.51.100.1")}, now)
    assert (entry(now).addresses, entry(now).new_address) == ((HOME,), "198.51.100.1")
    sources.keep_heard({"用传1": Heard(new=HOME)}, now)
    assert entry(now).addresses == (HOME,)


def test_an_accepted_address_is_told_to_the_core_and_kept_in_the_audit(
    device: Device, now: datetime, hand: Hand
) -> None:
    sources.keep_heard({"用传1": Heard(HOME, ABROAD)}, now)
    before = PointChange.objects.count()
    assert actions.accept_address(device, ABROAD, hand)
    assert (entry(now).addresses, entry(now).new_address) == ((HOME, ABROAD), "")
    assert PointChange.objects.count() == before + 1
    told = AuditEntry.objects.latest("id")
    assert (told.by, told.verb, told.detail) == ("bolat", "accepted address", {"address": ABROAD})
    assert not actions.accept_address(device, ABROAD, hand)


def test_a_device_keeps_a_few_accepted_addresses(device: Device, now: datetime, hand: Hand) -> None:
    sources.keep_heard({"用传1": Heard(HOME)}, now)
    for n in range(ADDRESSES_PER_DEVICE_MAX):
        sources.keep_heard({"用传1": Heard(new=f"10.0.1.{n}")}, now)
        assert actions.accept_address(device, f"10.0.1.{n}", hand)
    assert len(entry(now).addresses) == ADDRESSES_PER_DEVICE_MAX
    assert HOME not in entry(now).addresses


def test_a_registry_brings_networks_and_takes_them_back(bring: Bring, now: datetime) -> None:
    assert bring(TRANSMITTER | {"networks": "10.1.0.0/16、10.2.0.9"}).errors == ()
    assert entry(now).allowed == spelled("10.1.0.0/16, 10.2.0.9/32")
    exported = table("zh-hans")
    assert "允许网络" in exported.headings
    assert any("10.1.0.0/16, 10.2.0.9/32" in row for row in exported.rows)
    assert bring(TRANSMITTER | {"networks": "10.1.0.0/16, 10.2.0.9/32"}).lines == ()
    with translation.override("en"):
        (wrong,) = bring(TRANSMITTER | {"networks": "10.1.0.5/16"}).errors
    assert "column networks: '10.1.0.5/16' is no list of networks" in wrong


def test_the_admin_page_takes_networks_and_refuses_what_is_none(
    cast: Cast, device: Device, client: Client, now: datetime
) -> None:
    client.force_login(cast.admin)
    where = reverse("admin:fleet_device_change", args=[device.pk])
    values = {"premises": device.premises_id, "profile": device.profile, "enabled": "on", "serial": "SN-300"}
    values |= {"device_address": device.device_address}
    assert client.post(where, values | {"networks": "10.1.0.5/16"}).status_code == 200
    assert client.post(where, values | {"networks": "Any"}).status_code == 302
    assert entry(now).allowed.anywhere
