"""Devices and points become as a registry file wishes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from flameblue.domain.errors import BadInput
from flameblue.fleet import addresses, shelf
from flameblue.fleet.actions import hashed
from flameblue.fleet.models import Circuit, Device, Point
from flameblue.people.registry_ledger import Ledger, Settling, by_key
from flameblue.people.registry_places import Places
from flameblue.people.registry_speech import asked, listed, shown
from flameblue.people.registry_wishes import Key, Said, Wish, Wishes
from flameblue.people.registry_words import SET
from flameblue.people.registry_words import said as word
from flameblue.profiles.loader import Profile

CREDENTIAL_LOST = "its credential must be set anew"
TOKEN_PAYLOADS = {
    "thingsboard",
    "thingsboard_gateway",
}  # the credential comes alone, and must name one device


def settle_devices(wishes: Wishes, ledger: Ledger, places: Places, profiles: Mapping[str, Profile]) -> None:
    """Makes the devices and points of `wishes`; what can't be goes into the ledger."""
    devices = _Devices(wishes, ledger, places, profiles)
    devices.settle()
    points = _Points(wishes, ledger, places, devices)
    points.settle()


class _Devices:
    """`known` by key; `moved` and `remodelled` are those that the file has changed."""

    def __init__(
        self, wishes: Wishes, ledger: Ledger, places: Places, profiles: Mapping[str, Profile]
    ) -> None:
        self.wishes, self.ledger, self.places, self.profiles = wishes, ledger, places, profiles
        found = Device.objects.select_related("premises__site").order_by("id")
        self.known = by_key(found, lambda device: (device.name,))
        self.moved: set[Key] = set()
        self.remodelled: set[Key] = set()

    def settle(self) -> None:
        settling = Settling(self.ledger)
        for key, wish in self.wishes.devices.items():
            device = self.known.get(key)
            values = self._values(wish)
            self._spell_address(wish, values, device)
            if device is None:
                self._add(settling, key, wish, values)
                continue
            if device.premises_id != values["premises"].pk:
                self.moved.add(key)
            if device.profile != values.get("profile", device.profile):
                self.remodelled.add(key)
            settling.change(device, values)
        self._refuse_shared_tokens()
        self._refuse_shared_addresses()
        settling.write()

    def profile_of(self, key: Key) -> Profile | None:
        return self.profiles.get(self.known[key].profile)

    def _add(self, settling: Settling, key: Key, wish: Wish, values: dict[str, Any]) -> None:
        if "profile" not in values:
            why = _("the new device '%(name)s' needs a profile") % {"name": key[0]}
            self.ledger.missing((wish.row, "profile"), why)
        self.known[key] = Device(name=key[0])
        lost = wish.get("credential") == SET
        settling.add(self.known[key], values, note=CREDENTIAL_LOST if lost else "")

    def _values(self, wish: Wish) -> dict[str, Any]:
        values: dict[str, Any] = {"premises": self.places.premises[wish.get("premises")]}
        if (serial := wish.get("device_serial")) is not None:
            values["serial"] = serial
        if (address := wish.get("device_address")) is not None:
            values["device_address"] = address
        if (networks := wish.get("networks")) is not None:
            values["networks"] = networks
        if (credential := wish.get("credential")) not in (None, SET):
            values["credential_hash"] = hashed(credential)
        if (profile := wish.get("profile")) is not None:
            values["profile"] = profile
            if profile not in self.profiles:
                self.ledger.wrong(wish.where("profile", "profile"), shelf.missing(profile))
        return values

    def _spell_address(self, wish: Wish, values: dict[str, Any], device: Device | None) -> None:
        """As its protocol spells it; also that of a device which now speaks another one."""
        before = device if device is not None else Device()
        profile = self.profiles.get(values.get("profile", before.profile))
        text = values.get("device_address", before.device_address)
        if profile is None or not text:
            return
        try:
            address = addresses.normal(profile.protocol, text)
        except BadInput as error:
            self.ledger.wrong(wish.where("device_address", "profile"), str(error))
            return
        if address != before.device_address or "device_address" in values:
            values["device_address"] = address

    def _refuse_shared_tokens(self) -> None:
        holders: dict[str, list[Key]] = {}
        for key, device in self.known.items():
            profile = self.profiles.get(device.profile)
            if device.credential_hash and profile is not None and profile.payload in TOKEN_PAYLOADS:
                holders.setdefault(device.credential_hash, []).append(key)
        for key, wish in self.wishes.devices.items():
            sharing = holders.get(self.known[key].credential_hash, [])
            if "credential" in wish.said and key in sharing and len(sharing) > 1:
                other = next(one for one in sharing if one != key)
                why = _("device '%(name)s' has the same token; a token must name one device")
                why %= {"name": shown(other[0])}
                self.ledger.wrong(wish.where("credential", "credential"), why)

    def _refuse_shared_addresses(self) -> None:
        holders: dict[tuple[str, str], list[Key]] = {}
        for key, device in self.known.items():
            profile = self.profiles.get(device.profile)
            if device.device_address and profile is not None:
                holders.setdefault((profile.protocol, device.device_address), []).append(key)
        for sharing in holders.values():
            for key in sharing:
                wish = self.wishes.devices.get(key)
                if wish is not None and len(sharing) > 1:
                    other = next(one for one in sharing if one != key)
                    why = addresses.shared(shown(other[0]))
                    self.ledger.wrong(wish.where("device_address", "device_address"), why)


