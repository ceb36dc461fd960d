"""What the board says of a case about Flameblue itself: what is wrong now, whatever was said since."""

from django.utils import translation

from flameblue.cases import actions
from flameblue.web import sentences
from tests.cases.bench import Bench
from tests.web.readers import Reader

DISK, SMS, VOICE = "The disk is nearly full.", "The gateway refuses.", "The line of voice is down."


def said(bench: Bench) -> str:
    with translation.override("en"):
        return sentences.of_case(bench.case())


def test_a_comment_and_a_call_for_help_do_not_hide_what_is_wrong(bench: Bench, bolat: Reader) -> None:
    actions.open_system_case("disk", DISK, bench.now)
    actions.comment(bench.case().pk, bench.cast.bolat, "I look at it after tea", bench.now)
    actions.ask_help(bench.case().pk, bench.cast.bolat, bench.now)
    assert said(bench) == DISK
    page = bolat.sees("/")
    assert DISK in page
    assert "after tea" not in page


def test_the_newest_that_stands_comes_first_with_how_many_more(bench: Bench) -> None:
    actions.open_system_case("disk", DISK, bench.now)
    actions.open_system_case("sms refused", SMS, bench.now)
    assert said(bench) == f"{SMS} 1 more trouble."
    actions.open_system_case("voice line", VOICE, bench.now)
    assert said(bench) == f"{VOICE} 2 more troubles."


def test_what_is_over_hides_nothing_that_stands(bench: Bench) -> None:
    actions.open_system_case("disk", DISK, bench.now)
    actions.open_system_case("sms refused", SMS, bench.now)
    actions.system_cleared("sms refused", bench.now)
    assert said(bench) == DISK
    actions.open_system_case("sms refused", "The gateway refuses again.", bench.now)
    assert said(bench) == "The gateway refuses again. 1 more trouble."


def test_where_nothing_stands_the_last_trouble_is_told(bench: Bench) -> None:
    actions.open_system_case("disk", DISK, bench.now)
    actions.open_system_case("sms refused", SMS, bench.now)
    for what in ("sms refused", "disk"):
        actions.system_cleared(what, bench.now)
    actions.comment(bench.case().pk, bench.cast.bolat, "all well", bench.now)
    assert said(bench) == SMS


def test_a_trouble_that_stands_through_a_relapse_is_still_told(bench: Bench) -> None:
    actions.open_system_case("disk", DISK, bench.now)
    actions.made_safe(bench.case().pk, bench.cast.bolat, "other", bench.now)
    actions.open_system_case("sms refused", SMS, bench.now)
    actions.system_cleared("sms refused", bench.now)
    assert said(bench) == DISK
