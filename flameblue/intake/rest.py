"""Who sends much and nothing that can be used is read more slowly, so that he does not take the others' time.

Promise: a line that brings a reading now and then is never slowed, nor one that sends less than
FRUITLESS_FRAMES_MAX frames in FRUITLESS_WITHIN_S, whatever they are.
"""

from dataclasses import dataclass

from flameblue.domain.limits import (
    FRUITLESS_BYTES_MAX,
    FRUITLESS_FRAMES_MAX,
    FRUITLESS_WITHIN_S,
    LIGHT_FRAMES_PER_S,
    PROBATION_FRAMES_MAX,
)


@dataclass(slots=True)
class Fruit:
    """What a line has sent since its last reading."""

    heard_bytes: int = 0
    weight: int = 0
    since_s: float = 0.0  # monotonic
    rests: int = 0  # since then

    def came(self) -> None:
        """A reading came, or what ends the exchange about one."""
        self.weight = self.heard_bytes = self.rests = 0

    def failed(self, weight: int, now_s: float) -> bool:
        """Frames of `weight` brought nothing; True: there have been too many of them, and counting starts anew."""
        if not self.weight or now_s - self.since_s > FRUITLESS_WITHIN_S:
            self.weight, self.heard_bytes, self.since_s = 0, 0, now_s
        self.weight += weight
        frames_max = PROBATION_FRAMES_MAX if self.rests else FRUITLESS_FRAMES_MAX
        if self.weight < frames_max and self.heard_bytes < FRUITLESS_BYTES_MAX:
            return False
        self.weight = self.heard_bytes = 0
        self.rests += 1
        return True


@dataclass(slots=True)
class Pace:
    """How much a line has said within this second."""

    frames: int = 0
    since_s: float = 0.0  # monotonic

    def said(self, frames: int, now_s: float) -> None:
        """It said `frames` more."""
        if now_s - self.since_s >= 1.0:
            self.frames, self.since_s = 0, now_s
        self.frames += frames

    def is_heavy(self) -> bool:
        """It says so much that the others go first."""
        return self.frames > LIGHT_FRAMES_PER_S
