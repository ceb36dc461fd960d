"""What Home Assistant is shown of premises: the shapes of its MQTT discovery, and what is still to be published. Pure.

One device a premises; a sensor a point; a `safety` and a `problem` binary sensor a premises, on while a case is open.
Everything is retained. Nothing is listened to for a command: this is supervision, not protection.
Source of the keys: Home Assistant's documentation of MQTT discovery, sensor.mqtt and binary_sensor.mqtt.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flameblue.domain.limits import HOME_HEARD_MAX
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level
from flameblue.intake.discovery import OURS

ONLINE, OFFLINE = "online", "offline"
ON, OFF = "ON", "OFF"
UNKNOWN = "None"  # a sensor's state is not known
SAFETY, PROBLEM = "safety", "problem"
EQUIPMENT = frozenset(
    {"silence", "equipment"}
)  # families of what we no longer know; the others tell of danger
BROKEN = int(Mark.SENSOR_OPEN | Mark.SENSOR_SHORT)
MEASURED, COUNTED = "measurement", "total_increasing"
KINDS: Mapping[str, tuple[str, str]] = {
    "residual_current_ma": ("current", MEASURED),
    "temperature_c": ("temperature", MEASURED),
    "ambient_temperature_c": ("temperature", MEASURED),
    "current_a": ("current", MEASURED),
    "voltage_v": ("voltage", MEASURED),
    "power_w": ("power", MEASURED),
    "energy_kwh": ("energy", COUNTED),
    "arc_count": ("", MEASURED),
    "humidity_percent": ("humidity", MEASURED),
    "apparent_power_va": ("apparent_power", MEASURED),
    "reactive_power_var": ("reactive_power", MEASURED),
    "power_factor": ("power_factor", MEASURED),
    "frequency_hz": ("frequency", MEASURED),
}


@dataclass(frozen=True, slots=True)
class ShownPoint:
    """A point: its id, what it is called inside its premises, and its quantity."""

    id: int
    name: str
    quantity: str


@dataclass(frozen=True, slots=True)
class ShownPremises:
    """Premises with their points."""

    id: int
    name: str
    points: tuple[ShownPoint, ...]


@dataclass(frozen=True, slots=True)
class OpenCase:
    """An open case of premises that has been announced and is no test."""

    premises: int
    number: int
    family: str
    level: int
    state: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a topic is to hold, and how long it stays as it is once it was published."""

    payload: str
    every_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Home:
    """Where it is shown and as whom. `words`: what the two binary sensors are called."""

    prefix: str
    name: str
    version: str
    words: Mapping[str, str]

    @property
    def status_topic(self) -> str:
        """Whether Flameblue is there."""
        return f"{self.name}/home/status"

    @property
    def birth_topic(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.prefix}/status"

    @property
    def own_configs(self) -> str:
        """A subscription to all that we have announced."""
        return f"{self.prefix}/+/{self.name}/+/config"

    def config_topic(self, component: str, thing: str) -> str:
        return f"{self.prefix}/{component}/{self.name}/{thing}/config"

    def state_topic(self, thing: str) -> str:
        return f"{self.name}/home/{thing}/state"

    def attributes_topic(self, thing: str) -> str:
        return f"{self.name}/home/{thing}/attributes"

    def belonging(self, config_topic: str) -> tuple[str, ...]:
        """The topics that go when this announcement of ours goes; none where it is not ours."""
        parts = config_topic.removeprefix(f"{self.prefix}/").split("/")
        if len(parts) != 4 or parts[1] != self.name or parts[3] != "config":
            return ()
        return (config_topic, self.state_topic(parts[2]), self.attributes_topic(parts[2]))


def configs(home: Home, premises: Iterable[ShownPremises]) -> dict[str, Wanted]:
    """The announcements of all `premises`."""
    found = {}
    for one in premises:
        for kind in (SAFETY, PROBLEM):
            topic = home.config_topic("binary_sensor", f"premises_{one.id}_{kind}")
            found[topic] = Wanted(_json(_alarm_config(home, one, kind)))
        for point in one.points:
            topic = home.config_topic("sensor", f"point_{point.id}")
            found[topic] = Wanted(_json(_point_config(home, one, point)))
    return found


