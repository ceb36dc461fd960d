"""The world fails around a running Flameblue: what was acknowledged is kept, and the alarm comes as soon as it can.

Devices publish in their own time, ten seconds of it every moment, ten minutes behind the wall clock.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import Draft, Kind
from tests.live.binaries import needed_library
from tests.live.installation import Installation, installation, wait_for
from tests.live.journals import journalled
from tests.live.publishers import Device, rows_for
from tests.live.small_disk import MIB, fill, small_disk
from tests.live.smsc import Message, SmsCentre
from tests.live.test_intake_broker import Mosquitto

pytestmark = [pytest.mark.live]
WITHIN_S = 30.0
STEP_MS = 10_000  # flameblue-generic sends every ten seconds
CALM = {"ir": 40.0, "tb": 41.0, "ib": 18.0}
LEAK = {"ir": 382.0, "tb": 41.0, "ib": 18.0}
HOLD = 3  # messages with the leak: twenty seconds of the device's time
DUTY, LEADER = "+8613900000001", "+8613900000002"  # of installation.STATION
NAMES = ("D1", "D2", "D3")


@dataclass
class Cabin:
    """A cabin with one device, and the time that the device is at."""

    number: int
    device: Device
    at_ms: int = field(init=False)

    def __post_init__(self) -> None:
        self.at_ms = int(time.time()) * 1000 - 600_000 + self.number  # no two devices share a time

    @property
    def owner(self) -> str:
        return f"+861380000{self.number:04d}"

    @property
    def name(self) -> str:
        return f"木屋{self.number}号"

    def says(self, *values: dict[str, float]) -> None:
        for each in values:
            self.device.publish(self.at_ms, each)
            self.at_ms += STEP_MS

    def is_answered(self, within_s: float = WITHIN_S) -> None:
        wait_for(lambda: not self.device.unanswered(), within_s, f"{self.name}: every message acknowledged")


@dataclass(frozen=True)
class Valley:
    """What is running."""

    it: Installation
    smsc: SmsCentre
    cabins: Sequence[Cabin]

    def alarm(self, cabin: Cabin, within_s: float = WITHIN_S) -> Message:
        """The owner's SMS of a leak in this cabin: the only one."""
        told = self.smsc.wait_for(
            lambda message: message.to == cabin.owner and f"】报警:{cabin.name}203房" in message.text,
            within_s,
            f"the alarm of {cabin.name}",
        )
        assert len(self.smsc.messages(cabin.owner)) == 1
        return told

    def cases(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.it.python(CASES))
        return found

    def assert_all_kept(self) -> None:
        """Every acknowledged message is in the journal."""
        for cabin in self.cabins:
            cabin.is_answered()
        kept = {at_ns // 1_000_000 for _, at_ns, _ in journalled(self.it.data)}
        for cabin in self.cabins:
            assert len(cabin.device.acknowledged) == len(cabin.device.sent)
            assert cabin.device.acknowledged <= kept


CASES = """
import json
from flameblue.cases.models import Case
print(json.dumps([
    {"family": case.family, "premises": case.premises.short_name if case.premises else "", "state": case.state,
     "troubles": case.troubles,
     "said": [event.data.get("text", "") for event in case.events.order_by("number")]}
    for case in Case.objects.select_related("premises").order_by("number")
]))
"""


@contextmanager
def valley(data: Path, profile: str = "flameblue-generic", **environment: str) -> Iterator[Valley]:
    """An installation whose messages go to an SMS centre, and a connected device in each of its cabins."""
    smsc = SmsCentre()
    smsc.start()
    try:
        rows = [{**row, "profile": profile} for row in rows_for(NAMES)]
        with installation(data, rows, {**smsc.environment(), **environment}) as it:
            smsc.wait_until_bound()
            devices = [Device(name, f"secret-{name}", it.mqtt_port) for name in NAMES]
            for device in devices:
                device.start()
            wait_for(lambda: all(device.client.is_connected() for device in devices), WITHIN_S, "connected")
            yield Valley(it, smsc, [Cabin(number, device) for number, device in enumerate(devices, 1)])
            for device in devices:
                device.stop()
    finally:
        smsc.stop()


def locked(database: Path, seconds: float) -> None:
    """Another program writes to the database for so long and lets nobody else."""
    other = sqlite3.connect(database, isolation_level=None, timeout=WITHIN_S)
    other.execute("BEGIN IMMEDIATE")
    time.sleep(seconds)
    other.execute("ROLLBACK")
    other.close()


def test_a_locked_database_holds_up_cases_but_no_reading(tmp_path: Path) -> None:
    with valley(tmp_path / "data") as here:
        first, second, _ = here.cabins
        first.says(CALM, CALM)
        first.is_answered()
        holder = threading.Thread(target=locked, args=(here.it.data / "flameblue.sqlite3", 10.0))
        holder.start()
        time.sleep(0.5)
        asked_s = time.monotonic()
        first.says(*[LEAK] * HOLD)
        second.says(CALM, *[LEAK] * HOLD)
        first.is_answered()
        second.is_answered()
        assert holder.is_alive(), "the journal does not wait for the database"
        print(f"acknowledged {time.monotonic() - asked_s:.2f} s after sending, the database being locked")
        assert here.smsc.messages() == []
        holder.join()
        free_s = time.monotonic()
        for cabin in (first, second):
            print(f"{cabin.name}: {here.alarm(cabin).arrived_s - free_s:.1f} s after the lock went")
        here.assert_all_kept()
        assert [case["family"] for case in here.cases()] == ["leakage", "leakage"]


def test_a_full_disk_is_told_without_a_write_and_nothing_is_acknowledged_that_is_not_kept(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", 256 * MIB) as disk, valley(disk / "data") as here:
        first, second, _ = here.cabins
        first.says(CALM, CALM)
        first.is_answered()
        others = fill(disk)
        for to in (DUTY, LEADER):
            here.smsc.wait_for(
                lambda message, to=to: message.to == to and "硬盘已满" in message.text,
                WITHIN_S,
                f"{to} is told",
            )
        acknowledged = len(first.device.acknowledged)
        first.says(*[LEAK] * HOLD)
        time.sleep(5)
        assert first.device.unanswered() == HOLD
        assert len(first.device.acknowledged) == acknowledged
        others.rename(others.with_name("others.bin"))
        others.unlink()
        here.alarm(first, 60)
        first.is_answered()
        second.says(CALM, *[LEAK] * HOLD)
        here.alarm(second)
        here.assert_all_kept()
        system = [case for case in here.cases() if case["family"] == "system"]
        assert [case["troubles"] for case in system] == [[]]
        assert any("full" in text for text in system[0]["said"])
        here.it.wait_until_healthy()


@pytest.mark.parametrize("seconds", [5, pytest.param(60, marks=pytest.mark.proof)])
def test_a_broker_that_was_gone_is_taken_up_where_it_was_left(tmp_path: Path, seconds: float) -> None:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    mosquitto = Mosquitto(folder)
    mosquitto.start()
    try:
        with valley(tmp_path / "data", FLAMEBLUE_BROKER_URL=mosquitto.url) as here:
            first = here.cabins[0]
            first.device.stop()
            first.device = Device(NAMES[0], "", mosquitto.port)
            first.device.start()
            first.says(CALM, CALM)
            first.is_answered()
            mosquitto.stop()
            first.says(*[LEAK] * HOLD)
            time.sleep(seconds)
            assert here.smsc.messages() == []
            mosquitto.start()
            back_s = time.monotonic()
            first.is_answered(60)
            print(f"{here.alarm(first, 60).arrived_s - back_s:.1f} s after the broker came back")
            first.device.stop()
            wait_for(lambda: here.it.is_healthy(), WITHIN_S, "healthy")
            here.assert_all_kept()
    finally:
        mosquitto.stop()


def damaged(path: Path) -> None:
    """The newest record's check sum no longer fits; after it comes one whose body nobody can read."""
    with sqlite3.connect(path) as journal:
        journal.execute("UPDATE record SET crc = crc + 1 WHERE offset = (SELECT max(offset) FROM record)")
    log = EmbeddedJournal(path)
    log.append([Draft(Kind.POINTS, time.time_ns(), b"no row of the point table")])
    log.close()


@pytest.mark.proof
def test_poisoned_records_are_skipped_on_record_and_the_next_alarm_comes(tmp_path: Path) -> None:
    with valley(tmp_path / "data") as here:
        first = here.cabins[0]
        first.says(CALM, CALM)
        first.is_answered()
        here.it.stop()
        damaged(here.it.data / "journal.sqlite3")
        here.it.start()
        first.says(*[LEAK] * HOLD)
        first.is_answered()
        here.alarm(first, 60)
        skipped = [case for case in here.cases() if case["family"] == "system"]
        assert len(skipped) == 1
        assert len(skipped[0]["troubles"]) == 2
        assert any("系统报警" in message.text for message in here.smsc.messages(DUTY))


class WallClock:
    """The time of day as the processes see it, by libfaketime; their monotonic clock goes on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.set(0)

    def set(self, ahead_s: float) -> None:
        self._path.write_text(f"{ahead_s:+.0f}\n", encoding="ascii")

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": needed_library("faketime/libfaketimeMT.so.1"),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


HASTY = """
name: hasty
maker: any
protocol: mqtt
payload: flameblue
interval_s: 1
silence_s: 120
open_points: true
limits:
  residual_current_ma: {alarm_hold_s: 5}
source: tests/live/test_trouble.py
caveats: [Nobody makes such a device.]
"""


@pytest.mark.proof
def test_a_clock_that_is_set_makes_nobody_silent_and_no_cabin_deaf(tmp_path: Path) -> None:
    """Devices without a clock; ours is set an hour ahead, two hours back and a day ahead, amid a leak each time."""
    clock = WallClock(tmp_path / "clock")
    (tmp_path / "data" / "profiles").mkdir(parents=True)
    (tmp_path / "data" / "profiles" / "hasty.yaml").write_text(HASTY, encoding="utf-8")
    with valley(tmp_path / "data", profile="hasty", **clock.environment()) as here:
        leaking: set[int] = set()
        for ahead_s, cabin in zip((3_600, -3_600, 82_800), here.cabins, strict=True):
            live_for(here, leaking, 2)
            leaking.add(cabin.number)
            live_for(here, leaking, 2)
            clock.set(ahead_s)
            live_for(here, leaking, 8)
            here.alarm(cabin)
        assert [(case["family"], case["premises"]) for case in here.cases()] == [
            ("leakage", cabin.name) for cabin in here.cabins
        ]


def live_for(here: Valley, leaking: Container[int], seconds: int) -> None:
    """So many seconds of everybody's readings, one a second."""
    for _ in range(seconds):
        for cabin in here.cabins:
            cabin.device.publish(cabin.at_ms, LEAK if cabin.number in leaking else CALM, says_when=False)
            cabin.at_ms += 1
        time.sleep(1)
    for cabin in here.cabins:
        cabin.is_answered()
