"""The false valley as a process of its own before an installation: its registry, its devices, what they were told."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.live.installation import HOST, PREPARED, Installation

STATIONS = """
from flameblue.fleet.models import Station
from flameblue.simulation.registry import stations
for one in stations():
    Station.objects.create(name=one["name"], signature=one["signature"])
"""
POINTS = """
import json
from flameblue.domain.quantities import QUANTITIES
from flameblue.fleet.models import Point
rows = Point.objects.values_list("device__name", "key", "pk", "quantity")
print(json.dumps([(*row[:3], QUANTITIES[row[3]].steps_per_unit) for row in rows]))
"""


class Told(NamedTuple):
    """One sample that was acknowledged, or answered. `times`: on so many lines, or in so many messages, it was sent."""

    device: str
    at_ms: int
    values: Mapping[str, float | None]
    times: int


class Measured(NamedTuple):
    """A point as the database has it."""

    number: int
    steps_per_unit: float


@dataclass
class ValleyProcess:
    """`premises`, `devices`, `kinds` …: as on the command line."""

    folder: Path
    premises: int
    devices: int
    kinds: str
    ports: Mapping[str, int]
    seed: int = 1

    @property
    def told_file(self) -> Path:
        return self.folder / "told.jsonl"

    def command(self, *more: str) -> list[str]:
        """Of the process, with `more` at its end."""
        ports = [f"{kind}={port}" for kind, port in self.ports.items()]
        valley = ("--premises", str(self.premises), "--devices", str(self.devices), "--seed", str(self.seed))
        where = ("--host", HOST, "--kinds", self.kinds, "--ports", *ports)
        return [sys.executable, "-m", "flameblue.simulation", *valley, *where, *more]

    def register(self, it: Installation) -> int:
        """Makes `it` know the valley, through an import; returns how many rows that were."""
        it.python(PREPARED + STATIONS)
        registry = self.folder / "registry.csv"
        subprocess.run(self.command("--registry", str(registry)), check=True, timeout=120)
        it.command("import", str(registry))
        return len(registry.read_text(encoding="utf-8").splitlines()) - 1

    @contextmanager
    def speaking(self, *more: str) -> Iterator[subprocess.Popen[bytes]]:
        """The devices, until the block ends; then none speaks any more."""
        with (self.folder / "valley.log").open("ab") as log:
            process = subprocess.Popen(
                self.command("--told", str(self.told_file), *more), stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)

    def told(self) -> list[Told]:
        """Everything up to now."""
        if not self.told_file.exists():
            return []
        whole, _, _ = self.told_file.read_text(encoding="utf-8").rpartition("\n")
        found: list[dict[str, Any]] = [json.loads(line) for line in whole.splitlines()]
        return [Told(one["device"], one["t"], one["v"], one["times"]) for one in found]

    def log(self) -> str:
        """The end of what the process said."""
        return (self.folder / "valley.log").read_text(errors="replace")[-2_000:]


def points_of(it: Installation) -> dict[tuple[str, str], Measured]:
    """By device and key."""
    return {(device, key): Measured(*rest) for device, key, *rest in json.loads(it.python(POINTS))}
