"""An exported registry as the bytes of a CSV or of a workbook, which import as they are."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, cast

from django.utils import translation
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.dimensions import ColumnDimension

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import IMPORT_WORKBOOK_CELLS_MAX
from flameblue.people.registry_columns import COLUMNS as TOLD
from flameblue.people.registry_columns import TABLE
from flameblue.people.registry_exporting import Exported
from flameblue.people.registry_speech import CHINESE

NUMBERS = frozenset({"latitude", "longitude", "rated_current_a"})
SPARE = 1_000  # cells of headings and explanations
TEXT, GENERAL = "@", "General"
FROZEN = "C2"  # heading, site and premises stay in view
BOLD = Font(bold=True)
TITLES = {CHINESE: ("登记表", "说明")}


def csv_bytes(exported: Exported) -> bytes:
    """UTF-8 with a byte order mark, and the line ends of RFC 4180."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(exported.headings)
    writer.writerows(exported.rows)
    return out.getvalue().encode("utf-8-sig")


def xlsx_bytes(exported: Exported) -> bytes:
    """A workbook: the registry, and a sheet that explains its columns. BadInput where it can't be read back."""
    cells = sum(text != "" for row in exported.rows for text in row)
    if cells > IMPORT_WORKBOOK_CELLS_MAX - SPARE:
        raise BadInput(
            _("The registry has %(n)s cells, too many for a workbook: export to a .csv file.")
            % {"n": f"{cells:,}"}
        )
    book = Workbook(write_only=True)
    title, explaining = TITLES.get(exported.language, ("registry", "help"))
    _registry(book.create_sheet(title), exported)
    _help(book.create_sheet(explaining), exported)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _registry(sheet: WriteOnlyWorksheet, exported: Exported) -> None:
    sheet.freeze_panes = FROZEN
    for number, name in enumerate(exported.columns, 1):
        shape = _shapes(sheet)[get_column_letter(number)]
        shape.width = TOLD[name].width
        shape.number_format = GENERAL if name in NUMBERS else TEXT  # what is typed below the rows stays text
    sheet.append([_cell(sheet, heading, is_bold=True) for heading in exported.headings])
    for row in exported.rows:
        sheet.append([_value(sheet, name, text) for name, text in zip(exported.columns, row, strict=True)])


def _shapes(sheet: WriteOnlyWorksheet) -> Mapping[str, ColumnDimension]:
    shapes: Mapping[str, ColumnDimension] = cast("Any", sheet).column_dimensions
    return shapes


def _value(sheet: WriteOnlyWorksheet, name: str, text: str) -> Cell | float | None:
    if not text:
        return None
    if name in NUMBERS and float(f"{float(text):.16g}") == float(text):  # the digits that a workbook is given
        return float(text)
    return _cell(sheet, text)


def _cell(sheet: WriteOnlyWorksheet, text: str, *, is_bold: bool = False) -> Cell:
    """A cell that is text, whatever it looks like."""
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    cell.number_format = TEXT
    if is_bold:
        cell.font = BOLD
    return cell


def _help(sheet: WriteOnlyWorksheet, exported: Exported) -> None:
    for letter, width in (("A", 18), ("B", 18), ("C", 90)):
        _shapes(sheet)[letter].width = width
    with translation.override(exported.language):
        for line in _explained(exported):
            sheet.append([_cell(sheet, text) for text in line])


def _explained(exported: Exported) -> Iterator[tuple[str, ...]]:
    yield (_("How to use this workbook"),)
    yield ("", "", _("Edit the first sheet, then: flameblue import FILE --dry-run. This sheet is not read."))
    yield ("", "", _("An empty cell changes nothing. With any error nothing is changed."))
    yield ("", "", _("Write numbers of phones and devices as text, or leading zeros are lost."))
    for column in TABLE:
        other = column.name if exported.language == CHINESE else column.chinese
        yield column.heading(exported.language), other, str(column.says)
