"""A workbook says what a person meant; what a spreadsheet has spoilt is told with the place where it stands."""

from datetime import date, time
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from flameblue.fleet.models import Device, Point, Premises
from flameblue.people.models import Person
from flameblue.people.registry import Report
from tests.people.registry_files import Bring
from tests.people.workbooks import HEADING, ROW, inline, packed, parts, saved, workbook

pytestmark = pytest.mark.django_db


def row(**cells: Any) -> tuple[Any, ...]:
    """ROW with other cells, by heading."""
    return tuple(cells.get(heading, cell) for heading, cell in zip(HEADING, ROW, strict=True))


def with_column(heading: str, value: Any) -> bytes:
    return workbook(((*HEADING, heading), (*ROW, value)))


def only_error(report: Report) -> str:
    (error,) = report.errors
    return error


def test_a_workbook_with_chinese_headings_makes_everything(bring: Bring) -> None:
    assert bring.data(workbook()).errors == ()
    point = Point.objects.get(device__name="D0300")
    assert (point.key, point.quantity, point.phase, point.place) == ("tb", "temperature_c", "A", "炕")
    assert Person.objects.get(name="Aigul").phone == "+8613800000011"


def test_rows_of_title_above_the_heading_are_passed_over(bring: Bring) -> None:
    titles = (("禾木景区场所登记表",), (None, "填表日期", date(2026, 1, 15)), ())
    report = bring.data(workbook((*titles, HEADING, ROW, row(相="X"))))
    assert only_error(report).startswith("row 6, column 相: 'X' is no phase")


@pytest.mark.parametrize("number", [13800000011, 13800000011.0, "13800000011", "138 0000 0011"])
def test_a_phone_number_that_is_a_number_is_what_was_typed(bring: Bring, number: Any) -> None:
    assert bring.data(workbook((HEADING, row(手机=number)))).errors == ()
    assert Person.objects.get(name="Aigul").phone == "+8613800000011"


def test_a_phone_number_in_scientific_writing_is_exact(bring: Bring) -> None:
    heading = inline(("村", "场所", "业主", "手机"), 1)
    cells = f'{PLACE}<c r="C2" t="inlineStr"><is><t>Aigul</t></is></c><c r="D2"><v>1.3800000011E+10</v></c>'
    assert bring.data(packed(parts(f'{heading}<row r="2">{cells}</row>'))).errors == ()
    assert Person.objects.get(name="Aigul").phone == "+8613800000011"


def test_a_phone_number_that_lost_its_digits_is_told(bring: Bring) -> None:
    error = only_error(bring.data(workbook((HEADING, row(手机="1.38E+10")))))
    assert error.startswith("row 2, column 手机: '1.38E+10' was shortened by a spreadsheet")
    error = only_error(bring.data(workbook((HEADING, row(手机=9066551234)))))
    assert "may have dropped a 0" in error


@pytest.mark.parametrize("name", [7, 7.0, 20260115])
def test_a_device_that_is_a_number_may_have_lost_zeros_and_is_told(bring: Bring, name: Any) -> None:
    error = only_error(bring.data(workbook((HEADING, row(设备=name)))))
    assert error == (
        "row 2, column 设备: it is a number, and a spreadsheet drops the zeros before one; "
        "format the cell as text and write it again."
    )


def test_a_number_that_is_shown_with_its_zeros_is_read_with_them(bring: Bring) -> None:
    def padded(sheet: Worksheet) -> None:
        sheet["G2"].number_format = "0000"

    assert bring.data(workbook((HEADING, row(设备=217)), padded)).errors == ()
    assert Device.objects.filter(name="0217").exists()


def test_a_number_beyond_fifteen_digits_is_told(bring: Bring) -> None:
    error = only_error(bring.data(workbook((HEADING, row(位置=1234567890123456789)))))
    assert "keeps 15 digits of a number" in error


def test_whole_numbers_in_names_have_no_decimal_point(bring: Bring) -> None:
    assert bring.data(workbook((HEADING, row(位置=203.0, 回路=203)))).errors == ()
    point = Point.objects.get(device__name="D0300")
    assert point.circuit is not None
    assert (point.place, point.circuit.name) == ("203", "203")


@pytest.mark.parametrize("said", [date(2027, 5, 1), "歇业至2027-05-01", "歇业至 2027年5月1日", "2027/5/1"])
def test_a_season_may_be_a_date_or_chinese(bring: Bring, said: Any) -> None:
    assert bring.data(with_column("营业", said)).errors == ()
    assert Premises.objects.get(name="白桦客栈").closed_until == date(2027, 5, 1)


def test_a_name_that_became_a_date_is_told(bring: Bring) -> None:
    error = only_error(bring.data(workbook((HEADING, row(位置=date(2026, 3, 2))))))
    assert error.startswith("row 2, column 位置: a spreadsheet made a date of it (2026-03-02)")
    assert "made a date" in only_error(bring.data(workbook((HEADING, row(位置=time(3, 2))))))


