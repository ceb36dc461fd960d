"""`flameblue/v1/<device>/readings` with {"t": ms, "v": {key: number}, "s": {key: [state]}}, or an array."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flameblue.domain.errors import BadInput
from flameblue.intake import lenient_json
from flameblue.intake.samples import Sample

HEAD = "flameblue/v1/"
TAIL = "/readings"
FIELDS = frozenset({"t", "v", "s"})
_NOTHING: dict[str, Any] = {}


class FlameblueJson:
    """Knows the format's topics and shape; holds nothing."""

    strict = True
    line_decides = False

    def matches(self, topic: str) -> bool:
        """Exactly one level between head and tail, and not an empty one."""
        return topic.startswith(HEAD) and topic.endswith(TAIL) and self.device(topic) != ""

    def device(self, topic: str) -> str:
        """The name in the topic; empty where there is none."""
        name = topic[len(HEAD) : -len(TAIL)]
        return "" if "/" in name else name

    def parse(self, _topic: str, payload: bytes, /) -> list[Sample]:
        """One sample an object, in their order."""
        content = lenient_json.loads(payload)
        if isinstance(content, dict):
            return [_sample(content)]
        if not isinstance(content, list) or not content:
            raise BadInput('neither an object {"t", "v", "s"} nor an array of them')
        return [_sample(item) for item in content]

    def commands(self, device: str, /) -> Sequence[str]:
        """Everything below the device's own name."""
        return (f"{HEAD}{device}/#",)

    def example(self, device: str, values: Mapping[str, float], /) -> tuple[str, str]:
        """All of `values`."""
        return f"{HEAD}{device}{TAIL}", json.dumps({"v": dict(values)}, ensure_ascii=False)

    def replies(self, _topic: str, _payload: bytes, /) -> Sequence[tuple[str, bytes]]:
        """Nothing: readings are acknowledged, and that is all."""
        return ()


def _sample(item: Any) -> Sample:
    if not isinstance(item, dict):
        raise BadInput('an entry is not an object {"t", "v", "s"}')
    values, states = item.get("v", _NOTHING), item.get("s", _NOTHING)
    if not isinstance(values, dict) or not isinstance(states, dict):
        raise BadInput('"v" and "s" must be objects')
    unknown = () if item.keys() <= FIELDS else tuple(sorted(item.keys() - FIELDS))
    return Sample(item.get("t"), values, states, unknown)
