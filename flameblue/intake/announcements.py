"""What an existing broker's devices announce, kept in an SQLite file of its own. One writer; others may read it.

The broker retains every announcement and sends all of them at each subscription. So they are forgotten when a
connection begins, the file is what the broker holds now, and nothing here needs to be acknowledged late or synced:
a lost file is whole again at the next connection. A failing disk is logged and never holds a reading up.
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from flameblue.domain.errors import BadInput, WorldFailed
from flameblue.domain.limits import ANNOUNCEMENT_BYTES_MAX, ANNOUNCEMENTS_MAX, TOPIC_BYTES_MAX
from flameblue.intake import discovery
from flameblue.intake.discovery import SENSORS, WHOLE_DEVICE, Announced

log = logging.getLogger("flameblue.intake")
FILE = "announcements.sqlite3"
BUSY_S = 5.0
WRITE_S = 1.0  # what comes within it is written together

_SCHEMA = "create table if not exists announcement (topic text primary key, payload blob not null)"
_PUT = """
insert into announcement (topic, payload) select ?, ?
where (select count(*) from announcement) < ? or exists (select 1 from announcement where topic = ?)
on conflict (topic) do update set payload = excluded.payload
"""


class Refused(NamedTuple):
    """An announcement that can't be read, and why."""

    topic: str
    why: str


class Announcements:
    """The announcements under `prefix`, on their way into the file in `folder`. Without a prefix there are none."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self._path = folder / FILE
        self._prefix = prefix
        self._waiting: deque[tuple[str, bytes] | None] = deque()

    @property
    def topics(self) -> tuple[str, ...]:
        """What is to be subscribed to."""
        kinds = (*SENSORS, WHOLE_DEVICE) if self._prefix else ()
        return tuple(f"{self._prefix}/{kind}/#" for kind in kinds)

    def begin(self) -> None:
        """A connection begins: the broker will send everything that holds. May be called from any thread."""
        self._waiting.append(None)

    def takes(self, topic: str, payload: bytes) -> bool:
        """Whether it is an announcement, and so taken care of; of one that is too large, enough to be refused."""
        if not self._prefix or discovery.component(topic, self._prefix) is None:
            return False
        if discovery.is_wanted(topic, self._prefix) and len(self._waiting) < ANNOUNCEMENTS_MAX:
            self._waiting.append((topic, payload[: ANNOUNCEMENT_BYTES_MAX + 1]))
        return True

    async def serve(self) -> None:
        """Writes what has come, for ever; without a prefix it has nothing to do."""
        while self._prefix:
            await asyncio.sleep(WRITE_S)
            if self._waiting:
                await asyncio.to_thread(self.write)

    def write(self) -> None:
        """Writes what has come; what could not be written is lost until the next connection."""
        items = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            with closing(sqlite3.connect(self._path, timeout=BUSY_S)) as connection, connection:
                connection.execute("pragma journal_mode = wal")
                connection.execute(_SCHEMA)
                for item in items:
                    _apply(connection, item)
        except sqlite3.Error as error:
            log.warning("Announcements can't be written to %s: %s", self._path, error)


def _apply(connection: sqlite3.Connection, item: tuple[str, bytes] | None) -> None:
    if item is None:
        connection.execute("delete from announcement")
    elif item[1]:
        connection.execute(_PUT, (*item, ANNOUNCEMENTS_MAX, item[0]))
    else:
        connection.execute("delete from announcement where topic = ?", (item[0],))


def announced(folder: Path, prefix: str) -> tuple[list[Announced], list[Refused]]:
    """Every sensor that is announced under `prefix`, device by device, and what could not be read."""
    found: list[Announced] = []
    refused: list[Refused] = []
    for topic, payload in _rows(folder / FILE):
        try:
            found += discovery.read(topic, payload, prefix)
        except BadInput as error:
            refused.append(Refused(discovery.shown(topic, TOPIC_BYTES_MAX), str(error)))
    return sorted(found, key=lambda one: (one.label, one.device, one.topic, one.key)), refused


def _rows(path: Path) -> Sequence[tuple[str, bytes]]:
    if not path.exists():
        return ()
    query = "select topic, payload from announcement order by topic limit ?"
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
            found: list[tuple[str, bytes]] = connection.execute(query, (ANNOUNCEMENTS_MAX,)).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return ()
        raise WorldFailed(f"The announcements {path} can't be read: {error}.") from error
    return found
