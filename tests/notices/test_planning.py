"""Which event tells whom, by which text, why and when: the pure planner."""

from datetime import datetime, time
from typing import Any

import pytest

from flameblue.cases import kinds
from flameblue.cases.policy import QuietHours, load
from flameblue.notices import reasons
from flameblue.notices.planning import Event, People, Planned, family_of, plan
from flameblue.notices.texts.catalogue import FAMILIES, LANGUAGES, catalogue

QUIET = QuietHours(begin=time(22), end=time(7), hours_to_limit_max=24, trend_over_s=3600)
NIGHT = datetime.fromisoformat("2026-01-15T03:07:00+08:00")
DAY = datetime.fromisoformat("2026-01-15T10:00:00+08:00")
PEOPLE = People(owner=(1,), second=(2,), duty=(3,), leader=(4,), next_station=(5,), told=frozenset({1}))
HOT: dict[str, Any] = {
    "family": "heat",
    "quantity": "temperature_c",
    "level": "alarm",
    "value": 82.0,
    "limit": 70.0,
    "announces": True,
}
LADDERS = load().ladders


def step(to: str, channel: str = "sms", *, waits: bool = False) -> dict[str, Any]:
    return {"id": to, "to": to, "channel": channel, "sound": False, "waits_for_morning": waits}


def event(kind: str, *steps: dict[str, Any], local: datetime = NIGHT, **data: Any) -> Event:
    return Event(kind, {**HOT, "steps": list(steps), **data}, local)


def said(planned: list[Planned]) -> list[tuple[int | None, str, str, str]]:
    return [(p.person, p.medium, p.template, p.reason) for p in planned]


def test_an_alarm_tells_whom_its_steps_name() -> None:
    opened = event(kinds.OPENED, step("owner"), step("desk", "desk"), step("duty"))
    assert said(plan(opened, PEOPLE, QUIET)) == [
        (1, "sms", "owner_alarm", reasons.FIRST_NOTICE),
        (3, "sms", "officer_alarm", reasons.FIRST_NOTICE),
    ]


def test_escalation_says_why_it_calls() -> None:
    escalated = event(
        kinds.ESCALATED,
        step("second"),
        step("duty", "voice"),
        step("leader", "voice"),
        step("next_station", "voice"),
    )
    assert said(plan(escalated, PEOPLE, QUIET)) == [
        (2, "sms", "second_alarm", reasons.NO_ANSWER),
        (3, "voice", "officer_alarm_voice", reasons.NOT_ACKNOWLEDGED),
        (4, "voice", "leader_alarm_voice", reasons.NOT_ACKNOWLEDGED),
        (5, "voice", "next_station_alarm_voice", reasons.NOT_ACKNOWLEDGED),
    ]


def test_a_step_that_finds_nobody_is_planned_with_what_is_missing() -> None:
    (missing,) = plan(event(kinds.ESCALATED, step("second")), People(owner=(1,)), QUIET)
    assert missing.person is None
    assert missing.missing == "No second contact is known."


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (kinds.JOINED, "officer_joined", reasons.NEW_PLACE),
        (kinds.RAISED, "officer_raised", reasons.LEVEL_RAISED),
        (kinds.REOPENED, "officer_reopened", reasons.RELAPSE),
        (kinds.RANG_AGAIN, "officer_rang_again", reasons.RANG_AGAIN),
    ],
)
def test_what_is_new_is_named_also_to_who_had_the_case(kind: str, text: str, reason: str) -> None:
    people = People(owner=(1,), duty=(3,), had_it=(9,))
    assert said(plan(event(kind, step("owner"), step("duty")), people, QUIET)) == [
        (1, "sms", "owner_alarm", reason),
        (3, "sms", text, reason),
        (9, "sms", text, reasons.TAKEN_AWAY),
    ]


def test_nobody_is_told_twice_of_one_event_by_one_text() -> None:
    people = People(owner=(1,), duty=(3, 9), had_it=(9,))
    found = plan(event(kinds.JOINED, step("duty")), people, QUIET)
    assert [p.person for p in found] == [3, 9]


def test_a_warning_at_night_is_held_till_seven() -> None:
    warning = event(kinds.OPENED, step("owner", waits=True), level="warning")
    (held,) = plan(warning, PEOPLE, QUIET)
    assert held.template == "owner_warning"
    assert held.held_until == datetime.fromisoformat("2026-01-15T07:00:00+08:00")


