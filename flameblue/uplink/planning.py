"""What of the cases' transitions and events a centre is told, as application units. Pure.

Invariants: nothing of a test yields a unit; a component's state is told when its bits change, and only then; nothing
calls people out but `alarm_bit` of the agreement; what is past (a late reading) is no state. What is said during a
test of a point that has a real alarm is held until the test is over: an alarm it may be, a fire report it is not yet.
Source: GB/T 26875.3-2011, 8.2.1.1 to 8.2.1.4, 8.2.1.8, 8.2.1.9.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flameblue.cases import grouping, kinds
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.transitions import Level, Rule, Why
from flameblue.intake.protocols.gb26875 import objects
from flameblue.intake.protocols.gb26875.fields import TEXT_BYTES, padded_text, time_label
from flameblue.intake.protocols.gb26875.numbers import ANALOGUES, DUTY_ANSWER_BIT
from flameblue.uplink.mapping import NONE
from flameblue.uplink.mapping import Mapping as Agreement

NORMAL_BIT, FIRE_BIT, FAULT_BIT = 0, 1, 2
NORMAL = 1 << NORMAL_BIT  # nothing of a test is sent, so that it is always set
FIRE = 1 << FIRE_BIT
OF_SYSTEM = 0x1F  # the bits that a system's state has in common with its components'
SYSTEM_STATE, COMPONENT_STATE, COMPONENT_VALUE, SYSTEM_OPERATION = 1, 2, 3, 4  # type flags
DEVICE_STATE, DEVICE_OPERATION, DEVICE_TIME = 21, 24, 28
RESET, MUTE, CONFIRMED = 0, 1, 5  # operation bits, 8.2.1.4
OPERATIONS = {kinds.TAKEN: CONFIRMED, kinds.SHELVED: MUTE, kinds.CLOSED: RESET}
NO_STATE = frozenset({Rule.TEST, Rule.LATE})
RAW_MIN, RAW_MAX = -(2**15), 2**15 - 1

Levels = Mapping[int, int]  # by rule


@dataclass(frozen=True, slots=True)
class Place:
    """A point as the centre is to know it. `address` None: the agreement leaves it out."""

    quantity: str
    address: bytes | None
    premises: str = ""
    circuit: str = ""
    phase: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What a component's rules say, what a test holds back, and the bits that the centre was last told."""

    levels: Levels = field(default_factory=dict)
    held: Levels = field(default_factory=dict)
    told: int = NORMAL


@dataclass(frozen=True, slots=True)
class Happened:
    """A rule of a point moved. `value` in the quantity's steps; `is_test`: it belongs to a test case."""

    rule: int
    level: int
    at: datetime
    value: int = NO_VALUE
    why: int = 0
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """One application unit. An urgent one goes before those that are not."""

    unit: bytes
    is_urgent: bool = False


def after(known: Known, happened: Happened) -> Known:
    """`known` once `happened` is taken in; nothing is told yet."""
    if happened.is_test or happened.rule == Rule.LATE:
        return known
    levels, held = dict(known.levels), dict(known.held)
    if happened.rule == Rule.TEST:
        if happened.level == Level.NORMAL:
            levels.update(held)
            held.clear()
        return Known(levels, held, known.told)
    held.pop(happened.rule, None)
    if happened.why & Why.TEST and grouping.worse(happened.level, levels.get(happened.rule, Level.NORMAL)):
        held[happened.rule] = happened.level
    elif happened.level == Level.NORMAL:
        levels.pop(happened.rule, None)
    else:
        levels[happened.rule] = happened.level
    return Known(levels, held, known.told)


def bits(levels: Levels, agreed: Agreement) -> int:
    """The state of a component whose rules say `levels`."""
    state = NORMAL
    by_level = {
        Level.ALARM: agreed.alarm_bit,
        Level.WARNING: agreed.warning_bit,
        Level.FAULT: agreed.fault_bit,
    }
    for rule, level in levels.items():
        bit = agreed.shielded_bit if rule == Rule.SHIELDED else by_level.get(Level(level))
        if rule not in NO_STATE and bit is not None and bit != NONE:
            state |= 1 << int(bit)
    return state


def plan(known: Known, happened: Happened, place: Place, agreed: Agreement) -> tuple[Known, list[Planned]]:
    """What the centre is told of `happened`, and what it knows then."""
    known = after(known, happened)
    state = bits(known.levels, agreed)
    if happened.is_test or place.address is None or state == known.told:
        return known, []
    is_urgent = _has_new_alarm(state, known, agreed)
    told = [Planned(component_state(place, state, happened.at, agreed), is_urgent)]
    told += [Planned(unit) for unit in component_value(place, happened.value, happened.at, agreed)]
    return Known(known.levels, known.held, state), told


