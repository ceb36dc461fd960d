"""What could not be taken, kept with the reason and a count, in an SQLite file of its own.

Invariants: durable when `add` returns (WAL, synchronous=FULL); repeats (device, topic, reason) are one row
with a count, and its keys (kept_parts.py); at most QUARANTINE_BYTES_MAX, the oldest go first;
no secret is stored. Others may read it.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import (
    QUARANTINE_BYTES_MAX,
    QUARANTINE_SAMPLE_BYTES_MAX,
    TOPIC_BYTES_MAX,
    UNKNOWN_DEVICES_MAX,
    UNKNOWN_MESSAGES_MAX,
    UNKNOWN_PARTS_MAX,
)
from flameblue.intake import kept_parts, redact
from flameblue.intake.kept_parts import KeptKey
from flameblue.intake.reasons import Reason

log = logging.getLogger("flameblue.intake")
ROW_BYTES = 256  # what a row takes beside its texts
BUSY_S = 5.0

_SCHEMA = """
create table if not exists message (
    id integer primary key, device text not null, topic text not null, reason text not null,
    detail text not null, sample text not null, payload_bytes integer not null, count integer not null,
    first_ns integer not null, last_ns integer not null, bytes integer not null,
    unique (device, topic, reason)
);
create index if not exists message_by_age on message (last_ns);
create table if not exists unknown_message (
    id integer primary key, name text not null, topic text not null, part text not null, sample text not null,
    last_ns integer not null, unique (name, topic, part)
);
create table if not exists unknown_device (
    id integer primary key, name text not null unique, client_id text not null, peer text not null,
    credential_hash text not null, topic text not null, sample text not null, count integer not null,
    first_ns integer not null, last_ns integer not null
);
"""
_ADD = """
insert into message (device, topic, reason, detail, sample, payload_bytes, count, first_ns, last_ns, bytes)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (device, topic, reason) do update set
    detail = excluded.detail, sample = excluded.sample, payload_bytes = excluded.payload_bytes,
    count = count + excluded.count, last_ns = excluded.last_ns, bytes = excluded.bytes
"""
_TRIM = """
delete from message where id in (
    select id from (select id, sum(bytes) over (order by last_ns desc, id desc) as total from message)
    where total > ?
)
"""
_ADD_UNKNOWN = """
insert into unknown_device
    (name, client_id, peer, credential_hash, topic, sample, count, first_ns, last_ns)
