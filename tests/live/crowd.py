"""Many devices that publish at a steady rate, in their own hurried time, while things are killed around them."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.live.publishers import Device

Values = Callable[[int, int], dict[str, float]]  # (step, the device's number) → key → value
LAST_STEPS = 100  # calm ones, so that no hold is under way when the messages cease


@dataclass
class Crowd:
    """Publishes step after step, one message a device and step; a step is a second of device time."""

    devices: Sequence[Device]
    values: Values
    start_ms: int
    rate: float  # messages a second, all devices together
    calm: dict[str, float]  # the values of the last steps
    steps: int = 0
    spent_s: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._publish, name="crowd")

    def start(self) -> None:
        for device in self.devices:
            device.start()
        self._thread.start()

    def finish(self) -> None:
        """No more messages; those under way are still to be acknowledged."""
        self._over.set()
        self._thread.join()

    def sent(self) -> int:
        return sum(len(device.sent) for device in self.devices)

    def unanswered(self) -> int:
        return sum([device.unanswered() for device in self.devices])

    def _publish(self) -> None:
        begin = time.monotonic()
        last = None
        while last is None or self.steps < last:
            if last is None and self._over.is_set():
                last = self.steps + LAST_STEPS
            for number, device in enumerate(self.devices):
                values = self.values(self.steps, number) if last is None else self.calm
                device.publish(self.start_ms + self.steps * 1000, values)
            self.steps += 1
            self.spent_s = time.monotonic() - begin
            ahead_s = self.steps * len(self.devices) / self.rate - self.spent_s
            if ahead_s > 0:
                time.sleep(ahead_s)
