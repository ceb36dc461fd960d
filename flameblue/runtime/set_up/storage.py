"""The disk, the database and the clock: what "on disk" and "since when" rest on."""

import ctypes
import os
import sqlite3
import statistics
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from flameblue.config import Config
from flameblue.domain.clock import Clock
from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import CLOCK_AHEAD_NS_MAX, GIB, MIB
from flameblue.journal.disk import Disk
from flameblue.runtime.backends import JOURNAL_FILE, open_journal
from flameblue.runtime.set_up.findings import Finding, fine, unsure, wrong

SYNCS = 60
BLOCK = bytes(4_096)
SLOW_S = 0.05  # a commit waits for it: with 50 ms a device waits longer for its answer than a sample takes
UNBELIEVABLE_S = 20e-6  # no disk writes through in 20 µs, NVMe with a power-safe cache included
IN_MEMORY = {"tmpfs", "ramfs"}
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


def look_at_disk(config: Config, clock: Clock) -> Iterator[Finding]:
    """Whether the data folder can be written, has room, and how long a synced write takes."""
    folder = standing(config.data)
    try:
        times = sync_times_s(folder, clock)
    except OSError as error:
        yield wrong(
            "disk", f"{folder} can't be written: {error.strerror}. Give it to the user who runs Flameblue."
        )
        return
    kind = file_system(folder)
    middle, slowest = statistics.median(times), max(times)
    timed = f"a synced write takes {middle * 1e3:.2f} ms, the slowest of {SYNCS} {slowest * 1e3:.0f} ms"
    if kind in IN_MEMORY:
        yield wrong(
            "disk", f"{folder} is {kind}, memory: everything is gone when the power goes. Use a disk."
        )
    elif middle < UNBELIEVABLE_S:
        yield unsure("disk", f"{folder} ({kind}): {timed}. No disk is that fast: it may not sync at all.")
    elif middle > SLOW_S:
        yield unsure(
            "disk", f"{folder} ({kind}): {timed}. Devices wait that long for their answer; use an SSD."
        )
    else:
        yield fine("disk", f"{folder} ({kind}): {timed}.")
    disk = Disk(folder)
    free = disk.free_bytes()
    room = f"{free / GIB:.1f} GiB are free in {folder}"
    if free < disk.low_bytes:
        yield wrong("room", f"{room}; below {disk.low_bytes / MIB:.0f} MiB the oldest history is removed.")
    else:
        yield fine("room", f"{room}.")


def standing(folder: Path) -> Path:
    """`folder`, or what of its path exists already."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def sync_times_s(folder: Path, clock: Clock) -> list[float]:
    """How long each of some small synced writes takes; OSError when the folder can't be written."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(SYNCS):
            begin_s = clock.monotonic_s()
            file.write(BLOCK)
            file.flush()
            os.fdatasync(file.fileno())
            times.append(clock.monotonic_s() - begin_s)
    return times


def file_system(folder: Path) -> str:
    """The kind of the file system under `folder`, such as ext4; "unknown" where the system does not tell."""
    found = ("", "unknown")
    try:
        lines = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return found[1]
    for line in lines:
        _, mounted, kind, *_ = line.split()
        if folder.resolve().is_relative_to(mounted) and len(mounted) >= len(found[0]):
            found = (mounted, kind)
    return found[1]


def look_at_database(config: Config, *, installed: bool) -> Iterator[Finding]:
    """Whether the database answers, is whole, and has today's tables."""
    where = f"PostgreSQL ({connection.settings_dict['HOST']})" if config.database_url else "SQLite"
    if not installed and not config.database_url:
        yield fine("database", f"None yet in {config.data}; the first start makes it ({where}).")
        return
    try:
        connection.ensure_connection()
        pending = len(_pending())
        damage = "" if config.database_url else _damage()
    except DatabaseError as error:
        yield wrong(
            "database", f"{where} can't be used: {error}. Is it there, and are name and password right?"
        )
        return
    finally:
        connection.close()
    if damage:
        yield wrong("database", f"{where} is damaged: {damage}. Put back a backup of {config.data}.")
    elif pending:
        yield unsure("database", f"{where} answers; {pending} changes of its tables wait for the next start.")
    else:
        yield fine("database", f"{where} answers, and its tables are of this version.")


def _pending() -> list[object]:
    executor = MigrationExecutor(connection)
    return list(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _damage() -> str:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        (said,) = cursor.fetchone()
    return "" if said == "ok" else str(said)


def look_at_clock(config: Config, clock: Clock) -> Iterator[Finding]:
    """Whether the clock is kept by somebody, and whether it stands before what the journal has seen already."""
    now_ns = clock.now_ns()
    newest_ns = newest_arrival_ns(config)
    if newest_ns > now_ns + CLOCK_AHEAD_NS_MAX:
        newest = datetime.fromtimestamp(newest_ns / 1e9, UTC)
        yield wrong(
            "clock", f"It is behind the journal's last record, {newest:%Y-%m-%d %H:%M:%S} UTC. Set it."
        )
        return
    shown = f"{datetime.fromtimestamp(now_ns / 1e9, UTC):%Y-%m-%d %H:%M:%S} UTC"
    kept = is_synchronised()
    if kept:
        yield fine("clock", f"It is {shown}, and kept by NTP.")
    elif kept is None:
        yield unsure("clock", f"It is {shown}; whether NTP keeps it can't be told here.")
    else:
        yield unsure("clock", f"It is {shown}; nobody keeps it. Install chrony or systemd-timesyncd.")


def newest_arrival_ns(config: Config) -> int:
    """When the last record came; 0 where there is no journal, or it can't be read."""
    if not (config.data / JOURNAL_FILE).exists():
        return 0
    try:
        journal = open_journal(config, reader_only=True)
    except WorldFailed:
        return 0
    try:
        found = journal.read(journal.end() - 1, 1)
    finally:
        journal.close()
    return found[-1].arrival_ns if found else 0


def look_at_journal(config: Config) -> Iterator[Finding]:
    """Whether the journal can be read from its first record to its last."""
    path = config.data / JOURNAL_FILE
    if not path.exists():
        return
    try:
        journal = open_journal(config, reader_only=True)
        records, size = journal.end() - journal.first() + 1, journal.size_bytes()
        journal.close()
    except (WorldFailed, sqlite3.Error) as error:
        yield wrong(
            "journal", f"{path} can't be read: {error}. Move it away; the next start goes on with a new one."
        )
        return
    yield fine("journal", f"{records} records, {size / MIB:.0f} MiB.")


def is_synchronised() -> bool | None:
    """Whether the kernel's clock is kept by NTP; None where the kernel does not tell."""
    try:
        return bool(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)) not in (-1, TIME_ERROR))
    except (OSError, AttributeError):
        return None