@dataclass
class _Points:
    wishes: Wishes
    ledger: Ledger
    places: Places
    devices: _Devices

    def settle(self) -> None:
        known = self._known()
        wished = dict(self.wishes.points)
        self._speak_for_all(wished, known)
        settling = Settling(self.ledger)
        retired = self._retire(settling, known)
        for key, wish in wished.items():
            point = known.get(key)
            if point is None:
                self._add(settling, key, wish)
            elif key not in retired:
                self._change(settling, point, wish)
        for key, point in known.items():
            if (point.device.name,) in self.devices.moved and key not in wished:
                self._change(settling, point, Wish(0))
        settling.write()

    def _known(self) -> dict[Key, Point]:
        """Every point; its device and circuit are the objects at hand, not one more copy a point."""
        devices = {device.pk: device for device in self.devices.known.values()}
        circuits = Circuit.objects.select_related("panel__premises").in_bulk()
        found = list(Point.objects.defer("row").order_by("id"))
        for point in found:
            point.device = devices[point.device_id]
            point.circuit = circuits[point.circuit_id] if point.circuit_id is not None else None
        return by_key(found, lambda point: (point.device.name, point.key))

    def _speak_for_all(self, wished: dict[Key, Wish], known: dict[Key, Point]) -> None:
        """What a row that stops at its device says of every point that no other row names."""
        live: dict[Key, list[Key]] = {}
        for key, point in known.items():
            if not point.retired:
                live.setdefault(key[:1], []).append(key)
        for device, wish in self.wishes.devices.items():
            if not wish.get("points"):
                continue
            profile = self.devices.profile_of(device)
            fixed = [(*device, key) for key in profile.points] if profile else []
            said: dict[str, Said] = {
                name: one for name, one in wish.said.items() if name in ("circuit", "place")
            }
            for key in [*fixed, *live.get(device, [])]:
                wished.setdefault(key, Wish(wish.row, said))

    def _retire(self, settling: Settling, known: dict[Key, Point]) -> set[Key]:
        """Points that the device's new profile does not have; nothing would ever be read there."""
        gone: set[Key] = set()
        for key, point in known.items():
            profile = self.devices.profile_of(key[:1]) if key[:1] in self.devices.remodelled else None
            if profile and not profile.open_points and key[1] not in profile.points and not point.retired:
                settling.change(point, {"retired": True})
                gone.add(key)
        return gone

    def _add(self, settling: Settling, key: Key, wish: Wish) -> None:
        profile = self.devices.profile_of(key[:1])
        values = self._values(wish)
        if profile is not None and not profile.open_points:
            fixed = profile.points.get(key[1])
            if fixed is None:
                why = _("the profile %(profile)s has no point '%(point)s', only %(known)s")
                why %= {"profile": profile.name, "point": key[1], "known": listed(profile.points)}
                self.ledger.wrong((wish.row, "point"), why)
                return
            if values.setdefault("quantity", fixed.quantity.name) != fixed.quantity.name:
                why = _("'%(point)s' of the profile %(profile)s is %(quantity)s")
                said = {"point": key[1], "profile": profile.name, "quantity": _called(fixed.quantity.name)}
                why %= said
                self.ledger.wrong(wish.where("quantity", "quantity"), why)
            values.setdefault("phase", fixed.phase)
        elif profile is not None and "quantity" not in values:
            why = _("the new point '%(point)s' needs a quantity") % {"point": key[1]}
            self.ledger.missing((wish.row, "quantity"), why)
        settling.add(Point(device=self.devices.known[key[:1]], key=key[1]), values)

    def _change(self, settling: Settling, point: Point, wish: Wish) -> None:
        values = self._values(wish)
        quantity = values.pop("quantity", point.quantity)
        if quantity != point.quantity:
            why = _(
                "point '%(point)s' has been %(quantity)s and its readings are kept so; "
                "give the other quantity another key and retire this one"
            )
            why %= {"point": point.key, "quantity": _called(point.quantity)}
            self.ledger.wrong(wish.where("quantity", "quantity"), why)
        if point.circuit is not None and (point.device.name,) in self.devices.moved:
            values.setdefault("circuit", None)
        settling.change(point, values)

    def _values(self, wish: Wish) -> dict[str, Any]:
        return {name: self._value(name, said) for name, said in wish.said.items()}

    def _value(self, name: str, said: Said) -> str | Circuit:
        return self.places.circuits[said.value] if name == "circuit" else said.value


def _called(quantity: str) -> str:
    return word("quantity", quantity, asked())
