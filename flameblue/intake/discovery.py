"""What devices announce of themselves by Home Assistant's MQTT discovery, read as data.

`<prefix>/<component>/<node>?/<object>/config` holds a JSON object about one sensor, or under the component `device`
about all of a device; an empty payload takes it back. Names may be short (`stat_t`) and topics may lean on `~`.
Invariants: nothing is evaluated (a template that does more than name a key is told as not understood) and nothing
is guessed: a quantity of ours is taken only where device class and unit say it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from flameblue import plugins
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import (
    ANNOUNCED_PARTS_MAX,
    ANNOUNCEMENT_BYTES_MAX,
    PAYLOAD_DEPTH_MAX,
    TOPIC_BYTES_MAX,
)
from flameblue.domain.quantities import QUANTITIES
from flameblue.intake import lenient_json, payloads, redact
from flameblue.intake.decode import route
from flameblue.intake.directory import name_behind
from flameblue.intake.samples import OWN_TOPIC, Payload

SENSORS = ("sensor", "binary_sensor")  # the others are there to be switched; nothing of them is measured
WHOLE_DEVICE = "device"
OURS = "Flameblue"  # the origin of what another Flameblue shows to Home Assistant: no device of anybody's
NAME_LENGTH_MAX = 64  # of a device or a key in the registry

_SHORT = {
    "cmps": "components",
    "dev": "device",
    "dev_cla": "device_class",
    "o": "origin",
    "p": "platform",
    "stat_t": "state_topic",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}
_SHORT_OF_DEVICE = {"mdl": "model", "mdl_id": "model_id", "mf": "manufacturer", "sn": "serial_number"}
_QUANTITIES: Mapping[tuple[str, str], str] = {
    ("temperature", "°C"): "temperature_c",
    ("temperature", "℃"): "temperature_c",
    ("current", "A"): "current_a",
    ("voltage", "V"): "voltage_v",
    ("power", "W"): "power_w",
    ("energy", "kWh"): "energy_kwh",
    ("humidity", "%"): "humidity_percent",
    ("apparent_power", "VA"): "apparent_power_va",
    ("reactive_power", "var"): "reactive_power_var",
    ("power_factor", ""): "power_factor",
    ("frequency", "Hz"): "frequency_hz",
}
_STEP = r"""\.([A-Za-z_]\w*)|\["([^"\\{}]+)"\]|\['([^'\\{}]+)'\]"""
_PLAIN = re.compile(rf"\{{\{{-?\s*value_json((?:{_STEP})+)\s*-?\}}\}}")
_STEPS = re.compile(_STEP)
_FORMAT_NAMES: Mapping[int, str] = {id(plugin): name for name, plugin in plugins.find(payloads).items()}


class Trouble(StrEnum):
    """Why an announced sensor can have no row in the registry; `SENTENCES` says it to people."""

    NO_CLASS = "no_class"
    MILLIAMPERE = "milliampere"
    NO_QUANTITY = "no_quantity"
    BARE_VALUE = "bare_value"
    TEMPLATE = "template"
    NO_FORMAT = "no_format"
    NOT_TAKEN = "not_taken"
    NAME = "name"


SENTENCES: Mapping[Trouble, str] = {
    Trouble.NO_CLASS: "Not understood: nothing says what is measured.",
    Trouble.MILLIAMPERE: "Not understood: mA may be a load or a residual current. Write its row yourself.",
    Trouble.NO_QUANTITY: "Not understood: no quantity here has this meaning and unit.",
    Trouble.BARE_VALUE: "Not understood: its topic carries a bare value, no JSON key.",
    Trouble.TEMPLATE: "Not understood: its template does more than name a key, and is not evaluated.",
    Trouble.NO_FORMAT: "No payload format knows this topic.",
    Trouble.NOT_TAKEN: "The payload format of this topic takes no number from this key.",
    Trouble.NAME: "The registry takes no such name or key (a blank, / + #, too long); rename it where it is paired.",
}


@dataclass(frozen=True, slots=True)
class Announced:
    """One sensor as it is announced; every text is fit to be shown.

    `device`, `key` and `quantity` are as the registry would have them. `trouble`: why there can be no row of the
    registry; None: there can. `payload`: the format of ours that reads it.
    """

    topic: str
    name: str
    label: str  # what the device calls itself
    model: str
    maker: str
    state_topic: str
    unit: str
    device: str = ""
    key: str = ""
    quantity: str = ""
    payload: str = ""
    trouble: Trouble | None = None


def component(topic: str, prefix: str) -> str | None:
    """What kind of thing `topic` announces; None where it is no topic of announcements under `prefix`."""
    if not topic.startswith(f"{prefix}/"):
        return None
    parts = topic[len(prefix) + 1 :].split("/")
    if len(parts) not in (3, 4) or parts[-1] != "config" or not all(parts):
        return None
    return parts[0]


def is_wanted(topic: str, prefix: str) -> bool:
    """Whether something that is measured may be announced on `topic`."""
    return component(topic, prefix) in (*SENSORS, WHOLE_DEVICE)


