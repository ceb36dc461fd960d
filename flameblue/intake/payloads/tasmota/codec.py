"""`tele/<name>/SENSOR`, `stat/<name>/STATUS8` and `STATUS10` with nested JSON, `tele/<name>/LWT` with a word."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flameblue.domain.errors import BadInput
from flameblue.intake import written_times
from flameblue.intake.flattening import flatten, loads_object
from flameblue.intake.samples import NOTHING, OWN_TOPIC, Sample

PREFIXES = frozenset({"tele", "stat"})
LAST = re.compile(r"[A-Z]+[0-9]{0,2}")
SENSORS = frozenset({"SENSOR", "STATUS8", "STATUS10"})
WILL = "LWT"
WILLS = {b"Online": True, b"Offline": False}
WRAPPER = "StatusSNS"
DEGREES = ("Temperature", "DewPoint")  # how the keys begin that TempUnit is for


class Tasmota:
    """Knows the firmware's topics and shapes; holds nothing."""

    strict = False
    line_decides = True

    def matches(self, topic: str) -> bool:
        """`…/tele/<name>/WORD`, or in the other order of its setting FullTopic `…/<name>/tele/WORD`."""
        return self.device(topic) != OWN_TOPIC

    def device(self, topic: str, /) -> str:
        """The firmware's own name, its setting Topic."""
        levels = topic.split("/")
        if len(levels) < 3 or not LAST.fullmatch(levels[-1]):
            return OWN_TOPIC
        if levels[-3] in PREFIXES:
            return levels[-2]
        return levels[-3] if levels[-2] in PREFIXES else OWN_TOPIC

    def parse(self, topic: str, payload: bytes, /) -> list[Sample]:
        """One sample. What is no sensor's (states of the switch, of the network) says nothing to us."""
        word = topic.rpartition("/")[2]
        if word == WILL:
            if payload not in WILLS:
                raise BadInput("neither Online nor Offline")
            return [NOTHING._replace(online=WILLS[payload])]
        if word not in SENSORS:
            return [NOTHING]
        content = loads_object(payload)
        wrapped = content.get(WRAPPER, content)
        if not isinstance(wrapped, dict):
            raise BadInput(f"{WRAPPER} is not an object")
        values = flatten(wrapped)
        if values.get("TempUnit") == "F":
            values = {key: _celsius(key, value) for key, value in values.items()}
        return [Sample(written_times.read(values.get("Time")), values, {})]

    def commands(self, device: str, /) -> tuple[str, ...]:
        """Where the firmware listens; nothing is ever sent there by us."""
        return (f"cmnd/{device}/#",)

    def example(self, device: str, values: Mapping[str, float], /) -> tuple[str, str]:
        """All of `values`, nested as their keys say."""
        nested: dict[str, Any] = {}
        for key, value in values.items():
            *path, last = key.split(".")
            inner: Any = nested
            for step in path:
                inner = inner.setdefault(step, {}) if isinstance(inner, dict) else None
            if isinstance(inner, dict):
                inner[last] = value
        return f"tele/{device}/SENSOR", json.dumps(nested, ensure_ascii=False)

    def replies(self, _topic: str, _payload: bytes, /) -> Sequence[tuple[str, bytes]]:
        """None."""
        return ()


def _celsius(key: str, value: Any) -> Any:
    if type(value) not in (int, float) or not key.rpartition(".")[2].startswith(DEGREES):
        return value
    return (value - 32) * 5 / 9 if abs(value) < 1e9 else float("nan")
