"""The devices of the intake's tests, and a sink that says when it is durable."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flameblue.config import Mqtt
from flameblue.domain.clock import Clock, SystemClock
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.readings import Readings
from flameblue.intake.directory import DeviceEntry, Directory, credential_hash
from flameblue.intake.quarantine import Quarantine
from flameblue.intake.reception import Intake
from flameblue.profiles.loader import Profile, Shelf, package_folder

KEY = b"key of this installation"
CREDENTIAL = "snow-on-the-roof"
TOKEN = "A1_TEST_TOKEN_0217"
TOPIC = "flameblue/v1/D0217/readings"
POINTS = {
    "ir": (1, QUANTITIES["residual_current_ma"]),
    "tb": (2, QUANTITIES["temperature_c"]),
    "ib": (3, QUANTITIES["current_a"]),
}
D0217 = DeviceEntry("D0217", "flameblue-generic", credential_hash(KEY, CREDENTIAL), POINTS)
T0001 = DeviceEntry(
    "T0001",
    "thingsboard-generic",
    credential_hash(KEY, TOKEN),
    {"temperature": (11, QUANTITIES["temperature_c"])},
)


def directory(*devices: DeviceEntry, pairing_until_ns: int = 0) -> Directory:
    """A directory of `devices` (none: both of the above)."""
    known = devices or (D0217, T0001)
    return Directory(
        {entry.name: entry for entry in known},
        {entry.credential_hash: entry.name for entry in known},
        pairing_until_ns,
        KEY,
    )


def profile(name: str = "flameblue-generic") -> Profile:
    return Shelf(package_folder()).current()[name]


class MemorySink:
    """Keeps what it is given. After `hold` nothing is durable until `release`; with `failure` never."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.connections: list[tuple[list[int], bool]] = []
        self.failure: Exception | None = None
        self.calls = 0
        self.arrivals: list[int] = []
        self._open = asyncio.Event()
        self._open.set()
        self._news = asyncio.Condition()

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    async def readings(self, arrival_ns: int, readings: Readings) -> None:
        self.calls += 1
        self.arrivals.append(arrival_ns)
        rows = [tuple(row.item()) for row in readings]
        await self._tell()
        await self._open.wait()
        if self.failure is not None:
            raise self.failure
        self.rows += rows

    async def connection(self, arrival_ns: int, points: Sequence[int], lost: bool) -> None:
        self.arrivals.append(arrival_ns)
        self.connections.append((list(points), lost))
        await self._tell()

    async def called(self, times: int) -> None:
        """Waits until readings came `times` times, durable or not."""
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: self.calls >= times)

    async def connected(self, times: int) -> None:
        """Waits until `times` connections were reported lost or back."""
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: len(self.connections) >= times)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def values(self, point: int) -> list[int]:
        return [row[2] for row in self.rows if row[0] == point]


def intake(folder: Path, sink: MemorySink, clock: Clock | None = None) -> Intake:
    """An intake with both devices; its quarantine lies in `folder`."""
    taken = Intake(
        sink,
        Quarantine(folder / "quarantine.sqlite3"),
        Shelf(package_folder()),
        clock or SystemClock(),
        directory(),
    )
    taken.look_at_profiles()
    return taken


def settings(port: int = 0, **more: Any) -> Mqtt:
    return Mqtt(port=port, **more)
