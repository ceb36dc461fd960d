"""A stage that fails stops alone and is started again; a wake is never lost."""

import asyncio
from pathlib import Path

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.runtime import stages
from flameblue.runtime.health import Health


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "RESTART_S_MIN", 0.0)
    monkeypatch.setattr(stages, "RESTART_S_MAX", 0.0)


@pytest.fixture
def health(tmp_path: Path) -> Health:
    return Health(tmp_path / "health.json", ManualClock())


async def test_a_failing_stage_is_started_again_until_it_returns(health: Health) -> None:
    starts = []

    async def stage() -> None:
        starts.append(len(starts))
        assert len(starts) >= 4, "we are wrong"

    await stages.keep("detection", stage, health)
    assert len(starts) == 4
    assert health.failures["detection"] == 3


async def test_one_stage_that_fails_does_not_end_the_others(health: Health) -> None:
    done = asyncio.Event()
    failures = 0

    async def broken() -> None:
        nonlocal failures
        failures += 1
        if failures >= 3:
            done.set()
            await asyncio.Event().wait()
        raise OSError("no room")

    async def sound() -> None:
        await done.wait()

    async with asyncio.TaskGroup() as group:
        kept = group.create_task(stages.keep("history", broken, health))
        await group.create_task(stages.keep("delivery", sound, health))
        kept.cancel()
    assert health.failures["history"] == 2
    assert health.failures["delivery"] == 0


async def test_a_stage_that_is_cancelled_is_not_started_again(health: Health) -> None:
    begun = asyncio.Event()

    async def stage() -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(stages.keep("intake", stage, health))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert health.failures["intake"] == 0


async def test_a_wake_before_the_wait_is_not_lost() -> None:
    wake = stages.Wake(asyncio.get_running_loop())
    await asyncio.to_thread(wake)
    async with asyncio.timeout(5):
        await wake.wait(60)


async def test_a_worker_keeps_the_order_of_the_calls() -> None:
    worker, seen = stages.Worker("orm"), []
    await asyncio.gather(*(worker(seen.append, number) for number in range(50)))
    worker.close()
    assert seen == list(range(50))
