"""Transmitters of GB/T 26875.3 that send a frame a second each: `… PORT CONNECTIONS SECONDS`.

Prints how many frames were confirmed and the percentiles of the time to a confirm in ms, of the seconds after the
first WARM_UP_S. They begin spread over a second, as devices do that know nothing of each other.
"""

import selectors
import socket
import statistics
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.intake.transmitter import Transmitter, reply, value

CONFIRM, CONFIRM_BYTES = 3, 30
CHINA = timedelta(hours=8)
RESIDUAL_CURRENT_MA = 130  # Four-Faith's number
WARM_UP_S = 3.0


@dataclass(eq=False)
class Line:
    """One transmitter and its connection. `sent_s`: of the frame that is not confirmed yet."""

    socket: socket.socket
    transmitter: Transmitter
    due_s: float
    sent_s: float | None = None
    took_ms: list[float] = field(default_factory=list)
    missed: int = 0  # seconds in which the last one was not confirmed yet

    def push(self, now_s: float) -> None:
        self.due_s += 1.0
        if self.sent_s is not None:
            self.missed += 1
            return
        label = label_of(now_s)
        data = self.transmitter.frame(value(self.transmitter.serial % 300, RESIDUAL_CURRENT_MA, time=label))
        self.sent_s = now_s
        assert self.socket.send(data) == len(data)

    def take(self, from_s: float) -> None:
        data = self.socket.recv(CONFIRM_BYTES)
        now_s = time.perf_counter()
        found = reply(data)
        assert (found.command, found.serial) == (CONFIRM, self.transmitter.serial)
        assert self.sent_s is not None
        if self.sent_s >= from_s:
            self.took_ms.append((now_s - self.sent_s) * 1e3)
        self.sent_s = None


def label_of(_now_s: float) -> tuple[int, ...]:
    now = datetime.now(UTC) + CHINA
    return (now.second, now.minute, now.hour, now.day, now.month, now.year - 2000)


def address(number: int) -> bytes:
    return number.to_bytes(6, "little")


def main(port: int, connections: int, seconds: float) -> None:
    ready = selectors.DefaultSelector()
    lines: list[Line] = []
    for number in range(connections):
        line = Line(socket.create_connection(("127.0.0.1", port)), Transmitter(address(number)), 0.0)
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ready.register(line.socket, selectors.EVENT_READ, line)
        lines.append(line)
    began_s = time.perf_counter()
    for number, line in enumerate(lines):
        line.due_s = began_s + number / connections
    from_s, until_s = began_s + WARM_UP_S, began_s + WARM_UP_S + seconds
    next_line = 0
    while (now_s := time.perf_counter()) < until_s:
        while lines[next_line].due_s <= now_s:
            lines[next_line].push(now_s)
            next_line = (next_line + 1) % connections
        for key, _ in ready.select(max(0.0, lines[next_line].due_s - time.perf_counter())):
            key.data.take(from_s)
    took_ms = sorted(one for line in lines for one in line.took_ms)
    cuts = statistics.quantiles(took_ms, n=1_000)
    missed = sum(line.missed for line in lines)
    print(len(took_ms), missed, cuts[499], cuts[989], cuts[998], took_ms[-1])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
