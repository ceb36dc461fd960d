"""Who may send: the devices, their points and credentials, as one value that is swapped whole.

Credentials are kept as keyed hashes (docs/decisions/0002); the same credential always gives the same hash, so
a ThingsBoard token, which comes alone and as the user name, finds its device by one look-up.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from flameblue.domain.quantities import Quantity
from flameblue.intake.sources import NOT_SAID, Allowed
from flameblue.profiles.loader import Profile

BEHIND = ">"  # between a gateway's name and that of a device behind it (docs/decisions/0010)


@dataclass(frozen=True)
class DeviceEntry:
    """One device. `points`: by key, the point's id and quantity. `address`: where its protocol knows no names.

    `allowed`: from where it may speak; `addresses`: those that are known of it, `new_address`: one that waits to be
    accepted (sources.py).
    `testing_until_ns`: what arrives of it before then is a test (0: none is under way).
    """

    name: str
    profile: str
    credential_hash: str
    points: Mapping[str, tuple[int, Quantity]]
    address: str = ""
    allowed: Allowed = NOT_SAID
    addresses: tuple[str, ...] = ()
    new_address: str = ""
    testing_until_ns: int = 0


class Outcome(Enum):
    """What becomes of somebody who knocks."""

    DEVICE = "device"
    PAIRING = "pairing"
    UNKNOWN = "unknown"
    WRONG_CREDENTIAL = "wrong_credential"
    FOREIGN = "foreign"  # known, and speaks from outside its networks: the line's to say


@dataclass(frozen=True)
class Admission:
    """The outcome; `device` only with DEVICE. `name` is fit to be shown: a token never stands in it."""

    outcome: Outcome
    name: str
    reason: str
    device: DeviceEntry | None = None
    credential_hash: str = ""  # of what was presented; lets a person bind an unknown device as it is


@dataclass(frozen=True)
class Directory:
    """An immutable view of fleet's devices. `by_credential`: credential hash → device name."""

    devices: Mapping[str, DeviceEntry] = field(default_factory=dict)
    by_credential: Mapping[str, str] = field(default_factory=dict)
    pairing_until_ns: int = 0
    credential_key: bytes = b""

    def behind(self, gateway: DeviceEntry, name: str) -> DeviceEntry | None:
        """The device that `gateway` calls `name`; None where that is none of its own.

        One with a credential speaks for itself only.
        """
        entry = None if BEHIND in name else self.devices.get(name_behind(gateway.name, name))
        return None if entry is None or entry.credential_hash else entry

    def family(self, entry: DeviceEntry) -> list[DeviceEntry]:
        """Who is lost with `entry`: itself, and the devices behind it."""
        return [entry, *self._families.get(entry.name, ())]

    def reach(self, entry: DeviceEntry) -> list[int]:
        """The points of `entry` and of the devices behind it."""
        return [point for one in self.family(entry) for point, _ in one.points.values()]

    def at(self, protocol: str, address: str, profiles: Mapping[str, Profile]) -> DeviceEntry | None:
        """The device of `protocol` that calls itself `address`; None where there is none, or more than one."""
        found = [
            entry
            for entry in self._by_address.get(address, ())
            if (profile := profiles.get(entry.profile)) is not None and profile.protocol == protocol
        ]
        return found[0] if len(found) == 1 else None

    def without_model(self, place: str, profiles: Mapping[str, Profile]) -> DeviceEntry | None:
        """The device that is at `place` (its address, up to a "?") and whose model is not known; None: there is none.

        Nobody knows what protocol it speaks, so that it is no device of any; a stranger it is not.
        """
        at = self._by_place.get(place, ())
        return next((entry for entry in at if entry.profile not in profiles), None)

    @cached_property
    def _by_place(self) -> Mapping[str, Sequence[DeviceEntry]]:
        found: dict[str, list[DeviceEntry]] = {}
        for entry in self.devices.values():
            if entry.address:
                found.setdefault(entry.address.partition("?")[0], []).append(entry)
        return found

    @cached_property
    def _by_address(self) -> Mapping[str, Sequence[DeviceEntry]]:
        found: dict[str, list[DeviceEntry]] = {}
        for entry in self.devices.values():
            if entry.address:
                found.setdefault(entry.address, []).append(entry)
        return found

    @cached_property
    def _families(self) -> Mapping[str, Sequence[DeviceEntry]]:
        found: dict[str, list[DeviceEntry]] = {}
        for entry in self.devices.values():
            gateway, separator, _ = entry.name.rpartition(BEHIND)
            if separator and not entry.credential_hash:
                found.setdefault(gateway, []).append(entry)
        return found

    def admit(self, user: str, password: str | None, now_ns: int, certified: str | None = None) -> Admission:
        """Whether the bearer of `user` and `password` is a device; a token comes alone, as the user name.

        `certified`: the name in the bearer's verified certificate, which is enough; what is sent beside it must agree.
        """
        if certified is not None:
            return self._admit_certified(certified, user, password, now_ns)
        entry = self.devices.get(user)
        if entry is not None and password:
            presented = credential_hash(self.credential_key, password)
            if entry.credential_hash and hmac.compare_digest(entry.credential_hash, presented):
                return Admission(Outcome.DEVICE, user, "known device", entry)
            return Admission(Outcome.WRONG_CREDENTIAL, user, "The credential is not this device's.")
        holder = self._holder(user)
        if holder is not None:
            return Admission(Outcome.DEVICE, holder.name, "known token", holder)
        if entry is not None:
            return Admission(Outcome.WRONG_CREDENTIAL, user, "No credential was sent.")
        name = user if password else masked(user)
        if now_ns < self.pairing_until_ns:
            presented = credential_hash(self.credential_key, password or user)
            return Admission(Outcome.PAIRING, name, "Unknown, listed while pairing.", None, presented)
        return Admission(Outcome.UNKNOWN, name, "No such device, and no pairing window is open.")

    def _admit_certified(self, certified: str, user: str, password: str | None, now_ns: int) -> Admission:
        entry = self.devices.get(certified)
        if entry is None:
            if certified and now_ns < self.pairing_until_ns:
                return Admission(Outcome.PAIRING, certified, "Unknown, listed while pairing.")
            name = certified or "a certificate without a common name"
            return Admission(Outcome.UNKNOWN, name, "The certificate names no device.")
        agrees = not password and user in ("", certified)
        if agrees or self.admit(user, password, now_ns).device is entry:
            return Admission(Outcome.DEVICE, certified, "known certificate", entry)
        reason = "The certificate is this device's; the user name or password sent with it is not."
        return Admission(Outcome.WRONG_CREDENTIAL, certified, reason)

    def _holder(self, token: str) -> DeviceEntry | None:
        if not token:
            return None
        return self.devices.get(self.by_credential.get(credential_hash(self.credential_key, token), ""))

    def still_admits(self, entry: DeviceEntry) -> DeviceEntry | None:
        """The device as it is now; None when it is gone or its credential was changed."""
        now = self.devices.get(entry.name)
        return now if now is not None and now.credential_hash == entry.credential_hash else None


def model_is_missing(entry: DeviceEntry) -> str:
    """What quarantine tells of a device whose model is not known."""
    return f"device {entry.name} is known, its model {entry.profile} is not here"


def name_behind(gateway: str, name: str) -> str:
    """How the registry calls the device that `gateway` calls `name`."""
    return f"{gateway}{BEHIND}{name}"


def credential_hash(key: bytes, credential: str) -> str:
    """HMAC-SHA256 of `credential` under `key`, in hexadecimal."""
    return hmac.new(key, credential.encode(), hashlib.sha256).hexdigest()


def masked(token: str) -> str:
    """A token as it may be shown: its last four characters, where it is long enough to hide the rest."""
    return f"token …{token[-4:]}" if len(token) >= 12 else "token …"
