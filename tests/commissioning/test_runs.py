"""Tests of points: what passes, what fails, what is broken off, what is written down."""

from datetime import timedelta

import pytest

from flameblue.cases.models import AppliedTransition
from flameblue.commissioning import models, runs, standing
from flameblue.domain.errors import BadInput
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet import actions
from flameblue.fleet.actions import Limits
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import AuditEntry, Point
from tests.cast import Cast
from tests.commissioning.chain import Chain


def run_of(point: Point) -> models.TestRun:
    return models.TestRun.objects.filter(point=point).latest("id")


def begun(chain: Chain, cast: Cast, seconds: float = 600) -> None:
    runs.begin(cast.device, seconds, chain.hand)
    chain.takes_changes()


def held_for(seconds: float, chain: Chain, cast: Cast) -> None:
    """Somebody sets another hold for the residual current of the premises."""
    hand = Hand("root", chain.now, "machines that start slowly")
    actions.set_limit(Limits(cast.premises, "residual_current_ma", {"alarm_hold_s": seconds}), hand)
    chain.takes_changes()


def fresh(point: Point) -> Point:
    return Point.objects.select_related("device").get(pk=point.pk)


def test_what_only_has_to_be_seen_passes_with_its_first_reading(chain: Chain, cast: Cast) -> None:
    begun(chain, cast)
    assert [run.point_id for run in models.TestRun.objects.all()] == [cast.ib.pk]
    chain.sends("D0217", ib=4.0)
    run = run_of(cast.ib)
    assert (run.state, run.within_s, run.seen_value, run.by) == ("passed", None, 4_000, "bolat")


def test_a_residual_current_passes_where_its_alarm_comes_within_the_clause(chain: Chain, cast: Cast) -> None:
    begun(chain, cast)
    runs.apply(fresh(cast.ir), chain.hand)
    chain.sends_for(20, "D0217", ir=350.0)
    assert (run_of(cast.ir).state, run_of(cast.ir).seen_value) == ("under_way", 3_500)
    chain.sends_for(10, "D0217", ir=350.0)
    run = run_of(cast.ir)
    assert (run.state, run.waited_s, run.seconds, run.within_s) == ("passed", 10.0, 20.0, 30.0)
    assert (run.clause, run.limit, run.hold_s) == ("GB 50166-2019 4.8.4", 3_000, 20.0)
    assert run.edition.startswith("GB 50116-2013 9.2.3")
    assert run.entered_at == chain.now
    entry = AuditEntry.objects.filter(verb="tested point").get()
    assert entry.detail == {"state": "passed", "waited_s": 10.0, "seconds": 20.0, "within_s": 30.0}


@pytest.mark.parametrize(("every_s", "took_s"), [(9.9, 29.7), (10.0, 20.0), (10.5, 21.0), (14.5, 29.0)])
def test_one_reading_more_than_the_default_hold_is_within_the_clause(
    chain: Chain, cast: Cast, every_s: float, took_s: float
) -> None:
    begun(chain, cast)
    runs.apply(fresh(cast.ir), chain.hand)
    chain.sends_for(60, "D0217", every_s=every_s, ir=350.0)
    run = run_of(cast.ir)
    assert (run.state, run.seconds) == ("passed", pytest.approx(took_s))


def test_up_to_one_reading_more_is_late_and_what_comes_too_seldom_fails(chain: Chain, cast: Cast) -> None:
    begun(chain, cast)
    runs.apply(fresh(cast.tb), chain.hand)
    chain.sends_for(60, "D0217", every_s=12.0, tb=90.0)
    run = run_of(cast.tb)
    assert (run.state, run.seconds, run.within_s, run.step_s) == ("passed", 36.0, 40.0, 10.0)
    held_for(30.0, chain, cast)
    runs.apply(fresh(cast.ir), chain.hand)
    chain.sends_for(70, "D0217", every_s=14.0, ir=350.0)
    run = run_of(cast.ir)
    assert (run.state, run.seconds, run.within_s, run.hold_s) == ("failed", 42.0, 30.0, 30.0)


def test_late_is_a_word_of_its_own_and_counts_as_done(chain: Chain, cast: Cast) -> None:
    begun(chain, cast)
    runs.apply(fresh(cast.ir), chain.hand)
    chain.wait(3)
    chain.sends_for(60, "D0217", every_s=16.0, ir=350.0)
    run = run_of(cast.ir)
    assert (run.state, run.waited_s, run.seconds) == ("late", 19.0, 32.0)
    assert standing.is_done(run)
    assert standing.is_unmet(run)


