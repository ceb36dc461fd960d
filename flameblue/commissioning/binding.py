"""An unknown device gets its premises, its circuit and its model in one step."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from flameblue.commissioning import scanning
from flameblue.commissioning.models import Commissioning
from flameblue.domain.errors import BadInput
from flameblue.domain.quantities import QUANTITIES
from flameblue.fleet.actions import NewDevice, bind_device
from flameblue.fleet.keeping import Hand, keep
from flameblue.fleet.models import Circuit, Device
from flameblue.fleet.shelf import profiles
from flameblue.fleet.starting import NewPoint, hang


@dataclass(frozen=True, slots=True)
class Binding:
    """`device` at its premises, on `circuit` (None: its circuits are named later).

    `points`: what it sends, where its model leaves that to the registry; otherwise they are left out.
    """

    device: NewDevice
    circuit: Circuit | None = None
    points: Sequence[NewPoint] = ()


@transaction.atomic
def bind(wish: Binding, hand: Hand) -> Device:
    """The device with its points and its record; BadInput says what is wrong, and nothing was made."""
    found = profiles().get(wish.device.profile)
    open_points = found is not None and found.open_points
    points = wish.points if open_points else ()
    if any(point.quantity not in QUANTITIES for point in points):
        raise BadInput(_("There is no such quantity: choose one from the list."))
    device = bind_device(wish.device, hand)
    hang(device, wish.circuit, points, hand)
    scan = scanning.of_device(device)
    if scan is not None and not device.serial:
        device.serial = scan.serial
        keep(device, hand)
    Commissioning.objects.create(
        device=device, place=scan.place if scan else "", bound_by=hand.by[:80], bound_at=hand.now
    )
    return device
