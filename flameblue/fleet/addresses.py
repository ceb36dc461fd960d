"""Two devices of one protocol never share an address: neither would be known by it."""

from django.utils.translation import gettext as _

from flameblue.fleet import shelf
from flameblue.fleet.models import Device


def protocol_of(profile: str) -> str:
    """The protocol that devices of `profile` speak; "" where there is no such profile."""
    found = shelf.profiles().get(profile)
    return found.protocol if found is not None else ""


def taken(device: Device) -> str:
    """Why `device` can't have its address; empty where it can, or has none."""
    if not device.device_address:
        return ""
    others = Device.objects.filter(device_address=device.device_address).exclude(pk=device.pk)
    protocol = protocol_of(device.profile)
    for name, profile in others.order_by("id").values_list("name", "profile"):
        if protocol_of(profile) == protocol:
            return shared(name)
    return ""


def shared(name: str) -> str:
    """That the device `name` has an address already, as a clause."""
    return _("device '%(name)s' has the same address; an address must name one device") % {"name": name}
