"""Hostile transmitters of every kind beside a healthy one: what it waits for its confirm is compared with the same load
against another endpoint in the same run, memory is bounded, and all that was confirmed is on disk, once."""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.intake.transmitter import CONFIRM, Transmitter, reply
from tests.live.beside import SMALL_BESIDE_MAX, Pair, assert_waits_little_longer
from tests.live.endpoint import Endpoint
from tests.live.healthy_client import POINT, p99
from tests.live.hostile_transmitters import KINDS, HostileTransmitters, reading
from tests.live.installation import HOST
from tests.live.journals import journalled

pytestmark = [pytest.mark.live]
SIZES = {
    "halving": (40, 400),
    "spilling": (4, 20),
    "deaf": (4, 10),
    "pouring": (5, 20),
    "knocking": (50, 167),
}
DEVICES = 500
FRAMES, PAUSE_S, PATIENCE_S = 150, 0.005, 30.0
GROWTH_BYTES_MAX = 60 << 20
STEPS_PER_MA = 10


@dataclass
class Healthy:
    """T0, connected to `port`. `values`: what was confirmed, as the journal has it."""

    port: int
    values: list[int] = field(default_factory=list)
    device: Transmitter = field(default_factory=lambda: Transmitter(bytes(6)))

    def __enter__(self) -> "Healthy":
        self._line = socket.create_connection((HOST, self.port), PATIENCE_S)
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def sends(self, frames: int) -> list[float]:
        """The milliseconds that each frame waited."""
        waits_ms = []
        for _ in range(frames):
            raw = 1 + len(self.values) % 30_000
            data = self.device.frame(reading(raw))
            begin_s = time.perf_counter()
            self._line.sendall(data)
            answer = reply(self._line.recv(64))
            waits_ms.append((time.perf_counter() - begin_s) * 1_000)
            assert (answer.command, answer.serial) == (CONFIRM, self.device.serial)
            self.values.append(raw * STEPS_PER_MA)
            time.sleep(PAUSE_S)
        return waits_ms


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    folders = [tmp_path / "own", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    with Endpoint(folders[0], DEVICES) as own, Endpoint(folders[1], DEVICES) as other:
        yield Pair(own, other)


def waits_beside(kind: str, count: int, endpoint: Endpoint, healthy: Healthy, frames: int) -> float:
    """The healthy one's p99 while hostile ones go against `endpoint`."""
    hostile = HostileTransmitters(kind, endpoint.gb26875_port, 0, count)
    try:
        healthy.sends(20)
        return p99(healthy.sends(frames))
    finally:
        assert hostile.stop()["opened"] > 0


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_healthy_transmitter_beside_hostile_ones(pair: Pair, kind: str, tmp_path: Path) -> None:
    with Healthy(pair.own.gb26875_port) as healthy:
        healthy.sends(20)
        before = pair.own.resident_bytes()
        elsewhere = waits_beside(kind, SIZES[kind][0], pair.other, healthy, FRAMES)
        waited = waits_beside(kind, SIZES[kind][0], pair.own, healthy, FRAMES)
        grown = pair.own.resident_bytes() - before
        counts = pair.own.counts()
        on_disk = [value for point, _, value in journalled(tmp_path / "own") if point == POINT]
    assert on_disk == healthy.values
    assert counts.get("batches_failed", 0) == 0
    assert waited <= SMALL_BESIDE_MAX * elsewhere
    assert grown <= GROWTH_BYTES_MAX


@pytest.mark.proof
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_healthy_transmitter_waits_at_most_twice_as_long(pair: Pair, kind: str) -> None:
    with Healthy(pair.own.gb26875_port) as healthy:
        healthy.sends(100)
        before = pair.own.resident_bytes()
        assert_waits_little_longer(
            kind,
            pair,
            lambda: p99(healthy.sends(500)),
            lambda endpoint: waits_beside(kind, SIZES[kind][1], endpoint, healthy, 500),
        )
        grown = pair.own.resident_bytes() - before
    print(f"+{grown >> 20} MB")
    assert grown <= GROWTH_BYTES_MAX