def _point_config(home: Home, premises: ShownPremises, point: ShownPoint) -> dict[str, Any]:
    quantity = QUANTITIES[point.quantity]
    device_class, state_class = KINDS[point.quantity]
    config = _config(home, premises, f"point_{point.id}", point.name)
    config |= {"state_class": state_class, "suggested_display_precision": _decimals(quantity.steps_per_unit)}
    if device_class:
        config["device_class"] = device_class
    if quantity.unit != "1":
        config["unit_of_measurement"] = quantity.unit
    return config


def _alarm_config(home: Home, premises: ShownPremises, kind: str) -> dict[str, Any]:
    thing = f"premises_{premises.id}_{kind}"
    config = _config(home, premises, thing, home.words[kind])
    return config | {"device_class": kind, "json_attributes_topic": home.attributes_topic(thing)}


def _config(home: Home, premises: ShownPremises, thing: str, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "unique_id": f"{home.name}_{thing}",
        "state_topic": home.state_topic(thing),
        "availability_topic": home.status_topic,
        "qos": 1,
        "device": {
            "identifiers": [f"{home.name}_premises_{premises.id}"],
            "name": premises.name,
            "manufacturer": OURS,
            "sw_version": home.version,
        },
        "origin": {"name": OURS, "sw_version": home.version},
    }


def alarm_states(
    home: Home, premises: Iterable[ShownPremises], cases: Iterable[OpenCase]
) -> dict[str, Wanted]:
    """Whether each of `premises` has an open case, of danger or of equipment, and which."""
    open_cases: dict[tuple[int, str], list[OpenCase]] = {}
    for case in cases:
        kind = PROBLEM if case.family in EQUIPMENT else SAFETY
        open_cases.setdefault((case.premises, kind), []).append(case)
    found = {}
    for one in premises:
        for kind in (SAFETY, PROBLEM):
            thing = f"premises_{one.id}_{kind}"
            here = sorted(open_cases.get((one.id, kind), ()), key=lambda case: case.number)
            found[home.state_topic(thing)] = Wanted(ON if here else OFF)
            found[home.attributes_topic(thing)] = Wanted(
                _json({"cases": [_attributes(case) for case in here]})
            )
    return found


def _attributes(case: OpenCase) -> dict[str, Any]:
    return {
        "number": case.number,
        "family": case.family,
        "level": Level(case.level).name.lower(),
        "state": case.state,
    }


def value(quantity: str, steps: int, marks: int) -> str:
    """A reading as a sensor's state; unknown where the sensor is broken."""
    if steps == NO_VALUE or marks & BROKEN:
        return UNKNOWN
    known = QUANTITIES[quantity]
    return f"{known.value(steps):.{_decimals(known.steps_per_unit)}f}"


def _decimals(steps_per_unit: int) -> int:
    return round(math.log10(steps_per_unit))


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


@dataclass(slots=True)
class Outbox:
    """What the broker holds of us, as far as we know, and when it was sent. None: it holds something, or it may."""

    held: dict[str, str | None] = field(default_factory=dict)
    sent_s: dict[str, float] = field(default_factory=dict)

    def anew(self) -> None:
        """Nothing is known for sure any more: everything is published again."""
        self.held = dict.fromkeys(self.held)
        self.sent_s.clear()

    def holds(self, topics: Iterable[str]) -> None:
        """The broker may hold something of us there, perhaps from an earlier run."""
        for topic in topics:
            if topic in self.held or len(self.held) < HOME_HEARD_MAX:
                self.held.setdefault(topic, None)

    def due(self, wanted: Mapping[str, Wanted], now_s: float, room: int) -> list[tuple[str, str]]:
        """At most `room` messages that are to go now: what may not wait first, then what has waited longest."""
        gone = [(topic, "") for topic in self.held if topic not in wanted]
        changed = [topic for topic, one in wanted.items() if self._is_due(topic, one, now_s)]
        changed.sort(key=lambda topic: (wanted[topic].every_s, self.sent_s.get(topic, -math.inf)))
        return [*gone, *((topic, wanted[topic].payload) for topic in changed)][:room]

    def _is_due(self, topic: str, one: Wanted, now_s: float) -> bool:
        if self.held.get(topic) == one.payload:
            return False
        return now_s - self.sent_s.get(topic, -math.inf) >= one.every_s

    def sent(self, topic: str, payload: str, now_s: float) -> None:
        """The message is on its way."""
        if payload:
            self.held[topic] = payload
            self.sent_s[topic] = now_s
        else:
            self.held.pop(topic, None)
            self.sent_s.pop(topic, None)