def test_a_truth_value_is_the_word_that_is_shown(bring: Bring) -> None:
    assert bring.data(workbook((HEADING, row(位置=True)))).errors == ()
    assert Point.objects.get(device__name="D0300").place == "TRUE"


def sheet_of(cells: str) -> bytes:
    heading = inline(("村", "场所", "位置", "短名"), 1)
    return packed(parts(f'{heading}<row r="2">{cells}</row>'))


PLACE = '<c r="A2" t="inlineStr"><is><t>禾木</t></is></c><c r="B2" t="inlineStr"><is><t>雪莲</t></is></c>'


def test_a_formula_is_its_result(bring: Bring) -> None:
    data = sheet_of(f'{PLACE}<c r="D2" t="str"><f>B2&amp;"店"</f><v>雪莲店</v></c>')
    assert bring.data(data).errors == ()
    assert Premises.objects.get(name="雪莲").short_name == "雪莲店"


def test_a_formula_whose_result_is_nothing_says_nothing(bring: Bring) -> None:
    assert bring.data(sheet_of(f'{PLACE}<c r="D2" t="str"><f>""</f><v></v></c>')).errors == ()
    assert Premises.objects.get(name="雪莲").short_name == "雪莲"


def test_a_formula_without_a_result_is_told(bring: Bring) -> None:
    error = only_error(bring.data(sheet_of(f'{PLACE}<c r="D2"><f>B2</f></c>')))
    assert error.startswith("row 2, column 短名: it holds a formula whose result is not in the file")


def test_a_formula_that_failed_is_told(bring: Bring) -> None:
    error = only_error(bring.data(sheet_of(f'{PLACE}<c r="D2" t="e"><f>1/0</f><v>#DIV/0!</v></c>')))
    assert error == "row 2, column 短名: it shows #DIV/0!, an error of its formula."


def test_merged_cells_are_told_with_their_address(bring: Bring) -> None:
    data = workbook((HEADING, ROW, row(测点="ta")), lambda sheet: sheet.merge_cells("A2:A3"))
    error = only_error(bring.data(data))
    assert error == "row 2: the cells A2:A3 are merged; split them and write the value in each."


def test_cells_that_are_merged_in_a_title_or_beside_the_table_do_no_harm(bring: Bring) -> None:
    def merged(sheet: Worksheet) -> None:
        sheet.merge_cells("A1:F1")
        sheet.merge_cells("Z1:Z9")

    assert bring.data(workbook((("登记表",), HEADING, ROW), merged)).errors == ()


def test_hidden_rows_and_columns_are_read_and_told(bring: Bring) -> None:
    def hide(sheet: Worksheet) -> None:
        for number in (3, 4, 9):
            sheet.row_dimensions[number].hidden = True
        sheet.column_dimensions["D"].hidden = True

    rows = [HEADING, ROW, row(测点="ta"), row(测点="tc"), row(测点="td")]
    report = bring.data(workbook(rows, hide))
    assert report.errors == ()
    assert report.notes == ("Hidden rows were read too: 3 to 4.", "Hidden columns were read too: 手机.")
    assert Point.objects.filter(device__name="D0300").count() == 4


def test_the_first_sheet_with_a_heading_is_read_and_a_hidden_one_never(bring: Bring) -> None:
    book = Workbook()
    cover, hidden, first = book.active, book.create_sheet("旧表"), book.create_sheet("登记表")
    assert isinstance(cover, Worksheet)
    cover.append(["2026年登记"])
    hidden.sheet_state = "hidden"
    for sheet, name in ((hidden, "旧客栈"), (first, "白桦客栈"), (book.create_sheet("再一张"), "第三家")):
        sheet.append(["村", "场所"])
        sheet.append(["禾木", name])
    assert bring.data(saved(book)).errors == ()
    names = Premises.objects.values_list("name", flat=True)
    assert set(names) == {"松林客栈", "白桦客栈"}


def test_a_workbook_whose_only_table_is_hidden_says_so(bring: Bring) -> None:
    book = Workbook()
    assert book.active is not None
    sheet = book.create_sheet("旧表")
    sheet.append(["村", "场所"])
    sheet.sheet_state = "hidden"
    assert "(hidden sheets are not read: 旧表)" in only_error(bring.data(saved(book)))


def test_formats_far_below_the_table_are_no_rows(bring: Bring) -> None:
    def far(sheet: Worksheet) -> None:
        sheet["A1048576"].number_format = "@"

    assert bring.data(workbook((HEADING, ROW), far)).errors == ()


def test_a_cell_under_no_heading_is_told(bring: Bring) -> None:
    error = only_error(bring.data(workbook((HEADING, (*ROW, "又一个")))))
    assert error == "row 2: its 13th cell stands under no heading."
    far = workbook((HEADING, (*ROW, *[None] * 300, "远")))
    assert "beyond column IV" in only_error(bring.data(far))
