"""What readings prove, and what they do not: switched off is not repaired."""

import numpy as np
import pytest

from flameblue.cases import actions
from flameblue.cases.evidence import (
    Clear,
    LoadNeed,
    Question,
    Trace,
    back_since_ns,
    hours_to_limit,
    judge,
    off_since_ns,
    summed,
    trailing_run,
)
from flameblue.cases.models import Alarm
from flameblue.domain.points import POINT
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Point
from tests.cases.bench import S_NS, Bench, another_room, give_row

HALF_HOUR_S = 1800


@pytest.fixture
def taken(bench: Bench) -> Bench:
    """Heat at 203房 under 38 A, taken by Bolat; the value has just come back."""
    return has_taken(bench)


@pytest.fixture
def lagging(bench: Bench) -> Bench:
    """The same where the devices' clocks are five minutes behind."""
    bench.lag_ns = 300 * S_NS
    return has_taken(bench)


def has_taken(bench: Bench) -> Bench:
    bench.read(bench.cast.ib, 38.0)
    bench.read(bench.cast.tb, 82.0)
    bench.alarm(bench.cast.tb)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    bench.wait(60)
    bench.read(bench.cast.tb, 50.0)
    bench.alarm(bench.cast.tb, Level.NORMAL, 50.0)
    return bench


def run(bench: Bench, seconds: float, temperature: float, current: float) -> None:
    """Time passes with steady readings every 10 s; the evidence is looked at every minute."""
    for _ in range(int(seconds / 60)):
        bench.wait(60)
        bench.read(bench.cast.tb, temperature, for_s=50)
        bench.read(bench.cast.ib, current, for_s=50)
        bench.look()


def reasons(bench: Bench) -> list[str]:
    return [proof.verdict.reason for proof in actions.proofs(bench.case(), bench.now, bench.past)]


def test_thirty_minutes_below_the_clear_limit_under_load_prove(taken: Bench) -> None:
    run(taken, HALF_HOUR_S - 60, 46.0, 38.0)
    assert taken.case().state == "taken"
    assert reasons(taken) == ["too_short"]
    run(taken, 120, 46.0, 38.0)
    assert taken.case().state == "proven"
    data = taken.last("proven").data
    assert (data["proof_max"], data["proof_load"]) == (46.0, 1.0)
    assert data["proof_s"] >= HALF_HOUR_S
    assert actions.close(
        taken.case().pk, taken.cast.bolat, taken.now, cause="loose_terminal", action="tightened"
    )


def test_zero_current_for_hours_never_proves(taken: Bench) -> None:
    run(taken, 3 * 3600, 20.0, 0.0)
    assert taken.case().state == "made_safe"
    assert taken.case().made_safe_how == "zero_current"
    assert reasons(taken) == ["not_under_load"]
    assert actions.counts(taken.now).made_safe_unproven == 1


def test_69_percent_of_the_load_does_not_prove_and_70_does(taken: Bench) -> None:
    run(taken, 2 * HALF_HOUR_S, 46.0, 38.0 * 0.69)
    assert reasons(taken) == ["not_under_load"]
    run(taken, HALF_HOUR_S + 60, 46.0, 38.0 * 0.70)
    assert taken.case().state == "proven"


def test_a_spike_during_the_half_hour_starts_it_anew(taken: Bench) -> None:
    run(taken, HALF_HOUR_S - 120, 46.0, 38.0)
    taken.wait(10)
    taken.read(taken.cast.tb, 55.0)  # the clear limit: warning 60 less 5
    taken.read(taken.cast.ib, 38.0)
    run(taken, HALF_HOUR_S - 60, 46.0, 38.0)
    assert reasons(taken) == ["too_short"]
    run(taken, 120, 46.0, 38.0)
    assert taken.case().state == "proven"


def test_a_gap_longer_than_the_promised_interval_is_no_evidence(taken: Bench) -> None:
    run(taken, HALF_HOUR_S - 120, 46.0, 38.0)
    taken.wait(17)
    run(taken, HALF_HOUR_S - 60, 46.0, 38.0)
    assert reasons(taken) == ["too_short"]
    run(taken, 120, 46.0, 38.0)
    assert taken.case().state == "proven"


