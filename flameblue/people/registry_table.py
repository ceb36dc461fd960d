"""What a registry file is before its meaning is looked at: records of cells, whatever the format. Plain data."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum


class Form(Enum):
    """What a cell holds. A CSV knows only text."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"  # a date or a time, also where a spreadsheet made one of something else
    FAULT = "fault"  # nothing that can be read; the cell's text says why


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; its text is stripped, and empty where it says nothing."""

    text: str
    form: Form = Form.TEXT


@dataclass(frozen=True, slots=True)
class Record:
    """One row with its number as a spreadsheet counts it, from 1. `trouble`: the file can't be read beyond it."""

    number: int
    cells: tuple[Cell, ...]
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """Cells of a sheet, with the address that a spreadsheet shows; rows and columns count from 1."""

    address: str
    first_row: int
    last_row: int
    first_column: int


@dataclass(frozen=True)
class Sheet:
    """A table that may hold the registry. `records` can be gone through once."""

    records: Iterator[Record]
    name: str = ""
    is_hidden: bool = False
    merged: tuple[Range, ...] = ()
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: frozenset[int] = field(default_factory=frozenset)
