"""Hostile clients of every kind beside a healthy one: nothing crashes, memory is bounded, all is counted, and what
the healthy client waits for its PUBACK is compared with the same load against another endpoint in the same run."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.beside import SMALL_BESIDE_MAX, Pair, assert_waits_little_longer
from tests.live.certificates import KEY, openssl
from tests.live.endpoint import Endpoint
from tests.live.healthy_client import POINT, Healthy, p99
from tests.live.hostile_clients import KINDS, Hostile
from tests.live.installation import HOST
from tests.live.journals import journalled

pytestmark = [pytest.mark.live]
SIZES = {
    "crawling": (40, 400),
    "silent": (30, 300),
    "deaf": (4, 10),
    "asking": (10, 50),
    "flooding": (5, 20),
    "pouring": (5, 20),
    "knocking": (50, 167),
    "shaking": (10, 50),
}
DEVICES = 500
SLOWED = ("deaf", "asking")
GROWTH_BYTES_MAX = 120 << 20  # 150 TLS lines × 600 KB, most of it the buffers of asyncio and OpenSSL
STOP_S = 30.0


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    folders = [tmp_path / "own", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
        files = ("-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt"))
        openssl("req", "-x509", *KEY, "-subj", f"/CN={HOST}", "-days", "2", *files)
    with (
        Endpoint(folders[0], DEVICES, uses_tls=True) as own,
        Endpoint(folders[1], DEVICES, uses_tls=True) as other,
    ):
        yield Pair(own, other)


def waits_beside(
    kind: str, count: int, endpoint: Endpoint, healthy: Healthy, messages: int
) -> tuple[float, Counter[str]]:
    """The healthy client's p99 while hostile ones go against `endpoint`, and what those did."""
    hostile = Hostile(kind, endpoint.port, endpoint.tls_port, count)
    try:
        healthy.publishes(20)
        waited = p99(healthy.publishes(messages))
    finally:
        done = hostile.stop()
    return waited, done


def gone(endpoint: Endpoint) -> dict[str, int]:
    """Waits until only the healthy line is left; the counts."""
    until_s = time.monotonic() + STOP_S
    while (counts := endpoint.counts())["connections_open"] > 1:
        assert time.monotonic() < until_s, counts
        time.sleep(0.05)
    return counts


def assert_counted(kind: str, done: Counter[str], counts: dict[str, int]) -> None:
    """`counts` since the start: of the healthy line and of one crowd."""
    count = Counter(counts)
    assert done["opened"] > 0
    assert count["connections"] == done["opened"] + 1
    assert count["refused"] == done["refused"], done
    assert count["batches_failed"] == 0
    if kind in SLOWED:
        assert 0 < count["connections_slowed"] <= done["opened"]
    elif kind != "flooding":  # quarantine's pace may be enough to hold it back
        assert count["connections_slowed"] == 0
    if kind == "knocking":
        assert count["refused"] == done["opened"]
        assert count["quarantined"] == done["opened"]
    if kind == "flooding":
        assert count["quarantined"] > 0
    if kind == "silent":
        assert count["connections_timed_out"] >= done["cut off"] > 0


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_healthy_client_beside_hostile_ones(pair: Pair, kind: str, tmp_path: Path) -> None:
    with Healthy(pair.own.port) as healthy:
        healthy.publishes(20)
        before = pair.own.resident_bytes()
        messages = 400 if kind == "silent" else 150  # nobody is cut off for silence before 1.5 s
        elsewhere, _ = waits_beside(kind, SIZES[kind][0], pair.other, healthy, messages)
        waited, done = waits_beside(kind, SIZES[kind][0], pair.own, healthy, messages)
        grown = pair.own.resident_bytes() - before
        assert_counted(kind, done, gone(pair.own))
        on_disk = [value for point, _, value in journalled(tmp_path / "own") if point == POINT]
        assert on_disk == healthy.values
    assert waited <= SMALL_BESIDE_MAX * elsewhere
    assert grown <= GROWTH_BYTES_MAX


@pytest.mark.proof
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_healthy_client_waits_at_most_twice_as_long(pair: Pair, kind: str) -> None:
    with Healthy(pair.own.port) as healthy:
        healthy.publishes(100)
        before = pair.own.resident_bytes()

        def beside(endpoint: Endpoint) -> float:
            waited, _ = waits_beside(kind, SIZES[kind][1], endpoint, healthy, 500)
            gone(endpoint)
            return waited

        assert_waits_little_longer(kind, pair, lambda: p99(healthy.publishes(500)), beside)
        grown = pair.own.resident_bytes() - before
    print(f"+{grown >> 20} MB")
    assert grown <= GROWTH_BYTES_MAX
