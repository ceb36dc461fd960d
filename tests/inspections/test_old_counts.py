"""Counts of before from a CSV file: whole or not at all, each error with its row."""

from datetime import date

import pytest
from django.utils import translation

from flameblue.cases.models import Family
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import OLD_COUNTS_ROWS_MAX
from flameblue.inspections.old_counts import KINDS, Counted, read

HEAD = "month,kind,number,source\n"


def test_rows_in_either_language_and_any_order_of_columns() -> None:
    text = "\ufeff来源,数量,类别,月份\n台账第3册,12,漏电,2025-11\n\n台账第3册,4,超温,2025-11\n"
    assert read(text) == [
        Counted(date(2025, 11, 1), "leakage", 12, "台账第3册"),
        Counted(date(2025, 11, 1), "heat", 4, "台账第3册"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The heading lacks month, kind, number, source."),
        ("month,kind\n", "The heading lacks number, source."),
        (HEAD + "2025,heat,1,x\n", "Row 2: “2025” is no month like 2025-12."),
        (HEAD + "2025-13,heat,1,x\n", "Row 2: “2025-13” is no month like 2025-12."),
        (HEAD + "2025-12,fire,1,x\n", "Row 2: “fire” is no kind; there are arc, equipment, heat"),
        (HEAD + "2025-12,heat,1.5,x\n", "Row 2: “1.5” is no whole number"),
        (HEAD + "2025-12,heat,-1,x\n", "Row 2: “-1” is no whole number"),
        (HEAD + "2025-12,heat,١,x\n", "is no whole number"),
        (HEAD + "2025-12,heat,1000001,x\n", "is no whole number up to 1000000"),
        (HEAD + "2025-12,heat,1\n", "Row 2: the source is missing"),
        (HEAD + "2025-12,heat,1," + "x" * 121, "longer than 120"),
        (HEAD + "2025-12,heat,1,x\n2025-12,过热,2,x\n", "Row 3 says again what row 2 says."),
        (HEAD + '2025-12,heat,1,"x\n', "is not CSV"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(text: str, said: str) -> None:
    with translation.override("en"), pytest.raises(BadInput) as told:
        read(text)
    assert said in str(told.value)


def test_a_file_of_too_many_rows_is_refused() -> None:
    rows = "".join(f"2025-12,heat,1,{n}\n" for n in range(OLD_COUNTS_ROWS_MAX))
    assert len(read(HEAD + rows)) == OLD_COUNTS_ROWS_MAX
    with translation.override("en"), pytest.raises(BadInput, match="more than"):
        read(HEAD + rows + "2025-12,heat,1,last\n")


def test_kinds_are_families() -> None:
    assert set(KINDS.values()) == set(Family) - {Family.SYSTEM}
