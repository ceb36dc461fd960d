"""What people do: take, answer, make safe, repair, close."""

from datetime import timedelta

import pytest

from flameblue.cases import actions
from flameblue.cases.actions import Outcome
from flameblue.cases.models import Case
from flameblue.domain.transitions import Level, Rule
from flameblue.people.models import Shift
from tests.cases.bench import Bench


@pytest.fixture
def case(bench: Bench) -> Case:
    bench.alarm(bench.cast.tb)
    return bench.case()


def test_a_second_taker_loses_and_learns_who_has_it(bench: Bench, case: Case) -> None:
    assert actions.take(case.pk, bench.cast.bolat, bench.now)
    second = actions.take(case.pk, bench.cast.chen, bench.now)
    assert second == Outcome(False, "taken_by_other", bench.cast.bolat)
    assert bench.kinds() == ["opened", "taken"]
    assert bench.last().by == bench.cast.bolat


def test_only_a_person_of_a_station_takes_a_case(bench: Bench, case: Case) -> None:
    assert actions.take(case.pk, bench.cast.ailin, bench.now) == Outcome(False, "not_of_a_station")
    assert bench.case().state == "open"


def test_the_owners_answer_is_recorded_once_and_takes_nothing(bench: Bench, case: Case) -> None:
    assert actions.owner_acknowledge(case.pk, bench.cast.ailin, bench.now)
    assert actions.owner_acknowledge(case.pk, bench.cast.ailin, bench.now).reason == "already"
    assert actions.owner_acknowledge(case.pk, bench.cast.bolat, bench.now).reason == "not_a_contact"
    assert (bench.case().state, bench.kinds()) == ("open", ["opened", "owner_answered"])


def test_events_of_people_say_where_and_who(bench: Bench, case: Case) -> None:
    assert actions.ask_help(case.pk, bench.cast.ailin, bench.now)
    assert actions.comment(case.pk, bench.cast.bolat, " snow on the road ", bench.now)
    assert actions.comment(case.pk, bench.cast.bolat, " ", bench.now).reason == "text_missing"
    assert actions.assign(case.pk, bench.cast.chen, bench.cast.bolat, bench.now)
    assert not actions.assign(case.pk, bench.cast.chen, bench.cast.bolat, bench.now)
    assert bench.kinds()[1:] == ["help_asked", "commented", "assigned"]
    data = bench.last("commented").data
    assert (data["text"], data["by"], data["place"], data["value"]) == (
        "snow on the road",
        "Bolat",
        "203房",
        82.0,
    )
    assert bench.last("assigned").data["assigned_to"] == "Bolat"


def test_a_case_made_safe_before_anybody_took_it_can_be_taken_and_keeps_its_state(
    bench: Bench, case: Case
) -> None:
    assert actions.made_safe(case.pk, bench.cast.ailin, "switched_off", bench.now)
    assert actions.take(case.pk, bench.cast.bolat, bench.now)
    assert (bench.case().state, bench.case().taken_by) == ("made_safe", bench.cast.bolat)
    assert not actions.take(case.pk, bench.cast.chen, bench.now)


def test_made_safe_is_said_once_and_in_a_known_word(bench: Bench, case: Case) -> None:
    assert actions.made_safe(case.pk, bench.cast.bolat, "somehow", bench.now).reason == "unknown_how"
    assert actions.made_safe(case.pk, bench.cast.bolat, "switched_off", bench.now)
    assert actions.made_safe(case.pk, bench.cast.bolat, "switched_off", bench.now).reason == "already"
    assert bench.last("made_safe").data["how"] == "switched_off"


def test_a_repair_needs_somebody_who_has_the_case_a_known_cause_and_an_action(
    bench: Bench, case: Case
) -> None:
    bolat, now = bench.cast.bolat, bench.now
    assert actions.repaired(case.pk, bolat, "loose_terminal", "tightened", now).reason == "wrong_state"
    actions.take(case.pk, bolat, now)
    assert actions.repaired(case.pk, bolat, "bad luck", "tightened", now).reason == "unknown_cause"
    assert actions.repaired(case.pk, bolat, "loose_terminal", " ", now).reason == "action_missing"
    assert actions.repaired(case.pk, bolat, "loose_terminal", "tightened", now)
    assert (bench.case().state, bench.case().cause) == ("repaired", "loose_terminal")


