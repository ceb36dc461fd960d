"""The heartbeats in health.json."""

import json
from pathlib import Path

from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import WorldFailed
from flameblue.runtime.health import STAGES, Health, begin, innermost


def written(path: Path) -> dict[str, dict[str, dict[str, int | str]]]:
    loaded: dict[str, dict[str, dict[str, int | str]]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def test_every_stage_is_in_the_file_and_one_that_never_beat_says_so(tmp_path: Path) -> None:
    path, clock = tmp_path / "health.json", ManualClock(5)
    health = Health(path, clock)
    health.beat("intake", 7)
    health.write()
    stages = written(path)["stages"]
    assert set(stages) == set(STAGES)
    assert stages["intake"] == {"beat_ns": 5, "lag": 7}
    assert stages["detection"]["beat_ns"] == 0


def test_a_stage_that_stopped_keeps_its_old_beat_and_names_its_error(tmp_path: Path) -> None:
    path, clock = tmp_path / "health.json", ManualClock(5)
    health = Health(path, clock)
    health.beat("history")
    clock.advance(60)
    health.failed("history", OSError("no room"))
    health.write()
    stage = written(path)["stages"]["history"]
    assert stage["beat_ns"] == 5
    assert stage["error"] == "OSError: no room"
    health.beat("history")
    health.write()
    assert "error" not in written(path)["stages"]["history"]


def test_a_disk_that_fails_stops_nobody(tmp_path: Path) -> None:
    health = Health(tmp_path / "gone" / "health.json", ManualClock())
    health.write()
    assert health.failures["health_file"] == 1


def test_a_stage_that_fails_again_and_again_is_not_alive_though_it_beats_in_between() -> None:
    health = Health(Path("nowhere.json"), ManualClock(5))
    for stage in STAGES:
        health.beat(stage)
    assert health.is_alive()
    health.failed(
        "intake", ExceptionGroup("tasks", [ExceptionGroup("more", [WorldFailed("Port 1883 is taken.")])])
    )
    assert not health.is_alive()
    health.beat("intake")
    assert health.is_alive()


def test_of_a_group_of_tasks_the_error_itself_is_named() -> None:
    inner = WorldFailed("Port 1883 is taken.")
    assert innermost(ExceptionGroup("tasks", [ExceptionGroup("more", [inner])])) is inner


def test_a_start_takes_the_place_of_what_an_earlier_run_has_left(tmp_path: Path) -> None:
    path, clock = tmp_path / "health.json", ManualClock(5)
    old = Health(path, clock)
    old.beat("intake")
    old.write()
    clock.advance(3_600)
    begin(path, clock)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["started_ns"] == clock.now_ns()
    assert not any(stage["beat_ns"] for stage in told["stages"].values())


def test_a_core_that_dies_before_it_lives_is_not_young_again_with_each_try(tmp_path: Path) -> None:
    path, clock = tmp_path / "health.json", ManualClock(5)
    begin(path, clock)
    for _ in range(3):
        clock.advance(30)
        health = Health(path, clock)
        health.write()
        assert json.loads(path.read_text(encoding="utf-8"))["started_ns"] == 5
    health.beat("intake")
    health.write()
    clock.advance(30)
    Health(path, clock).write()
    assert json.loads(path.read_text(encoding="utf-8"))["started_ns"] == clock.now_ns()
