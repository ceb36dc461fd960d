"""Whatever somebody hands in gets one clear sentence, and takes bounded memory."""

import io
import random
import tracemalloc
import zipfile

import pytest

from flameblue.domain import limits
from flameblue.domain.limits import MIB
from flameblue.people.registry_files import sheets_of
from flameblue.people.registry_reading import read
from tests.people.registry_files import CABIN, file
from tests.people.workbooks import HEADING, MAIN, ROW, inline, packed, parts, workbook

SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def stream(name: str) -> bytes:
    """The directory entry of an OLE stream: the name, in 64 bytes of UTF-16."""
    return OLE + name.encode("utf-16-le").ljust(64, b"\0") + bytes(64)


def only_trouble(data: bytes) -> str:
    reading = read(data)
    assert reading.rows == []
    (trouble,) = reading.troubles
    return str(trouble)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (stream("Workbook"), "This is an old Excel file (.xls); open it in Excel or WPS and save it as"),
        (stream("Book"), "This is an old Excel file (.xls)"),
        (stream("EncryptedPackage"), "The workbook is protected with a password; save it without one."),
        (b"\x09\x08\x10\x00\x00\x06\x05\x00", "This is a very old Excel file (.xls)"),
        (b"<html><table><tr><td>site</td></tr></table>", "This is a web page, whatever its name says"),
        (b"\xef\xbb\xbf \r\n<!DOCTYPE html>", "This is a web page"),
        ("<html><body>村".encode("utf-16"), "This is a web page"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "This is a web page"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "This is a spre",
        ),
        (b"%PDF-1.7 ...", "This is a PDF; open it"),
        (b"\x1f\x8b\x08\x00", "This is packed (gzip); unpack it first, then open it"),
        (packed({"xl/workbook.bin": b""}), "This is a binary workbook (.xlsb); save it as"),
        (packed({"word/document.xml": b""}), "This is a Word document"),
        (packed({"mimetype": b"x", "content.xml": b""}), "This is a LibreOffice file (.ods)"),
        (packed({"photo.jpg": b""}), "This is an archive and no workbook"),
        (b"PK\x03\x04 and no more", "The workbook is damaged; open it in Excel or WPS and save it anew."),
        (workbook()[:-500], "The workbook is damaged"),
        (b"\x00\x01\x02\x03" * 100, "The file is neither UTF-8 nor GB 18030"),
        (b"hello", "None of the first 20 rows names the columns, at least site (村) and premises (场所)"),
    ],
)
def test_a_file_of_another_kind_is_told_by_its_content(data: bytes, sentence: str) -> None:
    assert only_trouble(data).startswith(sentence)


def test_a_strict_workbook_is_told() -> None:
    files = parts(inline(HEADING, 1))
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    files = {name: data.replace(MAIN.encode(), strict.encode()) for name, data in files.items()}
    assert "Strict Open XML" in only_trouble(packed(files))


def test_the_smallest_workbook_is_read() -> None:
    reading = read(packed(parts(inline(HEADING, 1) + inline([str(cell) for cell in ROW], 2))))
    assert (len(reading.rows), reading.troubles) == (1, [])