def test_a_hold_as_long_as_the_clause_meets_it_with_no_reading_to_spare(chain: Chain, cast: Cast) -> None:
    held_for(30.0, chain, cast)
    begun(chain, cast)
    for every_s, expected in ((10.0, ("passed", 30.0)), (10.1, ("late", 30.3))):
        runs.apply(fresh(cast.ir), chain.hand)
        chain.sends_for(60, "D0217", every_s=every_s, ir=350.0)
        run = run_of(cast.ir)
        assert (run.state, run.seconds) == (expected[0], pytest.approx(expected[1]))
        assert standing.is_unmet(run) == (expected[0] == "late")
        chain.sends_for(120, "D0217", ir=20.0)


def test_where_the_alarm_was_there_before_any_value_nothing_was_waited_for(chain: Chain, cast: Cast) -> None:
    begun(chain, cast)
    run = runs.apply(fresh(cast.ir), chain.hand)
    models.TestRun.objects.filter(pk=run.pk).update(
        seen_at=chain.now + timedelta(seconds=9), seen_value=3_500, waited_s=9.0
    )
    at = chain.now + timedelta(seconds=2)
    AppliedTransition.objects.create(
        point=fresh(cast.ir),
        rule=Rule.REPORTED,
        before=Level.NORMAL,
        level=Level.ALARM,
        at=at,
        arrival=at,
        value=3_500,
        limit=0,
        why=0,
        offset=10_000,
        index=0,
    )
    chain.wait(20)
    chain.settle()
    run = run_of(cast.ir)
    assert (run.state, run.waited_s, run.seconds) == ("passed", None, 2.0)


def test_a_value_that_came_between_two_looks_counts_too(chain: Chain, cast: Cast) -> None:
    begun(chain, cast)
    runs.apply(fresh(cast.ir), chain.hand)
    chain.looks = False
    chain.sends_for(2, "D0217", every_s=2.0, ir=350.0)
    chain.looks = True
    chain.sends_for(30, "D0217", every_s=2.0, ir=360.0)
    run = run_of(cast.ir)
    assert (run.state, run.waited_s, run.seconds, run.seen_value) == ("passed", 2.0, 20.0, 3_500)


def test_a_device_that_says_alarm_itself_is_timed_from_when_it_was_applied(chain: Chain, cast: Cast) -> None:
    facts = runs.Facts(chain.now, chain.now, 30.0, None, chain.now)
    assert runs.judging.verdict(facts, chain.now) == ("passed", 0.0)


def test_a_test_that_ends_without_its_alarm_has_failed_or_was_broken_off(chain: Chain, cast: Cast) -> None:
    begun(chain, cast, 60)
    runs.apply(fresh(cast.ir), chain.hand)
    chain.wait(40)
    runs.apply(fresh(cast.tb), chain.hand)
    chain.wait(20)
    chain.settle()
    assert (run_of(cast.ir).state, run_of(cast.ir).seconds) == ("failed", None)
    assert run_of(cast.tb).state == "broken_off"


def test_nothing_is_applied_outside_a_test_nor_before_the_core_knows_of_it(chain: Chain, cast: Cast) -> None:
    with pytest.raises(BadInput, match="begin it again"):
        runs.apply(fresh(cast.ir), chain.hand)
    runs.begin(cast.device, 600, chain.hand)
    with pytest.raises(BadInput, match="not in force yet"):
        runs.apply(fresh(cast.ir), chain.hand)
    assert not models.TestRun.objects.filter(point=cast.ir).exists()


def test_a_point_in_alarm_must_return_first(chain: Chain, cast: Cast) -> None:
    begun(chain, cast)
    chain.sends_for(60, "D0217", ir=350.0)
    with pytest.raises(BadInput, match="in alarm already"):
        runs.apply(fresh(cast.ir), chain.hand)


def test_a_second_run_and_the_end_break_off_the_one_before(chain: Chain, cast: Cast) -> None:
    begun(chain, cast)
    first = runs.apply(fresh(cast.ir), chain.hand)
    second = runs.apply(fresh(cast.ir), chain.hand)
    assert runs.end(cast.device, chain.hand)
    states = dict(models.TestRun.objects.values_list("pk", "state"))
    assert (states[first.pk], states[second.pk]) == ("broken_off", "broken_off")
    assert not runs.newest({cast.ir.pk: cast.ir})


def test_a_point_is_waived_for_a_reason_only(chain: Chain, cast: Cast) -> None:
    with pytest.raises(BadInput, match="Say why"):
        runs.waive(fresh(cast.ir), Hand("bolat", chain.now, "  "))
    run = runs.waive(fresh(cast.ir), Hand("bolat", chain.now, "no access to the conductor"))
    assert (run.state, run.reason) == ("waived", "no access to the conductor")
    assert runs.newest({cast.ir.pk: cast.ir})[cast.ir.pk] == run


def test_an_hour_is_the_longest_test(chain: Chain, cast: Cast) -> None:
    with pytest.raises(BadInput, match="60 minutes"):
        runs.begin(cast.device, 3_601, chain.hand)
