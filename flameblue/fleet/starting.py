"""The first things of an installation, each in one step: a station with its site, a device with its points."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from flameblue.domain.errors import BadInput
from flameblue.fleet.actions import NewDevice, bind_device, hashed
from flameblue.fleet.keeping import Hand, keep, keep_new
from flameblue.fleet.models import Circuit, Device, Point, Site, Station
from flameblue.intake.directory import BEHIND

CREDENTIAL_LETTERS = (
    "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read for another: some are typed by hand
)
CREDENTIAL_LENGTH = 16  # × 4.95 bits = 79 bits


@dataclass(frozen=True, slots=True)
class NewSite:
    """A village and the station that looks after it; a station of that name may be there already."""

    station: str
    signature: str
    site: str
    time_zone: str
    latitude: float | None = None
    longitude: float | None = None


class NewPoint(NamedTuple):
    """What a device of an open model sends: the key that it uses, and what it means."""

    key: str
    quantity: str
    phase: str = ""


@dataclass(frozen=True, slots=True)
class FirstDevice:
    """A device that watches one circuit. `points`: only where its model leaves them open."""

    name: str
    circuit: Circuit
    profile: str
    points: Sequence[NewPoint] = ()


@transaction.atomic
def open_site(wish: NewSite, hand: Hand) -> Site:
    """The site, made with its station where there is none of that name; BadInput where the site exists."""
    station = Station.objects.filter(name=wish.station).first()
    if station is None:
        station = Station(
            name=wish.station,
            signature=wish.signature,
            latitude=wish.latitude,
            longitude=wish.longitude,
        )
        taken = _("There is already a station “%(name)s”: press once more.") % {"name": wish.station}
        keep_new(station, hand, taken)
    site = Site(name=wish.site, station=station, time_zone=wish.time_zone)
    keep_new(site, hand, _("There is already a site “%(name)s”.") % {"name": wish.site})
    return site


@transaction.atomic
def connect_device(wish: FirstDevice, hand: Hand) -> tuple[Device, str]:
    """The device and its credential, which is told this once: only its hash is kept. BadInput as `bind_device`."""
    if BEHIND in wish.name:
        raise BadInput(
            _("A %(sign)s stands between a gateway and what is behind it; such devices come by a file.")
            % {"sign": BEHIND}
        )
    credential = new_credential()
    premises = wish.circuit.panel.premises
    device = bind_device(NewDevice(wish.name, premises, wish.profile, hashed(credential)), hand)
    hang(device, wish.circuit, wish.points, hand)
    return device, credential


@transaction.atomic
def hang(device: Device, circuit: Circuit | None, points: Sequence[NewPoint], hand: Hand) -> None:
    """`device` gets `points` beside those it has, and all of them watch `circuit` (None: as they did)."""
    for key, quantity, phase in points:
        keep(Point(device=device, key=key, quantity=quantity, phase=phase), hand)
    for point in device.points.all() if circuit else ():
        point.circuit = circuit
        keep(point, hand)


def new_credential() -> str:
    """One that nobody can guess, and that can be read from paper."""
    return "".join(secrets.choice(CREDENTIAL_LETTERS) for _ in range(CREDENTIAL_LENGTH))
