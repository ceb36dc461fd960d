"""The addresses of devices whose protocol knows no names: in one spelling, and never shared within a protocol."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import DEVICE_ADDRESS_CHARACTERS_MAX
from flameblue.fleet import shelf
from flameblue.fleet.models import Device
from flameblue.intake.addresses import Misspelt, Slip, spelling

SHOWN_MAX = 40
SLIPS: Mapping[Slip, object] = {
    Slip.ORDER: gettext_lazy(
        "'%(text)s' is no address: 12 hex digits in the order of travel, or a decimal number"
    ),
    Slip.FORM: gettext_lazy("'%(text)s' is no address of this device model: one looks like %(forms)s"),
    Slip.NUMBER_MISSING: gettext_lazy(
        "'%(text)s' does not say the device's number on the line: write ?unit=1 behind it, or the number that it is "
        "set to"
    ),
    Slip.NUMBER: gettext_lazy(
        "'%(text)s' names a number on the line that can't be: unit is 1 to 247, with tcp:// 0 to 255"
    ),
    Slip.SERIAL: gettext_lazy(
        "'%(text)s' has settings that no serial line has: baud=9600, parity=none, even or odd, stop_bits=1 or 2"
    ),
    Slip.IMEI: gettext_lazy("'%(text)s' has no IMEI: the 15 digits on the 4G unit's label"),
    Slip.METER_MISSING: gettext_lazy(
        "'%(text)s' does not say the meter's address: write ?meter= behind it, and the twelve digits on its label"
    ),
    Slip.METER: gettext_lazy("'%(text)s' names digits that no meter has: up to twelve, and not twelve nines"),
}


def normal(protocol: str, text: str) -> str:
    """The address `text` as a device of `protocol` keeps it; where it knows names, as it stands.

    BadInput: a clause that says what is wrong, in the language that is active.
    """
    found = spelling(protocol)
    if found is None or not text:
        return text
    facts = {"text": text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"}
    try:
        address = found.normal(text)
    except Misspelt as error:
        why = str(SLIPS[error.slip]) % {**facts, "forms": _(" or ").join(found.forms)}
        raise BadInput(why) from error
    if len(address) > DEVICE_ADDRESS_CHARACTERS_MAX:
        why = _(
            "'%(text)s' is too long: %(most)d characters at most; give the port or the host a shorter name"
        )
        raise BadInput(why % {**facts, "most": DEVICE_ADDRESS_CHARACTERS_MAX})
    return address


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
