"""What a device's own page shows beside its form: where it speaks from."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from flameblue.fleet import sources
from flameblue.fleet.addresses import protocol_of
from flameblue.fleet.models import Device, DeviceSource
from flameblue.intake.gb26875_conversation import PROTOCOL
from flameblue.intake.sources import Allowed
from flameblue.web import access


@dataclass(frozen=True, slots=True)
class Sources:
    """`is_proven`: who speaks is known by a credential, so that no address is remembered."""

    allowed: Allowed
    known: list[DeviceSource]
    new: DeviceSource | None
    is_proven: bool


def about(device: Device, request: HttpRequest) -> dict[str, Any]:
    """What the page's templates are given."""
    may_act = access.role_of(request.user) in access.ACTS.roles
    return {"sources": sources_of(device), "may_act": may_act}


def sources_of(device: Device) -> Sources:
    """Where `device` may speak from, and where it did."""
    known = (
        DeviceSource.objects.filter(device=device).exclude(accepted_at=None).order_by("-accepted_at", "-id")
    )
    return Sources(
        allowed=sources.allowed(device.networks),
        known=list(known),
        new=sources.awaiting(device),
        is_proven=protocol_of(device.profile) != PROTOCOL,
    )
