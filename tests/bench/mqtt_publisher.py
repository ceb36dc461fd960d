"""Many connections that publish single readings as fast as they are acknowledged: `… PORT CONNECTIONS MESSAGES`.

Prints the messages acknowledged and the seconds it took. Each connection keeps WINDOW messages in flight, as paho
and mosquitto_pub do.
"""

import select
import socket
import sys
import time
from dataclasses import dataclass

from tests.intake.mqtt_packets import ACCEPTED, Client, publish

WINDOW = 20
PUBACK_BYTES = 4


@dataclass
class Line:
    """One connection."""

    socket: socket.socket
    name: str
    sent: int = 0
    acknowledged: int = 0
    rest: bytes = b""

    def push(self, messages: int) -> None:
        data = [self.rest]
        now_ms = time.time_ns() // 1_000_000
        while self.sent < messages and self.sent - self.acknowledged < WINDOW:
            self.sent += 1
            payload = b'{"t":%d,"v":{"ir":%d.5}}' % (now_ms, self.sent % 300)
            data.append(publish(f"flameblue/v1/{self.name}/readings", payload, self.sent % 65_535 + 1))
        joined = b"".join(data)
        self.rest = joined[self.socket.send(joined) :] if joined else b""


def connect(port: int, number: int, credential: str) -> Line:
    line = socket.create_connection(("127.0.0.1", port))
    line.sendall(Client(f"c{number}", f"D{number}", credential).connect())
    assert line.recv(PUBACK_BYTES) == ACCEPTED
    return Line(line, f"D{number}")


def main(port: int, connections: int, messages: int, credential: str) -> None:
    lines = {
        line.socket.fileno(): line for line in (connect(port, n, credential) for n in range(connections))
    }
    poll = select.epoll()
    for number in lines:
        poll.register(number, select.EPOLLIN)
    started = time.perf_counter()
    for line in lines.values():
        line.push(messages)
    left = connections * messages
    while left:
        for number, _ in poll.poll(10):
            line = lines[number]
            acknowledged = len(line.socket.recv(65_536)) // PUBACK_BYTES
            assert acknowledged
            line.acknowledged += acknowledged
            left -= acknowledged
            line.push(messages)
    sys.stdout.write(f"{connections * messages} {time.perf_counter() - started}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
