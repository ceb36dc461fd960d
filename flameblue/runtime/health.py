"""The stages' heartbeats, in one small file that the web process and other programs read.

A stage that has not beaten for a while is dead or stuck, whatever the reason: `/healthz` says so.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from flameblue.domain.clock import Clock

DEAD_AFTER_S = 15.0
STAGES = ("intake", "asking", "journal", "detection", "cases", "planning", "delivery", "history")


def innermost(error: BaseException) -> BaseException:
    """What really happened, where tasks run in groups: the first error of the innermost group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def begin(path: Path, clock: Clock) -> None:
    """Says in `path` that a start begins now: what an earlier run left there is not news of this one."""
    path.unlink(missing_ok=True)
    Health(path, clock).write()


def _still_starting_ns(path: Path) -> int:
    """When the start began of which `path` tells and in which no stage has ever beaten; else 0.

    A core that dies again and again before it lives has not begun to start with each try.
    """
    try:
        told = json.loads(path.read_bytes())
        has_lived = any(stage["beat_ns"] for stage in told["stages"].values())
        return 0 if has_lived else int(told["started_ns"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0


class Health:
    """Collects the beats of the stages and writes them to `path`; a failing disk never stops a stage."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._started_ns = _still_starting_ns(path) or clock.now_ns()
        self._beats: dict[str, dict[str, int | str]] = {}
        self._counters: list[Callable[[], Mapping[str, float]]] = []
        self.failures: dict[str, int] = dict.fromkeys(STAGES, 0)

    def beat(self, stage: str, lag: int = 0) -> None:
        """`stage` is alive and has `lag` things yet to do."""
        self._beats[stage] = {"beat_ns": self._clock.now_ns(), "lag": lag}

    def failed(self, stage: str, error: BaseException) -> None:
        """`stage` stopped on `error` and will be restarted: it is not alive until it beats again."""
        self.failures[stage] = self.failures.get(stage, 0) + 1
        cause = innermost(error)
        self._beats.setdefault(stage, {"beat_ns": 0, "lag": 0})["error"] = f"{type(cause).__name__}: {cause}"

    def count_with(self, counters: Callable[[], Mapping[str, float]]) -> None:
        """`counters` is asked for its numbers at each writing."""
        self._counters.append(counters)

    def is_alive(self) -> bool:
        """Every stage has beaten within `DEAD_AFTER_S`, and not failed since."""
        oldest_ns = self._clock.now_ns() - round(DEAD_AFTER_S * 1e9)
        beats = [self._beats.get(name, {"beat_ns": 0}) for name in STAGES]
        return all(int(beat["beat_ns"]) > oldest_ns and "error" not in beat for beat in beats)

    def write(self) -> None:
        """Replaces the file by what is known now (not synced: it is worth nothing after a crash)."""
        counters = {f"stage_failures_{name}": float(count) for name, count in self.failures.items()}
        for source in self._counters:
            counters.update(source())
        stages = {name: self._beats.get(name, {"beat_ns": 0, "lag": 0}) for name in STAGES}
        times = {"at_ns": self._clock.now_ns(), "started_ns": self._started_ns}
        text = json.dumps({**times, "stages": stages, "counters": counters})
        draft = self._path.with_suffix(".draft")
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(self._path)
        except OSError:
            self.failures["health_file"] = self.failures.get("health_file", 0) + 1