def test_what_is_not_proven_is_closed_by_a_leader_only_with_a_reason_and_counted_apart(
    bench: Bench, case: Case
) -> None:
    done = {"cause": "season", "action": "shut for the winter"}
    actions.made_safe(case.pk, bench.cast.bolat, "switched_off", bench.now)
    assert actions.counts(bench.now).made_safe_unproven == 1
    assert actions.close(case.pk, bench.cast.chen, bench.now, **done).reason == "not_proven"
    reason = "no load before April"
    refused = actions.close(case.pk, bench.cast.bolat, bench.now, **done, without_proof_reason=reason)
    assert refused.reason == "not_a_leader"
    assert actions.close(case.pk, bench.cast.chen, bench.now, **done, without_proof_reason=reason)
    assert (bench.case().state, bench.case().closed_without_proof) == ("closed", True)
    assert (bench.last().data["without_proof"], bench.last().data["reason"]) == (True, reason)
    counts = actions.counts(bench.now)
    assert (counts.made_safe_unproven, counts.closed, counts.closed_without_proof) == (0, 1, 1)
    assert actions.close(case.pk, bench.cast.chen, bench.now, **done).reason == "closed"


def test_a_leader_whose_shift_is_over_is_none(bench: Bench, case: Case) -> None:
    Shift.objects.filter(person=bench.cast.chen).update(ends_at=bench.now)
    closing = {"cause": "season", "action": "shut", "without_proof_reason": "winter"}
    assert actions.close(case.pk, bench.cast.chen, bench.now, **closing).reason == "not_a_leader"


def test_a_proven_case_closes_with_cause_and_action(bench: Bench, case: Case) -> None:
    Case.objects.update(state="proven")
    assert actions.close(case.pk, bench.cast.bolat, bench.now).reason == "cause_missing"
    assert actions.close(case.pk, bench.cast.bolat, bench.now, cause="loose_terminal", action="tightened")
    assert not bench.case().closed_without_proof


@pytest.mark.parametrize("state", ["made_safe", "repaired", "proven"])
def test_a_new_alarm_after_made_safe_repaired_or_proven_re_opens(
    bench: Bench, case: Case, state: str
) -> None:
    actions.take(case.pk, bench.cast.bolat, bench.now)
    bench.alarm(bench.cast.tb, Level.NORMAL, 40.0)
    Case.objects.update(state=state, made_safe_at=bench.now, made_safe_how="switched_off")
    bench.wait(60)
    bench.alarm(bench.cast.tb)
    event = bench.last()
    assert (event.kind, event.data["new"], event.data["people"]) == (
        "reopened",
        "relapse",
        [bench.cast.bolat.pk],
    )
    again = bench.case()
    assert (again.state, again.taken_by, again.made_safe_at, again.reopened) == ("open", None, None, 1)


def test_a_relapse_within_seven_days_is_the_same_case_and_tells_the_same_people(
    bench: Bench, case: Case
) -> None:
    actions.take(case.pk, bench.cast.bolat, bench.now)
    bench.alarm(bench.cast.tb, Level.NORMAL, 40.0)
    Case.objects.update(state="proven")
    actions.close(case.pk, bench.cast.bolat, bench.now, cause="loose_terminal", action="tightened")
    bench.wait(7 * 86_400)
    bench.alarm(bench.cast.tb)
    case = bench.case()
    assert (bench.last().kind, bench.last().data["people"]) == ("reopened", [bench.cast.bolat.pk])
    assert (case.state, case.closed_at, case.cause, case.announced_at) == ("open", None, "", bench.now)


def test_after_more_than_seven_days_it_is_another_case(bench: Bench, case: Case) -> None:
    bench.alarm(bench.cast.tb, Level.NORMAL, 40.0)
    Case.objects.update(state="closed", closed_at=bench.now)
    bench.wait(7 * 86_400 + 1)
    bench.alarm(bench.cast.tb)
    assert list(Case.objects.order_by("number").values_list("number", flat=True)) == [4001, 4002]


def test_a_late_reading_from_before_the_closing_is_no_relapse(bench: Bench, case: Case) -> None:
    bench.alarm(bench.cast.tb, Level.NORMAL, 40.0)
    Case.objects.update(state="closed", closed_at=bench.now)
    bench.wait(3600)
    bench.alarm(bench.cast.tb, rule=Rule.LATE, ago_s=7200.0)
    assert (bench.case().state, bench.last().kind) == ("closed", "late")
    bench.wait(3600)
    bench.alarm(bench.cast.tb, rule=Rule.LATE, ago_s=600.0)
    assert (bench.case().state, bench.last().kind) == ("open", "reopened")


