"""The bytes of a text file become a table: CSV as any Excel writes it, with commas, semicolons or tabs.

UTF-8 (with or without a byte order mark), UTF-16 (“Unicode text”) and GB 18030 (a Chinese Excel) are read.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flameblue.domain.limits import IMPORT_RECORD_CHARS_MAX
from flameblue.people.registry_table import Cell, Record, Sheet

DELIMITERS = (",", ";", "\t")
HINT = "sep="  # a first line by which Excel is told the delimiter
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
NO_CSV: Mapping[str, Promise] = {  # what Python's reader finds, by a part of its own sentence
    "field larger than": gettext_lazy("field larger than field limit; is a quote not closed?"),
    "unexpected end": gettext_lazy("a quote is not closed"),
    "expected after": gettext_lazy("something stands behind a closing quote"),
    "new-line": gettext_lazy("a line break that is none"),
}


def text_of(data: bytes) -> str | None:
    """The text of a file; None where it is none."""
    marked = [encoding for mark, encoding in MARKS if data.startswith(mark)]
    for encoding in marked or ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def sheets(text: str) -> Iterator[Sheet]:
    """The table in each reading that the text allows; the right one is told by its heading."""
    first = text[:8].lower()
    if first.startswith(HINT) and first[4:5] in DELIMITERS:
        yield Sheet(_records(text, first[4]))
        return
    for delimiter in DELIMITERS:
        if delimiter in text:
            yield Sheet(_records(text, delimiter))


class _Lines:
    """The lines of a text, of which one record may not take too many."""

    def __init__(self, text: str) -> None:
        self._lines = iter(io.StringIO(text, newline=""))
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken += len(line)
        if self.taken > IMPORT_RECORD_CHARS_MAX:
            raise csv.Error(
                _("one row takes more than %(most)d characters; is a quote not closed?")
                % {"most": IMPORT_RECORD_CHARS_MAX}
            )
        return line


def why_no_csv(error: csv.Error) -> str:
    """What Python's reader of CSV found, in the language that is active."""
    told = str(error)
    return next((str(why) for part, why in NO_CSV.items() if part in told), told)


def _records(text: str, delimiter: str) -> Iterator[Record]:
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        lines.taken = 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(number, (), _("this is no CSV (%(why)s)") % {"why": why_no_csv(error)})
            return
        if number > 1 or not cells or not cells[0].lower().startswith(HINT):
            yield Record(number, tuple(Cell(cell.strip()) for cell in cells))
