"""What people do to the fleet: each is one transaction with its audit entry and its word to detection."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import ADDRESSES_PER_DEVICE_MAX, PAIRING_WINDOW_S_MAX
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.visible import flaw
from flameblue.fleet import addresses, audit, point_table, shelf
from flameblue.fleet.audit import Deed
from flameblue.fleet.keeping import Hand, keep, keep_new, remove
from flameblue.fleet.limits import FIELDS, HOLD_FIELDS, LAXER, LIMIT_FIELDS
from flameblue.fleet.models import (
    Circuit,
    Device,
    DeviceSource,
    LimitSetting,
    PairingWindow,
    Point,
    Premises,
    Site,
)
from flameblue.intake.directory import credential_hash
from flameblue.profiles.loader import Profile

HOLD_S_MAX = 3_600.0
NAME = re.compile(r"(?=.{1,64}\Z)[^\s/+#]+(?: [^\s/+#]+)*")  # it stands in a topic


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of `quantity` at `target` (a profile's name, a site, premises or a circuit).

    `values` by the names of `fleet.limits.FIELDS`, in the quantity's unit or seconds; None takes one back.
    """

    target: str | Site | Premises | Circuit
    quantity: str
    values: Mapping[str, float | None]


class LimitRefused(BadInput):
    """A limit that makes no sense, with what a page needs to say why in its reader's language."""

    def __init__(self, why: str, trouble: str, facts: Mapping[str, Any]) -> None:
        super().__init__(why)
        self.trouble = trouble  # hold, hysteresis, implausible, order, reason
        self.facts = facts


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device as the pairing page binds it: with the hash of the credential that it has presented, or its address."""

    name: str
    premises: Premises
    profile: str
    credential_hash: str = ""
    device_address: str = ""


def set_limit(limits: Limits, hand: Hand) -> LimitSetting:
    """Sets the fields that `limits` names and leaves the others; BadInput says what is wrong."""
    check_limits(limits.quantity, limits.values)
    if not hand.reason.strip():
        raise LimitRefused("A limit is changed for a reason: say it.", "reason", {})
    where = _scope(limits.target)
    with transaction.atomic():
        setting = LimitSetting.objects.filter(**where, quantity=limits.quantity).first()
        setting = setting or LimitSetting(**where, quantity=limits.quantity)
        for name, value in limits.values.items():
            setattr(setting, name, value)
        check_limits(limits.quantity, {name: getattr(setting, name) for name in FIELDS})
        setting.reason = hand.reason
        keep(setting, hand)
    return setting


@transaction.atomic
def edit_limit(limits: Limits, hand: Hand) -> LimitSetting | None:
    """As `set_limit`; a setting that says nothing any more is removed: None."""
    setting = set_limit(limits, hand)
    if any(getattr(setting, name) is not None for name in FIELDS):
        return setting
    remove(setting, hand)
    return None


def remove_limit(setting: LimitSetting, hand: Hand) -> None:
    """The wider scope counts again."""
    remove(setting, hand)


def check_limits(quantity: str, values: Mapping[str, float | None]) -> None:
    """BadInput where `values` make no sense for `quantity`."""
    if quantity not in QUANTITIES:
        raise BadInput(f"There is no quantity {quantity!r}. Known: {', '.join(QUANTITIES)}.")
    known = QUANTITIES[quantity]
    for name, value in values.items():
        if name not in FIELDS:
            raise BadInput(f"There is no limit field {name!r}. Known: {', '.join(FIELDS)}.")
        if value is None:
            continue
        if name in HOLD_FIELDS and not 0 <= value <= HOLD_S_MAX:
            why = f"{name} is {value} s; it must be between 0 and {HOLD_S_MAX:.0f} s."
            raise LimitRefused(why, "hold", {"field": name, "value": value, "most": HOLD_S_MAX})
        if name.endswith("hysteresis") and not 0 <= value <= known.plausible_max:
            why = f"{name} is {value} {known.unit}; it can't be negative or so large."
            raise LimitRefused(why, "hysteresis", {"field": name, "value": value, "unit": known.unit})
        if name in LIMIT_FIELDS and not known.plausible_min <= value <= known.plausible_max:
            why = (
                f"{name} is {value} {known.unit}; a {quantity} beyond {known.plausible_min} to "
                f"{known.plausible_max} {known.unit} is a broken sensor."
            )
            facts = {"field": name, "value": value, "unit": known.unit, "quantity": quantity}
            bounds = {"least": known.plausible_min, "most": known.plausible_max}
            raise LimitRefused(why, "implausible", facts | bounds)
    for warning, alarm, sign in LAXER:
        first, last = values.get(warning), values.get(alarm)
        if first is not None and last is not None and first * sign > last * sign:
            why = f"{warning} ({first}) lies beyond {alarm} ({last}): a warning comes first."
            facts = {"field": warning, "value": first, "other": alarm, "other_value": last}
            raise LimitRefused(why, "order", facts | {"unit": known.unit})


def describe(thing: Model, values: Mapping[str, Any], hand: Hand) -> bool:
    """`thing` says `values` now; False where it said so before. Whoever calls has checked them."""
    for name, value in values.items():
        setattr(thing, name, value)
    return keep(thing, hand)


def set_rating(circuit: Circuit, rated_current_a: float | None, hand: Hand) -> bool:
    """The limits of load current follow the rating."""
    circuit.rated_current_a = rated_current_a
    return keep(circuit, hand)


def set_season(premises: Premises, closed_until: date | None, hand: Hand) -> bool:
    """Closed until that day in the site's time zone: silence is expected. None: open."""
    premises.closed_until = closed_until
    return keep(premises, hand)


