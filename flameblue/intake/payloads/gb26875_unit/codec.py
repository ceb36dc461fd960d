"""`gb26875/<type flag>` with an application unit of GB/T 26875.3: analogue values, and states as marks.

Keys: `<system>.<component type>.<component address>` of a component's state, with `.<analogue type>` of a value,
`<system>.<system address>` of a system's state, `device` of the transmitter's own; the component's address in hex as it
travels. Values of the standard's analogue types are in its units; the others as sent, for the profile to scale.
Source: GB/T 26875.3-2011, 8.2.1.1 to 8.2.1.3 and 8.2.1.8.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flameblue.domain.errors import BadInput
from flameblue.intake.protocols.gb26875 import objects
from flameblue.intake.protocols.gb26875.fields import time
from flameblue.intake.protocols.gb26875.numbers import ANALOGUES, DEVICE_STATES
from flameblue.intake.protocols.gb26875.objects import (
    BadUnit,
    ComponentState,
    ComponentValue,
    DeviceState,
    SystemState,
)
from flameblue.intake.samples import (
    NO_CALENDAR_MS,
    NOTHING,
    OWN_TOPIC,
    SUPERVISION_BIT,
    TEST_BIT,
    Kind,
    Sample,
)

HEAD = "gb26875/"
DEVICE_KEY = "device"
SYSTEM_STATE, COMPONENT_STATE, COMPONENT_VALUE, DEVICE_STATE = 1, 2, 3, 21
WITH_READINGS = frozenset({SYSTEM_STATE, COMPONENT_STATE, COMPONENT_VALUE, DEVICE_STATE})  # type flags
NORMAL_BIT = 0  # of every state: set in normal operation; real devices leave it clear beside a fire
_SHARED = {1: "alarm", 2: "fault", 3: "shielded", 4: SUPERVISION_BIT}
_WORDS: Mapping[int, Mapping[int, str]] = {  # by type flag, the bits that mean something to us (numbers.py)
    SYSTEM_STATE: {**_SHARED, 8: "fault", 9: "fault", 10: "fault"},
    COMPONENT_STATE: {**_SHARED, 8: "fault"},
    DEVICE_STATE: {1: "alarm", **dict.fromkeys(range(2, 7), "fault")},
}
_UNITS: Mapping[str, str] = {"℃": "°C", "件": "1"}  # the standard's signs, as our quantities write them
_COARSE = {
    9: "its step is 0.1 A; a maker's own type (130 = mA and so on) is declared in a profile, under kinds"
}
_NONE: Mapping[str, Any] = {}


class Gb26875Unit:
    """Knows the units' objects; holds nothing."""

    strict = True
    line_decides = False

    def matches(self, topic: str) -> bool:
        """Topics of our own making: the protocol has none."""
        return topic.startswith(HEAD)

    def device(self, _topic: str, /) -> str:
        """Whoever has the frame's source address."""
        return OWN_TOPIC

    def parse(self, _topic: str, payload: bytes, /) -> list[Sample]:
        """A sample an object; NOTHING where the type holds no reading."""
        try:
            unit = objects.read(payload)
        except BadUnit as error:
            raise BadInput(f"at byte {error.at} of the unit: {error}") from error
        if unit is None or unit.flag not in WITH_READINGS:
            return [NOTHING]
        if not unit.objects:
            raise BadInput("at byte 1 of the unit: it has no objects")
        return [_sample(unit.flag, one) for one in unit.objects]

    def commands(self, _device: str, /) -> tuple[str, ...]:
        """It has no subscriptions."""
        return ()

    def example(self, _device: str, _values: Mapping[str, float], /) -> None:
        """It is binary."""
        return

    def replies(self, _topic: str, _payload: bytes, /) -> Sequence[tuple[str, bytes]]:
        """Confirming is the protocol's."""
        return ()


def topic(unit: bytes) -> str:
    """Where a unit would be found: it tells the kinds of units apart in quarantine."""
    return f"{HEAD}{unit[0]}" if unit else HEAD


def own_troubles(unit: bytes) -> list[str]:
    """What a device state that can be read says is wrong with its transmitter; empty where nothing is."""
    found = objects.read(unit)
    states = [one.state for one in found.objects] if found is not None else []
    known = _WORDS[DEVICE_STATE]
    return [DEVICE_STATES[bit].en for bit in known if any(state >> bit & 1 for state in states)]


def part_of(unit: bytes) -> str:
    """What tells a unit from the others of its type: which components it speaks of. "": it speaks of none."""
    try:
        samples = Gb26875Unit().parse(topic(unit), unit)
    except BadInput:
        return ""
    keys = sorted(key for sample in samples for key in (*sample.values, *sample.states))
    return hashlib.blake2s("\n".join(keys).encode(), digest_size=8).hexdigest() if keys else ""


def _sample(flag: int, item: Any) -> Sample:
    match item:
        case ComponentValue():
            return _value(item)
        case ComponentState():
            key = _component(item)
        case SystemState():
            key = f"{item.system}.{item.system_address}"
        case DeviceState():
            key = DEVICE_KEY
    words = [word for bit, word in _WORDS[flag].items() if item.state >> bit & 1]
    if not item.state >> NORMAL_BIT & 1:
        words.append(TEST_BIT)
    return Sample(_moment(item.time), _NONE, {key: words})


def _value(item: ComponentValue) -> Sample:
    key = f"{_component(item)}.{item.analogue}"
    known = ANALOGUES.get(item.analogue)
    value = item.raw if known is None else item.raw / known.steps
    unit = "" if known is None else _UNITS.get(known.unit, known.unit)
    kind = Kind(str(item.analogue), unit, _COARSE.get(item.analogue, ""))
    return Sample(_moment(item.time), {key: value}, _NONE, kinds={key: kind})


def _component(item: ComponentState | ComponentValue) -> str:
    return f"{item.system}.{item.component}.{item.address.hex()}"


def _moment(label: bytes) -> datetime | float:
    """The device's local time; one that no calendar has is replaced when it is read."""
    return time(label) or NO_CALENDAR_MS