@pytest.mark.parametrize(
    ("local", "until"),
    [
        ("2026-01-15T22:00:00+08:00", "2026-01-16T07:00:00+08:00"),
        ("2026-01-15T23:59:00+08:00", "2026-01-16T07:00:00+08:00"),
        ("2026-01-15T06:59:59+08:00", "2026-01-15T07:00:00+08:00"),
        ("2026-01-15T07:00:00+08:00", None),
        ("2026-01-15T21:59:59+08:00", None),
    ],
)
def test_the_night_has_exact_edges(local: str, until: str | None) -> None:
    warning = event(
        kinds.OPENED, step("owner", waits=True), local=datetime.fromisoformat(local), level="warning"
    )
    (planned,) = plan(warning, PEOPLE, QUIET)
    assert planned.held_until == (datetime.fromisoformat(until) if until else None)


def test_a_warning_whose_alarm_is_near_does_not_wait() -> None:
    soon = event(kinds.ESCALATED, step("owner"), level="warning", hours_to_limit=3.5)
    (planned,) = plan(soon, PEOPLE, QUIET)
    assert (planned.template, planned.held_until, planned.reason) == (
        "owner_warning",
        None,
        reasons.FIRST_NOTICE,
    )


def test_an_alarm_never_waits_for_the_morning() -> None:
    at_once = {ladder: LADDERS[ladder].steps for ladder in ("alarm", "incident", "system")}
    assert not any(step.waits_for_morning for steps in at_once.values() for step in steps)


def test_a_test_never_sounds_real() -> None:
    test = event(kinds.OPENED, step("owner"), step("duty"), step("leader", "voice"), is_test=True)
    assert {p.template for p in plan(test, PEOPLE, QUIET)} == {"owner_test", "officer_test"}
    assert plan(event(kinds.CLOSED, is_test=True), PEOPLE, QUIET) == []


def test_a_shelved_case_tells_nobody() -> None:
    assert plan(event(kinds.JOINED, step("owner"), shelved=True), PEOPLE, QUIET) == []


def test_what_is_past_is_told_in_the_past_tense() -> None:
    late = event(kinds.LATE, step("owner"), step("duty"), local=DAY)
    assert [p.template for p in plan(late, PEOPLE, QUIET)] == ["owner_late", "officer_late"]


def test_silence_faults_outages_and_the_system_have_their_own_texts() -> None:
    def text(family: str, *, incident: bool = False, channel: str = "sms", to: str = "duty") -> str:
        data = {"family": family, "steps": [step(to, channel)], "level": "fault"}
        (planned,) = plan(Event(kinds.ESCALATED, data, DAY, is_incident=incident), PEOPLE, QUIET)
        return planned.template

    assert text("silence") == "officer_silent"
    assert text("equipment") == "officer_fault"
    assert text("system") == "officer_system"
    assert text("silence", incident=True) == "officer_incident"
    assert text("silence", incident=True, channel="voice") == "officer_incident_voice"
    assert text("silence", incident=True, channel="voice", to="leader") == "leader_incident_voice"
    assert text("equipment", channel="voice") == "officer_plain_voice"
    assert text("equipment", to="owner") == "owner_fault"


def test_an_alarm_that_has_returned_meanwhile_is_still_told_as_an_alarm() -> None:
    back = event(kinds.ESCALATED, step("owner"), step("duty", "voice"), level="normal", case_level="normal")
    assert [p.template for p in plan(back, PEOPLE, QUIET)] == ["owner_alarm", "officer_alarm_voice"]


def test_made_safe_is_told_to_contacts_who_were_told_and_to_who_has_it() -> None:
    people = People(owner=(1,), second=(2,), duty=(3,), had_it=(3,), told=frozenset({1}))
    read = event(kinds.MADE_SAFE, how="zero_current")
    assert said(plan(read, people, QUIET)) == [
        (1, "sms", "owner_made_safe", reasons.MADE_SAFE),
        (3, "sms", "officer_made_safe", reasons.MADE_SAFE),
    ]
    by_a_person = event(kinds.MADE_SAFE, how="switched_off")
    assert said(plan(by_a_person, people, QUIET)) == [(1, "sms", "owner_made_safe_said", reasons.MADE_SAFE)]


def test_current_before_a_repair_warns_and_after_it_does_not() -> None:
    assert said(plan(event(kinds.LOAD_BACK, level="normal"), PEOPLE, QUIET)) == [
        (1, "sms", "owner_load_back", reasons.LOAD_BACK),
        (3, "sms", "officer_load_back", reasons.LOAD_BACK),
    ]
    assert plan(event(kinds.LOAD_BACK, level="normal", repaired=True), PEOPLE, QUIET) == []
    assert plan(event(kinds.LOAD_BACK, level="alarm"), PEOPLE, QUIET) == []  # the relapse says so