def test_silence_is_never_evidence(taken: Bench) -> None:
    run(taken, HALF_HOUR_S - 120, 46.0, 38.0)
    taken.wait(4 * 3600)
    taken.look()
    assert (taken.case().state, reasons(taken)) == ("taken", ["silent"])


def test_the_value_alone_is_no_evidence_while_the_current_is_silent(taken: Bench) -> None:
    for _ in range(60):
        taken.wait(60)
        taken.read(taken.cast.tb, 46.0, for_s=50)
        taken.look()
    assert (taken.case().state, reasons(taken)) == ("taken", ["silent"])


def test_nothing_is_proven_while_an_alarm_is_active(taken: Bench) -> None:
    other, current = another_room(taken.cast)
    taken.read(current, 20.0)
    taken.alarm(other, Level.WARNING, 62.0)
    actions.take(taken.case().pk, taken.cast.bolat, taken.now)
    run(taken, 2 * HALF_HOUR_S, 46.0, 38.0)
    assert taken.case().state == "taken"
    assert reasons(taken) == ["", "still_beyond"]


def test_evidence_from_before_the_repair_does_not_count(taken: Bench) -> None:
    run(taken, HALF_HOUR_S - 60, 46.0, 38.0)
    actions.repaired(taken.case().pk, taken.cast.bolat, "loose_terminal", "tightened", taken.now)
    run(taken, HALF_HOUR_S - 60, 46.0, 38.0)
    assert taken.case().state == "repaired"
    run(taken, 120, 46.0, 38.0)
    assert taken.case().state == "proven"
    assert taken.last("proven").data["cause"] == "loose_terminal"


def test_what_nobody_has_taken_is_not_proven(bench: Bench) -> None:
    bench.read(bench.cast.ib, 38.0)
    bench.alarm(bench.cast.tb)
    bench.alarm(bench.cast.tb, Level.NORMAL, 50.0)
    run(bench, 2 * HALF_HOUR_S, 46.0, 38.0)
    assert bench.case().state == "open"


