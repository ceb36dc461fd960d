"""Saving and removing rows: the audit tells what changed, detection learns of it, in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Q

from flameblue.domain.errors import BadInput
from flameblue.fleet import audit, point_table, shelf
from flameblue.fleet.audit import Deed
from flameblue.fleet.models import Circuit, Device, LimitSetting, Point, Premises, Site

DERIVED = frozenset({"id", "row"})


@dataclass(frozen=True, slots=True)
class Hand:
    """Who changes something, when and why."""

    by: str
    now: datetime
    reason: str = ""


@transaction.atomic
def keep(thing: models.Model, hand: Hand) -> bool:
    """Saves `thing`; False, and nothing is written, when it is already so."""
    before = type(thing)._default_manager.filter(pk=thing.pk).first() if thing.pk else None
    touched = _points_of(before) if before is not None else Q(pk__in=())
    changes = _changes(before, thing)
    if not changes:
        return False
    thing.save()
    verb = f"{'changed' if before is not None else 'added'} {_word(thing)}"
    told = {"changes": changes, "reason": hand.reason}
    audit.record_deed(hand.by, Deed(verb, str(thing), told, audit.thing_of(thing)), hand.now)
    if isinstance(thing, Device):
        _leave_other_circuits(thing, hand)
    _tell(thing, touched | _points_of(thing), hand)
    return True


def keep_new(thing: models.Model, hand: Hand, refusal: str) -> None:
    """Saves `thing`; BadInput with `refusal` where another of its name is there, however late it came."""
    try:
        keep(thing, hand)
    except IntegrityError as error:
        raise BadInput(refusal) from error


@transaction.atomic
def remove(thing: models.Model, hand: Hand) -> None:
    """Deletes `thing`; the audit keeps what it said."""
    touched = _points_of(thing)
    said = {name: pair[1] for name, pair in _changes(None, thing).items()}
    ids = list(Point.objects.filter(touched).values_list("pk", flat=True))
    told = {"said": said, "reason": hand.reason}
    deed = Deed(f"removed {_word(thing)}", str(thing), told, audit.thing_of(thing))
    audit.record_deed(hand.by, deed, hand.now)
    thing.delete()
    _tell(thing, Q(pk__in=ids), hand)


def _word(thing: models.Model) -> str:
    return str(thing._meta.verbose_name)


def _changes(before: models.Model | None, after: models.Model) -> dict[str, list[Any]]:
    """{field: [before, after]} of the fields that differ, as the audit may tell them."""
    found: dict[str, list[Any]] = {}
    for one in after._meta.concrete_fields:
        old = getattr(before, one.attname) if before is not None else None
        new = getattr(after, one.attname)
        if one.name in DERIVED or old == new or (before is None and new in (None, "")):
            continue
        was = getattr(before, one.name) if before is not None else None
        found[one.name] = [audit.readable(one.name, was), audit.readable(one.name, getattr(after, one.name))]
    return found


def _points_of(thing: models.Model) -> Q:
    """The points whose rows depend on `thing`."""
    match thing:
        case Point():
            return Q(pk=thing.pk)
        case Device():
            return Q(device=thing.pk)
        case Circuit():
            return Q(circuit=thing.pk)
        case Premises():
            return Q(device__premises=thing.pk)
        case Site():
            return Q(device__premises__site=thing.pk)
        case LimitSetting():
            return _points_of_limit(thing)
    return Q(pk__in=())


def _points_of_limit(setting: LimitSetting) -> Q:
    scope = LimitSetting.Scope
    place = {
        scope.PROFILE: Q(device__profile=setting.profile),
        scope.SITE: Q(device__premises__site=setting.site_id),
        scope.PREMISES: Q(device__premises=setting.premises_id),
        scope.CIRCUIT: Q(circuit=setting.circuit_id),
    }[scope(setting.scope)]
    return place & Q(quantity=setting.quantity)


def _leave_other_circuits(device: Device, hand: Hand) -> None:
    """A device watches circuits of its own premises only: one that was moved leaves the others."""
    left = Point.objects.filter(device=device).exclude(circuit=None)
    left = left.exclude(circuit__panel__premises=device.premises_id)
    for point in left.select_related("circuit__panel__premises"):
        circuit = str(point.circuit)
        Point.objects.filter(pk=point.pk).update(circuit=None)
        deed = Deed("left circuit", str(point), {"circuit": circuit}, audit.thing_of(point))
        audit.record_deed(hand.by, deed, hand.now)


def _tell(thing: models.Model, touched: Q, hand: Hand) -> None:
    """Detection learns of the points that changed; intake of who may connect and what they may send."""
    told = point_table.refresh(shelf.profiles(), hand.now, Point.objects.filter(touched))
    if isinstance(thing, Device | Point) and not told:
        point_table.announce(hand.now)
