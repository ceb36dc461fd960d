"""What a device's own page shows beside its form: where it speaks from, and what it may be asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest

from flameblue.cases.models import Alarm
from flameblue.domain.limits import COMMANDS_SHOWN_MAX, PAGE_ROWS_MAX
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet import commands, sources
from flameblue.fleet.addresses import protocol_of
from flameblue.fleet.models import Device, DeviceCommand, DeviceSource, Point
from flameblue.fleet.shelf import profiles
from flameblue.intake.device_commands import OPEN
from flameblue.intake.directory import BEHIND
from flameblue.intake.gb26875_conversation import PROTOCOL
from flameblue.intake.protocols.gb26875 import orders
from flameblue.intake.sources import Allowed
from flameblue.web import access, device_answers, fleet_lines, sentences
from flameblue.web.device_words import SPANS
from flameblue.web.numbers import number

COMPONENT_KEY_PARTS = 3  # system, component type, address; a value's key has its analogue type too
DUTY_CHECK_MIN = 5
MOST_USED_FIRST = (
    *("device_state", "component_value", "component_state", "set_clock", "duty_check"),
    *("device_operations", "system_operations", "device_time", "device_version", "device_configuration"),
)
RECORDS = 20


@dataclass(frozen=True, slots=True)
class Sources:
    """`is_proven`: who speaks is known by a credential, so that no address is remembered.

    `through`: the device whose credential that is, where it has none of its own; "": it is its own.
    """

    allowed: Allowed
    known: list[DeviceSource]
    new: DeviceSource | None
    is_proven: bool
    through: str


@dataclass(frozen=True, slots=True)
class Told:
    """One command, and what came back."""

    command: DeviceCommand
    answer: list[str]
    is_open: bool


def about(device: Device, request: HttpRequest, at: datetime) -> dict[str, Any]:
    """What the page's templates are given."""
    may_act = access.role_of(request.user) in access.ACTS.roles
    found: dict[str, Any] = {"sources": sources_of(device), "may_act": may_act} | _measured(
        device, request, at
    )
    if is_gone_to(device):
        del found["sources"]
    if not has_address(device):
        return found
    return (
        found
        | log_of(device)
        | {
            "orders": {kind: orders.ORDERS[kind] for kind in MOST_USED_FIRST},
            "components": components_of(device),
            "spans": SPANS,
            "minutes": DUTY_CHECK_MIN,
            "records": RECORDS,
            "has_clock_fault": Alarm.objects.filter(
                point__device=device, rule=Rule.CLOCK, level=Level.FAULT
            ).exists(),
        }
    )


def _measured(device: Device, request: HttpRequest, at: datetime) -> dict[str, Any]:
    points = Point.objects.filter(device=device, retired=False).select_related("device", "circuit__panel")
    return {
        "device_line": fleet_lines.lines("devices", [device], request.user, at)[0],
        "point_lines": fleet_lines.lines(
            "points", list(points.order_by("id")[:PAGE_ROWS_MAX]), request.user, at
        ),
    }


def log_of(device: Device) -> dict[str, Any]:
    """The last commands of `device`, the newest first."""
    told = [
        Told(one, device_answers.lines(one), one.outcome in OPEN)
        for one in commands.newest(device).select_related("device")[:COMMANDS_SHOWN_MAX]
    ]
    return {"told": told, "is_asked": any(one.is_open for one in told)}


def sources_of(device: Device) -> Sources:
    """Where `device` may speak from, and where it did."""
    known = DeviceSource.objects.filter(device=device).exclude(accepted_at=None)
    return Sources(
        allowed=sources.allowed(device.networks),
        known=list(known.order_by("-accepted_at", "-id")),
        new=sources.awaiting(device),
        is_proven=is_proven(device),
        through="" if device.credential_hash else device.name.rpartition(BEHIND)[0],
    )


def is_proven(device: Device) -> bool:
    """Whether a credential shows who speaks: not of transmitters, nor of what is asked."""
    profile = profiles().get(device.profile)
    return profile is None or not (profile.protocol == PROTOCOL or profile.is_asked)


def is_asked(device: Device) -> bool:
    """Whether it says nothing of itself."""
    profile = profiles().get(device.profile)
    return profile is not None and profile.is_asked


def has_address(device: Device) -> bool:
    """Whether its protocol knows it by an address, and no user name."""
    return protocol_of(device.profile) == PROTOCOL


def is_gone_to(device: Device) -> bool:
    """Whether we connect to it: then its address is what the registry says."""
    profile = profiles().get(device.profile)
    return profile is not None and profile.is_asked and not device.device_address.startswith("dtu:")


def components_of(device: Device) -> dict[str, str]:
    """The components that points of `device` are of: `<system>.<address>`, and what people call it."""
    found: dict[str, str] = {}
    for point in (
        Point.objects.filter(device=device, retired=False).select_related("device", "circuit").order_by("id")
    ):
        parts = point.key.split(".")
        if len(parts) >= COMPONENT_KEY_PARTS:
            found.setdefault(f"{parts[0]}.{parts[2]}", f"{parts[2]} {sentences.place(point)}")
    return found


def arguments_of(device: Device, said: Mapping[str, str], at: datetime) -> dict[str, Any]:
    """The arguments that the page's fields say, as `orders.checked` takes them; what is missing is not there."""
    found: dict[str, Any] = {
        name: said[name] for name in ("minutes", "records", "system", "system_address") if name in said
    }
    system, _, component = said.get("component", "").partition(".")
    if component:
        found |= {"system": system, "component": component}
    hours = number(said.get("hours"))
    if hours in SPANS:
        profile = profiles().get(device.profile)
        offset_min = (profile.utc_offset_min if profile is not None else None) or 0
        since = at.replace(tzinfo=None) + timedelta(minutes=offset_min) - timedelta(hours=hours or 0)
        found["since"] = since.isoformat(timespec="seconds")
    return found
