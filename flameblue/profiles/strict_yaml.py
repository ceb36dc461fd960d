"""YAML as data and nothing more: no tags, no aliases (they can blow up), no key twice.

Invariant: whatever lies under the name, reading it ends: a pipe or a device is not waited for, and the work is bounded.
"""

import os
import stat
from pathlib import Path
from typing import Any

import yaml

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import PROFILE_BYTES_MAX, PROFILE_NODES_MAX


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses what a reader of the file could not see at a glance."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._nodes += 1
        if self._nodes > PROFILE_NODES_MAX:
            raise yaml.YAMLError(f"it has more than {PROFILE_NODES_MAX} keys and values")
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in [self.construct_object(key, deep=True) for key, _ in node.value]:
            if not isinstance(key, str):
                raise yaml.YAMLError(f"line {node.start_mark.line + 1}: the key {key!r} is not a text")
            if key in seen:
                raise yaml.YAMLError(f"line {node.start_mark.line + 1}: {key!r} stands twice")
            seen.add(key)
        return super().construct_mapping(node, deep)


def _without_waiting(path: str, flags: int) -> int:
    """Opening a pipe waits for whoever writes into it, and a terminal could become ours."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def read(path: Path) -> Any:
    """The content of the YAML file `path`; BadInput says what is wrong with it."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BadInput("It is no regular file.")
            data = file.read(PROFILE_BYTES_MAX + 1)
    except OSError as error:
        raise BadInput(f"It can't be read: {error.strerror}.") from error
    if len(data) > PROFILE_BYTES_MAX:
        raise BadInput(f"It is larger than {PROFILE_BYTES_MAX // 1024} KiB.")
    try:
        return yaml.load(data.decode("utf-8"), Loader=_StrictLoader)
    except UnicodeDecodeError as error:
        raise BadInput(f"It is not UTF-8 text: {error.reason} at byte {error.start}.") from error
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f" in line {error.problem_mark.line + 1}"
        raise BadInput(f"It is not valid YAML{line}: {error.problem}.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadInput(f"It is not valid YAML: {error}.") from error
