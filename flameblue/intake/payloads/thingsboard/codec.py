"""`v1/devices/me/telemetry` with {key: value}, {"ts": ms, "values": {…}}, or an array of these."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import INFLIGHT_PER_CONNECTION_MAX, PACKET_BYTES_MAX
from flameblue.intake import lenient_json
from flameblue.intake.samples import OWN_TOPIC, Sample

TOPIC = "v1/devices/me/telemetry"
REQUESTS = (  # what a device asks, and where it awaits the answer under the same number
    ("v1/devices/me/attributes/request/", "v1/devices/me/attributes/response/"),
    ("v1/devices/me/rpc/request/", "v1/devices/me/rpc/response/"),
)
OWN = ("v1/devices/me/#", "v2/fw/response/#")
NUMBER_LENGTH_MAX = 10
SESSION_LIMITS = {
    "maxPayloadSize": PACKET_BYTES_MAX,
    "maxInflightMessages": INFLIGHT_PER_CONNECTION_MAX,
    "rateLimits": {"messages": "", "telemetryMessages": "", "telemetryDataPoints": ""},
}
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

    def commands(self, _device: str, /) -> Sequence[str]:
        """The topics of the device API; they name nobody but who holds the line."""
        return OWN

    def example(self, _device: str, values: Mapping[str, float], /) -> tuple[str, str]:
        """All of `values`."""
        return TOPIC, json.dumps(dict(values), ensure_ascii=False)

    def replies(self, topic: str, payload: bytes) -> Sequence[tuple[str, bytes]]:
        """We hold no attributes and know one procedure: the limits that the official client asks for."""
        for asked, answered in REQUESTS:
            number = topic[len(asked) :]
            if (
                topic.startswith(asked)
                and number.isascii()
                and number.isdigit()
                and len(number) <= NUMBER_LENGTH_MAX
            ):
                return ((answered + number, json.dumps(_answer(payload)).encode()),)
        return ()


def _answer(payload: bytes) -> Any:
    try:
        asked = lenient_json.loads(payload)
    except BadInput:
        return {}
    limits = isinstance(asked, dict) and asked.get("method") == "getSessionLimits"
    return SESSION_LIMITS if limits else {}


def _sample(item: Any) -> Sample:
    if not isinstance(item, dict):
        raise BadInput("an entry is not an object")
    values = item.get("values")
    if not isinstance(values, dict):
        return Sample(None, item, _NOTHING)
    unknown = () if item.keys() <= TIMED else tuple(sorted(item.keys() - TIMED))
    return Sample(item.get("ts"), values, _NOTHING, unknown)
