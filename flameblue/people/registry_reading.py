"""The bytes of a registry file become rows. Pure; every trouble is told, in the active language, not only the first.

The first sheet with a heading is read: a row that names at least the columns `site` and `premises`, below a few rows of
title at most. A column that is not there says nothing, as an empty cell does. A hidden sheet is not read; rows and
columns that are hidden are read, and told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from django.utils.translation import gettext as _

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import IMPORT_ROWS_MAX, IMPORT_TITLE_ROWS_MAX
from flameblue.people.registry_cells import EXACT, READERS
from flameblue.people.registry_columns import REQUIRED, both, called, is_not_read, meaning, why_not
from flameblue.people.registry_files import sheets_of
from flameblue.people.registry_speech import listed, nth, sentence, shown, spans
from flameblue.people.registry_table import Cell, Form, Record, Sheet

NEEDS: Mapping[str, str] = {  # what is needed stands before what needs it
    "circuit": "panel",
    "isolator": "circuit",
    "rated_current_a": "circuit",
    "language": "owner",
    "language2": "contact2",
    "device_serial": "device",
    "device_address": "device",
    "networks": "device",
    "profile": "device",
    "credential": "device",
    "point": "device",
    "place": "device",
    "quantity": "point",
    "phase": "point",
}
SECRET = "credential"  # what it says is told nowhere
CELL_CHARS_MAX = 500  # nothing that a cell may say is nearly as long
HEADING_MIN = 2  # known names that make a row look like a heading
NOT_READ, NO_HEADING = "-", ""  # of a column: left out on purpose; nothing may stand there


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong and where; rows count as a spreadsheet counts them. Row 0: the file as a whole."""

    row: int
    column: str
    why: str

    def __str__(self) -> str:
        why = sentence(self.why)
        if self.row == 0:
            return f"{why[:1].upper()}{why[1:]}"
        frame = _("row %(row)d, column %(column)s: %(why)s") if self.column else _("row %(row)d: %(why)s")
        return frame % {"row": self.row, "column": self.column, "why": why}


@dataclass(frozen=True, slots=True)
class Row:
    """One row's cells that say something, by column, already read; without those that can't be used."""

    number: int
    cells: Mapping[str, Any]


@dataclass
class Reading:
    """A file's rows, what is wrong with it, what else there is to know, and its headings, by column."""

    rows: list[Row] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    headings: dict[str, str] = field(default_factory=dict)


def read(data: bytes) -> Reading:
    """What a file says; rows that say nothing are passed over."""
    reading = Reading()
    try:
        table = _Table.found_in(sheets_of(data))
        table.tell(reading)
        for record in table.records:
            table.read(record, reading)
            if record.trouble or record.number > table.last:
                break
        table.note(reading)
    except BadInput as error:
        reading.troubles.append(Trouble(0, "", str(error)))
    return reading


@dataclass
class _Table:
    """A sheet and its heading, the row `number`; `columns` are what its headings mean."""

    sheet: Sheet
    records: Iterator[Record]
    number: int
    headings: Sequence[str]
    hidden: list[int] = field(default_factory=list)  # rows that say something

    def __post_init__(self) -> None:
        self.columns = [_column(heading) for heading in self.headings]
        self.last = self.number + IMPORT_ROWS_MAX
        self._hidden_rows = frozenset(self.sheet.hidden_rows)

    @classmethod
    def found_in(cls, sheets: Iterable[Sheet]) -> "_Table":
        """The first with the columns that must be there; else the one that looks most like it; else BadInput."""
        best, hidden, trouble = None, [], ""
        for sheet in sheets:
            if sheet.is_hidden:
                hidden.append(sheet.name)
                continue
            head = list(islice(sheet.records, IMPORT_TITLE_ROWS_MAX))
            trouble = trouble or next((record.trouble for record in head if record.trouble), "")
            tables = [cls._of(sheet, head, at) for at in range(len(head))]
            found = max(tables, key=lambda table: (table.is_whole, table.known), default=None)
            if found is not None and found.is_whole:
                return found
            if found is not None and (best is None or found.known > best.known):
                best = found
        if best is not None and best.known >= HEADING_MIN:
            return best
        raise BadInput(trouble or _no_heading(hidden))

    @classmethod
    def _of(cls, sheet: Sheet, head: list[Record], at: int) -> "_Table":
        rest = chain(head[at + 1 :], sheet.records)
        return cls(sheet, rest, head[at].number, [cell.text for cell in head[at].cells])

    @property
    def known(self) -> int:
        return len(set(self.columns) - {None, NOT_READ, NO_HEADING})

    @property
    def is_whole(self) -> bool:
        return set(REQUIRED) <= set(self.columns)

    def tell(self, reading: Reading) -> None:
        """What is wrong with the heading, and with cells that are merged at or below it."""
        for heading, column in zip(self.headings, self.columns, strict=True):
            if column is None:
                reading.troubles.append(Trouble(self.number, heading, why_not(heading)))
            elif column == NOT_READ:
                reading.notes.append(_("The column %(heading)s is not read.") % {"heading": heading})
            elif column in reading.headings:
                other = reading.headings[column]
                why = _("the column stands there twice")
                if other != heading:
                    said = {"column": called(column), "other": other}
                    why = _("it means %(column)s, as %(other)s does") % said
                reading.troubles.append(Trouble(self.number, heading, why))
            elif column != NO_HEADING:
                reading.headings[column] = heading
        for name in REQUIRED:
            if name not in reading.headings:
                reading.troubles.append(Trouble(self.number, both(name), _("the column is missing")))
        for merged in self.sheet.merged:
            if merged.last_row >= self.number and merged.first_column <= len(self.columns):
                why = _("the cells %(cells)s are merged; split them and write the value in each")
                why %= {"cells": merged.address}
                reading.troubles.append(Trouble(max(merged.first_row, self.number), "", why))
        if reading.troubles:
            self.records = iter(())

    def read(self, record: Record, reading: Reading) -> None:
        """One record, as a row or as troubles."""
        if record.trouble:
            reading.troubles.append(Trouble(record.number, "", record.trouble))
            return
        if not any(cell.text for cell in record.cells):
            return
        if record.number > self.last:
            why = _("a file has %(n)s rows at most; split it") % {"n": f"{IMPORT_ROWS_MAX:,}"}
            reading.troubles.append(Trouble(record.number, "", why))
            return
        row, troubles = _row(record, self.columns, reading.headings)
        reading.troubles.extend(troubles)
        if row.cells:
            reading.rows.append(row)
        if record.number in self._hidden_rows:
            self.hidden.append(record.number)

    def note(self, reading: Reading) -> None:
        """What the file's reader may not have seen."""
        if self.hidden:
            reading.notes.append(_("Hidden rows were read too: %(rows)s.") % {"rows": spans(self.hidden)})
        hidden = [
            heading
            for at, heading in enumerate(self.headings, 1)
            if at in self.sheet.hidden_columns and self.columns[at - 1] in READERS
        ]
        if hidden:
            said = {"columns": listed(hidden)}
            reading.notes.append(_("Hidden columns were read too: %(columns)s.") % said)


