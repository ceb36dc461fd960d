"""The devices that are asked: a poller a line, as the registry has the lines now, and what is told of them.

Invariants: a line that comes, changes or goes disturbs no other; one that fails is started again alone; a device that
is new to the registry is asked within seconds. What the pages show of it is a file that is written anew now and then.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flameblue.domain.limits import ASKED_TOLD_EVERY_S
from flameblue.intake.asking import meter_line
from flameblue.intake.asking.addresses import DialIn
from flameblue.intake.asking.dial_in import DialIn as DialInPort
from flameblue.intake.asking.grouping import Asked, asked
from flameblue.intake.asking.grouping import Line as LineAddress
from flameblue.intake.asking.poller import Poller, Sleep
from flameblue.intake.asking.wire import ClientLine, Line
from flameblue.intake.directory import Directory
from flameblue.intake.protocols.dlt645 import addresses as dlt645
from flameblue.intake.reception import Intake
from flameblue.profiles.loader import Profile
from flameblue.runtime.health import Health
from flameblue.runtime.stages import keep

log = logging.getLogger("flameblue.runtime")
FILE = "asking.json"
LOOK_S = 1.0
TOLD_AT_ONCE = 50  # devices × about 40 µs = 2 ms; then the others have their turn


@dataclass
class Kept:
    """One line: its poller, and the task that asks."""

    poller: Poller[Any, Any]
    task: "asyncio.Task[None]"


@dataclass
class Asking:
    """`dial_in`: where there is a port for units that dial in. The file goes into `folder`.

    `sleep`: how it and its pollers wait.
    """

    intake: Intake
    health: Health
    folder: Path
    dial_in: DialInPort | None = None
    sleep: Sleep = asyncio.sleep
    _lines: dict[LineAddress, Kept] = field(default_factory=dict)
    _seen: tuple[Directory, Mapping[str, Profile]] | None = None
    _found: Asked = field(default_factory=Asked)

    async def run(self) -> None:
        """Keeps the lines for ever."""
        self._lines, self._seen = {}, None
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell_for_ever())
            while True:
                self.intake.look_at_profiles()
                self._look(tasks)
                self.health.beat("asking")
                await self.sleep(LOOK_S)

    def counters(self) -> dict[str, float]:
        """How many lines and devices there are, and how many of them are in trouble."""
        return {
            "asking_lines": len(self._lines),
            "asking_lines_open": sum(one.poller.state.is_open for one in self._lines.values()),
            "asking_devices": self._found.devices,
            "asking_devices_not_asked": len(self._found.refused),
        }

    def _look(self, tasks: asyncio.TaskGroup) -> None:
        """Takes the lines as the registry and the models have them now."""
        seen = (self.intake.directory, self.intake.profiles)
        if self._seen is not None and all(one is other for one, other in zip(seen, self._seen, strict=True)):
            return
        self._seen = seen
        found = asked(*seen, dial_in=self.dial_in is not None)
        for name, refusal in found.refused.items():
            if self._found.refused.get(name) != refusal:
                log.warning("%s is not asked. %s", name, refusal.said)
        self._found = found
        for where in [where for where in self._lines if where not in found.lines]:
            self._lines.pop(where).task.cancel()
        for where, devices in found.lines.items():
            if (kept := self._lines.get(where)) is not None:
                kept.poller.ask(devices)
                continue
            poller = Poller(self.intake, self._line(where), devices, self.sleep)
            task = tasks.create_task(keep("asking", poller.serve, self.health))
            self._lines[where] = Kept(poller, task)

    def _line(self, where: LineAddress) -> Line[Any, Any]:
        if isinstance(where, dlt645.Converter | dlt645.SerialPort):
            return meter_line.line(where)
        if not isinstance(where, DialIn | dlt645.DialIn):
            return ClientLine(where)
        assert self.dial_in is not None
        return self.dial_in.line(where.imei) if isinstance(where, DialIn) else self.dial_in.meters(where.imei)

    async def _tell_for_ever(self) -> None:
        while True:
            await self._tell()
            await self.sleep(ASKED_TOLD_EVERY_S)

    async def _tell(self) -> None:
        """Writes what the pages show; a failing disk stops nobody."""
        devices: dict[str, Any] = {
            name: {"not_asked": one.why.value} for name, one in self._found.refused.items()
        }
        lines: dict[str, Any] = {}
        for where, kept in list(self._lines.items()):
            lines[str(where)] = kept.poller.state._asdict()
            for name, trips in list(kept.poller.round_trips.items()):
                devices[name] = {"line": str(where), **trips.as_dict()}
                if not len(devices) % TOLD_AT_ONCE:
                    await asyncio.sleep(0)
        told = {"at_ns": self.intake.clock.now_ns(), "lines": lines, "devices": devices}
        await asyncio.to_thread(self._write, told)

    def _write(self, told: Mapping[str, Any]) -> None:
        path = self.folder / FILE
        draft = path.with_suffix(".draft")
        try:
            draft.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            log.warning("%s can't be written: %s", path, error)
