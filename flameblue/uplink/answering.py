"""What a centre asks and orders, and what it is answered from the present state.

Promises: nothing it says changes a setting, a clock or an alarm of ours. A duty check (查岗) is put to people, and only
a person answers it; the clock that it sends is compared and recorded; initialising (89) is refused.
Source: GB/T 26875.3-2011, 6.5 (exchanges), 8.3.2 (questions and commands).
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from flameblue import __version__
from flameblue.cases.models import Alarm, Case, Family, State
from flameblue.domain.clock import to_datetime
from flameblue.domain.limits import UPLINK_ASKS_MAX
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Point
from flameblue.history.board import Latest
from flameblue.intake.protocols.gb26875 import numbers, objects
from flameblue.intake.protocols.gb26875.codec import Frame
from flameblue.intake.protocols.gb26875.fields import time
from flameblue.people.models import Person
from flameblue.uplink import planning
from flameblue.uplink.following import Centre, place_of, wanted
from flameblue.uplink.models import Ask, Component

READ_SYSTEM_STATE, READ_COMPONENT_STATE, READ_COMPONENT_VALUE = 61, 62, 63  # type flags
READ_STATE, READ_VERSION, READ_TIME, INITIALISE, SET_CLOCK, DUTY_CHECK = 81, 85, 88, 89, 90, 91
DEVICE_VERSION = 25
OURS = "uplink"  # the first word of the troubles that we raise ourselves

Readings = Callable[[int], Latest | None]  # the newest of a point


class Reply(NamedTuple):
    """The command and the unit of the frame that goes back. A denial (6) says why in our log."""

    command: int
    unit: bytes = b""
    why: str = ""


class Asked(NamedTuple):
    """A frame of the centre's, and what is known when it comes."""

    centre: Centre
    frame: Frame
    latest: Readings
    now: datetime


ACKNOWLEDGED = Reply(numbers.ACKNOWLEDGE)


def answer(asked: Asked) -> Reply:
    """What the frame is answered; what people or a record are to have of it is written before."""
    command = asked.frame.command
    try:
        found = objects.read(asked.frame.unit)
    except objects.BadUnit as error:
        return _denied(f"at byte {error.at} of the unit: {error}")
    if found is None or not found.objects:
        return _denied("nothing is asked")
    if found.flag == INITIALISE:
        _record(asked, "refused: nobody but its people changes this system")
        return _denied("initialising from afar is refused")
    known = {numbers.REQUEST: _QUESTIONS, numbers.CONTROL: _ORDERS}.get(command, {})
    deed = known.get(found.flag)
    if deed is None:
        return _denied(f"command {command} with type {found.flag} is nothing that we answer")
    return deed(asked, found)


def open_duty_checks(now: datetime) -> QuerySet[Ask]:
    """Those that wait for somebody, the most urgent first."""
    waiting = Ask.objects.filter(flag=DUTY_CHECK, answered_at=None, answer_by__gt=now)
    return waiting.order_by("answer_by", "pk")


@transaction.atomic
def answer_duty_check(ask: int, by: Person, now: datetime) -> bool:
    """Somebody is here; False: it was answered before, or its time is over."""
    return open_duty_checks(now).filter(pk=ask).update(answered_at=now, answered_by=by) == 1


def states_now(centre: Centre, now: datetime) -> tuple[bytes, bytes]:
    """The device's state (21) and the system's (1)."""
    told, agreed = _told(), centre.agreed
    device = planning.device_state(told, _has_trouble(), now, agreed)
    return device, planning.system_state(told, now, agreed)


def _told() -> set[int]:
    return set(Component.objects.exclude(told=planning.NORMAL).values_list("told", flat=True).distinct())


def _has_trouble() -> bool:
    """Flameblue has a fault that is not that of the line itself."""
    rows = Case.objects.filter(family=Family.SYSTEM).exclude(state=State.CLOSED)
    return any(
        not str(what).startswith(OURS)
        for troubles in rows.values_list("troubles", flat=True)
        for what in troubles
    )


def _denied(why: str) -> Reply:
    return Reply(numbers.DENY, b"", why)


def _answered(flag: int, *said: object) -> Reply:
    return Reply(numbers.ANSWER, objects.written(objects.unit(flag, *said)))


def _device_state(asked: Asked, _found: objects.Unit) -> Reply:
    return Reply(numbers.ANSWER, states_now(asked.centre, asked.now)[0])


def _device_version(_asked: Asked, _found: objects.Unit) -> Reply:
    major, minor = (int(part) % 256 for part in re.findall(r"\d+", __version__)[:2])
    return _answered(DEVICE_VERSION, objects.DeviceVersion(major, minor))


