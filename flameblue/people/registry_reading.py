"""The bytes of a registry file become rows. Pure; every trouble is told, not only the first.

UTF-8 (with or without a byte order mark) and GB 18030 are read: a Chinese Excel saves either.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flameblue.domain.limits import IMPORT_ROWS_MAX
from flameblue.people.registry_cells import COLUMNS, READERS, STATION

NEEDS: Mapping[str, str] = {  # what is needed stands before what needs it
    "circuit": "panel",
    "isolator": "circuit",
    "rated_current_a": "circuit",
    "language": "owner",
    "device_serial": "device",
    "profile": "device",
    "credential": "device",
    "point": "device",
    "place": "device",
    "quantity": "point",
    "phase": "point",
}
ALWAYS = ("site", "premises")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong and where; rows count as a spreadsheet counts them, the heading is row 1."""

    row: int
    column: str
    why: str

    def __str__(self) -> str:
        where = f"row {self.row}, column {self.column}" if self.column else f"row {self.row}"
        return f"{where}: {self.why}."


@dataclass(frozen=True, slots=True)
class Row:
    """One row's cells that say something, by column, already read; without those that can't be used."""

    number: int
    cells: Mapping[str, Any]


def read(data: bytes) -> tuple[list[Row], list[Trouble]]:
    """The rows of a file, and what is wrong with it; rows that say nothing are passed over."""
    text = _text(data)
    if text is None:
        return [], [Trouble(1, "", "the file is neither UTF-8 nor GB 18030; save it as CSV (UTF-8)")]
    records = _records(text)
    _, heading = next(records, (1, []))
    names = [name.strip() for name in heading] if isinstance(heading, list) else []
    troubles = _heading_troubles(names)
    if troubles:
        return [], troubles
    rows: list[Row] = []
    for number, record in records:
        if isinstance(record, str):
            troubles.append(Trouble(number, "", record))
            break
        if number > IMPORT_ROWS_MAX + 1:
            troubles.append(Trouble(number, "", f"a file has {IMPORT_ROWS_MAX} rows at most; split it"))
            break
        row, wrong = _row(number, names, record)
        troubles.extend(wrong)
        if row.cells:
            rows.append(row)
    return rows, troubles


def _text(data: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _records(text: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each record with its number; where the file can't be read further, a sentence in a record's place."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    while True:
        number += 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, f"this is no CSV ({error})"
            return


def _heading_troubles(names: list[str]) -> list[Trouble]:
    known = {*COLUMNS, STATION}
    unknown = [name for name in names if name not in known]
    missing = [name for name in COLUMNS if name not in names]
    twice = sorted({name for name in names if names.count(name) > 1 and name in known})
    return [
        *(Trouble(1, name or "(empty)", "there is no such column") for name in unknown),
        *(Trouble(1, name, "the column is missing; it may be empty") for name in missing),
        *(Trouble(1, name, "the column stands there twice") for name in twice),
    ]


def _row(number: int, names: list[str], record: list[str]) -> tuple[Row, list[Trouble]]:
    texts = {name: text.strip() for name, text in zip(names, record, strict=False) if text.strip()}
    if not texts and not any(text.strip() for text in record):
        return Row(number, {}), []
    troubles: list[Trouble] = []
    if any(text.strip() for text in record[len(names) :]):
        troubles.append(Trouble(number, "", f"it has more than {len(names)} cells"))
    cells: dict[str, Any] = {}
    for name, text in texts.items():
        try:
            cells[name] = READERS[name](text)
        except ValueError as error:
            troubles.append(Trouble(number, name, str(error)))
    for name, needed in NEEDS.items():
        if name in texts and needed not in texts:
            troubles.append(Trouble(number, name, f"{texts[name]!r} needs a {needed} in the same row"))
        if needed not in cells:
            cells.pop(name, None)
    missing = [name for name in ALWAYS if name not in texts]
    troubles.extend(Trouble(number, name, "it must say something in every row") for name in missing)
    usable = all(name in cells for name in ALWAYS)
    return Row(number, cells if usable else {}), troubles