def component_state(place: Place, state: int, at: datetime, agreed: Agreement) -> bytes:
    """Type 2 (8.2.1.2)."""
    return objects.written(objects.unit(COMPONENT_STATE, state_of(place, state, at, agreed)))


def state_of(place: Place, state: int, at: datetime, agreed: Agreement) -> objects.ComponentState:
    """One object of it."""
    assert place.address is not None
    component = agreed.component_of(place.quantity)
    about = (agreed.system.type, agreed.system.address, component, place.address)
    return objects.ComponentState(*about, state, text_of(place), label(at, agreed))


def component_value(place: Place, value: int, at: datetime, agreed: Agreement) -> list[bytes]:
    """Type 3 (8.2.1.3), where the agreement has a type for it and the value fits; else nothing."""
    found = value_of(place, value, at, agreed)
    return [] if found is None else [objects.written(objects.unit(COMPONENT_VALUE, found))]


def value_of(place: Place, value: int, at: datetime, agreed: Agreement) -> objects.ComponentValue | None:
    """One object of it; None where there is none."""
    analogue = agreed.analogue_of(place.quantity)
    if analogue is None or value == NO_VALUE or place.address is None:
        return None
    number, steps = analogue
    measured = QUANTITIES[place.quantity].value(value)
    raw, known = round(measured * steps), ANALOGUES.get(number)
    if not RAW_MIN <= raw <= RAW_MAX or (known is not None and not known.least <= measured <= known.most):
        return None
    about = (agreed.system.type, agreed.system.address, agreed.component_of(place.quantity), place.address)
    return objects.ComponentValue(*about, number, raw, label(at, agreed))


def operation(kind: str, at: datetime, agreed: Agreement) -> Planned | None:
    """Type 4 (8.2.1.4) for what people did to a case; None where it is no operation of the standard."""
    bit = OPERATIONS.get(kind)
    if bit is None:
        return None
    said = objects.SystemOperation(agreed.system.type, agreed.system.address, 1 << bit, 0, label(at, agreed))
    return Planned(objects.written(objects.unit(SYSTEM_OPERATION, said)))


def duty_answer(at: datetime, agreed: Agreement) -> Planned:
    """Type 24 with the bit of the duty check (8.2.1.9): somebody waits for it."""
    said = objects.DeviceOperation(1 << DUTY_ANSWER_BIT, 0, label(at, agreed))
    return Planned(objects.written(objects.unit(DEVICE_OPERATION, said)), is_urgent=True)


def system_state(told: Iterable[int], at: datetime, agreed: Agreement) -> bytes:
    """Type 1 (8.2.1.1): what the components say together."""
    state = NORMAL
    for one in told:
        state |= one & OF_SYSTEM
    said = objects.SystemState(agreed.system.type, agreed.system.address, state, label(at, agreed))
    return objects.written(objects.unit(SYSTEM_STATE, said))


def device_state(told: Iterable[int], has_trouble: bool, at: datetime, agreed: Agreement) -> bytes:
    """Type 21 (8.2.1.8): monitoring; a fire where a component reports one; a fault of Flameblue's own."""
    state = NORMAL | (has_trouble << FAULT_BIT)
    for one in told:
        state |= one & FIRE
    return objects.written(objects.unit(DEVICE_STATE, objects.DeviceState(state, label(at, agreed))))


def device_time(at: datetime, agreed: Agreement) -> bytes:
    """Type 28 (8.2.1.13)."""
    return objects.written(objects.unit(DEVICE_TIME, objects.DeviceTime(label(at, agreed))))


def label(at: datetime, agreed: Agreement) -> bytes:
    """`at` by the clock that was agreed on."""
    return time_label(at.astimezone(agreed.zone))


def text_of(place: Place) -> bytes:
    """Premises, circuit and phase in 31 bytes of GB 18030; of what is too long the premises are cut first."""
    tail = place.circuit + (f"{place.phase}相" if place.phase else "")
    room = TEXT_BYTES - len(tail.encode("gb18030", errors="replace"))
    head = place.premises[: max(room, 0)]
    while len(head.encode("gb18030", errors="replace")) > max(room, 0):
        head = head[:-1]
    return padded_text(head + tail)


def _has_new_alarm(state: int, known: Known, agreed: Agreement) -> bool:
    """What is at alarm and says so by a bit that the centre has not seen yet."""
    if agreed.alarm_bit in (None, NONE) or Level.ALARM not in known.levels.values():
        return False
    mask = 1 << int(agreed.alarm_bit)
    return bool(state & mask & ~known.told)
