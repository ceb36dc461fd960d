"""The devices that are asked: whether the registry says where each is, and whether their lines are reached."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import DatabaseError

from flameblue.config import Config
from flameblue.domain.clock import Clock, to_datetime
from flameblue.fleet import point_table
from flameblue.intake.asking.grouping import Asked, asked
from flameblue.intake.asking.round_trips import Failure
from flameblue.profiles.loader import Shelf, package_folder
from flameblue.runtime.asking import FILE
from flameblue.runtime.set_up.findings import Finding, fine, unsure, wrong

SUBJECT = "asking"
TOLD_MAX = 10  # devices or lines by name; of the others how many there are


def look_at_lines(config: Config, clock: Clock, *, installed: bool, running: bool) -> Iterator[Finding]:
    """Who is asked, who can't be and why; where Flameblue runs, which lines it does not reach."""
    found = _asked(config, clock) if installed else None
    if found is None or not (found.lines or found.refused):
        return
    yield from _told(
        [unsure(SUBJECT, f"{name} is not asked. {one.said}") for name, one in found.refused.items()]
    )
    troubles = _troubles(config) if running else {}
    yield from _told(
        [wrong(SUBJECT, why) for where, why in troubles.items() if where in map(str, found.lines)]
    )
    if running:
        yield from _told(list(_unheard(config)))
    if found.lines and not troubles:
        reached = " All are reached, or not tried yet." if running else ""
        yield fine(SUBJECT, f"Devices that are asked: {found.devices}; lines: {len(found.lines)}.{reached}")


def _asked(config: Config, clock: Clock) -> Asked | None:
    """None: the database can't be asked, which is told with it."""
    shelf = Shelf(package_folder(), config.data / "profiles")
    try:
        directory = point_table.directory(b"", to_datetime(clock.now_ns()))
    except DatabaseError:
        return None
    return asked(directory, shelf.current(), dial_in=bool(config.modbus_dial_in.port))


def _troubles(config: Config) -> Mapping[str, str]:
    """What keeps lines from being opened, as the core last told."""
    try:
        lines: Mapping[str, Any] = json.loads((config.data / FILE).read_bytes())["lines"]
        return {where: line["trouble"] for where, line in lines.items() if line["trouble"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _unheard(config: Config) -> Iterator[Finding]:
    """Devices on lines that stand, which were asked and have never answered: why the last time."""
    try:
        devices: Mapping[str, Any] = json.loads((config.data / FILE).read_bytes())["devices"]
        for name, one in devices.items():
            if one.get("asked") and not one["answered"] and one["last_failure"] != Failure.LINE_LOST.value:
                yield unsure(
                    SUBJECT,
                    f"{name} was asked {one['asked']} times and has not answered: {one['last_trouble']}.",
                )
    except (OSError, ValueError, KeyError, TypeError):
        return


def _told(found: list[Finding]) -> Iterator[Finding]:
    yield from found[:TOLD_MAX]
    if len(found) > TOLD_MAX:
        yield unsure(SUBJECT, f"Likewise {len(found) - TOLD_MAX} more.")
