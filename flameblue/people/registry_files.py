"""What kind of file it is, told by its content and not by its name; the tables in it, or a sentence why not."""

import re
from collections.abc import Iterator, Sequence

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import IMPORT_BYTES_MAX, MIB
from flameblue.people import registry_text, registry_workbook
from flameblue.people.registry_table import Sheet

SAVE_AS = "open it in Excel or WPS and save it as a workbook (.xlsx) or as CSV (UTF-8)"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLD_EXCEL = (
    b"\x09\x00\x04\x00",
    b"\x09\x02\x06\x00",
    b"\x09\x04\x06\x00",
    b"\x09\x08\x08\x00",
    b"\x09\x08\x10\x00",
)
PROTECTED = "EncryptedPackage".encode("utf-16-le")
MARKUP = re.compile(r"<(?:!doctype|html|head|meta|body|table|style|script|!--)|mime-version:", re.IGNORECASE)
OTHERS: Sequence[tuple[bytes, str]] = (
    (b"%PDF", "this is a PDF"),
    (b"{\\rtf", "this is a text document (RTF)"),
    (b"\x89PNG", "this is a picture"),
    (b"\xff\xd8\xff", "this is a picture"),
    (b"\x1f\x8b", "this is packed (gzip); unpack it first, then"),
    (b"7z\xbc\xaf", "this is packed (7z); unpack it first, then"),
    (b"Rar!", "this is packed (RAR); unpack it first, then"),
)
BOM = b"\xef\xbb\xbf"


def sheets_of(data: bytes) -> Iterator[Sheet]:
    """The tables of a file; BadInput with the reason, a clause without a full stop, where it has none."""
    if len(data) > IMPORT_BYTES_MAX:
        raise BadInput(f"the file has more than {IMPORT_BYTES_MAX // MIB} MiB; split it")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return registry_workbook.sheets(data)
    if reason := _no_table(data):
        raise BadInput(reason)
    text = registry_text.text_of(data)
    if text is None:
        raise BadInput(
            "the file is neither UTF-8 nor GB 18030; save it as CSV (UTF-8) or as a workbook (.xlsx)"
        )
    return registry_text.sheets(text)


def _no_table(data: bytes) -> str:
    """Why the file is no table that can be read; empty where it may be one."""
    if data.startswith(OLE):
        if PROTECTED in data:
            return "the workbook is protected with a password; save it without one"
        return f"this is an old Excel file (.xls); {SAVE_AS}"
    if data.startswith(OLD_EXCEL):
        return f"this is a very old Excel file (.xls); {SAVE_AS}"
    for mark, what in OTHERS:
        if data.startswith(mark):
            return f"{what}; {SAVE_AS}" if not what.endswith("then") else f"{what} {SAVE_AS}"
    head = data[:1024].removeprefix(BOM).decode("latin-1").replace("\0", "").lstrip("\xff\xfe \t\r\n")
    if head.startswith("<?xml") and "schemas-microsoft-com:office:spreadsheet" in head:
        return f"this is a spreadsheet as XML (2003); {SAVE_AS}"
    if MARKUP.match(head) or head.startswith("<?xml"):
        return f"this is a web page, whatever its name says; {SAVE_AS}"
    return ""
