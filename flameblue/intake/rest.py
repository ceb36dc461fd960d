"""Who sends much and nothing that can be used is read more slowly, so that he does not take the others' time.

Promise: a line that brings a reading now and then is never slowed, nor one that sends less than
FRUITLESS_FRAMES_MAX frames in FRUITLESS_WITHIN_S, whatever they are.
"""

from dataclasses import dataclass

from flameblue.domain.limits import FRUITLESS_BYTES_MAX, FRUITLESS_FRAMES_MAX, FRUITLESS_WITHIN_S


@dataclass(slots=True)
class Fruit:
    """What a line has sent since its last reading."""

    heard_bytes: int = 0
    weight: int = 0
    since_s: float = 0.0  # monotonic
    rests: int = 0

    def came(self) -> None:
        """A reading came, or what ends the exchange about one."""
        self.weight = self.heard_bytes = 0

    def failed(self, weight: int, now_s: float) -> bool:
        """Frames of `weight` brought nothing; True: there have been too many of them, and counting starts anew."""
        if not self.weight or now_s - self.since_s > FRUITLESS_WITHIN_S:
            self.weight, self.heard_bytes, self.since_s = 0, 0, now_s
        self.weight += weight
        if self.weight < FRUITLESS_FRAMES_MAX and self.heard_bytes < FRUITLESS_BYTES_MAX:
            return False
        self.weight = self.heard_bytes = 0
        self.rests += 1
        return True
