"""A row of the board: drawn from its look alone, once while it looks the same; its times run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils import translation

from flameblue.cases.actions import NextCall
from flameblue.cases.models import Case, Family, State
from flameblue.domain.transitions import Level
from flameblue.web import case_rows
from flameblue.web.case_facts import Desk
from flameblue.web.case_rows import Look, Reading, Row
from flameblue.web.templatetags import flameblue
from tests.web.readers import text_of

AT = datetime(2026, 1, 15, 3, 7, tzinfo=UTC)
CALL = NextCall("duty_voice", AT + timedelta(minutes=3), "duty", "voice")
LOOK = Look(
    number=4,
    level=Level.ALARM,
    family=Family.LEAKAGE,
    state=State.OPEN,
    is_test=False,
    came_back=False,
    value_is_back=False,
    name="松林客栈",
    site="禾木",
    sentence="203房: 600 mA.",
    asked="",
    taken_by="",
    began_at=AT,
    shelved_until=None,
    next=CALL,
    has_reading=False,
    rings=None,
)
OTHERWISE = {
    "number": 5,
    "level": Level.WARNING,
    "family": Family.HEAT,
    "state": State.TAKEN,
    "is_test": True,
    "came_back": True,
    "value_is_back": True,
    "name": "",
    "site": "喀纳斯",
    "sentence": "204房: 700 mA.",
    "asked": "03:06",
    "taken_by": "Bolat",
    "began_at": AT - timedelta(seconds=1),
    "shelved_until": AT + timedelta(hours=1),
    "next": replace(CALL, at=AT),
    "has_reading": True,
    "rings": 7,
}


def drawn(
    row: Row, now: datetime, *, may_act: bool = True, language: str = "en", person: str = "Bolat"
) -> str:
    with translation.override(language):
        context = Context({"row": row, "now": now, "may_act": may_act, "person": person})
        return Template("{% load flameblue %}{% case_row row %}").render(context)


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> Row:
    monkeypatch.setattr(case_rows.sentences, "of_case", lambda case: f"Sentence of {case.number}.")
    case = Case(
        number=4,
        family=Family.LEAKAGE,
        state=State.OPEN,
        level=2,
        worst_level=2,
        announced_at=AT,
        opened_at=AT,
    )
    return Row(case, Desk(sounds=False), CALL, None, None)


@pytest.mark.parametrize("name", Look._fields)
def test_nothing_that_a_row_says_is_missing_in_its_look(name: str) -> None:
    """A field that changes nothing is not shown; one that is shown and not in the look would be shown stale."""
    assert set(OTHERWISE) == set(Look._fields)
    with translation.override("en"):
        before = flameblue._case_drawn("en", True, LOOK)
        after = flameblue._case_drawn("en", True, LOOK._replace(**{name: OTHERWISE[name]}))
    assert before != after


def test_the_times_run_while_the_row_is_not_drawn_again(row: Row) -> None:
    flameblue._case_drawn.cache_clear()
    first, later = (text_of(drawn(row, AT + timedelta(seconds=s))) for s in (1, 62))
    assert ("1 s" in first, "02:59" in first) == (True, True)
    assert ("1 min" in later, "01:58" in later) == (True, True)
    assert flameblue._case_drawn.cache_info().misses == 1
    row.case.state = State.TAKEN
    assert "Taken" in drawn(row, AT)


def test_a_row_without_a_next_call_has_one_time(row: Row) -> None:
    html = drawn(Row(row.case, row.desk, None, None, None), AT + timedelta(seconds=5))
    assert (html.count("<time"), "5 s" in html, flameblue.HOLE in html) == (1, True, False)


def test_who_may_not_act_and_who_reads_another_language_have_rows_of_their_own(row: Row) -> None:
    officers, viewers = drawn(row, AT), drawn(row, AT, may_act=False)
    assert ("data-take" in officers, "data-take" in viewers) == (True, False)
    assert "data-take" not in drawn(row, AT, person=""), "who has no name can't have a case"
    assert "我来接警" in drawn(row, AT, language="zh-hans")
    assert drawn(row, AT) == officers


def test_the_newest_reading_stands_beside_what_was_told_and_runs_with_it(row: Row) -> None:
    """The sentence tells of the last change of level: what burns hotter since is seen beside it."""
    flameblue._case_drawn.cache_clear()
    hot, hotter = (drawn(replace(row, reading=Reading(value, AT)), AT) for value in ("83.6 °C", "<109> °C"))
    assert "Sentence of 4. last reading 83.6 °C (11:07:00)" in text_of(hot)
    assert "&lt;109&gt; °C (11:07:00)" in hotter
    assert flameblue._case_drawn.cache_info().misses == 1
