"""What kind of file it is, told by its content and not by its name; the tables in it, or a sentence why not."""

import re
from collections.abc import Iterator, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import IMPORT_BYTES_MAX, MIB
from flameblue.people import registry_text, registry_workbook, registry_workbook_bounds
from flameblue.people.registry_table import Sheet

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
PICTURE = gettext_lazy("a picture")
OTHERS: Sequence[tuple[bytes, Promise]] = (
    (b"%PDF", gettext_lazy("a PDF")),
    (b"{\\rtf", gettext_lazy("a text document (RTF)")),
    (b"\x89PNG", PICTURE),
    (b"\xff\xd8\xff", PICTURE),
)
PACKED = ((b"\x1f\x8b", "gzip"), (b"7z\xbc\xaf", "7z"), (b"Rar!", "RAR"))
BOM = b"\xef\xbb\xbf"


def sheets_of(data: bytes) -> Iterator[Sheet]:
    """The tables of a file; BadInput with the reason, a clause without a full stop, where it has none."""
    if len(data) > IMPORT_BYTES_MAX:
        raise BadInput(_("the file has more than %(most)d MiB; split it") % {"most": IMPORT_BYTES_MAX // MIB})
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return registry_workbook.sheets(data)
    if reason := _no_table(data):
        raise BadInput(reason)
    text = registry_text.text_of(data)
    if text is None:
        raise BadInput(
            _("the file is neither UTF-8 nor GB 18030; save it as CSV (UTF-8) or as a workbook (.xlsx)")
        )
    return registry_text.sheets(text)


def _no_table(data: bytes) -> str:
    """Why the file is no table that can be read; empty where it may be one."""
    if data.startswith(OLE):
        if PROTECTED in data:
            return registry_workbook_bounds.protected()
        return _save_as(_("an old Excel file (.xls)"))
    if data.startswith(OLD_EXCEL):
        return _save_as(_("a very old Excel file (.xls)"))
    for mark, what in OTHERS:
        if data.startswith(mark):
            return _save_as(what)
    for mark, how in PACKED:
        if data.startswith(mark):
            return _(
                "this is packed (%(how)s); unpack it first, then open it in Excel or WPS "
                "and save it as a workbook (.xlsx) or as CSV (UTF-8)"
            ) % {"how": how}
    head = data[:1024].removeprefix(BOM).decode("latin-1").replace("\0", "").lstrip("\xff\xfe \t\r\n")
    if head.startswith("<?xml") and "schemas-microsoft-com:office:spreadsheet" in head:
        return _save_as(_("a spreadsheet as XML (2003)"))
    if MARKUP.match(head) or head.startswith("<?xml"):
        return _save_as(_("a web page, whatever its name says"))
    return ""


def _save_as(what: str | Promise) -> str:
    return _(
        "this is %(what)s; open it in Excel or WPS and save it as a workbook (.xlsx) or as CSV (UTF-8)"
    ) % {"what": what}