def test_an_unknown_load_at_the_alarm_cannot_be_proven(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    bench.alarm(bench.cast.tb, Level.NORMAL, 50.0)
    run(bench, 2 * HALF_HOUR_S, 46.0, 38.0)
    assert (bench.case().state, reasons(bench)) == ("taken", ["load_unknown"])


def test_a_current_that_is_too_old_says_nothing_of_the_load(bench: Bench) -> None:
    bench.read(bench.cast.ib, 38.0)
    bench.wait(901)
    bench.alarm(bench.cast.tb)
    assert Alarm.objects.get().load is None


def test_zero_current_makes_safe_after_thirty_seconds_where_load_flowed(bench: Bench) -> None:
    bench.read(bench.cast.ib, 38.0)
    bench.alarm(bench.cast.tb)
    bench.wait(20)
    bench.read(bench.cast.ib, 0.1, for_s=20)
    bench.look()
    assert bench.case().state == "open"
    bench.wait(10)
    bench.read(bench.cast.ib, 0.1)
    bench.look()
    assert (bench.case().state, bench.last().data["how"], bench.last().by) == (
        "made_safe",
        "zero_current",
        None,
    )


def test_zero_current_says_nothing_where_none_flowed_at_the_alarm(bench: Bench) -> None:
    bench.read(bench.cast.ib, 0.0)
    bench.alarm(bench.cast.tb)
    bench.wait(300)
    bench.read(bench.cast.ib, 0.0, for_s=290)
    bench.look()
    assert bench.case().state == "open"


def test_one_room_switched_off_does_not_make_two_safe(bench: Bench) -> None:
    other, current = another_room(bench.cast)
    bench.read(bench.cast.ib, 38.0)
    bench.read(current, 20.0)
    bench.alarm(bench.cast.tb)
    bench.alarm(other)
    bench.wait(60)
    bench.read(bench.cast.ib, 0.0, for_s=50)
    bench.read(current, 20.0, for_s=50)
    bench.look()
    assert bench.case().state == "open"
    bench.wait(60)
    bench.read(bench.cast.ib, 0.0, for_s=50)
    bench.read(current, 0.0, for_s=50)
    bench.look()
    assert bench.case().state == "made_safe"


def test_load_that_comes_back_is_said_once_and_is_not_yet_a_proof(taken: Bench) -> None:
    run(taken, 300, 20.0, 0.0)
    run(taken, 300, 30.0, 38.0)
    assert taken.kinds()[-2:] == ["made_safe", "load_back"]
    assert (taken.last().data["current_a"], taken.last().data["repaired"]) == (38.0, False)
    assert taken.case().state == "made_safe"


def test_a_thermostat_that_opened_made_nothing_safe(bench: Bench) -> None:
    bench.read(bench.cast.ib, 38.0)
    bench.alarm(bench.cast.tb)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    run(bench, 120, 80.0, 0.0)
    assert bench.case().state == "made_safe"
    run(bench, 120, 80.0, 38.0)
    assert bench.kinds()[-3:] == ["made_safe", "load_back", "reopened"]
    assert (bench.case().state, bench.last().data["announces"]) == ("open", True)


def test_leakage_is_proven_with_the_load_back(bench: Bench) -> None:
    bench.read(bench.cast.ib, 12.0)
    bench.alarm(bench.cast.ir, value=380.0)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    bench.alarm(bench.cast.ir, Level.NORMAL, 40.0)
    for current, state in ((0.0, "made_safe"), (12.0, "proven")):
        for _ in range(32):
            bench.wait(60)
            bench.read(bench.cast.ir, 40.0, for_s=50)
            bench.read(bench.cast.ib, current, for_s=50)
            bench.look()
        assert bench.case().state == state


def test_a_silent_device_is_proven_by_five_minutes_of_readings_without_anybody(bench: Bench) -> None:
    bench.silent(bench.cast.tb)
    bench.pass_time(120)
    bench.heard(bench.cast.tb)
    run(bench, 240, 46.0, 38.0)
    assert bench.case().state == "open"
    run(bench, 120, 46.0, 38.0)
    assert bench.case().state == "proven"


def test_a_dead_probe_that_is_plugged_in_again_is_proven(bench: Bench) -> None:
    bench.alarm(bench.cast.tb, Level.FAULT, rule=Rule.SENSOR)
    bench.alarm(bench.cast.tb, Level.NORMAL, rule=Rule.SENSOR, value=40.0)
    run(bench, 420, 46.0, 38.0)
    assert (bench.case().family, bench.case().state) == ("equipment", "proven")


def test_a_new_warning_in_the_last_minute_keeps_the_case_unproven(taken: Bench) -> None:
    run(taken, HALF_HOUR_S - 60, 46.0, 38.0)
    taken.alarm(taken.cast.tb, Level.WARNING, 62.0)
    run(taken, 180, 46.0, 38.0)
    assert (taken.case().state, taken.case().proven_at) == ("open", None)


def test_a_warning_at_night_does_not_wait_when_the_alarm_limit_is_near(bench: Bench) -> None:
    bench.alarm(bench.cast.tb, Level.WARNING, 61.0)
    for minute in range(61):
        bench.read(bench.cast.tb, 60.0 + minute * 0.01)
        bench.wait(60)
    bench.look()
    assert bench.kinds() == ["opened", "escalated"]
    data = bench.last().data
    assert (data["step"], data["hours_to_limit"]) == ("owner_soon", pytest.approx(15.7, abs=0.5))
    bench.look()
    assert bench.kinds() == ["opened", "escalated"]


def test_a_falling_value_does_not_wait_either_when_its_lower_alarm_limit_is_near(bench: Bench) -> None:
    row = np.frombuffer(bytes(bench.cast.tb.row), POINT).copy()
    row["under_alarm"] = QUANTITIES["temperature_c"].steps(5.0)
    bench.cast.tb.row = row.tobytes()
    bench.cast.tb.save()
    bench.alarm(bench.cast.tb, Level.WARNING, 9.0, rule=Rule.UNDER)
    for minute in range(61):
        bench.read(bench.cast.tb, 9.0 - minute * 0.01)
        bench.wait(60)
    bench.look()
    assert bench.kinds() == ["opened", "escalated"]
    assert bench.last().data["hours_to_limit"] == pytest.approx(5.7, abs=0.5)


def test_a_warning_that_rises_slowly_waits_for_the_morning(bench: Bench) -> None:
    bench.alarm(bench.cast.tb, Level.WARNING, 61.0)
    bench.read(bench.cast.tb, 61.0, for_s=3600)
    bench.wait(10)
    bench.look()
    assert bench.kinds() == ["opened"]


# the pure rules


def trace(*values: int, every_s: int = 10, gap_s: int = 16) -> Trace:
    at_ns = np.arange(len(values), dtype=np.int64) * every_s * S_NS
    heard_ns = int(at_ns[-1]) if len(at_ns) else None
    return Trace(at_ns, np.array(values, np.int32), gap_s * S_NS, heard_ns)


def test_a_run_begins_after_the_last_unwanted_reading_and_after_the_last_gap() -> None:
    at_ns = np.array([0, 10, 20, 60, 70], np.int64) * S_NS
    assert trailing_run(at_ns, np.array([True] * 5), 16 * S_NS).begin_ns == 60 * S_NS
    assert trailing_run(at_ns, np.array([True, True, True, False, True]), 100 * S_NS).begin_ns == 70 * S_NS
    assert trailing_run(at_ns, np.array([True, True, True, True, False]), 100 * S_NS).begin_ns is None
    assert trailing_run(at_ns[:0], np.array([], bool), S_NS).begin_ns is None


def test_currents_add_up_only_where_all_are_known() -> None:
    both = summed([trace(1, 2, 3), trace(10, NO_VALUE, 30)])
    assert both.value.tolist() == [11, NO_VALUE, 33]
    assert summed([trace(1, 2), trace()]).at_ns.tolist() == []
    late = Trace(np.array([0, 40], np.int64) * S_NS, np.array([5, 5], np.int32), 16 * S_NS)
    assert summed([trace(1, 1, 1, 1, 1), late]).value.tolist() == [6, 6, NO_VALUE, NO_VALUE, 6]


def test_a_reading_without_a_value_is_no_evidence() -> None:
    question = Question(20, 0, 40 * S_NS, Clear(below=50))
    assert judge(trace(40, 40, 40, 40, 40), None, question).proven
    assert judge(trace(40, 40, NO_VALUE, 40, 40), None, question).reason == "too_short"
    assert judge(trace(40, 40, 40, 40, 50), None, question).reason == "still_beyond"


def test_the_load_must_flow_during_the_same_time() -> None:
    need = LoadNeed(at_least=7.0, zero=1)
    question = Question(20, 0, 40 * S_NS, Clear(below=50), need)
    assert judge(trace(40, 40, 40, 40, 40), trace(7, 7, 7, 7, 7), question).proven
    assert judge(trace(40, 40, 40, 40, 40), trace(7, 7, 7, 6, 7), question).reason == "too_short"
    assert judge(trace(40, 40, 40, 40, 40), None, question).reason == "load_unknown"
    none_then = Question(20, 0, 40 * S_NS, Clear(below=50), LoadNeed(at_least=0.0, zero=1))
    assert judge(trace(40, 40, 40, 40, 40), trace(1, 1, 1, 1, 1), none_then).reason == "not_under_load"
    assert judge(trace(40, 40, 40, 40, 40), trace(2, 2, 2, 2, 2), none_then).proven


def test_under_voltage_is_clear_above_its_limit() -> None:
    question = Question(20, 0, 40 * S_NS, Clear(above=190))
    verdict = judge(trace(180, 200, 195, 210, 220), None, question)
    assert (verdict.proven, verdict.extreme) == (True, 195)


def test_a_falling_value_reaches_a_lower_limit_and_a_rising_one_does_not() -> None:
    assert hours_to_limit(trace(9, 8, 7, every_s=3600), 2, falling=True) == pytest.approx(5.0)
    assert hours_to_limit(trace(-1, NO_VALUE, -3, -4, every_s=3600), -7, falling=True) == pytest.approx(3.0)
    assert hours_to_limit(trace(7, 8, 9, every_s=3600), 2, falling=True) is None


def test_a_value_that_does_not_rise_reaches_no_limit() -> None:
    assert hours_to_limit(trace(5, 5, 5, 5), 10) is None
    assert hours_to_limit(trace(5, 4, 3), 10) is None
    assert hours_to_limit(trace(5, 6), 10) is None
    assert hours_to_limit(trace(0, 1, 2, 3, every_s=3600), 10) == pytest.approx(7.0)


def test_a_current_that_is_no_longer_read_is_neither_off_nor_back() -> None:
    off, flowing = trace(0, 0, 0, 0, 0), trace(9, 9, 9, 9, 9)
    fresh, stale = 56 * S_NS, 57 * S_NS
    assert (off_since_ns(off, 1, 30, fresh), off_since_ns(off, 1, 30, stale)) == (0, None)
    assert (back_since_ns(flowing, 1, 30, fresh), back_since_ns(flowing, 1, 30, stale)) == (0, None)
    assert off_since_ns(off, 1, 41, fresh) is None
    assert off_since_ns(trace(0, 0, 2, 0, 0), 1, 30, fresh) is None


def test_a_clock_that_lags_delays_the_proof_and_does_not_prevent_it(lagging: Bench) -> None:
    run(lagging, HALF_HOUR_S + 180, 46.0, 38.0)
    assert reasons(lagging) == ["too_short"]
    run(lagging, 120, 46.0, 38.0)
    assert lagging.case().state == "proven"


def test_a_device_whose_clock_lags_is_silent_when_it_says_nothing(lagging: Bench) -> None:
    run(lagging, HALF_HOUR_S + 180, 46.0, 38.0)
    lagging.wait(120)
    assert reasons(lagging) == ["silent"]


def test_what_was_kept_from_before_the_repair_proves_nothing(taken: Bench) -> None:
    run(taken, HALF_HOUR_S, 46.0, 38.0)
    actions.repaired(taken.case().pk, taken.cast.bolat, "loose_terminal", "tightened", taken.now)
    taken.lag_ns = 7_200 * S_NS
    run(taken, HALF_HOUR_S, 46.0, 38.0)
    assert taken.case().state == "repaired"


def test_a_run_that_is_too_short_says_since_when_it_counts_and_why() -> None:
    """So that what is left to wait never grows without a reason."""
    need = LoadNeed(at_least=7.0, zero=1)

    def told(value: Trace, load: Trace | None = None, since_s: int = 0) -> tuple[int | None, str]:
        question = Question(60, since_s * S_NS, 40 * S_NS, Clear(below=50), need if load else None)
        verdict = judge(value, load, question)
        return None if verdict.begin_ns is None else verdict.begin_ns // S_NS, verdict.anew

    assert told(trace(60, 40, 40, 40, 40)) == (10, "beyond")
    assert told(trace(40, 40, 40, 40, 40), since_s=15) == (15, "asked")
    assert told(trace(60, 40, 40, 40, 40), trace(7, 7, 6, 7, 7)) == (30, "no_load")
    at_ns = np.array([0, 20, 30, 40], np.int64) * S_NS
    assert told(Trace(at_ns, np.full(4, 40, np.int32), 16 * S_NS, 40 * S_NS)) == (20, "gap")


def test_the_load_that_is_back_is_told_by_its_phase(taken: Bench) -> None:
    other = Point.objects.create(
        device=taken.cast.device, circuit=taken.cast.ib.circuit, key="ic", quantity="current_a", phase="C"
    )
    give_row(other)
    taken.read(other, 0.0, for_s=300)
    run(taken, 300, 20.0, 0.0)
    taken.read(other, 0.0, for_s=300)
    taken.look()
    taken.wait(10)
    taken.read(other, 61.0)
    run(taken, 60, 20.0, 60.0)
    taken.read(other, 61.0, for_s=60)
    taken.look()
    data = taken.last("load_back").data
    assert (data["current_phase"], data["current_phase_a"]) == ("C", 61.0)
