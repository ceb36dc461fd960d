"""Where something stands in a value of JSON (RFC 6901)."""

from typing import Any

from flameblue.profiles.pushing import Pointer

NOWHERE = object()


def at(value: Any, pointer: Pointer) -> Any:
    """What stands at `pointer` in `value`, or NOWHERE."""
    for step in pointer:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isascii() and step.isdigit() and int(step[:6]) < len(value):
            value = value[int(step[:6])]
        else:
            return NOWHERE
    return value


def put(value: dict[str, Any], pointer: Pointer, what: Any) -> None:
    """Puts `what` at `pointer` in `value`, of objects alone."""
    for step in pointer[:-1]:
        value = value.setdefault(step, {})
    value[pointer[-1]] = what


def written(pointer: Pointer) -> str:
    """As a profile writes it."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in pointer)
