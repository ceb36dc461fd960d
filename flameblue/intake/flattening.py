"""Nested JSON becomes keys: {"ENERGY": {"Voltage": 234, "Current": [1, 2]}} gives ENERGY.Voltage, ENERGY.Current.1 …

Invariant: nothing that is sent makes more of itself: a key that is too long to name a point is left out with all
that is below it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import KEY_CHARACTERS_MAX, PAYLOAD_DEPTH_MAX
from flameblue.intake import lenient_json


def loads_object(payload: bytes) -> dict[str, Any]:
    """The JSON object in `payload`; BadInput when it is anything else."""
    content = lenient_json.loads(payload)
    if not isinstance(content, dict):
        raise BadInput("not a JSON object")
    return content


def flatten(content: Mapping[str, Any]) -> dict[str, Any]:
    """The plain values in `content` by their path; the items of an array are numbered from 1."""
    found: dict[str, Any] = {}
    _add(found, "", content, PAYLOAD_DEPTH_MAX)
    return found


def _add(found: dict[str, Any], path: str, value: Any, allowed: int) -> None:
    inner: Iterable[tuple[Any, Any]]
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value, 1)
    else:
        found[path] = value
        return
    if not allowed:
        raise BadInput(f"nested deeper than {PAYLOAD_DEPTH_MAX}")
    for key, item in inner:
        longer = f"{path}.{key}" if path else str(key)
        if len(longer) <= KEY_CHARACTERS_MAX:
            _add(found, longer, item, allowed - 1)
