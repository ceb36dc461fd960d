"""kill -9 at random moments under load: nothing acknowledged is lost, and a replay gives the same cases.

Devices publish in their own time, a second of it every few milliseconds and days behind the wall clock, so that
holds of half a minute pass quickly.
"""

import json
import random
import shutil
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from flameblue.domain.clock import to_datetime
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.transitions import Rule
from tests.live.crowd import Crowd
from tests.live.installation import Installation, installation, wait_for
from tests.live.journals import journalled
from tests.live.oracle import moves_over
from tests.live.publishers import Device, rows_for

pytestmark = [pytest.mark.live]
DEVICES = 20
RATE = 2_000.0  # messages a second, all devices together
SEED = 20260115
CALM = {"ir": 30.0, "tb": 41.0, "ib": 20.0}
BEHIND_S = 2 * 86_400  # so much device time the run may take, within the backlog that is believed


# Slower than it really is: so the moments in which nobody listens are no gap, and no tick may end a hold. Its holds are
# as long as its interval, so that one spike is no alarm.
PROFILE = """
name: hurried
maker: any
protocol: mqtt
payload: flameblue
interval_s: 30
open_points: true
limits:
  residual_current_ma: {alarm_hold_s: 30}
source: tests/live/test_kill.py
caveats: [Nobody makes such a device.]
"""


def values_at(step: int, device: int) -> dict[str, float]:
    """Mostly calm; each device has its own minutes of leakage and its own hot terminal, and spikes that are none.

    A hundred seconds of device time pass in one, so this is half a dozen alarms a second in twenty cabins: a
    valley has as many in a year.
    """
    leaking = 300 <= (step + 97 * device) % 1900 < 380
    hot = 600 <= (step + 123 * device) % 2300 < 700
    spike = (step + 11 * device) % 170 == 5
    wobble = (step * 7919 + device * 104729) % 10 / 10
    return {
        "ir": 380.0 + wobble if leaking or spike else 30.0 + wobble,
        "tb": 82.0 + wobble if hot else 41.0 + wobble,
        "ib": 20.0 + wobble,
    }


@dataclass
class Figures:
    """What a run has shown, for docs/performance.md."""

    recovered_s: list[float] = field(default_factory=list)
    kills: int = 0
    messages: int = 0
    acknowledged: int = 0
    rate: float = 0.0
    duplicates: int = 0
    transitions: int = 0
    alarms: int = 0

    def __str__(self) -> str:
        p50, most = statistics.median(self.recovered_s), max(self.recovered_s)
        return (
            f"kills {self.kills}, messages {self.messages} ({self.rate:.0f}/s), acknowledged {self.acknowledged}, "
            f"readings journalled twice {self.duplicates}, transitions {self.transitions}, alarm cases {self.alarms}, "
            f"kill to healthy p50 {p50:.1f} s, max {most:.1f} s"
        )


POINTS = """
import json
from flameblue.fleet import point_table
from flameblue.fleet.models import Point
rows = point_table.all_rows()
numbers = {int(row["point"]): {name: row[name].tolist() for name in rows.dtype.names} for row in rows}
print(json.dumps([[device, key, quantity, numbers[point]] for device, key, quantity, point in
    Point.objects.values_list("device__name", "key", "quantity", "id")]))
"""
RESULTS = """
import json
from flameblue.cases.models import AppliedTransition, Case, CaseEvent, Cursor
from flameblue.domain.transitions import Level
rows = AppliedTransition.objects.order_by("offset", "index", "point", "rule").values_list(
    "offset", "index", "point", "rule", "before", "level", "at", "arrival", "value", "limit", "why")
events = CaseEvent.objects.order_by("number").values_list(
    "case__premises__name", "case__family", "kind", "at", "data")
alarms = Case.objects.filter(worst_level=Level.ALARM, is_test=False)
print(json.dumps({
    "cursor": Cursor.objects.get(name="cases").offset,
    "transitions": list(rows),
    "events": [event for event in events if event[-1].get("offset")],
    "unplanned": CaseEvent.objects.filter(planned_at=None).count(),
    "alarms": alarms.count(),
    "unnoticed": list(alarms.filter(notices=None).values_list("number", flat=True)),
}, default=str))
"""


def sent_by(devices: Sequence[Device], points: Sequence[Any]) -> dict[int, list[tuple[int, int]]]:
    """point → (device time in ns, value in steps) of all that was sent and acknowledged."""
    known = {(device, key): (quantity, row["point"]) for device, key, quantity, row in points}
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for device in devices:
        for at_ms, values in device.sent:
            if at_ms not in device.acknowledged:
                continue
            for key, value in values.items():
                quantity, point = known[device.name, key]
                found[point].append((at_ms * 1_000_000, QUANTITIES[quantity].steps(value)))
    return found


