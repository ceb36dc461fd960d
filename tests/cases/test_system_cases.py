"""Flameblue's own troubles are cases too."""

import pytest

from flameblue.cases import actions
from flameblue.cases.models import State
from flameblue.domain.transitions import Level
from tests.cases.bench import Bench


def test_a_trouble_opens_one_case_and_another_joins_it(bench: Bench) -> None:
    assert actions.open_system_case("disk", "The disk is nearly full.", bench.now)
    assert not actions.open_system_case("disk", "The disk is nearly full.", bench.now)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    assert actions.open_system_case("smpp", "The SMS gateway does not answer.", bench.now, Level.ALARM)
    assert bench.kinds() == ["opened", "taken", "untaken", "joined"]
    assert bench.last().data["text"] == "The SMS gateway does not answer."
    assert bench.last().data["still"] == ["disk"]
    assert (bench.case().level, bench.case().state) == (Level.ALARM, "open")


def test_a_system_case_climbs_its_ladder(bench: Bench) -> None:
    actions.open_system_case("disk", "The disk is full.", bench.now)
    assert [step["id"] for step in bench.last().data["steps"]] == ["desk", "duty_sms"]
    bench.pass_time(600)
    assert bench.steps() == ["leader_sms"]
    assert bench.case().level == Level.FAULT


def test_a_system_case_is_proven_when_all_is_well_and_closed_by_people(bench: Bench) -> None:
    actions.open_system_case("disk", "full", bench.now)
    actions.open_system_case("smpp", "deaf", bench.now)
    assert actions.system_cleared("disk", bench.now)
    assert not actions.system_cleared("disk", bench.now)
    assert bench.case().state == "open"
    actions.system_cleared("smpp", bench.now)
    assert (bench.case().state, bench.kinds()[-2:]) == ("proven", ["returned", "proven"])
    assert actions.close(bench.case().pk, bench.cast.bolat, bench.now, cause="system", action="made room")


def test_a_trouble_that_comes_back_re_opens(bench: Bench) -> None:
    actions.open_system_case("disk", "full", bench.now)
    actions.system_cleared("disk", bench.now)
    assert actions.open_system_case("disk", "full again", bench.now)
    assert (bench.case().state, bench.last().kind, bench.last().data["announces"]) == (
        "open",
        "reopened",
        True,
    )


@pytest.mark.parametrize("state", [State.MADE_SAFE, State.REPAIRED])
def test_another_trouble_re_opens_a_case_that_was_handled_and_climbs_its_ladder(
    bench: Bench, state: State
) -> None:
    actions.open_system_case("sms refused", "The gateway refuses.", bench.now)
    case, by = bench.case().pk, bench.cast.bolat
    actions.take(case, by, bench.now)
    if state == State.MADE_SAFE:
        assert actions.made_safe(case, by, "other", bench.now)
    else:
        assert actions.repaired(case, by, "system", "called the provider", bench.now)
    bench.wait(600)
    assert actions.open_system_case("voice line", "The line of voice is down.", bench.now)
    told = bench.last("reopened").data
    assert (told["announces"], told["still"], told["people"]) == (True, ["sms refused"], [by.pk])
    assert [step["id"] for step in told["steps"]] == ["desk", "duty_sms"]
    assert (bench.case().state, bench.case().taken_by) == (State.OPEN, None)
    bench.pass_time(600)
    assert bench.steps() == ["leader_sms"]
    for what in ("sms refused", "voice line"):
        actions.system_cleared(what, bench.now)
    assert bench.case().state == State.PROVEN


def test_a_skipped_record_is_on_record_once_and_raises_a_system_alarm(bench: Bench) -> None:
    actions.skip(17, "detection", "ValueError: no", bench.now)
    actions.skip(17, "detection", "ValueError: no", bench.now)
    assert actions.skipped_offsets("detection") == {17}
    assert actions.skipped_offsets("history") == set()
    assert bench.kinds() == ["opened"]
    assert bench.last().data["text"] == "detection: ValueError: no"
