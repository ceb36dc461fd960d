"""A city's centre on a real socket: it keeps every frame with the time at which it came, and answers as it is told."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.live.installation import HOST, free_port
from tests.uplink.agreements import TABLE
from tests.uplink.centre import Centre, Got

Answer = Callable[[Got], bytes]


@dataclass
class CityCentre:
    """Listens from `start` to `stop`, which ends all lines too. `says`: the answer to a frame; empty: none."""

    port: int = field(default_factory=free_port)
    centre: Centre = field(default_factory=Centre)
    came: list[tuple[float, Got]] = field(default_factory=list)
    says: Answer = field(init=False)
    _door: socket.socket | None = None
    _lines: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.says = self.centre.confirm

    def environment(self, folder: Path, **changes: object) -> dict[str, str]:
        """What an installation must be set to that reports here."""
        path = folder / "centre.yaml"
        path.write_text(yaml.safe_dump(TABLE | changes), encoding="utf-8")
        return {
            "FLAMEBLUE_UPLINK_HOST": HOST,
            "FLAMEBLUE_UPLINK_PORT": str(self.port),
            "FLAMEBLUE_UPLINK_MAPPING": str(path),
        }

    def start(self) -> None:
        door = socket.create_server((HOST, self.port))
        self._door = door
        threading.Thread(target=self._serve, args=(door,), daemon=True).start()

    def stop(self) -> None:
        """The centre is gone, and every line with it."""
        doors = [self._door] if self._door is not None else []
        for one in (*doors, *self._lines):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._door, self._lines = None, []

    def say(self, data: bytes) -> None:
        """To whoever came last."""
        self._lines[-1].sendall(data)

    def of(self, flag: int) -> list[Got]:
        """The frames of a type, as they came; one that came twice is there twice."""
        return [got for _, got in list(self.came) if got.flag == flag]

    def states(self) -> list[tuple[int, int]]:
        return [(got.component, got.state) for got in self.of(2)]

    def _serve(self, door: socket.socket) -> None:
        while True:
            try:
                line, _ = door.accept()
            except OSError:
                return
            self._lines.append(line)
            threading.Thread(target=self._listen, args=(line,), daemon=True).start()

    def _listen(self, line: socket.socket) -> None:
        its = Centre()
        try:
            while data := line.recv(4_096):
                for got in its.take(data):
                    self.came.append((time.monotonic(), got))
                    line.sendall(self.says(got))
        except OSError:
            return