def kill_at_random(it: Installation, kills: Sequence[str], figures: Figures) -> None:
    """Every third process dies again before it has come up; the others are waited for, and timed."""
    chance = random.Random(SEED + len(kills))
    for number, name in enumerate(kills, 1):
        time.sleep(chance.uniform(0.3, 3.0))
        killed_ns = it.kill(name)
        figures.kills += 1
        if number % 3 == 0 and number < len(kills):
            continue
        it.wait_until_healthy(since_ns=killed_ns if name == "core" else 0)
        figures.recovered_s.append((time.time_ns() - killed_ns) / 1e9)


def live_through(tmp_path: Path, kills: Sequence[str]) -> Figures:
    """The whole proof for one sequence of killed processes."""
    figures = Figures()
    names = [f"D{number:04d}" for number in range(DEVICES)]
    (tmp_path / "data" / "profiles").mkdir(parents=True)
    (tmp_path / "data" / "profiles" / "hurried.yaml").write_text(PROFILE, encoding="utf-8")
    rows = [{**row, "profile": "hurried"} for row in rows_for(names)]
    with installation(tmp_path / "data", rows) as it:
        points = json.loads(it.python(POINTS))
        devices = [Device(name, f"secret-{name}", it.mqtt_port) for name in names]
        crowd = Crowd(devices, values_at, (int(time.time()) - BEHIND_S) * 1000, RATE, CALM)
        crowd.start()
        try:
            time.sleep(2)
            kill_at_random(it, kills, figures)
            time.sleep(4)
        finally:
            crowd.finish()
        wait_for(lambda: not crowd.unanswered(), 120, "every message acknowledged")
        for device in devices:
            device.stop()
        wait_until_idle(it)
        it.stop()
        lived = json.loads(it.python(RESULTS))
        sent = sent_by(devices, points)
        kept = journalled(it.data)
        figures.messages, figures.rate = crowd.sent(), crowd.sent() / crowd.spent_s
        figures.acknowledged = sum(len(device.acknowledged) for device in devices)
        figures.duplicates = len(kept) - len(set(kept))
        figures.transitions, figures.alarms = len(lived["transitions"]), lived["alarms"]
        assert {(point, *pair) for point, pairs in sent.items() for pair in pairs} - set(kept) == set()
        assert lived["unnoticed"] == []
        assert_as_the_oracle(lived, {row["point"]: row for *_, row in points}, sent)
        assert_as_replayed(lived, replayed(it, tmp_path / "replay"))
    return figures


def wait_until_idle(it: Installation) -> None:
    """Until the core has nothing left to do: no stage lags and every event is planned."""

    def idle() -> bool:
        lags, beats = it.lags(), it.beats()
        return min(beats.values()) > asked_ns and not any(lags.values())

    def planned() -> bool:
        return not json.loads(it.python(RESULTS))["unplanned"]

    asked_ns = time.time_ns()
    wait_for(idle, 120, "all stages without lag")
    wait_for(planned, 120, "every event planned")


def assert_as_the_oracle(
    lived: dict[str, Any], rows: dict[int, dict[str, int]], sent: dict[int, list[tuple[int, int]]]
) -> None:
    """OVER of every point is what the plain reading of what was sent says."""
    by_point: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for _, _, point, rule, before, level, at, *_ in lived["transitions"]:
        if rule == Rule.OVER:
            by_point[point].append((at, before, level))
    told = 0
    for point, pairs in sent.items():
        expected = [
            (str(to_datetime(at_ns)), before, level)
            for at_ns, before, level, _ in moves_over(rows[point], pairs)
        ]
        assert by_point[point] == expected
        told += len(expected)
    assert told > 20


def assert_as_replayed(lived: dict[str, Any], again: dict[str, Any]) -> None:
    """The replay says the same of every record that had been applied when the core was stopped."""
    for kind in ("transitions", "events"):
        until = [one for one in again[kind] if offset_of(one) <= lived["cursor"]]
        assert until == lived[kind]


def offset_of(row: Sequence[Any]) -> int:
    """Of a transition or of a case event."""
    return int(row[-1]["offset"] if isinstance(row[-1], dict) else row[0])


def replayed(it: Installation, data: Path) -> dict[str, Any]:
    """The transitions and case events of a fresh process's replay of the same journal from its start."""
    shutil.copytree(it.data, data)
    fresh = Installation(data, it.environment)
    fresh.command("rebuild")
    found: dict[str, Any] = json.loads(fresh.python(RESULTS))
    return found


def test_kills_of_each_process_lose_nothing_and_change_nothing(tmp_path: Path) -> None:
    print(live_through(tmp_path, ["core", "web", "core"]))


@pytest.mark.proof
@pytest.mark.parametrize("name", ["core", "web"])
def test_twenty_kills_lose_nothing_and_change_nothing(tmp_path: Path, name: str) -> None:
    print(f"{name}: {live_through(tmp_path, [name] * 20)}")
