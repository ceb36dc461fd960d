"""The acceptance sheet: what it says, and who signed that.

Invariants: what is signed is what was shown, else nothing is signed; a sheet takes in only devices whose points are
all tested or waived and which no sheet has yet; a signed sheet keeps its own words, whatever changes later.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from flameblue.commissioning import runs, standing
from flameblue.commissioning.models import Acceptance, Commissioning, TestRun
from flameblue.commissioning.progress import DeviceFacts, Step, step_of
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import ACCEPTED_DEVICES_MAX, SIGNATURE_BYTES_MAX
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.visible import flaw
from flameblue.fleet import audit
from flameblue.fleet.audit import Deed
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device, Point, Premises, Site
from flameblue.fleet.pictures import redrawn
from flameblue.profiles.loader import Profile

NAME_MAX = 80
Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """What a sheet is of: a site, or one of its premises."""

    site: Site
    premises: Premises | None = None


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signs what. `digest`: of the content that they were shown; `drawn`: the signature, a PNG."""

    name: str
    role: str
    digest: str
    drawn: bytes


def content_of(place: Place, facts: Sequence[DeviceFacts], profiles: Mapping[str, Profile]) -> Content:
    """All that a sheet of `place` would say now: the devices that are ready, and by name those that are not and those
    that only carry others, of which nothing is to be accepted."""
    own = [one for one in facts if not one.carries]
    ready = [one for one in own if step_of(one) == Step.TESTED][:ACCEPTED_DEVICES_MAX]
    devices = Device.objects.select_related("premises").in_bulk([one.device for one in ready])
    points = _points(list(devices))
    newest = runs.newest({point.pk: point for each in points.values() for point in each})
    return {
        "site": place.site.name,
        "premises": place.premises.name if place.premises else "",
        "total": len(own),
        "accepted_before": sum(step_of(one) == Step.ACCEPTED for one in own),
        "devices": [
            {
                "id": one.device,
                "name": one.name,
                "serial": devices[one.device].serial,
                "model": devices[one.device].profile,
                "maker": standing.maker_of(devices[one.device], profiles),
                "premises": one.premises,
                "points": [line_of(point, newest[point.pk]) for point in points.get(one.device, [])],
            }
            for one in ready
        ],
        "open": [one.name for one in own if step_of(one) not in (Step.TESTED, Step.ACCEPTED)],
        "carriers": [one.name for one in facts if one.carries],
    }


def digest_of(content: Content) -> str:
    """The SHA-256 of `content` in one canonical form."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def sign(place: Place, content: Content, signing: Signing, hand: Hand) -> Acceptance:
    """The sheet, signed; BadInput says why it can't be, and then nothing is changed."""
    _check(content, signing)
    drawn = redrawn(signing.drawn)
    numbers = [one["id"] for one in content["devices"]]
    made = Acceptance.objects.create(
        site=place.site,
        premises=place.premises,
        name=signing.name.strip(),
        role=signing.role.strip(),
        by=hand.by[: audit.BY_MAX],
        at=hand.now,
        signature=drawn,
        content=content,
        digest=signing.digest,
    )
    for number in numbers:
        Commissioning.objects.get_or_create(device_id=number)
    taken = Commissioning.objects.filter(device__in=numbers, acceptance=None).update(acceptance=made)
    if taken != len(numbers):
        raise BadInput(_("Somebody has signed for some of these devices meanwhile: look again."))
    detail = {"devices": len(numbers), "digest": signing.digest, "name": made.name, "role": made.role}
    what = place.premises or place.site
    audit.record_deed(hand.by, Deed("accepted devices", str(what), detail, audit.thing_of(what)), hand.now)
    return made


def _check(content: Content, signing: Signing) -> None:
    if not content["devices"]:
        raise BadInput(_("No device is ready to be accepted here."))
    if digest_of(content) != signing.digest:
        raise BadInput(_("The sheet has changed since you saw it: read it again, then sign."))
    for text in (signing.name.strip(), signing.role.strip()):
        if not 0 < len(text) <= NAME_MAX or flaw(text):
            raise BadInput(_("Write your name and your role, in at most %(n)d characters.") % {"n": NAME_MAX})
    if not signing.drawn:
        raise BadInput(_("Sign with a finger or the mouse."))
    if len(signing.drawn) > SIGNATURE_BYTES_MAX:
        raise BadInput(_("The signature is too large a picture."))


def _points(devices: Sequence[int]) -> dict[int, list[Point]]:
    found: dict[int, list[Point]] = {}
    wanted = Point.objects.filter(device__in=devices, retired=False).select_related("circuit__panel")
    for point in wanted.defer("row").order_by("id"):
        found.setdefault(point.device_id, []).append(point)
    return found


def line_of(point: Point, run: TestRun) -> dict[str, Any]:
    """One line of a sheet: numbers in the quantity's unit, times in UTC."""
    quantity, circuit = QUANTITIES[point.quantity], point.circuit
    return {
        "key": point.key,
        "quantity": point.quantity,
        "phase": point.phase,
        "circuit": f"{circuit.panel.name} {circuit.name}" if circuit else "",
        "state": run.state,
        "limit": None if run.limit is None else quantity.value(run.limit),
        "unit": quantity.unit,
        "edition": run.edition,
        "hold_s": run.hold_s,
        "within_s": run.within_s,
        "clause": run.clause,
        "waited_s": run.waited_s,
        "seconds": run.seconds,
        "step_s": run.step_s,
        "value": None if run.seen_value is None else quantity.value(run.seen_value),
        "at": run.began_at.isoformat(timespec="seconds"),
        "by": run.by,
        "reason": run.reason,
    }
