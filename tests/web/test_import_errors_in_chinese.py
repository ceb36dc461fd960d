"""Who reads Chinese is told in Chinese what is wrong with a file: where, what, and what to do next."""

import ast
import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from flameblue import cli
from flameblue.config import Config
from flameblue.domain import limits
from flameblue.domain.limits import IMPORT_ROWS_MAX
from flameblue.people import registry_reading
from flameblue.people.registry_cells import READERS
from flameblue.people.registry_columns import COLUMNS
from tests.cast import Cast
from tests.people.registry_files import CABIN, HEATER, Cells, file
from tests.people.workbooks import inline, packed, parts, workbook

SENTENCE = re.compile(r"[A-Za-z']+(?:[ ,;:]+[A-Za-z']+){2,}")  # three Latin words in a row
HAN = re.compile(r"[一-鿿]")
SONGLIN: Cells = {"site": "禾木", "premises": "松林客栈"}
SIGNS_IN = "+8613900000001"  # Bolat's number
SAME: Cells = {"premises": HEATER["premises"], "device": HEATER["device"]}  # what the first row speaks of
Wrong = Sequence[tuple[Cells, str]]  # what is wrong with a row, and how its error begins
CELLS: Wrong = [
    ({"phone": "1.38E+10"}, "“手机”列：“1.38E+10”被表格软件缩写过"),
    ({"phone": "12345"}, "“手机”列：“12345”不是电话号码，可能是表格软件把前面的 0 去掉了"),
    ({"phone": "老王"}, "“手机”列：“老王”不是电话号码"),
    ({"season": "冬天"}, "“营业”列：看不懂“冬天”；开着的请填写“营业”，歇业的请照“歇业至2027-05-01”的样子"),
    ({"language": "维语"}, "“语言”列：不能用“维语”发短信；请填写中文、英语或哈萨克语"),
    ({"latitude": "91"}, "“纬度”列：“91”不对，这里要填 -90 到 90 之间的数字"),
    ({"rated_current_a": "四十"}, "“额定电流(A)”列：“四十”不对"),
    (
        {"quantity": "环境温渡"},
        "“量”列：没有“环境温渡”这个量，可能是“环境温度”；请从这些里面选一个：剩余电流、温度",
    ),
    ({"quantity": "水压"}, "“量”列：没有“水压”这个量"),
    ({"quantity": "剩余电流(A)"}, "“量”列：“剩余电流(A)”的单位不对，剩余电流的单位是 mA"),
    ({"phase": "D"}, "“相”列：“D”不是相别；请填写 A、B、C、N 中的一个"),
    ({"place": "一" * 21}, "“位置”列：写了 21 个字，最多 20 个字"),
    ({"address": "一" * 501}, "“地址”列：写了 501 个字，太长了"),
    ({"short_name": "松【林】"}, "“短名”列：第 2 个字符（【）不能用"),
    ({"device": "D#1"}, "“设备”列：“D#1”不能作设备名"),
    ({"credential": "x" * 129}, "“接入密码”列：接入密码最多 128 个字符"),
    ({"panel": ""}, "“回路”列：填了“101房暖气”，同一行的“配电箱”也要填写"),
    ({"device": ""}, "“接入密码”列：填了这一格，同一行的“设备”也要填写"),
    ({"premises": ""}, "“场所”列：这一列每一行都要填写"),
]
THINGS: Wrong = [
    (
        {"profile": "flameblue-9000"},
        "“设备型号”列：没有“flameblue-9000”这个型号，请从这些里面选一个：",
    ),
    ({"profile": ""}, "“设备型号”列：新设备“D1004”要写明型号"),
    ({"quantity": ""}, "“量”列：新测点“tb”要写明量"),
    ({"profile": "flameblue-efm8", "point": "t9"}, "“测点”列：型号 flameblue-efm8 没有测点“t9”"),
    (
        {"profile": "flameblue-efm8", "quantity": "voltage_v"},
        "“量”列：型号 flameblue-efm8 的测点“tb”测的是温度",
    ),
    (SONGLIN | {"device": "D0217", "quantity": "current_a"}, "“量”列：测点“tb”一直测的是温度"),
    ({"profile": "thingsboard-generic"}, "“接入密码”列：设备“D1010”用的也是这个接入密码"),
    ({"profile": "thingsboard-generic"}, "“接入密码”列：设备“D1009”用的也是这个接入密码"),
    ({"premises": "一" * 21}, "“短名”列：场所名称超过 20 个字，短信里放不下"),
    ({"owner": "", "phone": "13800000099"}, "“业主”列：写了号码，没写是谁的"),
    ({"phone": "", "owner": "叶尔兰"}, "“手机”列：请填写“叶尔兰”的电话号码"),
    ({"phone": SIGNS_IN}, "“业主”列：号码 +8613900000001 已经登记在“Bolat”名下"),
    ({"language": "en"}, "“语言”列：这里写的是“英语”，第 2 行对同一个人写的是“中文”"),
    ({"site": "白哈巴", "station": "无此站"}, "“消防站”列：没有名为“无此站”的消防站"),
    ({"site": "贾登峪"}, "“消防站”列：新的村要写明归哪个消防站（"),
    (SAME | {"address": "另一处"}, "“地址”列：这里写的是“另一处”，第 2 行对同一样东西写的是“1区”"),
    (
        SAME | {"season": "歇业至2027-05-01"},
        "“营业”列：这里写的是“歇业至2027-05-01”，第 2 行对同一样东西写的是“营业”",
    ),
    (SAME | {"credential": "smoke-in-may"}, "“接入密码”列：第 2 行给同一台设备写了另一个接入密码"),
]
FIRST = HEATER | {"address": "1区", "season": "营业", "language": "中文"}


