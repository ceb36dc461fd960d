"""A recording: a CSV or Parquet file with a time and numbers in each row, as meters, loggers and data sets have it.

Promises: rows come in the file's order, in bounded memory whatever its size; a row whose time can't be read is
counted, not guessed; a cell without a number gives no value, never a zero.
"""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import RECORDING_BATCH_ROWS, RECORDING_LINE_CHARACTERS_MAX

TIME_NAMES = ("t", "time", "timestamp", "datetime", "at", "ts", "date_time", "date")
LOOKED_AT = 200  # rows that tell which columns hold numbers
PARQUET_HEAD = b"PAR1"
FORMATS = ("%d/%m/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M", "%d/%m/%Y %H:%M")
# An epoch of which unit: each bound is in the year 5138 or later for the unit before it.
UNITS = ((1e11, 1_000.0), (1e14, 1.0), (1e17, 1e-3), (math.inf, 1e-6))


class Moment(NamedTuple):
    """One row: its time in milliseconds since 1970 (UTC where the file says no zone), and its values by key."""

    at_ms: int
    values: dict[str, float]


class Column(NamedTuple):
    """`key` gets the number of the file's column times `factor`."""

    key: str
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is taken of a file. `columns` empty: every column of numbers, under its own name."""

    time: tuple[str, ...] = ()  # one column, or a date and a time
    columns: Mapping[str, Column] = field(default_factory=dict)
    from_ms: float = -math.inf
    until_ms: float = math.inf


@dataclass(slots=True)
class Recording:
    """A file that has been looked at. `rows` and `span_ms` are of what `wanted` takes; `unread` rows had no time."""

    path: Path
    wanted: Wanted
    rows: int = 0
    unread: int = 0
    first_ms: int = 0
    last_ms: int = 0

    @property
    def span_ms(self) -> int:
        return self.last_ms - self.first_ms

    def moments(self) -> Iterator[Moment]:
        """The rows within `wanted`, in the file's order."""
        self.unread = 0
        columns = self.wanted.columns
        for row in _rows(self.path, (*self.wanted.time, *columns)):
            at_ms = _time([row[name] for name in self.wanted.time])
            if at_ms is None:
                self.unread += 1
            elif self.wanted.from_ms <= at_ms <= self.wanted.until_ms:
                yield Moment(at_ms, _values(row, columns))


def open_recording(path: Path, wanted: Wanted) -> Recording:
    """Reads `path` once through, to know its span; BadInput says what can't be understood."""
    names, sample = _looked_at(path)
    time = wanted.time or _time_columns(path, names)
    for name in (*time, *wanted.columns):
        if name not in names:
            raise BadInput(f"{path} has no column {name!r}; it has {', '.join(names)}.")
    columns = wanted.columns or {
        name: Column(name) for name in names if name not in time and _holds_numbers(sample, name)
    }
    if not columns:
        raise BadInput(f"{path} has no column of numbers beside {' and '.join(time)}.")
    recording = Recording(path, Wanted(time, columns, wanted.from_ms, wanted.until_ms))
    for moment in recording.moments():
        recording.first_ms = min(moment.at_ms, recording.first_ms) if recording.rows else moment.at_ms
        recording.last_ms = max(moment.at_ms, recording.last_ms) if recording.rows else moment.at_ms
        recording.rows += 1
    if not recording.rows:
        why = (
            f"none of its {recording.unread} times can be read" if recording.unread else "no row is within it"
        )
        raise BadInput(f"There is nothing to publish in {path}: {why}.")
    return recording


def columns_of(text: str) -> dict[str, Column]:
    """`Voltage=ua,Global_intensity=ia,power_kw=pa*1000`; a name alone is its own key. BadInput on anything else."""
    columns: dict[str, Column] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, said = part.partition("=")
        key, _, factor = (said or name).partition("*")
        try:
            number = float(factor) if factor else 1.0
        except ValueError:
            number = math.nan
        if not name.strip() or not key.strip() or not math.isfinite(number):
            raise BadInput(f"{part!r} is no column like Voltage=ua or power_kw=pa*1000.")
        columns[name.strip()] = Column(key.strip(), number)
    return columns


