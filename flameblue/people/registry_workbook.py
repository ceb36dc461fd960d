"""The bytes of a workbook (.xlsx) become tables of cells that say what a person meant.

Numbers are written as people write them, a date is told from a number by its format, a formula counts by the result
that was saved with it. Sheets that are hidden, chart sheets and macros are not read.
"""

import io
import posixpath
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, cast
from xml.etree.ElementTree import ParseError

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import load_workbook
from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import IMPORT_COLUMNS_MAX, IMPORT_PARTS_MAX
from flameblue.people.registry_table import Cell, Form, Range, Record, Sheet
from flameblue.people.registry_workbook_bounds import Facts, broken, look_through

ENTRY = b"PK\x01\x02"  # heads each entry of an archive's directory
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
WORKBOOK = "workbook.xml"
OTHERS: Sequence[tuple[str, Promise]] = (
    ("xl/workbook.bin", gettext_lazy("a binary workbook (.xlsb)")),
    ("word/document.xml", gettext_lazy("a Word document")),
    ("ppt/presentation.xml", gettext_lazy("a presentation")),
    ("content.xml", gettext_lazy("a LibreOffice file (.ods)")),
    ("Index/Document.iwa", gettext_lazy("a Numbers file")),
)
EXACT_MAX = 10**15  # a spreadsheet keeps 15 digits of a number
PADDED = re.compile(r"0{2,20}")
MIDNIGHT = time(0)
Cells = Sequence[ReadOnlyCell | EmptyCell]
NO_RESULT = gettext_lazy(
    "it holds a formula whose result is not in the file; open and save it in Excel, or write the value"
)
UNREADABLE = (
    *(
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        AttributeError,
        OverflowError,
        NotImplementedError,
        EOFError,
    ),
    *(OSError, zipfile.BadZipFile, zlib.error, ParseError, InvalidFileException),
)


def sheets(data: bytes) -> Iterator[Sheet]:
    """The sheets of a workbook in their order; BadInput with the reason where it can't be read."""
    if data.count(ENTRY) > IMPORT_PARTS_MAX:
        raise BadInput(
            _("the file is an archive of more than %(n)s files and no workbook")
            % {"n": f"{IMPORT_PARTS_MAX:,}"}
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise broken() from error
    names = set(archive.namelist())
    main = next((name for name in ("xl/" + WORKBOOK, WORKBOOK) if name in names), None)
    if main is None:
        what = next((said for name, said in OTHERS if name in names), _("an archive and no workbook"))
        raise BadInput(
            _("this is %(what)s; save it as an Excel workbook (.xlsx) or as CSV (UTF-8)") % {"what": what}
        )
    facts = look_through(archive)
    if facts[main].namespace == STRICT:
        raise BadInput(
            _("this is a workbook of the kind “Strict Open XML”; save it as “Excel workbook (.xlsx)”")
        )
    return _sheets(data, main, facts)


def _sheets(data: bytes, main: str, facts: dict[str, Facts]) -> Iterator[Sheet]:
    parts = _parts(main, facts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of formats and rules that are not read anyway
        try:
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        except UNREADABLE as error:
            raise broken() from error
    for sheet in book.worksheets:
        if isinstance(sheet, ReadOnlyWorksheet):
            part = parts.get(sheet.title, "")
            if part not in facts:
                raise broken(_("the sheet %(sheet)s is not where it should be") % {"sheet": sheet.title})
            yield _sheet(sheet, facts[part])


def _parts(main: str, facts: dict[str, Facts]) -> dict[str, str]:
    """The part of each sheet, by the sheet's name; `main` is the part that lists them."""
    folder = posixpath.dirname(main)
    told = facts.get(posixpath.join(folder, "_rels", f"{WORKBOOK}.rels"), Facts()).relations
    return {
        name: posixpath.normpath(posixpath.join("/", folder, told.get(relation, ""))).lstrip("/")
        for name, relation in facts[main].sheets
    }


def _sheet(sheet: ReadOnlyWorksheet, facts: Facts) -> Sheet:
    return Sheet(
        records=_records(sheet, facts),
        name=sheet.title,
        is_hidden=sheet.sheet_state != "visible",
        merged=tuple(_range(address) for address in facts.merged),
        hidden_rows=tuple(facts.hidden_rows),
        hidden_columns=frozenset(facts.hidden_columns),
    )


def _range(address: str) -> Range:
    try:
        first_column, first_row, _last, last_row = range_boundaries(address)
    except (ValueError, TypeError) as error:
        raise broken() from error
    return Range(address, first_row or 1, last_row or 1, first_column or 1)


def _records(sheet: ReadOnlyWorksheet, facts: Facts) -> Iterator[Record]:
    sheet.reset_dimensions()  # a program may have written wrong ones, and cells beyond them would be lost
    width = min(max(facts.width, 1), IMPORT_COLUMNS_MAX)
    told: Iterator[Cells] = cast("Any", sheet).iter_rows(max_col=width)
    height = max(facts.height, *facts.without_result, 0)
    rows = islice(enumerate(told, 1), height)  # below are formats, down to the last row that there can be
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                number, cells = next(rows, (0, ()))
                record = _record(number, cells, facts)
        except UNREADABLE as error:
            raise broken() from error
        if not number:
            break
        yield record
    if facts.far:
        far = get_column_letter(IMPORT_COLUMNS_MAX)
        yield Record(
            facts.far, (), _("a cell stands beyond column %(far)s, where nothing is read") % {"far": far}
        )


def _record(number: int, cells: Cells, facts: Facts) -> Record:
    last = next((at for at in range(len(cells), 0, -1) if cells[at - 1].value is not None), 0)
    found = [_cell(cell) for cell in cells[:last]]
    missed = [column for column in facts.without_result.get(number, ()) if column <= IMPORT_COLUMNS_MAX]
    found += [Cell("")] * (max(missed, default=0) - last)
    for column in missed:
        found[column - 1] = Cell(str(NO_RESULT), Form.FAULT)
    return Record(number, tuple(found))


def _cell(cell: ReadOnlyCell | EmptyCell) -> Cell:
    """What the cell shows to a person, as far as its value allows."""
    match cell.value:
        case None:
            return Cell("")
        case bool() as said:
            return Cell("TRUE" if said else "FALSE")
        case int() | float() as number:
            return _number(number, cell.number_format)
        case datetime() as at if at.time() == MIDNIGHT:
            return Cell(at.date().isoformat(), Form.DATE)
        case datetime() | date() | time() | timedelta() as at:
            return Cell(str(at), Form.DATE)
    text = str(cell.value).strip()
    if isinstance(cell, ReadOnlyCell) and cell.data_type == "e":
        why = _("it shows %(text)s, an error of its formula") % {"text": text}
        return Cell(why, Form.FAULT)
    return Cell(text)


def _number(number: int | float, shown_as: str) -> Cell:
    if abs(number) >= EXACT_MAX:
        return Cell(
            _("a spreadsheet keeps 15 digits of a number; format the cell as text and write it again"),
            Form.FAULT,
        )
    if number != int(number):
        return Cell(repr(number), Form.NUMBER)
    text = str(int(number))
    if PADDED.fullmatch(shown_as) and number >= 0:
        return Cell(text.zfill(len(shown_as)))
    return Cell(text, Form.NUMBER)