def read(topic: str, payload: bytes, prefix: str) -> list[Announced]:
    """The sensors that one message announces; none where it takes back. BadInput says what is wrong with it."""
    kind = component(topic, prefix)
    if kind not in (*SENSORS, WHOLE_DEVICE) or len(topic) > TOPIC_BYTES_MAX:
        raise BadInput(f"no announcement of a sensor: {shown(topic, 80)}")
    if not payload:
        return []
    content = _content(payload)
    origin = content.get("origin")
    if isinstance(origin, dict) and origin.get("name") == OURS:
        return []
    if kind != WHOLE_DEVICE:
        return [_announced(topic, content)]
    parts = content.pop("components", None)
    if not isinstance(parts, dict) or len(parts) > ANNOUNCED_PARTS_MAX:
        raise BadInput(
            f"it announces a device without components, or more than {ANNOUNCED_PARTS_MAX} of them"
        )
    whole = [_long(part, _SHORT) for part in parts.values() if isinstance(part, dict)]
    return [_announced(topic, content | part) for part in whole if part.get("platform") in SENSORS]


def shown(text: str, length_max: int) -> str:
    """`text` as a page or a terminal may show it."""
    printable = "".join(sign if sign.isprintable() else "\ufffd" for sign in text[:length_max])
    return redact.shown(printable, length_max).strip()


def _content(payload: bytes) -> dict[str, Any]:
    if len(payload) > ANNOUNCEMENT_BYTES_MAX:
        raise BadInput(f"it has {len(payload)} bytes, more than {ANNOUNCEMENT_BYTES_MAX}")
    content = lenient_json.loads(payload)
    if not isinstance(content, dict):
        raise BadInput("it is not a JSON object")
    lenient_json.check_depth(content, PAYLOAD_DEPTH_MAX)
    return _long(content, _SHORT)


def _long(content: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The same under long names; a long name that is there as well wins."""
    return {names[key]: value for key, value in content.items() if key in names} | {
        key: value for key, value in content.items() if key not in names
    }


def _announced(topic: str, content: Mapping[str, Any]) -> Announced:
    about = content.get("device")
    device = _long(about, _SHORT_OF_DEVICE) if isinstance(about, dict) else {}
    state_topic = _text(content, "state_topic", TOPIC_BYTES_MAX)
    base = _text(content, "~", TOPIC_BYTES_MAX)
    if state_topic.startswith("~"):
        state_topic = base + state_topic[1:]
    elif state_topic.endswith("~"):
        state_topic = state_topic[:-1] + base
    found = Announced(
        topic=shown(topic, TOPIC_BYTES_MAX),
        name=_text(content, "name") or _text(content, "device_class"),
        label=_text(device, "name"),
        model=_text(device, "model_id") or _text(device, "model"),
        maker=_text(device, "manufacturer"),
        state_topic=state_topic[:TOPIC_BYTES_MAX],
        unit=_text(content, "unit_of_measurement"),
    )
    return _understood(found, content)


def _text(content: Mapping[str, Any], key: str, length_max: int = NAME_LENGTH_MAX) -> str:
    value = content.get(key)
    return shown(value, length_max) if isinstance(value, str) else ""


def _understood(found: Announced, content: Mapping[str, Any]) -> Announced:
    """`found` with what a row of the registry needs, as far as that is known, and the first reason against one."""
    device_class = _text(content, "device_class")
    quantity = _QUANTITIES.get((device_class, found.unit), "")
    template = content.get("value_template")
    path = _path(template)
    payload, name = route(found.state_topic)
    known = replace(
        found,
        device=name or found.label,
        key=".".join(path),
        quantity=quantity,
        unit=QUANTITIES[quantity].unit if quantity else found.unit,
        payload=_FORMAT_NAMES.get(id(payload), ""),
    )
    if not quantity:
        return replace(known, trouble=_no_quantity(device_class, found.unit))
    if not path:
        has_template = isinstance(template, str) and template != ""
        return replace(known, trouble=Trouble.TEMPLATE if has_template else Trouble.BARE_VALUE)
    if payload is None or name == OWN_TOPIC:
        return replace(known, trouble=Trouble.NO_FORMAT)
    taken = _taken(payload, found.state_topic, path)
    if taken is None or any(len(text) > NAME_LENGTH_MAX for text in taken):
        return replace(known, trouble=Trouble.NOT_TAKEN)
    return replace(known, device=taken[0], key=taken[1])


def _no_quantity(device_class: str, unit: str) -> Trouble:
    if not device_class:
        return Trouble.NO_CLASS
    return Trouble.MILLIAMPERE if (device_class, unit) == ("current", "mA") else Trouble.NO_QUANTITY


def _path(template: Any) -> tuple[str, ...]:
    """The keys that a template names one inside the other; none where it does anything else."""
    plain = _PLAIN.fullmatch(template.strip()) if isinstance(template, str) and len(template) <= 256 else None
    return tuple("".join(step) for step in _STEPS.findall(plain[1])) if plain else ()


def _taken(payload: Payload, topic: str, path: tuple[str, ...]) -> tuple[str, str] | None:
    """The device and the key that a number in this place belongs to: asked of the format itself, so both agree."""
    content: Any = 1
    for step in reversed(path):
        content = {step: content}
    try:
        samples = payload.parse(topic, json.dumps(content).encode())
    except BadInput:
        return None
    speaker = payload.device(topic)
    taken = {
        (name_behind(speaker, sample.device) if sample.device else speaker, key)
        for sample in samples
        for key in _numbers(sample.values)
    }
    return taken.pop() if len(taken) == 1 else None


def _numbers(values: Mapping[str, Any]) -> Iterator[str]:
    yield from (key for key, value in values.items() if isinstance(value, int | float))
