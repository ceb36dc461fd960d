"""What the core last wrote about itself, read from `health.json`: the pages never ask the core."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from django.conf import settings

from flameblue.domain.limits import SECOND_NS

BEAT_WITHIN_S = 15.0  # a stage that has not beaten for longer is dead or stuck
LAG_MAX = 100  # records, events or messages that a stage may have before it without being behind
STARTS_WITHIN_S = 60  # the compiling of detection included


class _Stage(msgspec.Struct):
    beat_ns: int
    lag: int = 0
    error: str = ""


class _File(msgspec.Struct):
    at_ns: int = 0
    started_ns: int = 0
    stages: dict[str, _Stage] = {}
    counters: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the core. `age_s` is None where it has never beaten."""

    name: str
    age_s: float | None
    lag: int
    alive: bool
    error: str


@dataclass(frozen=True, slots=True)
class Uplink:
    """The line to a city's centre, and what waits for it."""

    is_up: bool
    waiting: int
    oldest_waiting_s: float
    refused_lately: int


@dataclass(frozen=True, slots=True)
class Health:
    """The stages and counters; `readable` is False where the core has written nothing that can be read.

    A stage that has failed since its last beat is not alive, however fresh the beat.
    """

    readable: bool
    stages: tuple[Stage, ...]
    counters: dict[str, float]
    is_starting: bool = False  # those that are not alive have not begun yet, and the core is young

    @property
    def starts_within_s(self) -> int:
        """How long it may be starting before it is not working."""
        return STARTS_WITHIN_S

    @property
    def boards_heard_since(self) -> datetime | None:
        """When the core began to listen whether boards sound; None: it has not told."""
        since_s = self.counters.get("boards_heard_since_s")
        return None if since_s is None else datetime.fromtimestamp(since_s, UTC)

    @property
    def uplink(self) -> Uplink | None:
        """None where no centre is told."""
        found = {name: value for name, value in self.counters.items() if name.startswith("uplink_")}
        if not found:
            return None
        return Uplink(
            is_up=bool(found.get("uplink_up")),
            waiting=int(found.get("uplink_waiting", 0)),
            oldest_waiting_s=found.get("uplink_oldest_waiting_s", 0.0),
            refused_lately=int(found.get("uplink_refused_lately", 0)),
        )

    @property
    def dead(self) -> tuple[Stage, ...]:
        return tuple(stage for stage in self.stages if not stage.alive)

    @property
    def has_judged(self) -> bool:
        """False until detection has begun to judge since this start: where nothing is known to be wrong, nothing is
        known to be right. Of a core that nothing can be read of, `is_silent` tells."""
        return all(stage.age_s is not None for stage in self.stages if stage.name == "detection")

    @property
    def is_silent(self) -> bool:
        """Nothing of the core is heard: what it knew is old, and no stage is to blame alone."""
        none_beats = len(self.dead) == len(self.stages) and not any(stage.error for stage in self.stages)
        return not self.readable or (none_beats and not self.is_starting)

    @property
    def word(self) -> tuple[object, ...]:
        """What differs when the pages have something else to say of the core."""
        is_behind = any(stage.lag > LAG_MAX for stage in self.stages)
        return (self.readable, self.is_starting, is_behind, *(stage.name for stage in self.dead))

    @property
    def alive(self) -> bool:
        """True only when every stage beats: nothing to read is not alive."""
        return bool(self.stages) and not self.dead


def read(now_ns: int, path: Path | None = None) -> Health:
    """The health at `now_ns`; a missing or broken file is a core that is not alive, not an error."""
    try:
        file = msgspec.json.decode((path or settings.CONFIG.data / "health.json").read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError):
        return Health(readable=False, stages=(), counters={})
    stages = tuple(_stage(name, stage, now_ns) for name, stage in file.stages.items())
    begins = all(stage.age_s is None and not stage.error for stage in stages if not stage.alive)
    young = 0 <= now_ns - file.started_ns < STARTS_WITHIN_S * SECOND_NS
    return Health(readable=True, stages=stages, counters=file.counters, is_starting=begins and young)


def _stage(name: str, stage: _Stage, now_ns: int) -> Stage:
    """A beat of a time to come is from before the clock was put back: whoever lives has beaten again since."""
    ahead_s = (stage.beat_ns - now_ns) / SECOND_NS
    age_s = max(0.0, -ahead_s) if stage.beat_ns else None
    alive = age_s is not None and abs(ahead_s) < BEAT_WITHIN_S and not stage.error
    return Stage(name=name, age_s=age_s, lag=stage.lag, alive=alive, error=stage.error)
