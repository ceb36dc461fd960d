"""A device's test has cases of its own: it never hides or joins a real one."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flameblue.cases import actions
from flameblue.cases.models import Case
from flameblue.domain.transitions import Level, Rule, Why
from flameblue.fleet import models as fleet
from tests.cases.bench import Bench, Said


def begin_test(bench: Bench) -> None:
    bench.read(bench.cast.ir, 320.0)
    bench.say(
        Said(bench.cast.ir, Level.ALARM, 320.0, why=Why.TEST),
        Said(bench.cast.ir, Level.WARNING, 320.0, rule=Rule.TEST, why=Why.TEST),
    )


def test_a_test_opens_a_test_case_for_the_desk_alone_and_ends_by_itself(bench: Bench) -> None:
    begin_test(bench)
    case = bench.case()
    assert (case.is_test, case.family) == (True, "leakage")
    assert [step["to"] for step in bench.last("opened").data["steps"]] == ["desk"]
    bench.pass_time(120)
    assert bench.steps() == []
    bench.read(bench.cast.ir, 30.0)
    bench.say(Said(bench.cast.ir, Level.NORMAL, 30.0, rule=Rule.TEST))
    assert bench.case().state == "open"
    bench.say(Said(bench.cast.ir, Level.NORMAL, 30.0))
    assert (bench.case().state, bench.case().cause) == ("closed", "test")
    assert actions.counts(bench.now).closed == 0


def test_a_real_alarm_during_a_test_has_its_own_case(bench: Bench) -> None:
    begin_test(bench)
    bench.alarm(bench.cast.tb)
    assert sorted(Case.objects.values_list("is_test", "family")) == [(False, "heat"), (True, "leakage")]


def test_a_worse_level_without_the_test_bit_is_real(bench: Bench) -> None:
    bench.say(Said(bench.cast.ir, Level.WARNING, 210.0, why=Why.TEST))
    bench.alarm(bench.cast.ir, value=380.0)
    real = Case.objects.get(is_test=False)
    assert (real.level, real.state) == (Level.ALARM, "open")
    assert Case.objects.get(is_test=True).state == "closed"


def test_a_test_on_an_alarm_of_a_real_case_stays_real(bench: Bench) -> None:
    bench.alarm(bench.cast.ir, Level.WARNING, 210.0)
    bench.say(Said(bench.cast.ir, Level.ALARM, 320.0, why=Why.TEST))
    assert (bench.case().is_test, bench.case().level) == (False, Level.ALARM)


def test_what_is_still_beyond_its_limit_when_the_test_ends_is_announced_as_real(bench: Bench) -> None:
    begin_test(bench)
    bench.read(bench.cast.ir, 330.0)
    bench.say(Said(bench.cast.ir, Level.NORMAL, 330.0, rule=Rule.TEST))
    real = Case.objects.get(is_test=False)
    assert (real.family, real.level, real.state) == ("leakage", Level.ALARM, "open")
    assert bench.last("opened").data["value"] == 330.0
    assert Case.objects.get(is_test=True).state == "closed"


def test_what_rises_again_just_after_the_test_is_found_by_looking(bench: Bench) -> None:
    begin_test(bench)
    bench.read(bench.cast.ir, 100.0)
    bench.say(Said(bench.cast.ir, Level.NORMAL, 100.0, rule=Rule.TEST))
    bench.look()
    assert not Case.objects.filter(is_test=False).exists()
    bench.wait(10)
    bench.read(bench.cast.ir, 350.0)
    bench.look()
    assert Case.objects.get(is_test=False).level == Level.ALARM
    bench.look()
    assert Case.objects.filter(is_test=False).count() == 1


def test_a_test_does_not_relapse(bench: Bench) -> None:
    for _ in range(2):
        begin_test(bench)
        bench.read(bench.cast.ir, 30.0)
        bench.say(
            Said(bench.cast.ir, Level.NORMAL, 30.0, rule=Rule.TEST), Said(bench.cast.ir, Level.NORMAL, 30.0)
        )
    assert list(Case.objects.values_list("is_test", "state")) == [(True, "closed"), (True, "closed")]


def silent_since_a_test_that_people_began(bench: Bench, said: Said) -> None:
    """The device speaks on change: nothing comes of it after `said` during the test, which lasts half a minute."""
    point = said.point
    until = bench.now + timedelta(seconds=30)
    fleet.TestWindow.objects.create(
        device=point.device, opened_at=bench.now, open_until=until, opened_by="bolat"
    )
    bench.read(point, said.value)
    bench.say(said, Said(point, Level.WARNING, said.value, rule=Rule.TEST, why=Why.TEST))


@pytest.mark.parametrize("rule", [Rule.OVER, Rule.REPORTED])
def test_what_stands_when_a_test_of_people_ends_is_real_though_nothing_more_is_heard(
    bench: Bench, rule: Rule
) -> None:
    said = Said(bench.cast.ir, Level.ALARM, 320.0, rule=rule, why=Why.TEST)
    silent_since_a_test_that_people_began(bench, said)
    bench.wait(29)
    bench.look()
    assert not Case.objects.filter(is_test=False).exists()
    bench.wait(60)
    bench.look()
    real = Case.objects.get(is_test=False)
    assert (real.level, real.state) == (Level.ALARM, "open")
    bench.say(Said(bench.cast.ir, Level.ALARM, 320.0, rule=rule))
    bench.look()
    assert Case.objects.filter(is_test=False).count() == 1


def test_where_no_test_stands_a_look_asks_for_none(bench: Bench) -> None:
    begin_test(bench)
    bench.read(bench.cast.ir, 100.0)
    bench.say(Said(bench.cast.ir, Level.NORMAL, 100.0, rule=Rule.TEST))
    with CaptureQueriesContext(connection) as asked:
        bench.look()
    assert not [query for query in asked if "test_window" in query["sql"] or "testwindow" in query["sql"]]


def test_a_device_whose_test_of_people_is_long_over_may_still_say_that_it_tests_itself(bench: Bench) -> None:
    at = bench.now - timedelta(days=2)
    fleet.TestWindow.objects.create(
        device=bench.cast.ir.device, opened_at=at, open_until=at, opened_by="bolat"
    )
    begin_test(bench)
    bench.look()
    assert not Case.objects.filter(is_test=False).exists()
