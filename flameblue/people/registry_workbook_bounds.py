"""A workbook is looked through, part by part, before a library builds anything of it.

Memory and time are bounded here: what a part holds is counted while it streams by, nothing of it is kept. Told besides:
what a reader of cells does not see, such as merged cells, hidden rows, and formulas without a result.
Source: ECMA-376 Part 1 (SpreadsheetML), 5th edition; its parts hold no DTD (ECMA-376 Part 2, 8.1.4).
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from django.utils.translation import gettext as _
from openpyxl.utils import column_index_from_string

from flameblue.domain import limits
from flameblue.domain.errors import BadInput

CHUNK = 64 * limits.KIB
ROWS_MAX, COLUMNS_MAX = 1_048_576, 16_384  # of a sheet, Excel's own
XML = (".xml", ".rels", ".vml")
ADDRESS = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
CELL, ROW, TEXTS = "c", "row", frozenset({"v", "t"})
STRING = "si"  # one shared text; cells point to it
INSIDE = frozenset({"v", "t", "is", "f"})  # of a cell or a shared text


def broken(how: str = "") -> BadInput:
    """The workbook is damaged; `how`, as far as that is known, for whoever looks into it."""
    why = _("the workbook is damaged; open it in Excel or WPS and save it anew")
    if how:
        why = _("the workbook is damaged; open it in Excel or WPS and save it anew (%(how)s)") % {"how": how}
    return BadInput(why)


def protected() -> str:
    """A password is asked for."""
    return _("the workbook is protected with a password; save it without one")


@dataclass
class Facts:
    """What one part says besides its cells. Rows and columns count from 1."""

    namespace: str = ""
    merged: list[str] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: set[int] = field(default_factory=set)
    without_result: dict[int, list[int]] = field(default_factory=dict)  # columns of formulas, by row
    height: int = 0  # the last row, and
    width: int = 0  # the last column, with a value
    far: int = 0  # the first row with a cell beyond the columns that are read
    sheets: list[tuple[str, str]] = field(default_factory=list)  # (name, id of its relation)
    relations: dict[str, str] = field(default_factory=dict)  # {id: target}


@dataclass
class Counts:
    """What all parts hold together."""

    cells: int = 0
    strings: int = 0
    rows: int = 0
    others: int = 0

    def check(self) -> None:
        """BadInput where it is too much."""
        most = limits.IMPORT_WORKBOOK_CELLS_MAX
        if max(self.cells, self.strings) > most:
            raise BadInput(
                _("the workbook has more than %(most)s cells; save the sheet as CSV (UTF-8)")
                % {"most": f"{most:,}"}
            )
        if self.others > limits.IMPORT_WORKBOOK_OTHERS_MAX:
            raise BadInput(
                _(
                    "the workbook has more than %(most)s formats, rules and pictures; "
                    "copy the values into a new workbook, or save the sheet as CSV (UTF-8)"
                )
                % {"most": f"{limits.IMPORT_WORKBOOK_OTHERS_MAX:,}"}
            )


def look_through(archive: zipfile.ZipFile) -> dict[str, Facts]:
    """The facts of every XML part, by its name in the archive; BadInput where the workbook is out of bounds."""
    entries = archive.infolist()
    if any(entry.flag_bits & 1 for entry in entries):
        raise BadInput(protected())
    if sum(entry.file_size for entry in entries) > limits.IMPORT_UNPACKED_BYTES_MAX:
        most = limits.IMPORT_UNPACKED_BYTES_MAX // limits.MIB
        raise BadInput(
            _("the workbook unpacks to more than %(most)d MiB; save the sheet alone, or as CSV (UTF-8)")
            % {"most": most}
        )
    if len({entry.filename for entry in entries}) != len(entries):
        raise broken()
    counts = Counts()
    found = (entry for entry in entries if entry.filename.lower().endswith(XML))
    return {entry.filename: _look(archive, entry, counts) for entry in found}


def _look(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, counts: Counts) -> Facts:
    part = _Part(counts)
    try:
        with archive.open(entry) as source:
            part.read(iter(lambda: source.read(CHUNK), b""))
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, ValueError, LookupError) as error:
        raise broken() from error
    except NotImplementedError as error:
        raise broken(_("it is packed in a way that no spreadsheet uses")) from error
    return part.facts


class _Part:
    """One part as it streams by; of the cell at hand only its place and what it holds are remembered."""

    def __init__(self, counts: Counts) -> None:
        self.facts, self._counts = Facts(), counts
        self._depth = self._row = self._column = self._length = self._pieces = 0
        self._name = ""  # of the innermost element, until one ends
        self._is_in_cell = self._has_formula = self._has_result = self._has_value = False
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, chunks: Iterator[bytes]) -> None:
        """All of it. What waits for the end of its tag is bounded, since each chunk makes the parser begin it anew."""
        fed = 0
        for chunk in chunks:
            self._parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - self._parser.CurrentByteIndex > limits.IMPORT_XML_TOKEN_BYTES_MAX + CHUNK:
                raise broken(_("a tag without an end"))
        self._parser.Parse(b"", True)

    def _doctype(self, *_said: object) -> None:
        raise BadInput(
            _("the workbook holds a document type definition, which no spreadsheet writes; save it anew")
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        namespace, self._name = tag.rpartition(" ")[::2]
        self._length = 0
        self._depth += 1
        if self._depth == 1:
            self.facts.namespace = namespace
        if self._depth > limits.IMPORT_XML_DEPTH_MAX:
            raise broken(_("elements inside elements without an end"))
        if self._name == CELL:
            self._cell(attributes)
        elif self._name in INSIDE:
            self._inside()
            self._has_formula = self._has_formula or self._name == "f"
            self._has_result = self._has_result or self._name in ("v", "is")
        elif self._name == ROW:
            self._new_row(attributes)
        elif self._name == STRING:
            self._counts.strings += 1
            self._pieces = 0
        else:
            self._counts.others += 1
            self._other(attributes)
        self._counts.check()

    def _end(self, tag: str) -> None:
        self._depth -= 1
        self._name = ""
        if not self._is_in_cell or tag.rpartition(" ")[2] != CELL:
            return
        self._is_in_cell, facts = False, self.facts
        if self._has_formula and not self._has_result:
            facts.without_result.setdefault(self._row, []).append(self._column)
        if not self._has_value:
            return
        facts.height, facts.width = self._row, max(facts.width, self._column)
        if self._column > limits.IMPORT_COLUMNS_MAX and not facts.far:
            facts.far = self._row

    def _text(self, text: str) -> None:
        if self._name not in TEXTS:
            return
        self._length += len(text)
        self._has_value = True
        if self._length > limits.IMPORT_CELL_CHARS_MAX:
            why = _("a cell holds more than %(most)s characters")
            if self._is_in_cell:
                why = _("a cell in row %(row)d holds more than %(most)s characters")
            raise BadInput(why % {"row": self._row, "most": f"{limits.IMPORT_CELL_CHARS_MAX:,}"})

    def _inside(self) -> None:
        self._pieces += 1
        if self._pieces > limits.IMPORT_CELL_PIECES_MAX:
            most = f"{limits.IMPORT_CELL_PIECES_MAX:,}"
            raise broken(_("a cell of more than %(most)s pieces") % {"most": most})

    def _new_row(self, attributes: dict[str, str]) -> None:
        number = int(attributes.get("r", self._row + 1))
        if not self._row < number <= ROWS_MAX:
            raise broken(_("its rows are not in order"))
        self._row, self._column = number, 0
        if attributes.get("hidden") in ("1", "true"):
            self.facts.hidden_rows.append(number)
        self._counts.rows += 1
        if self._counts.rows > ROWS_MAX:
            raise BadInput(_("the workbook has more rows than a sheet can have; save the sheet alone"))

    def _cell(self, attributes: dict[str, str]) -> None:
        self._counts.cells += 1
        self._pieces = 0
        self._is_in_cell = True
        self._has_formula = self._has_result = self._has_value = False
        address = ADDRESS.fullmatch(attributes["r"]) if "r" in attributes else None
        self._column = column_index_from_string(address[1]) if address else self._column + 1
        out_of_place = "r" in attributes and (address is None or int(address[2]) != self._row)
        if out_of_place or self._column > COLUMNS_MAX:
            raise broken(_("a cell out of its place in row %(row)d") % {"row": self._row})

    def _other(self, attributes: dict[str, str]) -> None:
        if self._name == "mergeCell":
            self.facts.merged.append(attributes.get("ref", ""))
        elif self._name == "col" and attributes.get("hidden") in ("1", "true"):
            last = min(int(attributes["max"]), limits.IMPORT_COLUMNS_MAX)
            self.facts.hidden_columns.update(range(int(attributes["min"]), last + 1))
        elif self._name == "sheet":
            relation = next((said for key, said in attributes.items() if key.endswith(" id")), "")
            self.facts.sheets.append((attributes.get("name", ""), relation))
        elif self._name == "Relationship":
            self.facts.relations[attributes.get("Id", "")] = attributes.get("Target", "")
