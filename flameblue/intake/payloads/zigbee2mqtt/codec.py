"""`zigbee2mqtt/<name>` with the JSON of a plug, `zigbee2mqtt/<name>/availability`, `zigbee2mqtt/bridge/state`.

The bridge is a gateway: it speaks, for the plugs behind it. Names may hold blanks and Chinese.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flameblue.domain.errors import BadInput
from flameblue.intake import lenient_json, written_times
from flameblue.intake.flattening import flatten, loads_object
from flameblue.intake.samples import NOTHING, Sample

BASE = "zigbee2mqtt"  # how the bridge's setting base_topic begins
BRIDGE = "bridge"
WORDS = {"online": True, "offline": False}
BELOW = frozenset({"availability", "set", "get"})


class Zigbee2Mqtt:
    """Knows the bridge's topics and shapes; holds nothing."""

    strict = False
    line_decides = True

    def matches(self, topic: str) -> bool:
        """The bridge's own topics, and those of its devices without a / in their names."""
        base, *levels = topic.split("/")
        if not base.startswith(BASE) or not levels or "" in levels[:1]:
            return False
        return len(levels) == 1 or levels[0] == BRIDGE or (len(levels) == 2 and levels[1] in BELOW)

    def device(self, topic: str, /) -> str:
        """The bridge, by its base topic."""
        return topic.partition("/")[0]

    def parse(self, topic: str, payload: bytes, /) -> list[Sample]:
        """One sample, of the device behind the bridge that the topic names."""
        match topic.split("/")[1:]:
            case ["bridge", "state"]:
                return [NOTHING._replace(online=_online(payload))]
            case ["bridge", *_]:
                return [NOTHING]
            case [name, "availability"]:
                return [NOTHING._replace(device=name, online=_online(payload))]
            case [name]:
                values = flatten(loads_object(payload))
                heard = values.get("last_seen")  # if the bridge is set to say so
                t_ms = heard if type(heard) is int else written_times.read(heard)
                return [Sample(t_ms, values, {}, device=name)]
        return [NOTHING]

    def commands(self, _device: str, /) -> tuple[str, ...]:
        """Where the bridge listens; nothing is ever sent there by us."""
        return (f"{BASE}/+/set", f"{BASE}/+/get", f"{BASE}/bridge/request/#")

    def example(self, _device: str, _values: Mapping[str, float], /) -> None:
        """It is a gateway's."""
        return

    def replies(self, _topic: str, _payload: bytes, /) -> Sequence[tuple[str, bytes]]:
        """None."""
        return ()


def _online(payload: bytes) -> bool:
    """{"state": "online"}, or the bare word of older versions."""
    word: Any = payload.decode("utf-8", "replace")
    if word not in WORDS:
        content = lenient_json.loads(payload)
        word = content.get("state") if isinstance(content, dict) else None
    if not isinstance(word, str) or word not in WORDS:
        raise BadInput("neither online nor offline")
    return WORDS[word]
