"""Everything the core has open, made once and closed in the end."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from flameblue.cases.policy import current
from flameblue.config import Config
from flameblue.detection import kernels
from flameblue.domain.clock import Clock, SystemClock
from flameblue.fleet.shelf import shelf
from flameblue.history.archive import Archive
from flameblue.history.board import Board
from flameblue.history.queries import Memory
from flameblue.intake.quarantine import Quarantine
from flameblue.intake.reception import Intake
from flameblue.journal.commit import Committer
from flameblue.journal.disk import Disk
from flameblue.journal.log import Journal
from flameblue.runtime.arrival import ArrivalClock
from flameblue.runtime.backends import open_journal
from flameblue.runtime.health import Health
from flameblue.runtime.sink import JournalSink
from flameblue.runtime.snapshots import Snapshots
from flameblue.runtime.stages import Wake, Worker


@dataclass(frozen=True, slots=True)
class Plant:
    """What the stages share."""

    config: Config
    clock: ArrivalClock
    health: Health
    disk: Disk
    journal: Journal
    committer: Committer
    board: Board
    archive: Archive
    memory: Memory
    snapshots: Snapshots
    intake: Intake
    orm: Worker  # the one thread that uses the database
    numbers: Worker  # the one thread of detection
    files: Worker  # the one thread of the long memory
    journal_grew: tuple[Wake, Wake]  # one a follower: detection, history
    events_grew: Wake
    notices_grew: Wake


def open_plant(config: Config, stack: ExitStack, clock: Clock | None = None) -> Plant:
    """Opens everything; `stack` closes it. Call it inside the event loop."""
    loop = asyncio.get_running_loop()
    arrival = ArrivalClock(clock or SystemClock())
    config.data.mkdir(parents=True, exist_ok=True)
    kernels.use_cache(Path(config.kernels) if config.kernels else config.data / "kernels")
    current()  # a policy that can't be read is told at the start, not in the night
    journal = open_journal(config)
    stack.callback(journal.close)
    disk = Disk(config.data)
    committer = Committer(journal, may_write=disk.may_write)
    stack.callback(committer.stop)
    board = Board(config.data / "board.bin", writable=True)
    stack.callback(board.close)
    quarantine = Quarantine(config.data / "quarantine.sqlite3")
    stack.callback(quarantine.close)
    workers = [Worker(name) for name in ("orm", "numbers", "files")]
    for worker in workers:
        stack.callback(worker.close)
    grew = (Wake(loop), Wake(loop))
    for wake in grew:
        committer.on_commit.append(wake)
    return Plant(
        config=config,
        clock=arrival,
        health=Health(config.data / "health.json", SystemClock()),
        disk=disk,
        journal=journal,
        committer=committer,
        board=board,
        archive=Archive(config.data / "history"),
        memory=Memory(config.data / "history", open_journal(config, reader_only=True)),
        snapshots=Snapshots(config.data / "snapshots"),
        intake=Intake(JournalSink(committer), quarantine, shelf(), arrival),
        orm=workers[0],
        numbers=workers[1],
        files=workers[2],
        journal_grew=grew,
        events_grew=Wake(loop),
        notices_grew=Wake(loop),
    )