def test_a_closed_case_is_told_to_contacts_who_were_told_of_it() -> None:
    closed = Event(kinds.CLOSED, HOT, DAY, has_proof=True)
    assert said(plan(closed, PEOPLE, QUIET)) == [(1, "sms", "owner_closed", reasons.CLOSED)]
    unproven = Event(kinds.CLOSED, {**HOT, "without_proof": True}, DAY)
    assert [p.template for p in plan(unproven, PEOPLE, QUIET)] == ["owner_closed_unproven"]
    assert plan(closed, People(owner=(1,)), QUIET) == []


def test_a_contact_who_asks_for_help_reaches_the_station_and_an_officer_the_leader() -> None:
    by_owner = People(owner=(1,), duty=(3,), leader=(4,), had_it=(8,), by=1)
    assert [p.person for p in plan(event(kinds.HELP_ASKED), by_owner, QUIET)] == [8, 3]
    by_officer = People(owner=(1,), duty=(3,), leader=(4,), by=3)
    (planned,) = plan(event(kinds.HELP_ASKED), by_officer, QUIET)
    assert (planned.person, planned.template) == (4, "officer_reinforce")
    by_leader = People(leader=(4,), next_station=(5,), by=4)
    assert [p.person for p in plan(event(kinds.HELP_ASKED), by_leader, QUIET)] == [5]


def test_the_end_of_an_incident_is_told_to_who_knew_of_it() -> None:
    over = Event(kinds.INCIDENT_ENDED, {"family": "silence"}, DAY, is_incident=True)
    assert plan(over, People(duty=(3,)), QUIET) == []
    assert [p.template for p in plan(over, People(duty=(3,), told=frozenset({3})), QUIET)] == [
        "officer_incident_over"
    ]


def test_events_that_tell_nobody_plan_nothing() -> None:
    silent = kinds.ALL - {
        *(kinds.OPENED, kinds.JOINED, kinds.RAISED, kinds.REOPENED, kinds.LATE, kinds.RANG_AGAIN),
        *(kinds.MADE_SAFE, kinds.LOAD_BACK, kinds.PROVEN, kinds.CLOSED, kinds.HELP_ASKED, kinds.LEFT_OVER),
    }
    for kind in silent:
        assert plan(event(kind, announces=False), PEOPLE, QUIET) == [], kind


@pytest.mark.parametrize("family", ["heat", "leakage", "silence", "equipment", "system"])
@pytest.mark.parametrize("level", ["normal", "warning", "alarm", "fault"])
@pytest.mark.parametrize("incident", [False, True])
@pytest.mark.parametrize("tested", [False, True])
def test_whatever_is_planned_has_a_text_in_both_languages(
    family: str, level: str, incident: bool, tested: bool
) -> None:
    everybody = People((1,), (2,), (3,), (4,), (5,), (6,), (7,), frozenset(range(9)), by=1)
    for kind in kinds.ALL:
        steps = [
            step(to, channel)
            for to in ("owner", "second", "duty", "leader", "next_station")
            for channel in ("sms", "voice")
        ]
        data = {"family": family, "level": level, "steps": steps, "announces": True, "is_test": tested}
        for planned in plan(Event(kind, data, DAY, is_incident=incident, has_proof=True), everybody, QUIET):
            for language in LANGUAGES:
                template = catalogue(language).template(planned.template, planned.family)
                assert template.is_voice or planned.medium == "sms" or tested
            assert planned.reason in reasons.ALL


def test_a_value_finds_its_words() -> None:
    assert family_of({"quantity": "temperature_c", "value": 82.0, "limit": 70.0}) == "heat"
    assert family_of({"quantity": "voltage_v", "value": 180.0, "limit": 198.0}) == "voltage_low"
    assert family_of({"quantity": "voltage_v", "value": 260.0, "limit": 242.0}) == "voltage_high"
    assert family_of({"quantity": "temperature_c", "value": None, "limit": 70.0}) == "reported"
    lost = {"quantity": "voltage_v", "value": 0.0, "limit": 110.0, "rule": "phase_loss"}
    assert family_of(lost) == "phase_loss"
    own = {"quantity": "residual_current_ma", "value": 1.0, "limit": 300.0, "rule": "reported"}
    assert family_of(own) == "reported"
    assert family_of({"quantity": "humidity_percent", "value": 99.0, "limit": 90.0}) == "reported"
    assert set(
        map(family_of, [{"quantity": q, "value": 1.0, "limit": 1.0} for q in ("current_a", "arc_count", "x")])
    ) <= set(FAMILIES)