values (?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (name) do update set
    client_id = excluded.client_id, peer = excluded.peer, credential_hash = excluded.credential_hash,
    topic = excluded.topic, sample = excluded.sample, count = count + excluded.count, last_ns = excluded.last_ns,
    first_ns = min(first_ns, excluded.first_ns)
"""
_ADD_UNKNOWN_MESSAGE = """
insert into unknown_message (name, topic, part, sample, last_ns) values (?, ?, ?, ?, ?)
on conflict (name, topic, part) do update set sample = excluded.sample, last_ns = excluded.last_ns
"""
_TRIM_UNKNOWN = """
delete from unknown_device
where id not in (select id from unknown_device order by last_ns desc, id desc limit ?)
"""
_TRIM_UNKNOWN_MESSAGES = """
delete from unknown_message where id in (
    select id from (
        select id, row_number() over (partition by name order by last_ns desc, id desc) as of_device,
            row_number() over (order by last_ns desc, id desc) as of_all
        from unknown_message
    ) where of_device > ? or of_all > ?
) or name not in (select name from unknown_device)
"""
_ROW = "id, device, topic, reason, detail, sample, payload_bytes, count, first_ns, last_ns"
_UNKNOWN_ROW = "id, name, client_id, peer, credential_hash, topic, sample, count, first_ns, last_ns"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One message, or a part of it, to be kept. `device` "": nobody known sent it.

    `times` and `first_ns` tell of repeats, `payload_bytes` of a payload that was cut (0: it is whole). `keys`: those
    that could not be taken, at most QUARANTINE_KEYS_MAX.
    """

    device: str
    topic: str
    reason: Reason
    detail: str
    payload: bytes
    at_ns: int
    times: int = 1
    first_ns: int = 0
    payload_bytes: int = 0
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Somebody unknown who sent something in the pairing window. `name` is fit to be shown.

    `part`: what tells this message from others on its topic, where a device says a part of it in each ("": nothing).
    """

    name: str
    client_id: str
    peer: str
    credential_hash: str
    topic: str
    payload: bytes
    at_ns: int
    times: int = 1
    first_ns: int = 0
    payload_bytes: int = 0
    part: str = ""


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """Repeats of one trouble. `sample` is the beginning of the latest payload, of `payload_bytes` bytes."""

    id: int
    device: str
    topic: str
    reason: str
    detail: str
    sample: str
    payload_bytes: int
    count: int
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class UnknownDeviceRow:
    """An unknown device and what it sent last."""

    id: int
    name: str
    client_id: str
    peer: str
    credential_hash: str
    topic: str
    sample: str
    count: int
    first_ns: int
    last_ns: int


class KeptMessage(NamedTuple):
    """The newest of the messages of a device that have one topic and one part, or the same keys."""

    topic: str
    sample: str
    last_ns: int


class Quarantine:
    """The file at `path`. `reader_only`: for another process; a file that is not there yet is empty."""

    def __init__(
        self, path: Path, *, reader_only: bool = False, bytes_max: int = QUARANTINE_BYTES_MAX
    ) -> None:
        self._path = path
        self._bytes_max = bytes_max
        self._lock = threading.Lock()
        self._bytes = 0
        self._writer = None if reader_only else self._open()

    def add(self, items: Iterable[Quarantined | Unknown]) -> None:
        """Keeps `items`; durable when it returns. WorldFailed: they were not kept, so acknowledge nothing."""
        assert self._writer is not None, "this quarantine was opened for reading"
        try:
            with self._lock, self._writer:
                self._writer.execute("begin immediate")
                unknown, newest = False, kept_parts.newest(self._writer)
                for item in items:
                    self._add(self._writer, item)
                    unknown = unknown or isinstance(item, Unknown)
                kept_parts.trim(self._writer, newest)
                self._trim(self._writer, unknown=unknown)
        except sqlite3.Error as error:
            raise WorldFailed(f"The quarantine {self._path} can't be written: {error}.") from error

    def rows(self, limit: int = 200, offset: int = 0) -> list[QuarantineRow]:
        """The troubles, the latest first."""
        query = f"select {_ROW} from message order by last_ns desc, id desc limit ? offset ?"
        return [QuarantineRow(*row) for row in self._read(query, (limit, offset))]

    def of_device(self, device: str, since_ns: int, limit: int) -> list[QuarantineRow]:
        """The troubles after `since_ns` of `device`, and of who was refused under a name that nobody knows."""
        query = (
            f"select {_ROW} from message where last_ns > ? and (device = ? or (device = '' and reason = ?)) "
            "order by last_ns desc, id desc limit ?"
        )
        asked = (since_ns, device, str(Reason.UNKNOWN_DEVICE), limit)
        return [QuarantineRow(*row) for row in self._read(query, asked)]

    def keys(self, rows: Iterable[QuarantineRow]) -> dict[int, list[KeptKey]]:
        """The keys that messages of `rows` name, by the rows' ids, in the order in which they were heard first."""
        return kept_parts.by_row(self._read(kept_parts.OF_ROWS, (json.dumps([row.id for row in rows]),)))

    def messages_of(self, device: str) -> list[KeptMessage]:
        """The newest whole message of each set of keys of a known `device`, in the order in which they were heard."""
        found = self._read(kept_parts.WHOLE_OF_DEVICE, (device, QUARANTINE_SAMPLE_BYTES_MAX))
        return [KeptMessage(*message) for message in found]

    def unknown_devices(self, since_ns: int = 0, limit: int = 200) -> list[UnknownDeviceRow]:
        """The unknown devices that sent something after `since_ns`, the latest first."""
        query = f"select {_UNKNOWN_ROW} from unknown_device where last_ns > ? order by last_ns desc, id desc limit ?"
        return [UnknownDeviceRow(*row) for row in self._read(query, (since_ns, limit))]

    def row(self, number: int) -> QuarantineRow | None:
        """The trouble with this id; None where there is none, or no longer."""
        found = self._read(f"select {_ROW} from message where id = ?", (number,))
        return QuarantineRow(*found[0]) if found else None

    def unknown_device(self, number: int) -> UnknownDeviceRow | None:
        """The unknown device with this id; None where there is none, or no longer."""
        found = self._read(f"select {_UNKNOWN_ROW} from unknown_device where id = ?", (number,))
        return UnknownDeviceRow(*found[0]) if found else None

    def unknown_messages(self) -> dict[str, list[KeptMessage]]:
        """What the unknown devices send, by name: each part once, in the order in which they were heard first."""
        found: dict[str, list[KeptMessage]] = {}
        for name, *message in self._read(
            "select name, topic, sample, last_ns from unknown_message order by id", ()
        ):
            found.setdefault(name, []).append(KeptMessage(*message))
        return found

    def totals(self) -> dict[str, int]:
        """How many messages went to quarantine, by reason (of the rows that are kept)."""
        return dict(self._read("select reason, sum(count) from message group by reason", ()))

    def close(self) -> None:
        """Nothing more is written."""
        if self._writer is not None:
            self._writer.close()

    def _open(self) -> sqlite3.Connection:
        """The file, made where there is none; a damaged one is put aside: what is in it is no reading."""
        try:
            return self._connected()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) or not self._path.exists():
                raise self._not_opened(error) from error
        aside = self._path.with_suffix(".damaged")
        log.error("The quarantine %s is damaged; it is put aside as %s.", self._path, aside.name)
        self._path.replace(aside)
        try:
            return self._connected()
        except sqlite3.Error as error:
            raise self._not_opened(error) from error

    def _connected(self) -> sqlite3.Connection:
        with ExitStack() as opened:
            connection = sqlite3.connect(
                self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
            opened.callback(connection.close)
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            connection.executescript(_SCHEMA + kept_parts.SCHEMA)
            self._bytes = _sum(connection)
            opened.pop_all()
        return connection

    def _not_opened(self, error: sqlite3.Error) -> WorldFailed:
        return WorldFailed(f"The quarantine {self._path} can't be opened: {error}.")

    def _add(self, writer: sqlite3.Connection, item: Quarantined | Unknown) -> None:
        topic, sample = redact.shown(item.topic, TOPIC_BYTES_MAX), redact.sample(item.payload)
        when = (item.times, item.first_ns or item.at_ns, item.at_ns)
        if isinstance(item, Unknown):
            names = (redact.shown(item.name, 64), redact.shown(item.client_id, 64), item.peer)
            last = (item.credential_hash, topic, sample, *when)
            writer.execute(_ADD_UNKNOWN, (*names, *last))
            message = (names[0], topic, redact.shown(item.part, 64), sample, item.at_ns)
            writer.execute(_ADD_UNKNOWN_MESSAGE, message)
            return
        device, detail = redact.shown(item.device, 64), redact.shown(item.detail, 400)
        size = ROW_BYTES + sum(len(text.encode()) for text in (device, topic, detail, sample))
        what = (device, topic, str(item.reason), detail, sample)
        writer.execute(_ADD, (*what, item.payload_bytes or len(item.payload), *when, size))
        if item.keys:
            kept_parts.add(writer, what[:3], item.keys, item.times)
        self._bytes += size

    def _trim(self, writer: sqlite3.Connection, *, unknown: bool) -> None:
        if unknown:
            writer.execute(_TRIM_UNKNOWN, (UNKNOWN_DEVICES_MAX,))
            writer.execute(_TRIM_UNKNOWN_MESSAGES, (UNKNOWN_PARTS_MAX, UNKNOWN_MESSAGES_MAX))
        if self._bytes <= self._bytes_max:
            return
        self._bytes = _sum(writer)  # repeats had been counted on top of each other
        if self._bytes > self._bytes_max:
            writer.execute(_TRIM, (self._bytes_max * 3 // 4,))
            kept_parts.trim_rowless(writer)
            self._bytes = _sum(writer)

    def _read(self, query: str, values: Sequence[int | str]) -> list[tuple[Any, ...]]:
        if not self._path.exists():
            return []
        try:
            with closing(sqlite3.connect(self._path, timeout=BUSY_S)) as connection:
                found: list[tuple[Any, ...]] = connection.execute(query, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise WorldFailed(f"The quarantine {self._path} can't be read: {error}.") from error
        return found


def _sum(connection: sqlite3.Connection) -> int:
    return int(connection.execute("select coalesce(sum(bytes), 0) from message").fetchone()[0])
