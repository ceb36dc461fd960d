"""`v1/gateway/telemetry` {device: [{"ts": ms, "values": {…}}]}, `v1/gateway/connect` and `disconnect` {"device"}."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flameblue.domain.errors import BadInput
from flameblue.intake.flattening import flatten, loads_object
from flameblue.intake.samples import NOTHING, OWN_TOPIC, Sample

HEAD = "v1/gateway/"
TELEMETRY = HEAD + "telemetry"
CONNECTIONS = {HEAD + "connect": True, HEAD + "disconnect": False}
ATTRIBUTES_REQUEST = HEAD + "attributes/request"
ATTRIBUTES_RESPONSE = HEAD + "attributes/response"
NUMBER_MAX = 2**53  # beyond it a reader of JSON need not read the number that was written


class ThingsBoardGateway:
    """Knows the API's topics and shapes; holds nothing."""

    strict = False
    line_decides = False

    def matches(self, topic: str) -> bool:
        """Everything of the gateway API; attributes, claims and answers to RPC say nothing to us."""
        return topic.startswith(HEAD)

    def device(self, _topic: str, /) -> str:
        """The topic names nobody: the gateway is whoever holds the token."""
        return OWN_TOPIC

    def parse(self, topic: str, payload: bytes, /) -> list[Sample]:
        """The samples of all devices behind the gateway, in their order."""
        content = loads_object(payload)
        if topic in CONNECTIONS:
            return [NOTHING._replace(device=_device(content), online=CONNECTIONS[topic])]
        if topic != TELEMETRY:
            return [NOTHING]
        return [_sample(name, item) for name, items in content.items() for item in _entries(name, items)] or [
            NOTHING
        ]

    def commands(self, _device: str, /) -> tuple[str, ...]:
        """The topics of the gateway API; they name nobody but who holds the line. Only attributes are answered."""
        return (HEAD + "#",)

    def example(self, _device: str, _values: Mapping[str, float], /) -> None:
        """It is a gateway's."""
        return

    def replies(self, topic: str, payload: bytes, /) -> Sequence[tuple[str, bytes]]:
        """A request for attributes is answered, as we hold none; the gateway waits for it otherwise."""
        if topic != ATTRIBUTES_REQUEST:
            return ()
        try:
            asked = loads_object(payload)
            device, number = _device(asked), asked.get("id")
        except BadInput:
            return ()
        if type(number) is not int or abs(number) > NUMBER_MAX:
            return ()
        answer: dict[str, Any] = {"id": number, "device": device, "values": {}}
        return ((ATTRIBUTES_RESPONSE, json.dumps(answer).encode()),)


def _device(content: Mapping[str, Any]) -> str:
    name = content.get("device")
    if not isinstance(name, str) or not name:
        raise BadInput("it names no device")
    return name


def _entries(name: str, items: Any) -> list[Any]:
    if not name:
        raise BadInput("a device without a name")
    return items if isinstance(items, list) else [items]


def _sample(name: str, item: Any) -> Sample:
    if not isinstance(item, dict):
        raise BadInput(f"an entry of {name[:40]} is not an object")
    values = item.get("values")
    if isinstance(values, dict):
        return Sample(item.get("ts"), flatten(values), {}, device=name)
    return Sample(None, flatten(item), {}, device=name)
