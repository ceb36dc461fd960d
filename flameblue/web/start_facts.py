"""What getting started knows: which steps are done, seen in the data, and what was heard of a new device."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Q

from flameblue.domain.clock import to_datetime, to_ns
from flameblue.domain.limits import PAGE_ROWS_MAX, START_CHOICES_MAX
from flameblue.fleet.models import Circuit, Device, Point, Premises, Site
from flameblue.fleet.shelf import profiles
from flameblue.history.board import Latest
from flameblue.intake import examples
from flameblue.intake.asking.registration import TOPIC as UNITS
from flameblue.intake.directory import BEHIND
from flameblue.intake.payloads.gb26875_unit.codec import HEAD as GB26875
from flameblue.intake.push.admitting import PATH
from flameblue.intake.quarantine import QuarantineRow
from flameblue.intake.reasons import Reason
from flameblue.notices import sign_of_life
from flameblue.notices.models import Notice
from flameblue.people.models import Person
from flameblue.web import access, chain, device_facts, quarantine_facts, readings
from flameblue.web.views.quarantine import shelf

STEPS = ("site", "premises", "device", "message")
REFUSED_SHOWN = 5
LATELY = timedelta(minutes=15)  # who was refused before is somebody else
ADMINS_NAMED = 3
USUAL = "flameblue-generic"  # the model that a list begins with
WAYS = (GB26875, PATH, UNITS)


@dataclass(frozen=True, slots=True)
class Started:
    """One device on the list. `at` None: nothing was heard of it yet."""

    device: Device
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Value:
    """One point of a new device with its newest reading, if any."""

    point: Point
    reading: Latest | None

    @property
    def at(self) -> datetime | None:
        return to_datetime(self.reading.arrival_ns) if self.reading else None


@dataclass(frozen=True, slots=True)
class Refused:
    """One trouble of a new device."""

    row: QuarantineRow
    at: datetime
    was_too_early: bool  # under this very name, before the listener had read the registry anew
    is_behind: bool  # it came through this device, from one behind it that nobody registered

    @property
    def shown(self) -> quarantine_facts.Shown:
        return quarantine_facts.shown(self.row)


def is_empty() -> bool:
    """Whether no device is connected to this installation."""
    return not Device.objects.exists()


def admins() -> list[str]:
    """Who can change that: some administrators, as they sign in."""
    runs = Q(is_superuser=True) | Q(groups__name=access.ADMIN)
    found = User.objects.filter(runs, is_active=True).order_by("id").distinct()
    return list(found.values_list("username", flat=True)[:ADMINS_NAMED])


def started() -> list[Started]:
    """The newest devices, each with when it was heard last."""
    devices = list(Device.objects.select_related("premises__site").order_by("-id")[:START_CHOICES_MAX])
    heard = device_facts.heard([device.pk for device in devices])
    return [Started(device, heard[device.pk].at) for device in devices]


def circuits() -> list[Circuit]:
    """The newest circuits: where the next device may hang."""
    return list(Circuit.objects.select_related("panel__premises__site").order_by("-id")[:START_CHOICES_MAX])


def models() -> list[str]:
    """The device models that can be tried by hand, the usual one first."""
    typed = sorted(name for name, profile in profiles().items() if examples.can_be_typed(profile))
    return sorted(typed, key=lambda name: name != USUAL)


def open_models() -> list[str]:
    """Those whose points are for the registry to say."""
    found = profiles()
    return [name for name in models() if found[name].open_points]


def done(devices: Sequence[Started], notices: Sequence[Notice]) -> dict[str, bool]:
    """Each of STEPS, and whether the data say that it is done."""
    gone = [one for one in notices if one.state in (Notice.State.SENT, Notice.State.DELIVERED)]
    reached = any(chain.is_enough(one.channel) for one in gone)
    found = (Site.objects.exists(), Premises.objects.exists(), any(one.at for one in devices), reached)
    return dict(zip(STEPS, found, strict=True))


def notices(person: Person | None, at: datetime) -> list[Notice]:
    """The test messages that the reader has sent lately, the newest first."""
    return list(sign_of_life.tried(person, at)) if person is not None else []


def values(device: Device) -> list[Value]:
    """The device's points with what was read of them."""
    points = list(Point.objects.filter(device=device, retired=False).order_by("id")[:PAGE_ROWS_MAX])
    newest = readings.latest([point.pk for point in points])
    return [Value(point, newest.get(point.pk)) for point in points]


def refused(device: Device, read: Sequence[Value], at: datetime) -> list[Refused]:
    """What was lately refused of this device, and who was refused, in the way that it speaks, under an unknown name.

    What is older than a reading of `read` is settled; a part of the message that brought it is not.
    """
    newest = max((value.reading.arrival_ns for value in read if value.reading), default=0)
    rows = shelf().of_device(device.name, max(to_ns(at - LATELY), newest - 1), limit=PAGE_ROWS_MAX)
    way, early = _way_of(device), f"{device.name} ("
    return [
        Refused(
            row,
            to_datetime(row.last_ns),
            was_too_early=not row.device and row.detail.startswith(early),
            is_behind=row.device == device.name and row.reason == Reason.UNKNOWN_DEVICE,
        )
        for row in rows
        if row.device or _way(row.topic) == way
    ][:REFUSED_SHOWN]


def behind(device: Device) -> list[Started]:
    """The devices that speak through `device`, each with when it was heard last."""
    found = Device.objects.filter(name__startswith=f"{device.name}{BEHIND}", enabled=True)
    devices = list(found.select_related("premises__site").order_by("name")[:START_CHOICES_MAX])
    heard = device_facts.heard([one.pk for one in devices])
    return [Started(one, heard[one.pk].at) for one in devices]


def _way_of(device: Device) -> str:
    """How `device` speaks, as the topics of the refused tell it."""
    profile = profiles().get(device.profile)
    if profile is None:
        return ""
    if profile.is_asked:
        return UNITS
    return PATH if profile.push is not None else _way(f"{profile.protocol}/")


def _way(topic: str) -> str:
    """The way that a refused message came: each but MQTT has topics of its own."""
    return next((way for way in WAYS if topic.startswith(way)), "")
