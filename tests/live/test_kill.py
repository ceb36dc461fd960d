"""kill -9 at random moments under load: nothing acknowledged is lost, and a replay gives the same cases.

Devices publish in their own time, a second of it every few milliseconds and an hour behind the wall clock, so that
holds of half a minute pass quickly.
"""

import json
import random
import shutil
import time
from pathlib import Path

import pytest

from flameblue.domain.quantities import QUANTITIES
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import Kind, readings_of
from tests.live.installation import Installation, installation, wait_for
from tests.live.publishers import Device, rows_for

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]
DEVICES = 20
RATE = 2_000  # messages a second, all devices together
SEED = 20260115


def values_at(step: int, device: int) -> dict[str, float]:
    """Mostly calm; each device has its own minute of leakage and its own hot terminal."""
    leaking = 300 <= (step + 37 * device) % 900 < 380
    hot = 600 <= (step + 53 * device) % 1100 < 700
    wobble = (step * 7919 + device * 104729) % 10 / 10
    return {
        "ir": 380.0 + wobble if leaking else 30.0 + wobble,
        "tb": 82.0 + wobble if hot else 41.0 + wobble,
        "ib": 20.0 + wobble,
    }


def publish_for(devices: list[Device], seconds: float, start_ms: int, first_step: int) -> int:
    """Publishes at RATE for `seconds` of wall time; the number of the next step."""
    step = first_step
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        for number, device in enumerate(devices):
            device.publish(start_ms + step * 1000, values_at(step, number))
        step += 1
        ahead = (step - first_step) * len(devices) / RATE - (time.monotonic() - begin)
        if ahead > 0:
            time.sleep(ahead)
    return step


def journalled(data: Path) -> set[tuple[int, int, int]]:
    """Every (point, time in ms, steps) in the journal."""
    found: set[tuple[int, int, int]] = set()
    journal = EmbeddedJournal(data / "journal.sqlite3", reader_only=True)
    after = 0
    while records := journal.read(after, 500):
        after = records[-1].offset
        for record in records:
            if record.kind is Kind.READINGS:
                found.update(
                    (int(r["point"]), int(r["at_ns"]) // 1_000_000, int(r["value"]))
                    for r in readings_of(record)
                )
    journal.close()
    return found


def points_of(it: Installation) -> dict[tuple[str, str], tuple[int, str]]:
    code = (
        "import json; from flameblue.fleet.models import Point\n"
        "print(json.dumps(list(Point.objects.values_list('device__name', 'key', 'id', 'quantity'))))"
    )
    return {(device, key): (point, quantity) for device, key, point, quantity in json.loads(it.python(code))}


TRANSITIONS = """
import json
from flameblue.cases import kinds
from flameblue.cases.models import AppliedTransition, CaseEvent
rows = list(AppliedTransition.objects.order_by("offset", "index", "point", "rule").values_list(
    "offset", "index", "point", "rule", "before", "level", "at", "value", "limit", "why"))
events = list(CaseEvent.objects.filter(kind__in=kinds.FROM_TRANSITIONS).order_by("number").values_list(
    "case__premises__name", "case__family", "kind", "at"))
print(json.dumps([rows, events], default=str))
"""
UNNOTICED = """
import json
from flameblue.cases.models import Case
from flameblue.domain.transitions import Level
alarms = Case.objects.filter(worst_level=Level.ALARM, is_test=False)
print(json.dumps([alarms.count(), list(alarms.filter(notices=None).values_list("number", flat=True))]))
"""


def run_with_kills(tmp_path: Path, kills: list[str]) -> None:
    """The whole proof for one sequence of killed processes."""
    chance = random.Random(SEED + len(kills))
    names = [f"D{number:04d}" for number in range(DEVICES)]
    with installation(tmp_path / "data", rows_for(names)) as it:
        points = points_of(it)
        devices = [Device(name, f"secret-{name}", it.mqtt_port) for name in names]
        for device in devices:
            device.start()
        start_ms = (int(time.time()) - 3_600) * 1000
        step = publish_for(devices, 2.0, start_ms, 0)
        for name in kills:
            step = publish_for(devices, chance.uniform(0.3, 2.5), start_ms, step)
            it.kill(name)
        step = publish_for(devices, 3.0, start_ms, step)
        wait_for(lambda: not sum(device.unanswered() for device in devices), 90, "every message acknowledged")
        it.wait_until_healthy()
        wait_until_idle(it)
        for device in devices:
            device.stop()
        sent = {
            (points[device.name, key][0], at_ms, QUANTITIES[points[device.name, key][1]].steps(value))
            for device in devices
            for at_ms, values in device.sent
            if at_ms in device.acknowledged
            for key, value in values.items()
        }
        assert len(sent) > 10_000
        assert sent - journalled(it.data) == set()
        total, unnoticed = json.loads(it.python(UNNOTICED))
        assert total > 0
        assert unnoticed == []
        lived = json.loads(it.python(TRANSITIONS))
        it.stop()
        assert replayed(it, tmp_path / "replay") == lived


def wait_until_idle(it: Installation) -> None:
    """Until detection, planning and delivery have nothing left to do."""

    def idle() -> bool:
        stages = it.health()["stages"]
        assert isinstance(stages, dict)
        return all(stage["lag"] == 0 for stage in stages.values())

    wait_for(idle, 60, "all stages without lag")


def replayed(it: Installation, data: Path) -> object:
    """The transitions and case events of a fresh process's replay of the same journal from its start."""
    shutil.copytree(it.data, data)
    fresh = Installation(data, it.environment)
    fresh.command("rebuild")
    return json.loads(fresh.python(TRANSITIONS))


def test_kills_of_each_process_lose_nothing_and_change_nothing(tmp_path: Path) -> None:
    run_with_kills(tmp_path, ["core", "web", "core"])


@pytest.mark.proof
@pytest.mark.parametrize("name", ["core", "web"])
def test_twenty_kills_lose_nothing_and_change_nothing(tmp_path: Path, name: str) -> None:
    run_with_kills(tmp_path, [name] * 20)
