"""`shellies/<id>/emeter/<n>/<what>` with a bare number (first generation); `<id>/status/em:0` and
`<id>/events/rpc` with JSON (later ones). Both say `<…>/online` true or false."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flameblue.domain.errors import BadInput
from flameblue.intake import lenient_json
from flameblue.intake.flattening import flatten, loads_object
from flameblue.intake.samples import NOTHING, OWN_TOPIC, Sample

FIRST = "shellies/"
LATER = "shelly"  # how the later generations' prefix begins, unless somebody has changed it
ONLINE = {b"true": True, b"false": False}
NUMBERED = frozenset({"emeter", "relay"})  # first generation: what has a number and, below it, numbers
NOTIFICATIONS = frozenset({"NotifyStatus", "NotifyFullStatus"})
ERRORS = "errors"
FAULT = ["fault"]


class Shelly:
    """Knows the topics and shapes of both; holds nothing."""

    strict = False
    line_decides = True

    def matches(self, topic: str) -> bool:
        """All that these devices publish; most of it says nothing to us."""
        return topic.startswith(FIRST) or (topic.startswith(LATER) and "/" in topic)

    def device(self, topic: str, /) -> str:
        """The device's id, such as shellypro3em-aabbcc; the announcements of the first generation name none."""
        levels = topic.split("/")
        if not topic.startswith(FIRST):
            return levels[0]
        return levels[1] if len(levels) > 2 else OWN_TOPIC

    def parse(self, topic: str, payload: bytes, /) -> list[Sample]:
        """One sample."""
        levels = topic.split("/")
        first = topic.startswith(FIRST)
        match levels[2:] if first else levels[1:]:
            case ["online"]:
                return [_online(payload)]
            case [kind, number, what] if first and kind in NUMBERED:
                return [Sample(None, {f"{kind}.{number}.{what}": _number(payload)}, {})]
            case ["info" | "status"] if first:
                return [Sample(None, _first_status(loads_object(payload)), {})]
            case ["status"]:
                content = loads_object(payload)
                return [_components(content.get("status", content), content.get("ts"))]
            case ["status", component]:
                return [_components({component: loads_object(payload)}, None)]
            case ["events", "rpc"]:
                return [_notified(loads_object(payload))]
        return [NOTHING]

    def commands(self, device: str, /) -> tuple[str, ...]:
        """Where the firmware listens; nothing is ever sent there by us."""
        return (f"{device}/rpc", f"{device}/command", f"shellies/{device}/command", "shellies/command")

    def example(self, device: str, values: Mapping[str, float], /) -> tuple[str, str] | None:
        """The first of `values`; of a later generation, those of its component too."""
        kind, _, rest = next(iter(values), "").partition(".")
        if kind in NUMBERED:
            key, value = next(iter(values.items()))
            return f"{FIRST}{device}/{key.replace('.', '/')}", json.dumps(value)
        if not rest:
            return None
        own = {
            key.removeprefix(f"{kind}."): value for key, value in values.items() if key.startswith(f"{kind}.")
        }
        name = device if device.startswith(LATER) else f"{LATER}-{device}"
        return f"{name}/status/{kind}", json.dumps(own, ensure_ascii=False)

    def replies(self, _topic: str, _payload: bytes, /) -> Sequence[tuple[str, bytes]]:
        """None."""
        return ()


def _online(payload: bytes) -> Sample:
    if payload not in ONLINE:
        raise BadInput("neither true nor false")
    return NOTHING._replace(online=ONLINE[payload])


def _number(payload: bytes) -> float:
    value = lenient_json.loads(payload)
    if type(value) is not int and type(value) is not float:
        raise BadInput("not a number")
    return value


def _first_status(content: Mapping[str, Any]) -> dict[str, Any]:
    """As the bare numbers' topics would call them. A meter that calls itself invalid has no values."""
    meters = content.get("emeters")
    values = flatten({key: value for key, value in content.items() if key != "emeters"})
    for number, meter in enumerate(meters if isinstance(meters, list) else []):
        if isinstance(meter, dict) and meter.get("is_valid", True) is True:
            values |= flatten({f"emeter.{number}": meter})
        else:
            values.pop("total_power", None)
    return values


def _notified(content: Mapping[str, Any]) -> Sample:
    parameters = content.get("params")
    if str(content.get("method")) not in NOTIFICATIONS or not isinstance(parameters, dict):
        return NOTHING
    return _components({key: item for key, item in parameters.items() if key != "ts"}, parameters.get("ts"))


def _components(content: Any, ts_s: Any) -> Sample:
    """`content` by component (em:0, em1:0, emdata:0 …). What a component says is wrong is its values' fault."""
    if not isinstance(content, dict):
        raise BadInput("the status is not an object")
    values: dict[str, Any] = {}
    states: dict[str, Any] = {}
    for name, component in content.items():
        found = flatten({name: component})
        values |= found
        for wrong in _wrong(component):
            states |= {key: FAULT for key in found if key.startswith(f"{name}.{wrong}")}
    seconds = type(ts_s) in (int, float) and abs(ts_s) < 1e12
    return Sample(ts_s * 1000 if seconds else None, values, states)


def _wrong(component: Any) -> list[str]:
    """How the keys begin that are not to be believed: "" all, "a_" those of the first phase."""
    if not isinstance(component, dict):
        return []
    said = [
        key for key, value in component.items() if key.endswith(ERRORS) and isinstance(value, list) and value
    ]
    return [key.removesuffix(ERRORS) for key in said]
