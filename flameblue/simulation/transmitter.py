"""A user information transmission device of GB/T 26875.3 with one detector behind it, without I/O.

It numbers its exchanges, says each component's state when that changes and its values always, and answers what a
centre may ask. Component and analogue types are Four-Faith's, as profile gb26875-four-faith reads them.
Source: GB/T 26875.3-2011, 6.5 (exchanges), 8.3 (units); docs/simulation.md.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flameblue.intake.protocols.gb26875 import numbers, objects
from flameblue.intake.protocols.gb26875.codec import Frame
from flameblue.intake.protocols.gb26875.fields import padded_text, time, time_label
from flameblue.intake.protocols.gb26875.objects import BadUnit, Unit
from flameblue.simulation.levels import ALARM, FAULT, levels_of
from flameblue.simulation.measuring import Sample
from flameblue.simulation.world import PROBE_OPEN_C

SYSTEM, SYSTEM_ADDRESS, COMPONENT = (
    129,
    1,
    17,
)  # Four-Faith's electrical fire system, a residual current detector
COMPONENT_ADDRESS = bytes((1, 0, 1, 0))  # number 1 of loop 1
ANALOGUES: Mapping[str, tuple[int, float]] = {  # our key: Four-Faith's type, steps a unit
    "ir": (130, 1),
    "ta": (134, 10),
    "tb": (141, 10),
    "tc": (142, 10),
}
PROBE_OPEN_RAW = -500  # what an input without a sensor says
RAW_MAX = 32_000  # 8.2.1.3, table 6
SAMPLES_PER_FRAME = 63 // len(ANALOGUES)  # 8.3.1.3: at most 63 objects
NORMAL, FIRE, TROUBLE = 1, 2, 4  # bits 0, 1 and 2 of a component's and of a device's state
DUTY_ANSWER = 1 << 5  # 8.2.1.9: the key that answers a duty check
CHINA = timedelta(hours=8)
VERSION = (1, 1)
SERIALS = 1 << 16
STATE_KEY = f"{SYSTEM}.{COMPONENT}.{COMPONENT_ADDRESS.hex()}"


class Report(NamedTuple):
    """What is to be sent next, and which samples are safe when it is confirmed. `bits`: of the state that it says."""

    frame: Frame
    samples: Sequence[Sample]
    bits: int | None = None


def key(name: str) -> str:
    """The registry's key of one of ANALOGUES."""
    return f"{STATE_KEY}.{ANALOGUES[name][0]}"


