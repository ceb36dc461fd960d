"""`v1/devices/me/telemetry` with {key: value}, {"ts": ms, "values": {…}}, or an array of these."""

from collections.abc import Sequence
from typing import Any

from flameblue.domain.errors import BadInput
from flameblue.intake import lenient_json
from flameblue.intake.samples import OWN_TOPIC, Sample

TOPIC = "v1/devices/me/telemetry"
TIMED = frozenset({"ts", "values"})
_NOTHING: dict[str, Any] = {}


class ThingsBoardJson:
    """Knows the format's topic and shapes; holds nothing."""

    strict = True
    line_decides = False

    def matches(self, topic: str) -> bool:
        """The one topic of telemetry."""
        return topic == TOPIC

    def device(self, _topic: str, /) -> str:
        """The topic names nobody: it is whoever holds the token."""
        return OWN_TOPIC

    def parse(self, _topic: str, payload: bytes, /) -> list[Sample]:
        """One sample an object, in their order."""
        content = lenient_json.loads(payload)
        if isinstance(content, dict):
            return [_sample(content)]
        if not isinstance(content, list) or not content:
            raise BadInput("neither an object nor an array of objects")
        return [_sample(item) for item in content]

    def commands(self, _device: str, /) -> tuple[str, ...]:
        """None."""
        return ()

    def replies(self, _topic: str, _payload: bytes, /) -> Sequence[tuple[str, bytes]]:
        """None."""
        return ()


def _sample(item: Any) -> Sample:
    if not isinstance(item, dict):
        raise BadInput("an entry is not an object")
    values = item.get("values")
    if not isinstance(values, dict):
        return Sample(None, item, _NOTHING)
    unknown = () if item.keys() <= TIMED else tuple(sorted(item.keys() - TIMED))
    return Sample(item.get("ts"), values, _NOTHING, unknown)
