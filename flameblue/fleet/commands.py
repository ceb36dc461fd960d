"""What people ask devices: kept with who asked and what came back. The core alone moves a command on.

Invariants: one command a device is open at a time, whoever asks; a command that is over stays as it is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from flameblue.domain.clock import to_datetime
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import COMMAND_WAITS_S, COMMANDS_KEPT_PER_DEVICE
from flameblue.fleet import audit
from flameblue.fleet.addresses import protocol_of
from flameblue.fleet.audit import Deed
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device, DeviceCommand
from flameblue.intake.device_commands import OPEN, Outcome, Told, Wish
from flameblue.intake.protocols.gb26875 import orders

SPOKEN = frozenset({"gb26875"})  # the protocols of which `orders` are


def ask(device: Device, kind: str, said: dict[str, Any], hand: Hand) -> DeviceCommand:
    """A new command for `device`; BadInput says what is wrong with it, or that another one is under way."""
    try:
        arguments = orders.checked(kind, said)
    except BadInput as error:
        raise BadInput(_("A value is missing, or out of its range.")) from error
    if not device.enabled or protocol_of(device.profile) not in SPOKEN:
        raise BadInput(_("This device can't be asked: it is not in use, or its protocol knows no questions."))
    try:
        with transaction.atomic():
            made = DeviceCommand.objects.create(
                device=device,
                kind=kind,
                arguments=arguments,
                by=hand.by,
                at=hand.now,
                outcome=Outcome.WAITING,
            )
            deed = Deed(f"asked {kind}", str(device), {"arguments": arguments}, audit.thing_of(device))
            audit.record_deed(hand.by, deed, hand.now)
    except IntegrityError as error:
        raise BadInput(_("Something else is being asked of this device; wait for its answer.")) from error
    kept = newest(device).values_list("pk", flat=True)[:COMMANDS_KEPT_PER_DEVICE]
    DeviceCommand.objects.filter(device=device).exclude(pk__in=list(kept)).delete()
    return made


def newest(device: Device) -> QuerySet[DeviceCommand]:
    """The commands of `device`, the newest first."""
    return DeviceCommand.objects.filter(device=device).order_by("-id")


def waiting(under_way: frozenset[int], now: datetime) -> list[tuple[str, Wish]]:
    """What is to be passed on now, by the device's protocol. What waited too long, and what an earlier start of the
    core had `under_way`, is over."""
    wishes = []
    for one in DeviceCommand.objects.filter(outcome__in=OPEN).select_related("device").order_by("id"):
        if one.pk in under_way:
            continue
        late = now - one.at > timedelta(seconds=COMMAND_WAITS_S)
        if late or one.outcome != Outcome.WAITING:
            _move(one.pk, Outcome.LAPSED, answered_at=now)
            continue
        wish = Wish(one.pk, one.device.name, one.kind, one.arguments)
        wishes.append((protocol_of(one.device.profile), wish))
    return wishes


def record(told: Sequence[Told]) -> None:
    """Writes how far commands have come."""
    for one in told:
        at = to_datetime(one.at_ns)
        if one.outcome == Outcome.SENT:
            _move(one.number, one.outcome, sent_at=at)
        elif one.outcome in OPEN:
            _move(one.number, one.outcome)
        else:
            answer = [one.answer.hex()] if one.answer else []
            _move(one.number, one.outcome, answered_at=at, answer=answer)


def _move(number: int, outcome: Outcome, **values: Any) -> None:
    DeviceCommand.objects.filter(pk=number, outcome__in=OPEN).update(outcome=outcome, **values)
