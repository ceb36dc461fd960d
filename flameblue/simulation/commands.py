"""What people do in the false valley, read from a file of JSON lines as it grows.

{"do": "isolate" | "repair" | "restore", "premises": name, "circuit": name}
"""

import json
import logging
from pathlib import Path
from typing import Any

from flameblue.domain.errors import BadInput
from flameblue.simulation.world import World

log = logging.getLogger("flameblue.simulation")
READ_BYTES_MAX = 65_536  # at a time; the rest comes at the next look


class Commands:
    """The lines that are added to `path` from now on; the file need not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = path.stat().st_size if path.exists() else 0

    def fresh(self) -> list[dict[str, Any]]:
        """The whole lines since the last look; what is no JSON object is logged and passed over."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as lines:
            lines.seek(self._at)
            content = lines.read(READ_BYTES_MAX)
        end = content.rfind(b"\n") + 1
        if end == 0 and len(content) == READ_BYTES_MAX:
            end = len(content)  # no command is that long
        self._at += end
        return [command for line in content[:end].splitlines() if (command := _parsed(line)) is not None]


def obey(world: World, command: dict[str, Any], load_test_s: float) -> bool:
    """Does what `command` says; False where it can't be done, which is logged."""
    do, premises, circuit = (command.get(name) for name in ("do", "premises", "circuit"))
    if not (isinstance(premises, str) and isinstance(circuit, str) and premises and circuit):
        log.warning("a command needs premises and circuit: %r", command)
        return False
    try:
        if do == "isolate":
            world.isolate(premises, circuit)
        elif do == "repair":
            world.repair(premises, circuit, load_test_s)
        elif do == "restore":
            world.restore(premises, circuit, load_test_s)
        else:
            log.warning("unknown command: %r", command)
            return False
    except BadInput as error:
        log.warning("%s", error)
        return False
    log.info("%s: %s %s", do, premises, circuit)
    return True


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        command = json.loads(line)
    except ValueError:
        command = None
    if not isinstance(command, dict):
        log.warning("not a command: %r", line[:200])
        return None
    return command
