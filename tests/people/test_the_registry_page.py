"""What docs/registry.md shows is what happens."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Station
from flameblue.people.registry import import_bytes
from flameblue.people.registry_columns import TABLE, meaning
from flameblue.people.registry_diff import Look, lines, of_dry_run

PAGE = (Path(__file__).parents[2] / "docs/registry.md").read_text(encoding="utf-8")
ENGLISH, CHINESE, TOLD = re.findall(r"(?ms)^```(?:text)?\n(.*?)^```$", PAGE)


@pytest.mark.django_db
def test_the_example_is_told_as_the_page_says_and_is_the_same_in_chinese(now: datetime) -> None:
    Station.objects.create(name="禾木消防站", signature="禾木消防站")
    hand = Hand("tests", now)
    tried = import_bytes(ENGLISH.encode(), hand, dry_run=True)
    assert "\n".join([*lines(tried, Look()), of_dry_run(Look())]) == TOLD.rstrip("\n")
    assert import_bytes(ENGLISH.encode(), hand).errors == ()
    again = import_bytes(CHINESE.encode("gb18030"), hand)
    assert (again.lines, again.errors) == ((), ())


def test_the_page_names_every_column_in_both_languages() -> None:
    rows = re.findall(r"(?m)^\| (`.*?`) \| (.*?) \|", PAGE)
    english = [name for names, _ in rows for name in re.findall(r"`(\w+)`", names)]
    chinese = [name for _, names in rows for name in names.split(", ")]
    assert sorted(english) == sorted(column.name for column in TABLE)
    assert chinese == [column.chinese for column in sorted(TABLE, key=lambda one: english.index(one.name))]
    assert [meaning(name) for name in chinese] == english
