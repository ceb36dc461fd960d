"""How many readings a second detection takes on one core, beside what it costs to copy them.

Compare the ratios of one run: the machine's other work is in both. Orders of points: `sorted`, `gateway` (hundreds of
neighbours a message, the usual one), `random` (the worst).
"""

import time
from collections.abc import Callable

import numpy as np
import pytest

from flameblue.detection.detector import Detector
from flameblue.domain.readings import READING, Readings
from tests.detection.inputs import T0, Row, S, rows_array

NEIGHBOURS = 100
ROUNDS = 30


def order(name: str, count: int, random: np.random.Generator) -> np.ndarray:
    points = np.arange(1, count + 1)
    if name == "gateway":
        return points.reshape(-1, NEIGHBOURS)[random.permutation(count // NEIGHBOURS)].ravel()
    return random.permutation(points) if name == "random" else points


def took_s(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def batches(name: str, count: int) -> list[tuple[int, Readings]]:
    random = np.random.default_rng(1)
    found = []
    for number in range(ROUNDS):
        batch = np.zeros(count, READING)
        batch["point"], batch["at_ns"] = order(name, count, random), T0 + number * 10 * S
        batch["value"] = random.integers(200, 540, count)
        found.append((T0 + number * 10 * S, batch))
    return found


@pytest.mark.parametrize("name", ["sorted", "gateway", "random"])
@pytest.mark.parametrize("count", [10_000, 100_000, 1_000_000])
def test_readings_a_second(name: str, count: int) -> None:
    detector = Detector()
    rows = np.repeat(rows_array([Row()]), count)
    rows["point"] = np.arange(1, count + 1)
    detector.points(1, T0 - S, rows)
    detection_s = copy_s = float("inf")
    for number, (arrival_ns, batch) in enumerate(batches(name, count)[: ROUNDS if count < 10**6 else 8]):
        target = np.empty_like(batch)
        copy_s = min(copy_s, took_s(lambda target=target, batch=batch: np.copyto(target, batch)))
        detection_s = min(
            detection_s,
            took_s(lambda n=number, at=arrival_ns, batch=batch: detector.readings(2 + n, at, batch)),
        )
    print(
        f"\n{count:>9,} points, {name:<7} {count / detection_s / 1e6:6.1f} M readings/s, "
        f"{detection_s / copy_s:5.0f} × a NumPy copy of the same readings"
    )


@pytest.mark.parametrize("count", [100_000, 1_000_000])
def test_an_idle_tick(count: int) -> None:
    detector = Detector()
    rows = np.repeat(rows_array([Row()]), count)
    rows["point"] = np.arange(1, count + 1)
    detector.points(1, T0 - S, rows)
    best_s = min(took_s(lambda n=n: detector.tick(2 + n, T0 + n)) for n in range(50))
    print(f"\n{count:>9,} points, an idle tick {best_s * 1e6:6.1f} µs")


@pytest.mark.parametrize("count", [100_000, 1_000_000])
def test_a_snapshot_and_back(count: int) -> None:
    detector = Detector()
    rows = np.repeat(rows_array([Row()]), count)
    rows["point"] = np.arange(1, count + 1)
    detector.points(1, T0 - S, rows)
    data = detector.snapshot()
    save_s, load_s = took_s(detector.snapshot), took_s(lambda: Detector.restore(data))
    print(
        f"\n{count:>9,} points, {len(data) / 1e6:5.0f} MB: snapshot {save_s:5.2f} s, restore {load_s:5.2f} s"
    )
