"""Headings and values as Chinese offices write them; what is not known for sure is an error with a suggestion."""

import pytest

from flameblue.domain.quantities import PHASES, QUANTITIES
from flameblue.people.models import Person
from flameblue.people.registry_cells import READERS
from flameblue.people.registry_columns import COLUMNS, NAMES, TABLE, both, meaning
from flameblue.people.registry_reading import read
from flameblue.people.registry_words import LANGUAGES_CHINESE, SAID, said, season_said
from tests.people.registry_files import CABIN, Bring, file


def troubles(*headings: str) -> list[str]:
    return [str(one) for one in read(("村,场所," + ",".join(headings) + "\n").encode()).troubles]


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("手机*", "phone"),
        ("＊手机号码", "phone"),
        ("手　机", "phone"),
        ("手机\n(必填)", "phone"),
        ("业主（必填）:", "owner"),
        ("额定电流（Ａ）", "rated_current_a"),
        ("額定電流", None),
        ("额定电流(mA)", None),
        ("Short Name", "short_name"),
        ("SHORT_NAME *", "short_name"),
        ("备用联系人电话", "phone2"),
        ("相别", "phase"),
    ],
)
def test_a_heading_is_told_by_what_it_says(heading: str, column: str | None) -> None:
    assert meaning(heading) == column


def test_every_column_is_found_by_each_of_its_names() -> None:
    assert set(READERS) == set(COLUMNS)
    for column in TABLE:
        for name in (column.name, column.chinese, *column.also.split()):
            assert meaning(name) == column.name
    assert len(NAMES) > 4 * len(TABLE)


def test_a_heading_that_is_not_known_gets_a_suggestion() -> None:
    assert troubles("手机号吗") == [
        "row 1, column 手机号吗: there is no such column; did you mean phone (手机)?"
    ]
    assert troubles("longitute") == [
        "row 1, column longitute: there is no such column; did you mean longitude (经度)?"
    ]
    assert troubles("户主手机号码") == [
        "row 1, column 户主手机号码: there is no such column; did you mean phone (手机)?"
    ]
    assert troubles("颜色") == ["row 1, column 颜色: there is no such column."]


def test_a_heading_that_may_mean_two_things_is_asked_about() -> None:
    assert troubles("姓名") == [
        "row 1, column 姓名: this may mean more than one thing; call it owner (业主) or contact2 (第二联系人) or "
        "key_holder (钥匙保管人)."
    ]


def test_two_headings_of_one_meaning_are_told() -> None:
    assert troubles("手机", "联系电话") == ["row 1, column 联系电话: it means phone, as 手机 does."]
    assert troubles("手机", "手机") == ["row 1, column 手机: the column stands there twice."]


def test_the_columns_that_must_be_there_are_named_in_both_languages() -> None:
    reading = read("村,业主,手机\n禾木,Aigul,13800000011\n".encode())
    assert [str(one) for one in reading.troubles] == [
        f"row 1, column {both('premises')}: the column is missing."
    ]


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("quantity", "剩余电流", "residual_current_ma"),
        ("quantity", "漏电流（mA）", "residual_current_ma"),
        ("quantity", "温度", "temperature_c"),
        ("quantity", "温度(℃)", "temperature_c"),
        ("quantity", "电流", "current_a"),
        ("quantity", "电压 (V)", "voltage_v"),
        ("phase", "A相", "A"),
        ("phase", "ｂ相", "B"),
        ("phase", "L1", "A"),
        ("phase", "L2相", "B"),
        ("phase", "U", "A"),
        ("phase", "w", "C"),
        ("phase", "零线", "N"),
        ("language", "中文", "zh-hans"),
        ("language", "英语", "en"),
        ("language", "哈萨克语", "kk"),
        ("language", "Қазақша", "kk"),
        ("season", "营业", None),
        ("credential", "（已设）", "(set)"),
    ],
)
def test_values_of_closed_sets_are_read_in_chinese(column: str, text: str, value: str | None) -> None:
    assert READERS[column](text) == value


@pytest.mark.parametrize(
    ("column", "text", "why"),
    [
        ("quantity", "剩余电流(A)", "another unit than mA"),
        ("quantity", "水压", "is no quantity; known are residual_current_ma"),
        ("phase", "三相", "known are A, B, C, N"),
        ("language", "维语", "哈萨克语"),
        ("season", "歇业", "歇业至2027-05-01"),
        ("season", "歇业至2027-02-30", "歇业至2027-05-01"),
    ],
)
def test_what_no_closed_set_knows_is_told(column: str, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        READERS[column](text)


def test_every_word_that_an_export_writes_is_read_back() -> None:
    values = {
        "quantity": QUANTITIES,
        "phase": PHASES[1:],
        "language": LANGUAGES_CHINESE,
        "credential": ["(set)"],
    }
    for column in SAID:
        for value in values[column.removesuffix("2")]:
            chinese = said(column, value, "zh-hans")
            assert chinese != value
            assert READERS[column](chinese) == READERS[column](said(column, value, "en")) == value
    assert READERS["season"](season_said(None, "zh-hans")) is None


@pytest.mark.django_db
def test_a_person_may_read_kazakh_and_the_second_contact_has_a_language_too(bring: Bring) -> None:
    second = {"contact2": "Nurlan", "phone2": "+77011234567", "language2": "哈萨克语"}
    assert bring(CABIN | {"language": "kk"} | second).errors == ()
    assert dict(Person.objects.filter(name__in=["Aigul", "Nurlan"]).values_list("name", "language")) == {
        "Aigul": "kk",
        "Nurlan": "kk",
    }


@pytest.mark.django_db
def test_errors_call_a_column_as_the_file_calls_it(bring: Bring) -> None:
    data = file(CABIN | {"device": "D1"}).replace(b"profile", "设备型号".encode())
    (error,) = bring.data(data).errors
    assert error.startswith("row 2, column 设备型号: the new device 'D1' needs a profile")


def test_no_error_tells_a_credential() -> None:
    reading = read(file(CABIN | {"credential": "icicle-on-the-eaves"}))
    assert [str(one) for one in reading.troubles] == [
        "row 2, column credential: it needs a device in the same row."
    ]