def time_of(text: str) -> int:
    """A moment as the command line says it, in milliseconds; BadInput when it is none."""
    at_ms = _time([text])
    if at_ms is None:
        raise BadInput(f"{text!r} is no time like 2026-01-15T03:07:00.")
    return at_ms


def _looked_at(path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """The names of the columns, and the first rows."""
    try:
        names = _names(path)
        return names, list(islice(_rows(path, names), LOOKED_AT))
    except OSError as error:
        raise BadInput(f"The recording {path} can't be read: {error.strerror}.") from error
    except (pa.ArrowException, csv.Error, UnicodeDecodeError) as error:
        raise BadInput(f"The recording {path} is neither Parquet nor CSV in UTF-8: {error}.") from error


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(PARQUET_HEAD)) == PARQUET_HEAD


def _names(path: Path) -> list[str]:
    if _is_parquet(path):
        return [str(name) for name in pq.read_schema(path).names]
    with path.open(encoding="utf-8-sig", newline="") as file:
        return _heading(file)[1]


def _rows(path: Path, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The cells of `names`, row by row; a cell that is missing is None."""
    if _is_parquet(path):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(RECORDING_BATCH_ROWS, columns=list(names)):
                yield from batch.to_pylist()
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        delimiter, header = _heading(file)
        for cells in csv.reader(file, delimiter=delimiter):
            row = dict(zip(header, cells, strict=False))
            yield {name: row.get(name) for name in names}


def _heading(file: TextIO) -> tuple[str, list[str]]:
    """What separates the cells, and the names in the first line, which is read."""
    head = file.readline(RECORDING_LINE_CHARACTERS_MAX)
    delimiter = max(",;\t", key=head.count)
    return delimiter, [name.strip() for name in next(csv.reader([head], delimiter=delimiter), [])]


def _time_columns(path: Path, names: Sequence[str]) -> tuple[str, ...]:
    lowered = {name.lower(): name for name in names}
    if "date" in lowered and "time" in lowered:
        return lowered["date"], lowered["time"]
    for name in TIME_NAMES:
        if name in lowered:
            return (lowered[name],)
    raise BadInput(f"Which column of {path} is the time? Say --time NAME; it has {', '.join(names)}.")


def _holds_numbers(sample: Sequence[dict[str, Any]], name: str) -> bool:
    """At least half of the cells that hold anything hold a number."""
    cells = [row[name] for row in sample if row[name] not in (None, "")]
    return bool(cells) and 2 * sum(_number(cell) is not None for cell in cells) >= len(cells)


def _number(cell: Any) -> float | None:
    if isinstance(cell, bool | bytes | datetime):
        return None
    try:
        number = float(cell)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _values(row: Mapping[str, Any], columns: Mapping[str, Column]) -> dict[str, float]:
    values = {}
    for name, column in columns.items():
        number = _number(row[name])
        if number is not None:
            values[column.key] = number if column.factor == 1.0 else number * column.factor
    return values


def _time(cells: Sequence[Any]) -> int | None:
    """Milliseconds since 1970; None where it can't be read."""
    cell = cells[0] if len(cells) == 1 else " ".join(str(part) for part in cells)
    if isinstance(cell, datetime):
        return _milliseconds(cell)
    number = _number(cell)
    if number is not None:
        return round(number * next(factor for bound, factor in UNITS if abs(number) < bound))
    text = str(cell).strip()
    try:
        return _milliseconds(datetime.fromisoformat(text))
    except ValueError:
        pass
    for pattern in FORMATS:
        try:
            return _milliseconds(datetime.strptime(text, pattern).replace(tzinfo=UTC))
        except ValueError:
            continue
    return None


def _milliseconds(at: datetime) -> int:
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1_000)
