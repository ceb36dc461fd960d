"""What a centre may ask a transmitter, and the application unit that asks it. Pure.

Initialising it (type flag 89) is not offered: it may take a control unit's memory, and nobody here can put it back.
Source: GB/T 26875.3-2011, 8.3.2; 6.5.2 (which commands end an exchange).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import DUTY_CHECK_MIN_MAX, OPERATIONS_ASKED_MAX
from flameblue.intake.protocols.gb26875 import numbers, objects
from flameblue.intake.protocols.gb26875.fields import time_label

NUMBER_MAX = 255  # of a system's type or address, one byte
COMPONENT_BYTES = 4


class Order(NamedTuple):
    """One kind of question or command. `needs`: the names of its arguments; `answer`: the type flag of what comes back,
    0 where a confirm is all."""

    command: int
    flag: int
    needs: tuple[str, ...] = ()
    answer: int = 0


COMPONENT = ("system", "system_address", "component")
DUTY_CHECK, SET_CLOCK = "duty_check", "set_clock"
ORDERS: Mapping[str, Order] = {
    SET_CLOCK: Order(numbers.CONTROL, 90),
    DUTY_CHECK: Order(numbers.CONTROL, 91, ("minutes",)),
    "device_state": Order(numbers.REQUEST, 81, answer=21),
    "device_version": Order(numbers.REQUEST, 85, answer=25),
    "device_configuration": Order(numbers.REQUEST, 86, answer=26),
    "device_time": Order(numbers.REQUEST, 88, answer=28),
    "device_operations": Order(numbers.REQUEST, 84, ("records", "since"), answer=24),
    "component_state": Order(numbers.REQUEST, 62, COMPONENT, answer=2),
    "component_value": Order(numbers.REQUEST, 63, COMPONENT, answer=3),
    "system_operations": Order(
        numbers.REQUEST, 64, ("system", "system_address", "records", "since"), answer=4
    ),
}
_BOUNDS: Mapping[str, tuple[int, int]] = {
    "minutes": (1, DUTY_CHECK_MIN_MAX),
    "records": (1, OPERATIONS_ASKED_MAX),
    "system": (0, NUMBER_MAX),
    "system_address": (0, NUMBER_MAX),
}


def checked(kind: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `kind` out of `said`, in their own types; BadInput names the one that is wrong.

    `component`: its address in hex as it travels; `since`: a datetime of the device's own zone.
    """
    order = ORDERS.get(kind)
    if order is None:
        raise BadInput(f"There is no command {kind!r}. Known: {', '.join(ORDERS)}.")
    return {name: _argument(name, said.get(name)) for name in order.needs}


def _argument(name: str, value: Any) -> Any:
    if name in _BOUNDS:
        least, most = _BOUNDS[name]
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,5}", value.strip()):
            value = int(value)
        if type(value) is not int or not least <= value <= most:
            raise BadInput(f"{name} must be a number from {least} to {most}.")
        return value
    try:
        if name == "since":
            return datetime.fromisoformat(str(value)).replace(tzinfo=None).isoformat(timespec="seconds")
        if len(bytes.fromhex(str(value))) != COMPONENT_BYTES:
            raise BadInput(f"{name} must be {COMPONENT_BYTES} bytes in hexadecimal.")
    except ValueError as error:
        raise BadInput(f"{name} can't be read: {error}.") from error
    return str(value).lower()


def unit(kind: str, arguments: Mapping[str, Any], now: datetime) -> bytes:
    """The application unit of `kind` with `checked` arguments; `now`: our time in the device's zone."""
    order = ORDERS[kind]
    return objects.written(objects.unit(order.flag, _object(kind, arguments, now)))


def _object(kind: str, said: Mapping[str, Any], now: datetime) -> Any:
    match ORDERS[kind].needs:
        case ("minutes",):
            return objects.DutyCheck(said["minutes"])
        case ("records", "since"):
            return objects.ReadDeviceOperations(said["records"], _label(said["since"]))
        case ("system", "system_address", "records", "since"):
            about = (said["system"], said["system_address"], said["records"])
            return objects.ReadSystemOperations(*about, _label(said["since"]))
        case ("system", "system_address", "component"):
            address = bytes.fromhex(said["component"])
            return objects.ReadComponent(said["system"], said["system_address"], address)
    return objects.DeviceTime(time_label(now)) if kind == SET_CLOCK else objects.Reserved()


def _label(since: str) -> bytes:
    return time_label(datetime.fromisoformat(since))


def is_duty_answer(application_unit: bytes) -> bool:
    """Whether somebody at the device has pressed the key: an operation of type 24 with its bit 5 (8.2.1.9)."""
    if not application_unit or application_unit[0] != ORDERS["device_operations"].answer:
        return False
    try:
        found = objects.read(application_unit)
    except objects.BadUnit:
        return False
    return found is not None and any(item.operation >> numbers.DUTY_ANSWER_BIT & 1 for item in found.objects)
