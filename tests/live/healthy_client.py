"""A device as it should be: one QoS 1 message after the other, and how long each waits for its PUBACK."""

import socket
import statistics
import time
from dataclasses import dataclass, field

from tests.intake.mqtt_packets import ACCEPTED, DISCONNECT, Client, puback, publish
from tests.intake.valley import CREDENTIAL
from tests.live.installation import HOST

PAUSE_S = 0.005  # between an answer and the next message
PATIENCE_S = 30.0


POINT = 3  # nobody else sends of it


@dataclass
class Healthy:
    """D0, connected to `port`. `values`: of what was acknowledged, as the journal has them, of point 3."""

    port: int
    values: list[int] = field(default_factory=list)

    def __enter__(self) -> "Healthy":
        self._line = socket.create_connection((HOST, self.port), PATIENCE_S)
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line.sendall(Client("healthy", "D0", CREDENTIAL).connect())
        assert self._line.recv(4) == ACCEPTED
        return self

    def __exit__(self, *_: object) -> None:
        self._line.sendall(DISCONNECT)
        self._line.close()

    def publishes(self, messages: int) -> list[float]:
        """Publishes; the milliseconds that each message waited."""
        waits_ms = []
        for _ in range(messages):
            number = len(self.values) + 1
            message = publish(
                "flameblue/v1/D0/readings", b'{"v":{"ib":%.3f}}' % (number / 1_000), number % 65_535 + 1
            )
            begin_s = time.perf_counter()
            self._line.sendall(message)
            answer = self._line.recv(4)
            waits_ms.append((time.perf_counter() - begin_s) * 1_000)
            assert answer == puback(number % 65_535 + 1)
            self.values.append(number)
            time.sleep(PAUSE_S)
        return waits_ms


def p99(waits_ms: list[float]) -> float:
    return statistics.quantiles(waits_ms, n=100)[98]