class Transmitter:
    """One device at its address. Its clock is the centre's as soon as that sets it."""

    def __init__(self, address: bytes, text: str) -> None:
        self.address = address
        self._text = padded_text(text)
        self._centre = bytes(6)
        self._serial = 0
        self._ahead = timedelta()
        self.bits: int | None = None  # of the state that the centre has confirmed

    def next_report(self, samples: Sequence[Sample], now_ms: int) -> Report:
        """The frame for the oldest of `samples`, of which there is one at least."""
        bits = state_bits(samples[0])
        if bits != self.bits:
            said = objects.ComponentState(
                *(SYSTEM, SYSTEM_ADDRESS, COMPONENT, COMPONENT_ADDRESS, bits),
                *(self._text, label(samples[0]["t"])),
            )
            return Report(self._initiated(objects.unit(2, said), now_ms), (), bits)
        alike = [samples[0]]
        for sample in samples[1:SAMPLES_PER_FRAME]:
            if state_bits(sample) != bits:
                break
            alike.append(sample)
        values = [value for sample in alike for value in _values(sample)]
        return Report(self._initiated(objects.unit(3, *values), now_ms), alike)

    def heartbeat(self, now_ms: int) -> Frame:
        """The device's own time, which many send to be heard of (8.3.1.13)."""
        return self._initiated(objects.unit(28, objects.DeviceTime(self.clock(now_ms))), now_ms)

    def answers(self, frame: Frame, now_ms: int) -> list[Frame]:
        """What is said to a command or a question of the centre; nothing to a confirm or a denial."""
        if frame.command not in (numbers.CONTROL, numbers.REQUEST):
            return []
        self._centre = frame.source
        try:
            unit = objects.read(frame.unit)
        except BadUnit:
            unit = None
        if unit is None or not unit.objects:
            return [self._reply(frame, numbers.DENY, None, now_ms)]
        if frame.command == numbers.CONTROL:
            return self._commanded(frame, unit, now_ms)
        told = self._told(unit, now_ms)
        return [self._reply(frame, numbers.DENY if told is None else numbers.ANSWER, told, now_ms)]

    def clock(self, now_ms: int) -> bytes:
        """Its time, as it travels."""
        return _label(now_ms, self._ahead)

    def _commanded(self, frame: Frame, unit: Unit, now_ms: int) -> list[Frame]:
        match unit.flag:
            case 89:
                self._ahead = timedelta()
                self.bits = None
            case 90:
                wanted = time(unit.objects[0].time)
                if wanted is None:
                    return [self._reply(frame, numbers.DENY, None, now_ms)]
                self._ahead = wanted - (_china(now_ms)).replace(tzinfo=None, microsecond=0)
            case 91:
                pressed = objects.DeviceOperation(DUTY_ANSWER, 1, self.clock(now_ms))
                answer = self._initiated(objects.unit(24, pressed), now_ms)
                return [self._reply(frame, numbers.ACKNOWLEDGE, None, now_ms), answer]
            case _:
                return [self._reply(frame, numbers.DENY, None, now_ms)]
        return [self._reply(frame, numbers.ACKNOWLEDGE, None, now_ms)]

    def _told(self, unit: Unit, now_ms: int) -> Unit | None:
        """The answer to a question; None: this device has none."""
        match unit.flag:
            case 81:
                return objects.unit(21, objects.DeviceState(NORMAL, self.clock(now_ms)))
            case 85:
                return objects.unit(25, objects.DeviceVersion(*VERSION))
            case 86:
                return objects.unit(26, objects.DeviceConfiguration(self._text.rstrip(b"\0")))
            case 88:
                return objects.unit(28, objects.DeviceTime(self.clock(now_ms)))
            case 62 if unit.objects[0].address == COMPONENT_ADDRESS and self.bits is not None:
                said = (SYSTEM, SYSTEM_ADDRESS, COMPONENT, COMPONENT_ADDRESS, self.bits, self._text)
                return objects.unit(2, objects.ComponentState(*said, self.clock(now_ms)))
        return None

    def _initiated(self, unit: Unit, now_ms: int) -> Frame:
        """Begins an exchange: the next serial number (6.6)."""
        self._serial = (self._serial + 1) % SERIALS
        return self._frame(self._serial, numbers.SEND, unit, now_ms)

    def _reply(self, frame: Frame, command: int, unit: Unit | None, now_ms: int) -> Frame:
        return self._frame(frame.serial, command, unit, now_ms)

    def _frame(self, serial: int, command: int, unit: Unit | None, now_ms: int) -> Frame:
        between = (self.clock(now_ms), self.address, self._centre)
        return Frame(serial, *VERSION, *between, command, objects.written(unit))


def state_bits(sample: Sample) -> int:
    """The component's state: a fire where its own limit is passed, a fault where a probe is gone."""
    levels = levels_of(sample["v"])
    return NORMAL | (FIRE if ALARM in levels else 0) | (TROUBLE if FAULT in levels else 0)


def as_sent(sample: Sample) -> tuple[int, dict[str, float | None]]:
    """Time and values as the frames have them: whole seconds, the types' steps; None: no sensor."""
    values: dict[str, float | None] = {}
    for name, (_, steps) in ANALOGUES.items():
        raw = _raw(name, sample)
        values[key(name)] = None if raw == PROBE_OPEN_RAW and name != "ir" else raw / steps
    return sample["t"] // 1_000 * 1_000, values


def label(at_ms: int) -> bytes:
    """The time label of a moment, by China's clocks."""
    return _label(at_ms, timedelta())


def _values(sample: Sample) -> list[Any]:
    about = (SYSTEM, SYSTEM_ADDRESS, COMPONENT, COMPONENT_ADDRESS)
    at = label(sample["t"])
    return [
        objects.ComponentValue(*about, analogue, _raw(name, sample), at)
        for name, (analogue, _) in ANALOGUES.items()
    ]


def _raw(name: str, sample: Sample) -> int:
    value = float(sample["v"][name])
    if value == PROBE_OPEN_C:
        return PROBE_OPEN_RAW
    return min(round(value * ANALOGUES[name][1]), RAW_MAX)


def _china(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1_000, UTC) + CHINA


def _label(at_ms: int, ahead: timedelta) -> bytes:
    return time_label(_china(at_ms // 1_000 * 1_000) + ahead)