def test_a_silence_after_switched_off_joins_that_case(bench: Bench, case: Case) -> None:
    actions.made_safe(case.pk, bench.cast.ailin, "switched_off", bench.now)
    bench.wait(300)
    bench.silent(bench.cast.tb, bench.cast.ir, bench.cast.ib)
    assert bench.kinds() == ["opened", "made_safe", "silent"]
    assert (Case.objects.count(), bench.case().state) == (1, "made_safe")
    bench.wait(3600)
    bench.heard(bench.cast.tb, bench.cast.ir, bench.cast.ib)
    assert bench.kinds()[-1] == "returned"
    bench.wait(3600)
    bench.silent(bench.cast.tb)
    assert (bench.kinds()[-1], Case.objects.count()) == ("silent", 1)


def test_a_silence_after_another_way_of_making_safe_is_a_case_of_its_own(bench: Bench, case: Case) -> None:
    actions.made_safe(case.pk, bench.cast.ailin, "unplugged", bench.now)
    bench.silent(bench.cast.tb)
    assert Case.objects.filter(family="silence").count() == 1


def test_cases_are_counted_by_state_and_level(bench: Bench, case: Case) -> None:
    bench.alarm(bench.cast.ir, Level.WARNING, 210.0)
    actions.take(case.pk, bench.cast.bolat, bench.now)
    counts = actions.counts(bench.now + timedelta(hours=25))
    assert (counts.by_state["open"], counts.by_state["taken"]) == (1, 1)
    assert counts.by_level == {"alarm": 1, "warning": 1}
    assert counts.stale == 2


def test_crying_for_help_again_and_again_rings_once_in_five_minutes(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    case = bench.case()
    for _ in range(20):
        assert actions.ask_help(case.pk, bench.cast.ailin, bench.now)
        bench.wait(1)
    assert bench.kinds().count("help_asked") == 1
    assert actions.ask_help(case.pk, bench.cast.yeerlan, bench.now)
    bench.wait(301)
    assert actions.ask_help(case.pk, bench.cast.ailin, bench.now)
    assert bench.kinds().count("help_asked") == 3


def test_a_comment_of_half_a_sign_is_kept_readable(bench: Bench) -> None:
    """A program may send what no page can show."""
    bench.alarm(bench.cast.tb)
    assert actions.comment(bench.case().pk, bench.cast.bolat, "smoke\ud800\0 in room 203", bench.now)
    assert bench.last("commented").data["text"] == "smoke? in room 203"
    assert not actions.comment(bench.case().pk, bench.cast.bolat, "\0 ", bench.now)


def test_a_case_taken_by_mistake_is_given_back_and_calls_on_as_if_nobody_had_had_it(
    bench: Bench, case: Case
) -> None:
    bench.wait(55)
    assert actions.take(case.pk, bench.cast.bolat, bench.now)
    bench.wait(9)
    assert actions.give_back(case.pk, bench.cast.bolat, bench.now)
    assert (bench.case().state, bench.case().taken_by) == ("open", None)
    assert bench.last("given_back").by == bench.cast.bolat
    bench.escalate()
    assert "duty_voice" in bench.case().steps_taken
    assert actions.take(case.pk, bench.cast.chen, bench.now)


@pytest.mark.parametrize("after_s", [16, 3_600])
def test_later_a_case_can_not_be_given_back(bench: Bench, case: Case, after_s: int) -> None:
    assert actions.take(case.pk, bench.cast.bolat, bench.now)
    bench.wait(after_s)
    refusal = Outcome(False, "too_late", bench.cast.bolat)
    assert actions.give_back(case.pk, bench.cast.bolat, bench.now) == refusal
    assert bench.case().taken_by == bench.cast.bolat


def test_nobody_gives_back_what_another_has_taken(bench: Bench, case: Case) -> None:
    assert actions.take(case.pk, bench.cast.bolat, bench.now)
    assert not actions.give_back(case.pk, bench.cast.chen, bench.now)
    assert actions.made_safe(case.pk, bench.cast.bolat, "switched_off", bench.now)
    assert not actions.give_back(case.pk, bench.cast.bolat, bench.now)
