"""JSON as devices send it: strict and fast first; `NaN` and `Infinity`, as some firmware writes, still parse.

Whoever reads a value must check it: a NaN is a float here and never a reading.
"""

import json
from typing import Any

import msgspec

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import PAYLOAD_DEPTH_MAX

_DECODE = msgspec.json.Decoder().decode


def loads(payload: bytes) -> Any:
    """The value in `payload`; BadInput when it is no JSON."""
    try:
        return _DECODE(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _loads_slowly(payload)


def _loads_slowly(payload: bytes) -> Any:
    try:
        return json.loads(payload.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput(f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise BadInput(f"not JSON: {error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise BadInput(f"nested deeper than {PAYLOAD_DEPTH_MAX}") from error
    except ValueError as error:
        raise BadInput(f"not JSON: {error}") from error


def check_depth(value: Any, allowed: int) -> None:
    """BadInput when `value` is nested deeper than `allowed`. Called for what is not a plain value only."""
    level = [value]
    for _ in range(allowed + 1):
        containers = [item for item in level if isinstance(item, dict | list)]
        if not containers:
            return
        level = [
            inner for item in containers for inner in (item.values() if isinstance(item, dict) else item)
        ]
    raise BadInput(f"nested deeper than {PAYLOAD_DEPTH_MAX}")