def _column(heading: str) -> str | None:
    if not heading:
        return NO_HEADING
    return NOT_READ if is_not_read(heading) else meaning(heading)


def _no_heading(hidden: Sequence[str]) -> str:
    why = _(
        "none of the first %(n)d rows names the columns, at least %(site)s and %(premises)s; "
        "`flameblue export FILE.xlsx` writes a file with all of them"
    )
    if hidden:
        why = _(
            "none of the first %(n)d rows names the columns, at least %(site)s and %(premises)s "
            "(hidden sheets are not read: %(hidden)s); "
            "`flameblue export FILE.xlsx` writes a file with all of them"
        )
    needed = {name: both(name) for name in REQUIRED}
    return why % ({"n": IMPORT_TITLE_ROWS_MAX, "hidden": listed(hidden)} | needed)


def _row(
    record: Record, columns: Sequence[str | None], headings: Mapping[str, str]
) -> tuple[Row, list[Trouble]]:
    number, troubles = record.number, []
    said: dict[str, Cell] = {}
    for at, cell in enumerate(record.cells):
        column = columns[at] if at < len(columns) else NO_HEADING
        if not cell.text or column == NOT_READ:
            continue
        if column in READERS:
            said[str(column)] = cell
        else:
            why = _("its %(nth)s cell stands under no heading") % {"nth": nth(at + 1)}
            troubles.append(Trouble(number, "", why))
    cells: dict[str, Any] = {}
    for name, cell in said.items():
        try:
            cells[name] = _value(name, cell)
        except ValueError as error:
            troubles.append(Trouble(number, name, str(error)))
    for name, needed in NEEDS.items():
        if name in said and needed not in said:
            is_told = name != SECRET and said[name].form != Form.FAULT
            why = _("it needs a %(column)s in the same row")
            if is_told:
                why = _("'%(text)s' needs a %(column)s in the same row")
            told = {"text": shown(said[name].text[:40]), "column": headings.get(needed) or called(needed)}
            troubles.append(Trouble(number, name, why % told))
        if needed not in cells:
            cells.pop(name, None)
    missing = [name for name in REQUIRED if name not in said]
    troubles.extend(Trouble(number, name, _("it must say something in every row")) for name in missing)
    usable = all(name in cells for name in REQUIRED)
    return Row(number, cells if usable else {}), troubles


def _value(name: str, cell: Cell) -> Any:
    """What the cell means in the column `name`; ValueError says why nothing."""
    if cell.form == Form.FAULT:
        raise ValueError(cell.text)
    if cell.form == Form.DATE and name != "season":
        why = _("a spreadsheet made a date of it (%(date)s); format the cell as text and write it again")
        raise ValueError(why % {"date": cell.text})
    if cell.form == Form.NUMBER and name in EXACT:
        raise ValueError(
            _(
                "it is a number, and a spreadsheet drops the zeros before one; "
                "format the cell as text and write it again"
            )
        )
    if len(cell.text) > CELL_CHARS_MAX:
        raise ValueError(_("it has %(n)s characters") % {"n": f"{len(cell.text):,}"})
    return READERS[name](cell.text)