@pytest.fixture
def officer(cast: Cast, data: Path) -> Client:
    """The browser of who runs it all, in Chinese."""
    client = Client(headers={"Accept-Language": "zh-hans"})
    client.force_login(cast.admin)
    return client


def told(officer: Client, data: bytes, name: str = "登记表.csv") -> list[str]:
    """The errors and notes that the page shows of a file, each in Chinese."""
    answer = officer.post("/fleet/files/", {"file": SimpleUploadedFile(name, data)})
    assert answer.status_code == 200
    found = [*answer.context["errors"], *answer.context["notes"]]
    assert all(HAN.search(one) and not SENTENCE.search(one) for one in found), found
    return found


def rows(wrong: Wrong, language: str = "zh-hans") -> list[list[str]]:
    """A table with one of each error, under the names of its columns in `language`; each row is of its own thing."""
    columns = [*READERS]
    cells = [FIRST] + [
        FIRST | {"premises": f"{number}号客栈", "device": f"D{1000 + number}"} | one
        for number, (one, _) in enumerate(wrong, 3)
    ]
    heading = [COLUMNS[name].heading(language) for name in columns]
    return [heading, *([one.get(name, "") for name in columns] for one in cells)]


def csv_of(table: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(table)
    return out.getvalue().encode()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("wrong", [CELLS, THINGS], ids=["cells", "things"])
def test_each_typical_error_is_told_in_chinese_with_row_and_column(
    officer: Client, wrong: Wrong, form: str
) -> None:
    data = csv_of(rows(wrong)) if form == "csv" else workbook(rows(wrong))
    found = told(officer, data, f"登记表.{form}")
    for number, (_, begins) in enumerate(wrong, 3):
        expected = f"第 {number} 行{begins}"
        of_row = [one for one in found if one.startswith(f"第 {number} 行")]
        assert any(one.startswith(expected) and one.endswith("。") for one in of_row), (expected, of_row)


def test_a_column_is_called_as_the_file_calls_it_else_as_its_reader_does(officer: Client) -> None:
    found = told(officer, csv_of(rows(CELLS, "en")))
    assert any(one.startswith("第 3 行“phone”列：“1.38E+10”被表格软件缩写过") for one in found)
    assert told(officer, "村,场所,设备\n禾木,松林客栈,D0900\n".encode()) == [
        "第 2 行“设备型号”列：新设备“D0900”要写明型号，请填写这一格。"
    ]
    assert told(officer, csv_of([["site", "premises", "业主姓名"], ["禾木", "松林客栈", "叶尔兰"]]))[
        0
    ].startswith("第 2 行“手机”列：请填写“叶尔兰”的电话号码")


def test_what_a_spreadsheet_has_spoilt_is_told_in_chinese(officer: Client) -> None:
    heading = ["村", "场所", "位置", "设备", "短名"]
    table = [heading, ["禾木", "松林客栈", date(2026, 3, 2), 7, None, "多出来的"]]
    found = told(officer, workbook(table, lambda sheet: sheet.merge_cells("A3:B3")), "登记表.xlsx")
    assert found == ["第 3 行：单元格 A3:B3 是合并的；请取消合并，并在每一格里都填写内容。"]
    found = told(officer, workbook(table), "登记表.xlsx")
    assert [one.split("；")[0] for one in found] == [
        "第 2 行：第 6 格上面没有列名",
        "第 2 行“位置”列：表格软件把它变成了日期（2026-03-02）",
        "第 2 行“设备”列：这一格是数字格式，前面的 0 可能丢了",
    ]
    place = (
        '<c r="A2" t="inlineStr"><is><t>禾木</t></is></c><c r="B2" t="inlineStr"><is><t>松林客栈</t></is></c>'
    )
    cells = f'{place}<c r="C2"><v>1234567890123456789</v></c><c r="D2"><f>B2</f></c><c r="E2" t="e"><v>#N/A</v></c>'
    found = told(officer, packed(parts(f'{inline(heading, 1)}<row r="2">{cells}</row>')), "登记表.xlsx")
    assert [one.split("；")[0] for one in found] == [
        "第 2 行“位置”列：数字太长，表格软件只存得下 15 位，后面的已经丢了",
        "第 2 行“设备”列：这一格是公式，文件里没有存它的结果",
        "第 2 行“短名”列：这一格的公式算错了，显示 #N/A",
    ]


def test_hidden_rows_and_columns_that_are_read_and_columns_that_are_not_are_told(officer: Client) -> None:
    def hide(sheet: Any) -> None:
        for number in (2, 3, 5):
            sheet.row_dimensions[number].hidden = True
        sheet.column_dimensions["C"].hidden = True

    table = [["村", "场所", "地址", "备注"], *(["禾木", f"{n}号", "3区", ""] for n in range(4))]
    assert told(officer, workbook(table, hide), "登记表.xlsx") == [
        "“备注”这一列不读。",
        "隐藏的行也读了：第 2 至 3、5 行。",
        "隐藏的列也读了：地址。",
    ]


@pytest.mark.parametrize(
    ("heading", "error"),
    [
        ("手机号吗", "第 1 行“手机号吗”列：没有这个列名，请改正；您要写的是不是“手机”？"),
        ("颜色", "第 1 行“颜色”列：没有这个列名，请改成登记表里有的列名，用不着就删掉这一列。"),
        ("姓名", "第 1 行“姓名”列：这个列名可能有几种意思，请改成“业主”或“第二联系人”或“钥匙保管人”。"),
        ("村", "第 1 行“村”列：这个列名出现了两次，请只留一列。"),
        ("景区", "第 1 行“景区”列：这一列和“村”列是一个意思（村），请只留一列。"),
    ],
)
def test_a_wrong_heading_gets_a_suggestion_in_chinese(officer: Client, heading: str, error: str) -> None:
    assert told(officer, f"村,场所,{heading}\n禾木,松林客栈,x\n".encode()) == [error]


def test_a_column_that_is_missing_is_named_in_chinese(officer: Client) -> None:
    assert told(officer, "村,手机\n禾木,13800000011\n".encode()) == ["第 1 行“场所”列：缺这一列，请补上。"]


def archive(name: str) -> bytes:
    return packed({name: b"x"})


@pytest.mark.parametrize(
    ("content", "begins"),
    [
        (b"hello", "前 20 行里没有找到表头，表头至少要有“村”和“场所”两列"),
        (b"%PDF-1.4", "读不了这个文件，因为它是 PDF 文件；请用 Excel 或 WPS 打开，另存为工作簿"),
        (b"\x89PNG", "读不了这个文件，因为它是图片"),
        (b"{\\rtf1", "读不了这个文件，因为它是文字文档（RTF）"),
        (b"Rar!", "读不了这个文件，因为它是压缩包（RAR）；请先解压"),
        (b"\x09\x08\x10\x00", "读不了这个文件，因为它是很旧的 Excel 文件（.xls）"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "读不了这个文件，因为它是旧版 Excel 文件（.xls）"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "工作簿设了密码，读不了；请去掉密码后另存",
        ),
        (b"<html><table>", "读不了这个文件，因为它是网页，不管文件名怎么写"),
        (b"<?xml ?> schemas-microsoft-com:office:spreadsheet", "读不了这个文件，因为它是 2003 版的 XML 表格"),
        (b"\x00\x01\x02\x03" * 9, "读不了这个文件里的文字"),
        (b"PK\x03\x04 and no more", "工作簿已损坏，请用 Excel 或 WPS 打开并另存一次"),
        (archive("word/document.xml"), "读不了这个文件，因为它是 Word 文档；请另存为 Excel 工作簿"),
        (archive("content.xml"), "读不了这个文件，因为它是 LibreOffice 文件"),
        (archive("photo.jpg"), "读不了这个文件，因为它是压缩包，不是工作簿"),
        (
            packed(parts('<row r="5"/><row r="2"/>')),
            "工作簿已损坏，请用 Excel 或 WPS 打开并另存一次，再导入（行的",
        ),
        (
            packed(parts("", more={"xl/styles.xml": b"<!DOCTYPE a><a/>"})),
            "工作簿里有表格软件不会写的内容（DTD）",
        ),
        (packed(parts("", more={"xl/styles.xml": b"<a>" * 99})), "工作簿已损坏"),
        (packed(parts('<row><c r="A7"/></row>')), "工作簿已损坏"),
        (file(CABIN) + b'"never closed', "第 3 行：这里不像 CSV，读不下去（有一个引号没有成对）"),
        (file(CABIN) + b'"x"y,', "第 3 行：这里不像 CSV，读不下去（引号后面还有多余的内容）"),
        (file(CABIN) + b'x,"' + b"y" * 140_000, "第 3 行：这里不像 CSV，读不下去（有一格太长"),
        (file(CABIN) + b"x" + b',"\r\n"' * 300_000, "第 3 行：这里不像 CSV，读不下去（一行超过"),
    ],
)
def test_what_can_not_be_read_is_told_in_chinese(officer: Client, content: bytes, begins: str) -> None:
    found = told(officer, content)
    assert any(one.startswith(begins) for one in found), found


def test_limits_are_told_in_chinese(officer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_reading, "IMPORT_ROWS_MAX", 1)
    assert told(officer, file(CABIN, CABIN)) == ["第 3 行：一个文件最多 1 行，请拆成几个文件分别导入。"]
    monkeypatch.setattr(registry_reading, "IMPORT_ROWS_MAX", IMPORT_ROWS_MAX)
    monkeypatch.setattr(limits, "IMPORT_WORKBOOK_CELLS_MAX", 5)
    assert told(officer, workbook())[0].startswith("工作簿超过 5 个单元格；请把这张表另存为 CSV（UTF-8）")
    monkeypatch.setattr("flameblue.people.registry_files.IMPORT_BYTES_MAX", 5)
    assert told(officer, file(CABIN))[0].startswith("文件超过 0 MiB")


def test_a_protected_archive_is_told_in_chinese(officer: Client) -> None:
    data = bytearray(workbook())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert told(officer, bytes(data)) == ["工作簿设了密码，读不了；请去掉密码后另存，再导入。"]
    assert zipfile.is_zipfile(io.BytesIO(data))


def test_counts_of_before_are_refused_in_chinese_words(officer: Client) -> None:
    for text, said in (
        ("月份,类别\n", "表头缺少 数量、来源。"),
        (
            "月份,类别,数量,来源\n2025-12,火灾,1,x\n",
            "没有“火灾”这一类别；可用：电弧、设备故障、过热、漏电、过载、失联、电压。",
        ),
        ('月份,类别,数量,来源\n2025-12,过热,1,"x\n', "第 2 行不是 CSV：有一个引号没有成对。"),
    ):
        given = {"file": SimpleUploadedFile("台账.csv", text.encode())}
        page = officer.post("/handled/old-counts/", given, follow=True).content.decode()
        assert said in page


@pytest.mark.parametrize(
    ("language", "begins"), [("", "row 2, column 手机: "), ("zh-hans", "第 2 行“手机”列：")]
)
@pytest.mark.django_db
def test_the_command_line_speaks_english_unless_told_otherwise(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    language: str,
    begins: str,
) -> None:
    monkeypatch.setattr(cli, "_existing", lambda: Config(data=tmp_path))
    path = tmp_path / "登记表.csv"
    path.write_text("村,场所,业主,手机,备注\n禾木,甲,老王,12,\n", encoding="utf-8")
    asked = ["--language", language] if language else []
    for own in ("zh-hans", "en"):  # the installation's own language, which is not the command's
        with translation.override(own), pytest.raises(SystemExit) as ended:
            cli.main(["import", str(path), *asked])
        note, error, *_, last = capsys.readouterr().err.splitlines()
        assert (ended.value.code, error.startswith(begins)) == (1, True)
        assert bool(HAN.search(last)) is bool(HAN.search(note.replace("备注", ""))) is bool(language)
        with translation.override(own), pytest.raises(SystemExit):
            cli.main(["import", str(tmp_path / "none.csv"), *asked])
        assert ("读不了文件" in capsys.readouterr().err) is bool(language)


RAISED = {"ValueError", "BadInput", "Trouble", "wrong", "missing", "broken"}


def _bare(path: Path) -> Iterator[str]:
    """What a module says of a file in one language only: a text that no `gettext` was asked for."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call) or ast.unparse(call.func).rpartition(".")[2] not in RAISED:
            continue
        for said in call.args:
            is_text = isinstance(said, ast.JoinedStr | ast.Constant) and " " in ast.unparse(said)
            if is_text:
                yield f"{path.name}:{said.lineno}"


def test_no_reason_is_said_in_english_only() -> None:
    modules = sorted(Path(registry_reading.__file__).parent.glob("registry*.py"))
    assert len(modules) > 10
    assert [where for path in modules for where in _bare(path)] == []


def test_a_reason_in_english_only_would_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "registry_x.py"
    path.write_text('raise BadInput(f"no {x}")\nself.ledger.wrong(1, "not so")\nraise BadInput(_("no"))\n')
    assert list(_bare(path)) == ["registry_x.py:1", "registry_x.py:2"]
