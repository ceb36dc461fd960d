"""The addresses that devices speak from, kept over a restart; people accept a new one (docs/decisions/0024)."""

import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from flameblue.domain.errors import BadInput
from flameblue.fleet.models import Device, DeviceSource
from flameblue.intake.origins import Heard
from flameblue.intake.sources import NOT_SAID, Allowed, spelled

log = logging.getLogger("flameblue.fleet")


def allowed(networks: str) -> Allowed:
    """What the column says; what can't be read allows nothing more than an empty one."""
    try:
        return spelled(networks)
    except BadInput as error:
        log.warning("The networks %r of a device can't be read: %s", networks, error)
        return NOT_SAID


def addresses() -> tuple[dict[int, tuple[str, ...]], dict[int, str]]:
    """By device: its accepted addresses, and the one that waits to be accepted."""
    known: dict[int, tuple[str, ...]] = {}
    new: dict[int, str] = {}
    rows = DeviceSource.objects.order_by("id").values_list("device_id", "address", "accepted_at")
    for device, address, accepted_at in rows:
        if accepted_at is None:
            new[device] = address
        else:
            known[device] = (*known.get(device, ()), address)
    return known, new


@transaction.atomic
def keep_heard(told: Mapping[str, Heard], now: datetime) -> None:
    """Adds what the core has heard, by device: a first address where there is none, and one new one at most."""
    for device in Device.objects.filter(name__in=told):
        heard, mine = told[device.name], DeviceSource.objects.filter(device=device)
        if heard.first and not mine.exclude(accepted_at=None).exists():
            mine.filter(address=heard.first).delete()
            DeviceSource.objects.create(device=device, address=heard.first, heard_at=now, accepted_at=now)
        if heard.new and not mine.filter(address=heard.new).exists():
            mine.filter(accepted_at=None).delete()
            DeviceSource.objects.create(device=device, address=heard.new, heard_at=now)


def awaiting(device: Device) -> DeviceSource | None:
    """The new address of `device`; None where it has none, or its networks say from where it may speak."""
    return None if device.networks else DeviceSource.objects.filter(device=device, accepted_at=None).first()
