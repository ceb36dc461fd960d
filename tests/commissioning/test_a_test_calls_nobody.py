"""What a device sends while it is tested: the desk sees it, nobody is called, nothing counts it, nothing is hidden."""

from flameblue.cases import actions as cases
from flameblue.cases.models import Case, State
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level
from flameblue.fleet import testing
from flameblue.fleet.models import Device, Point
from flameblue.fleet.shelf import profiles
from flameblue.notices.models import Notice
from flameblue.web.sentences import of_case
from tests.cast import Cast
from tests.commissioning.chain import Chain


def begun(chain: Chain, cast: Cast, seconds: float = 600) -> None:
    testing.begin(cast.device, seconds, chain.hand)


def test_without_a_test_the_same_current_calls_people(chain: Chain, cast: Cast) -> None:
    chain.sends_for(60, "D0217", ir=350.0)
    assert Notice.objects.exists()
    assert cases.counts(chain.now).by_state["open"] == 1


def test_within_a_test_no_notice_leaves_and_no_count_moves(chain: Chain, cast: Cast) -> None:
    before = cases.counts(chain.now)
    begun(chain, cast)
    chain.sends_for(120, "D0217", ir=350.0, tb=90.0, ib=3.0)
    in_alarm = Case.objects.filter(level=Level.ALARM).values_list("is_test", "family")
    assert set(in_alarm) == {(True, "leakage"), (True, "heat")}
    assert not Case.objects.filter(is_test=False).exists()
    chain.sends_for(600, "D0217", ir=30.0, tb=20.0, ib=3.0)
    assert set(Case.objects.values_list("is_test", "state")) == {(True, State.CLOSED)}
    assert not Notice.objects.exists()
    assert cases.counts(chain.now) == before


def test_a_test_is_one_card_whatever_its_points_are(chain: Chain, cast: Cast) -> None:
    begun(chain, cast)
    chain.sends("D0217", ir=30.0, tb=20.0, ib=3.0)
    case = Case.objects.get()
    assert (case.is_test, case.level, case.alarms.count()) == (True, Level.WARNING, 3)
    said = of_case(case)
    assert said.count("is being tested") == 1
    chain.sends_for(40, "D0217", ir=30.0, tb=90.0, ib=3.0)
    case = Case.objects.get()
    assert (case.family, case.level) == ("heat", Level.ALARM)
    assert "reached 90 °C" in of_case(case)
    chain.sends_for(40, "D0217", ir=350.0, tb=90.0, ib=3.0)
    families = Case.objects.order_by("pk").values_list("family", "level")
    assert list(families) == [("heat", Level.ALARM), ("leakage", Level.ALARM)]
    chain.sends_for(700, "D0217", ir=30.0, tb=20.0, ib=3.0)
    assert set(Case.objects.values_list("is_test", "state")) == {(True, State.CLOSED)}


def test_the_marks_end_with_the_window_and_what_still_stands_is_real(chain: Chain, cast: Cast) -> None:
    begun(chain, cast, 60)
    chain.sends_for(50, "D0217", ir=350.0)
    assert not Notice.objects.exists()
    chain.wait(10)
    decoded = chain.sends("D0217", ir=350.0)
    assert not any(Mark(int(row["marks"])) & Mark.TEST for row in decoded.readings)
    real = Case.objects.get(is_test=False)
    assert (real.family, real.level, real.state) == ("leakage", Level.ALARM, State.OPEN)
    assert Notice.objects.exists()


def test_another_device_stays_real(chain: Chain, cast: Cast) -> None:
    other = Device.objects.create(premises=cast.premises, name="D0300", profile="flameblue-generic")
    Point.objects.create(device=other, circuit=cast.circuit, key="t", quantity="temperature_c", phase="C")
    from_now = testing.point_table.refresh(profiles(), chain.now)
    assert from_now == 1
    begun(chain, cast)
    chain.sends("D0300", t=20.0)
    chain.sends_for(60, "D0300", t=90.0)
    assert Case.objects.get(is_test=False).family == "heat"
    assert Notice.objects.exists()


def test_who_ends_a_test_early_is_heard_at_once(chain: Chain, cast: Cast) -> None:
    begun(chain, cast)
    chain.sends_for(20, "D0217", ir=30.0)
    assert testing.end(cast.device, chain.hand)
    assert not testing.end(cast.device, chain.hand)
    chain.sends_for(60, "D0217", ir=350.0)
    assert Case.objects.get(is_test=False).level == Level.ALARM


def test_a_window_is_known_to_the_core_only_when_it_has_read_the_outbox(chain: Chain, cast: Cast) -> None:
    assert testing.is_known_to_core()
    begun(chain, cast)
    assert not testing.is_known_to_core()
    chain.takes_changes()
    assert testing.is_known_to_core()
