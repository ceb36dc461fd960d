"""Messages of one row of quarantine that name different keys: each is kept, so that no detector hides another.

Invariants: repeats (row, keys) are one part with a count; at most QUARANTINE_PARTS_MAX of a device and
QUARANTINE_PARTS_IN_ALL_MAX of all, the oldest go first; a part goes with its row.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from flameblue.domain.limits import KEY_CHARACTERS_MAX, QUARANTINE_PARTS_IN_ALL_MAX, QUARANTINE_PARTS_MAX
from flameblue.intake import redact

SCHEMA = """
create table if not exists part (
    id integer primary key, message integer not null, keys text not null, payload_bytes integer not null,
    count integer not null, last_ns integer not null, sample text not null, unique (message, keys)
);
"""
OF_ROWS = """
select message, keys, count, last_ns from part where message in (select value from json_each(?)) order by id
"""
WHOLE_OF_DEVICE = """
select topic, part.sample, part.last_ns from part join message on message.id = part.message
where device = ? and part.payload_bytes <= ? order by part.id
"""
_ADD = """
insert into part (message, keys, count, payload_bytes, last_ns, sample)
select id, ?, ?, payload_bytes, last_ns, sample from message where device = ? and topic = ? and reason = ?
on conflict (message, keys) do update set
    sample = excluded.sample, payload_bytes = excluded.payload_bytes, count = count + excluded.count,
    last_ns = excluded.last_ns
"""
_TRIM = """
delete from part where id in (
    select id from (
        select part.id, row_number() over (partition by device order by part.last_ns desc, part.id desc) as of_device,
            row_number() over (order by part.last_ns desc, part.id desc) as of_all
        from part join message on message.id = part.message
    ) where of_device > ? or of_all > ?
)
"""
_TRIM_ROWLESS = "delete from part where message not in (select id from message)"


class KeptKey(NamedTuple):
    """One key that messages of a row name, how many of them, and when the newest came."""

    key: str
    times: int
    last_ns: int


def add(writer: sqlite3.Connection, row: Sequence[str], keys: Iterable[str], times: int) -> None:
    """What the row (device, topic, reason) holds now is the newest message that names `keys`."""
    said = json.dumps([redact.shown(key, KEY_CHARACTERS_MAX) for key in keys], ensure_ascii=False)
    writer.execute(_ADD, (said, times, *row))


def newest(writer: sqlite3.Connection) -> int:
    """The id of the part that was put in last; repeats leave it."""
    return int(writer.execute("select coalesce(max(id), 0) from part").fetchone()[0])


def trim(writer: sqlite3.Connection, before: int) -> None:
    """The oldest beyond the limits go, where there are parts that were not there `before`."""
    if newest(writer) == before:
        return
    writer.execute(_TRIM, (QUARANTINE_PARTS_MAX, QUARANTINE_PARTS_IN_ALL_MAX))


def trim_rowless(writer: sqlite3.Connection) -> None:
    """Those whose row has gone go too, before another row has its id."""
    writer.execute(_TRIM_ROWLESS)


def by_row(parts: Iterable[Sequence[Any]]) -> dict[int, list[KeptKey]]:
    """The keys of each row's parts (row, keys, count, time), each once, in the order in which they were heard first."""
    found: dict[int, dict[str, KeptKey]] = {}
    for row, keys, count, last_ns in parts:
        of_row = found.setdefault(row, {})
        for key in json.loads(keys):
            before = of_row.get(key, KeptKey(key, 0, 0))
            of_row[key] = KeptKey(key, before.times + count, max(before.last_ns, last_ns))
    return {row: list(of_row.values()) for row, of_row in found.items()}
