"""Serial numbers that were read off devices with a phone, some of them sent hours later.

Invariants: a scan is taken once, whatever the phone sends again; what a phone says is never trusted to be a device of
the registry: it is only looked up there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from flameblue.commissioning.models import Scan
from flameblue.domain.errors import BadInput
from flameblue.domain.visible import flaw
from flameblue.fleet import audit
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device

SERIAL_MAX, PLACE_MAX, CLIENT_ID_MAX = 64, 200, 36


@dataclass(frozen=True, slots=True)
class Scanned:
    """One scan as a phone sends it."""

    client_id: str
    serial: str
    place: str
    scanned_at: datetime


@transaction.atomic
def take(scans: Sequence[Scanned], hand: Hand) -> int:
    """Keeps those of `scans` that are new; how many. BadInput where one can't be kept, and then none is.

    A phone whose clock runs ahead scanned it now.
    """
    for one in scans:
        _check(one)
    known = _known(scans)
    made = Scan.objects.bulk_create(
        [
            Scan(
                client_id=one.client_id,
                serial=one.serial.strip(),
                place=one.place.strip(),
                scanned_at=min(one.scanned_at, hand.now),
                received_at=hand.now,
                by=hand.by[: audit.BY_MAX],
            )
            for one in {one.client_id: one for one in scans}.values()
            if one.client_id not in known
        ],
        ignore_conflicts=True,
    )
    for scan in made:
        audit.record(hand.by, "scanned serial", scan.serial, {"place": scan.place}, hand.now)
    return len(made)


def newest(limit: int) -> list[Scan]:
    """The scans, the latest first."""
    return list(Scan.objects.order_by("-scanned_at", "-id")[:limit])


def of_device(device: Device) -> Scan | None:
    """The newest scan of `device`: by its serial number, or by the name that it bears."""
    return of_names([device.serial, device.name])


def of_names(names: Sequence[str]) -> Scan | None:
    """The newest scan of a serial number that is one of `names`, whatever its case."""
    for name in filter(None, names):
        if (
            found := Scan.objects.filter(serial__iexact=name).order_by("-scanned_at", "-id").first()
        ) is not None:
            return found
    return None


def _known(scans: Sequence[Scanned]) -> set[str]:
    ids = [one.client_id for one in scans]
    return set(Scan.objects.filter(client_id__in=ids).values_list("client_id", flat=True))


def _check(one: Scanned) -> None:
    if not 8 <= len(one.client_id) <= CLIENT_ID_MAX or not one.client_id.isascii():
        raise BadInput(_("A scan needs an id of 8 to %(n)d letters.") % {"n": CLIENT_ID_MAX})
    if not 0 < len(one.serial.strip()) <= SERIAL_MAX or flaw(one.serial.strip()):
        raise BadInput(_("A serial number has 1 to %(n)d characters that can be seen.") % {"n": SERIAL_MAX})
    if len(one.place) > PLACE_MAX or flaw(one.place):
        raise BadInput(_("A place has at most %(n)d characters that can be seen.") % {"n": PLACE_MAX})