def _device_time(asked: Asked, _found: objects.Unit) -> Reply:
    return Reply(numbers.ANSWER, planning.device_time(asked.now, asked.centre.agreed))


def _system_state(asked: Asked, found: objects.Unit) -> Reply:
    ours = asked.centre.agreed.system
    if not any((one.system, one.system_address) == (ours.type, ours.address) for one in found.objects):
        return _denied("another system is asked for")
    return Reply(numbers.ANSWER, states_now(asked.centre, asked.now)[1])


def _component_states(asked: Asked, found: objects.Unit) -> Reply:
    points = _points(asked, found)
    rows = Component.objects.filter(point__in=[point.pk for point in points])
    told = dict(rows.values_list("point_id", "told"))
    agreed = asked.centre.agreed
    said = [
        planning.state_of(place_of(point, agreed), told.get(point.pk, planning.NORMAL), asked.now, agreed)
        for point in points
    ]
    return _answered(planning.COMPONENT_STATE, *said) if said else _denied("no such component")


def _component_values(asked: Asked, found: objects.Unit) -> Reply:
    """Of a point that is being tested nothing is said."""
    points, agreed, said = _points(asked, found), asked.centre.agreed, []
    tested = Alarm.objects.filter(rule=Rule.TEST, point__in=points).exclude(level=Level.NORMAL)
    in_test = set(tested.values_list("point_id", flat=True))
    for point in points:
        newest = asked.latest(point.pk)
        if newest is None or point.pk in in_test:
            continue
        value = planning.value_of(place_of(point, agreed), newest.value, to_datetime(newest.at_ns), agreed)
        said += [] if value is None else [value]
    return _answered(planning.COMPONENT_VALUE, *said) if said else _denied("no value of such a component")


def _points(asked: Asked, found: objects.Unit) -> list[Point]:
    """The points that are asked for, by our system, in the order of the question."""
    agreed = asked.centre.agreed
    ours = (agreed.system.type, agreed.system.address)
    most = objects.KINDS[found.flag].count_max  # as many fit into the answer
    addresses = [one.address for one in found.objects if (one.system, one.system_address) == ours][:most]
    points = wanted(agreed).filter(retired=False)
    if not agreed.addresses:
        ids = [int.from_bytes(address, "little") for address in addresses]
        by_id = points.in_bulk(ids)
        return [by_id[pk] for pk in dict.fromkeys(ids) if pk in by_id]
    names = {bytes.fromhex(spelled): name for name, spelled in agreed.addresses.items()}
    asked_for = [names[address] for address in dict.fromkeys(addresses) if address in names]
    keys = {name.rpartition("/")[2] for name in asked_for}
    by_name = {f"{point.device.name}/{point.key}": point for point in points.filter(key__in=keys)}
    return [by_name[name] for name in asked_for if name in by_name]


def _set_clock(asked: Asked, found: objects.Unit) -> Reply:
    """Recorded, and nothing is set: our clock is a time server's."""
    theirs = time(found.objects[0].time)
    if theirs is None:
        return _denied("the time is no time")
    ours = asked.now.astimezone(asked.centre.agreed.zone)
    ahead_s = (theirs.replace(tzinfo=ours.tzinfo) - ours).total_seconds()
    _record(asked, f"recorded, not set: its clock is {ahead_s:+.0f} s from ours")
    return ACKNOWLEDGED


def _duty_check(asked: Asked, found: objects.Unit) -> Reply:
    """Asked again with the same serial number while it waits, it is the same question."""
    until = asked.now + timedelta(minutes=found.objects[0].minutes)
    if not open_duty_checks(asked.now).filter(serial=asked.frame.serial).exists():
        _record(asked, "", until)
    return ACKNOWLEDGED


@transaction.atomic
def _record(asked: Asked, detail: str, answer_by: datetime | None = None) -> None:
    Ask.objects.create(
        flag=asked.frame.unit[0],
        serial=asked.frame.serial,
        at=asked.now,
        answer_by=answer_by,
        detail=detail,
    )
    too_old = Ask.objects.order_by("-pk").values_list("pk", flat=True)[UPLINK_ASKS_MAX : UPLINK_ASKS_MAX + 1]
    for last in list(too_old):
        Ask.objects.filter(pk__lte=last).delete()


Deed = Callable[[Asked, objects.Unit], Reply]
_QUESTIONS: Mapping[int, Deed] = {
    READ_STATE: _device_state,
    READ_VERSION: _device_version,
    READ_TIME: _device_time,
    READ_SYSTEM_STATE: _system_state,
    READ_COMPONENT_STATE: _component_states,
    READ_COMPONENT_VALUE: _component_values,
}
_ORDERS: Mapping[int, Deed] = {SET_CLOCK: _set_clock, DUTY_CHECK: _duty_check}