def bomb(name: str, text: bytes, megabytes: int) -> bytes:
    """A workbook whose part `name` unpacks to `text` again and again."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, data in parts(inline(HEADING, 1)).items():
            if other != name:
                archive.writestr(other, data)
        with archive.open(name, "w") as part:
            for _ in range(megabytes):
                part.write((text * (MIB // len(text) + 1))[:MIB])
    return out.getvalue()


def test_a_bomb_is_not_unpacked() -> None:
    data = bomb("xl/media/image1.png", b"\0", 129)
    assert len(data) < MIB
    tracemalloc.start()
    assert "unpacks to more than 128 MiB" in only_trouble(data)
    assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    tracemalloc.stop()


def test_a_bomb_that_lies_of_its_size_is_damaged() -> None:
    data = bomb(SHEET, b" ", 20)
    size = (20 * MIB).to_bytes(4, "little")
    assert data.count(size) >= 1
    assert "damaged" in only_trouble(data.replace(size, (1000).to_bytes(4, "little")))


HEAD = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode()
CELL_XML = b'<c t="inlineStr"><is><t>x</t></is></c>'


@pytest.mark.parametrize(
    ("name", "text", "limit", "most", "sentence"),
    [
        (SHEET, HEAD + b"<row>" + b"<c/>" * 900, "IMPORT_WORKBOOK_CELLS_MAX", 500, "more than 500 cells"),
        (
            STRINGS,
            f'<sst xmlns="{MAIN}">'.encode() + b"<si/>" * 2100,
            "IMPORT_WORKBOOK_CELLS_MAX",
            500,
            "cells",
        ),
        (
            SHEET,
            HEAD + b"<row><c>" + b"<is/>" * 60,
            "IMPORT_CELL_PIECES_MAX",
            50,
            "a cell of more than 50 pieces",
        ),
        (STRINGS, b"<sst><si>" + b"<t/>" * 60, "IMPORT_CELL_PIECES_MAX", 50, "a cell of more than 50 pieces"),
        (STYLES, b"<styleSheet>" + b"<xf/>" * 300, "IMPORT_WORKBOOK_OTHERS_MAX", 200, "200 formats, rules"),
        (STYLES, b"<a>" * 80, "IMPORT_XML_DEPTH_MAX", 64, "elements inside elements"),
        (STYLES, b'<a b="' + b"x" * 800_000, "IMPORT_XML_TOKEN_BYTES_MAX", 1000, "a tag without an end"),
        (
            SHEET,
            HEAD + b"<row><c><v>" + b"1" * 40_000,
            "IMPORT_CELL_CHARS_MAX",
            32_767,
            "in row 1 holds more than 32",
        ),
        (
            STRINGS,
            b"<sst><si><t>" + b"x" * 40_000,
            "IMPORT_CELL_CHARS_MAX",
            32_767,
            "a cell holds more than 32,767",
        ),
    ],
)
def test_a_workbook_out_of_bounds_is_refused_while_it_streams_by(
    monkeypatch: pytest.MonkeyPatch, name: str, text: bytes, limit: str, most: int, sentence: str
) -> None:
    monkeypatch.setattr(limits, limit, most)
    assert sentence in only_trouble(packed(parts(inline(HEADING, 1), more={name: text}))).replace(
        "A cell", "a cell"
    )


@pytest.mark.parametrize(
    ("sheet", "sentence"),
    [
        ('<row r="99999999999"/>', "its rows are not in order"),
        ('<row r="5"/><row r="2"/>', "its rows are not in order"),
        ('<row r="1"><c r="ZZZZ1"/></row>', "a cell out of its place in row 1"),
        ('<row r="1"><c r="XFE1"/></row>', "a cell out of its place in row 1"),
        ('<row r="1"><c r="A7"/></row>', "a cell out of its place in row 1"),
        ('<row r="x"/>', "damaged"),
        ('<row><c t="s"><v>12</v></c></row>', "damaged"),
        ("<row><c></row>", "damaged"),
    ],
)
def test_a_workbook_that_no_spreadsheet_writes_is_damaged(sheet: str, sentence: str) -> None:
    assert sentence in only_trouble(packed(parts(sheet)))


def test_a_workbook_with_entities_is_refused() -> None:
    laughs = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><a>&b;</a>'
    for name in (STYLES, SHEET, "docProps/core.xml", "xl/theme/theme1.xml"):
        assert "document type definition" in only_trouble(packed(parts("", more={name: laughs})))


def test_an_archive_of_very_many_files_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flameblue.people.registry_workbook.IMPORT_PARTS_MAX", 50)
    many = packed({f"{number}.xml": b"" for number in range(60)})
    assert only_trouble(many) == "The file is an archive of more than 50 files and no workbook."


def test_a_protected_archive_is_told() -> None:
    data = bytearray(workbook())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    assert "protected with a password" in only_trouble(bytes(data))


def test_a_file_that_is_too_large_is_not_read() -> None:
    assert only_trouble(bytes(limits.IMPORT_BYTES_MAX + 1)) == "The file has more than 64 MiB; split it."


def test_a_quote_that_is_never_closed_takes_no_row_of_a_whole_file() -> None:
    data = file(CABIN) + b"x" + b',"\r\n"' * 300_000
    assert "is a quote not closed?" in only_trouble_of_last(data)
    assert "field larger than field limit" in only_trouble_of_last(file(CABIN) + b'x,"' + b"y" * 200_000)


def only_trouble_of_last(data: bytes) -> str:
    reading = read(data)
    (trouble,) = reading.troubles
    assert (len(reading.rows), trouble.row) == (1, 3)
    return str(trouble)


def test_too_many_rows_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flameblue.people.registry_reading.IMPORT_ROWS_MAX", 3)
    for data in (file(*[CABIN] * 9), workbook((HEADING, *[ROW] * 9))):
        reading = read(data)
        assert [str(trouble) for trouble in reading.troubles] == [
            "row 5: a file has 3 rows at most; split it."
        ]


def test_whatever_bytes_become_of_a_workbook_it_is_read_or_told() -> None:
    """From a seed: bytes are changed, cut out and doubled; nothing but rows and sentences comes of it."""
    chance, good, told = random.Random(7), workbook(), 0
    for _ in range(400):
        data = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data))
            match chance.randrange(3):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at : at + chance.randint(1, 40)]
                case _:
                    data[at:at] = data[at : at + chance.randint(1, 40)]
        told += bool(read(bytes(data)).troubles)
    assert told > 200


def test_whatever_becomes_of_the_parts_it_is_read_or_told() -> None:
    """The same inside the archive, where every part is changed behind a right check sum."""
    chance = random.Random(8)
    with zipfile.ZipFile(io.BytesIO(workbook())) as archive:
        good = {name: archive.read(name) for name in archive.namelist()}
    pieces = [
        b"<",
        b">",
        b'"',
        b"/",
        b"&",
        b"<v>",
        b"</c>",
        b'r="',
        b"9",
        b'="-1"',
        b"xmlns",
        b"\xff",
        b"main",
    ]
    for _ in range(400):
        files = {name: bytearray(data) for name, data in good.items()}
        data = files[chance.choice(sorted(files))]
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            data[at : at + chance.choice((0, 0, 1, 8))] = chance.choice(pieces)
        reading = read(packed({name: bytes(data) for name, data in files.items()}))
        assert reading.troubles or reading.rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("hint", [False, True])
def test_text_is_read_as_any_excel_saves_it(encoding: str, delimiter: str, hint: bool) -> None:
    text = delimiter.join(HEADING) + "\r\n" + delimiter.join(str(cell) for cell in ROW) + "\r\n"
    told = f"sep={delimiter}\r\n" if hint else ""
    reading = read((told + text).encode(encoding))
    assert reading.troubles == []
    (row,) = reading.rows
    assert (row.number, row.cells["premises"], row.cells["quantity"]) == (
        2 + hint,
        "白桦客栈",
        "temperature_c",
    )


def test_the_table_of_a_text_is_found_below_titles() -> None:
    reading = read("登记表;;\n填表:Aigul;;\n村;场所;备注\n禾木;白桦客栈;新\n".encode())
    assert ([row.number for row in reading.rows], reading.troubles) == ([4], [])
    assert reading.notes == ["The column 备注 is not read."]
    assert list(sheets_of(b"no table"))[:1] == []