def move_device(device: Device, premises: Premises, hand: Hand) -> bool:
    """The device hangs elsewhere now; its points leave the circuits of the old premises."""
    device.premises = premises
    return keep(device, hand)


def set_credential(device: Device, credential: str, hand: Hand) -> bool:
    """Only a keyed hash is kept; empty takes the credential away."""
    device.credential_hash = hashed(credential) if credential else ""
    return keep(device, hand)


@transaction.atomic
def accept_address(device: Device, address: str, hand: Hand) -> bool:
    """The device may speak from `address` too; False where that does not wait any more. The oldest ones go."""
    waiting = DeviceSource.objects.filter(device=device, address=address, accepted_at=None)
    if not waiting.update(accepted_at=hand.now, accepted_by=hand.by):
        return False
    accepted = DeviceSource.objects.filter(device=device).exclude(accepted_at=None)
    kept = accepted.order_by("-accepted_at", "-id").values_list("pk", flat=True)[:ADDRESSES_PER_DEVICE_MAX]
    accepted.exclude(pk__in=list(kept)).delete()
    deed = Deed("accepted address", str(device), {"address": address}, audit.thing_of(device))
    audit.record_deed(hand.by, deed, hand.now)
    point_table.announce(hand.now)
    return True


def retire_point(point: Point, hand: Hand) -> bool:
    """Its readings are history only from now on; its alarms return to normal."""
    point.retired = True
    return keep(point, hand)


def restore_point(point: Point, hand: Hand) -> bool:
    """A retired point is watched again."""
    point.retired = False
    return keep(point, hand)


@transaction.atomic
def bind_device(wish: NewDevice, hand: Hand) -> Device:
    """A new device at its premises, with the points that its profile fixes; BadInput says what is wrong."""
    profiles = shelf.profiles()
    if wish.profile not in profiles:
        raise BadInput(_("The device was not made: %(why)s.") % {"why": shelf.missing(wish.profile)})
    try:
        address = addresses.normal(profiles[wish.profile].protocol, wish.device_address)
    except BadInput as error:
        raise BadInput(_("The device was not made: %(why)s.") % {"why": error}) from error
    if not NAME.fullmatch(wish.name) or flaw(wish.name):
        raise BadInput(
            _("“%(name)s” can't name a device: 64 characters at most, no blank at its ends, no / + #.")
            % {"name": wish.name}
        )
    device = Device(
        name=wish.name,
        premises=wish.premises,
        profile=wish.profile,
        credential_hash=wish.credential_hash,
        device_address=address,
    )
    if why := addresses.taken(device):
        raise BadInput(_("The device was not made: %(why)s.") % {"why": why})
    keep_new(device, hand, _("There is already a device “%(name)s”.") % {"name": wish.name})
    Point.objects.bulk_create(profile_points(device, profiles[wish.profile]))
    point_table.refresh(profiles, hand.now, device.points.all())
    return device


def profile_points(device: Device, profile: Profile) -> list[Point]:
    """The points that `profile` fixes, not yet saved."""
    return [
        Point(device=device, key=point.key, quantity=point.quantity.name, phase=point.phase)
        for point in profile.points.values()
    ]


def open_pairing(duration_s: float, hand: Hand) -> PairingWindow:
    """Unknown devices are listed for `duration_s`, at most an hour, with what they send."""
    if not 0 < duration_s <= PAIRING_WINDOW_S_MAX:
        raise BadInput(f"A pairing window is open for at most {PAIRING_WINDOW_S_MAX // 60} minutes.")
    until = hand.now + timedelta(seconds=duration_s)
    with transaction.atomic():
        window = PairingWindow.objects.create(opened_at=hand.now, open_until=until, opened_by=hand.by)
        audit.record(hand.by, "opened pairing", "pairing window", {"until": until.isoformat()}, hand.now)
        point_table.announce(hand.now)
    return window


@transaction.atomic
def close_pairing(hand: Hand) -> bool:
    """Ends every open window; False when none was open."""
    closed = PairingWindow.objects.filter(open_until__gt=hand.now).update(open_until=hand.now)
    if closed:
        audit.record(hand.by, "closed pairing", "pairing window", {}, hand.now)
        point_table.announce(hand.now)
    return closed > 0


def hashed(credential: str) -> str:
    """The keyed hash under this installation's key."""
    return credential_hash(settings.CREDENTIAL_KEY.encode(), credential)


def scope_of(target: str | Site | Premises | Circuit) -> LimitSetting.Scope:
    """Which kind of scope `target` is; a text names a profile."""
    match target:
        case Site():
            return LimitSetting.Scope.SITE
        case Premises():
            return LimitSetting.Scope.PREMISES
        case Circuit():
            return LimitSetting.Scope.CIRCUIT
    return LimitSetting.Scope.PROFILE


def _scope(target: str | Site | Premises | Circuit) -> dict[str, object]:
    """The fields of a setting that say what it speaks of: each scope has one of its own name."""
    if isinstance(target, str) and target not in shelf.profiles():
        raise BadInput(_("The limits were not set: %(why)s.") % {"why": shelf.missing(target)})
    scope = scope_of(target)
    nowhere = {"profile": "", "site": None, "premises": None, "circuit": None}
    return {**nowhere, "scope": scope, scope.value: target}
