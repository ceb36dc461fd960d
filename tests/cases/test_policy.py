"""The policy is data: the package's own, and what is wrong with somebody's file."""

from datetime import datetime, time
from pathlib import Path

import pytest

from flameblue.cases import escalation, grouping, kinds
from flameblue.cases.causes import CAUSES, offered
from flameblue.cases.models import Alarm, Family, State
from flameblue.cases.policy import PACKAGE_FILE, EvidencePolicy, load
from flameblue.domain.errors import BadInput
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.transitions import Level, Rule

NOW = datetime.fromisoformat("2026-01-15T03:07:00+08:00")


def test_the_packages_policy_says_what_people_agreed_on() -> None:
    policy = load()
    alarm = policy.ladders["alarm"]
    assert [(step.id, step.after_s) for step in alarm.steps[:6]] == [
        ("owner", 0),
        ("desk", 0),
        ("duty_sms", 0),
        ("second", 60),
        ("duty_voice", 60),
        ("leader", 180),
    ]
    assert alarm.rings_again_after_s == 900
    assert policy.evidence["heat"] == EvidencePolicy(1800, 0.7)
    assert (policy.quiet_hours.begin, policy.quiet_hours.end) == (time(22), time(7))
    assert (policy.incident.premises_min, policy.incident.window_s) == (5, 120)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("to: leader", "to: mayor", "unknown words: mayor"),
        ("unless: [taken]", "unless: [asleep]", "unknown words: asleep"),
        ("{id: leader,", "{id: owner,", "two steps with the same id"),
        ("  for_s: 30\n", "", "missing settings for_s"),
        (
            "silence_grace_s: 60",
            "silence_grace_s: 60\nsilence_gracious_s: 60",
            "unknown settings silence_gracious_s",
        ),
        ("  silence: {for_s", "  silences: {for_s", "evidence must be exactly"),
        ("ladders:", "ladders: [", "not valid YAML"),
        ('begin: "22:00"', "begin: late", "wrong kind"),
    ],
)
def test_a_policy_with_a_mistake_is_refused_with_the_reason(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    text = PACKAGE_FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "policy.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput, match=complaint):
        load(path)


def test_a_policy_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="can't be read"):
        load(tmp_path / "none.yaml")


def test_every_quantity_and_rule_has_a_family() -> None:
    assert set(grouping.FAMILY_OF_QUANTITY) == set(QUANTITIES)
    found = {grouping.family_of(quantity, rule) for quantity in QUANTITIES for rule in Rule}
    assert found == set(Family.values) - {"system"}
    assert set(load().evidence) == found
    assert grouping.family_of("temperature_c", Rule.REPORTED) == "heat"
    assert grouping.family_of("temperature_c", Rule.SENSOR) == "equipment"


def test_every_cause_is_offered_somewhere_and_words_are_stored_words() -> None:
    assert {cause.word for family in Family.values for cause in offered(family)} == set(CAUSES)
    assert all(len(word) <= 40 for word in CAUSES)
    assert all(len(kind) <= 24 for kind in kinds.ALL)
    words = {name: value for name, value in vars(kinds).items() if name.isupper() and isinstance(value, str)}
    assert set(words.values()) == kinds.ALL
    assert set(State.values) >= grouping.HANDLED


def test_a_fault_is_less_than_a_warning() -> None:
    assert grouping.worst([Level.FAULT, Level.WARNING]) == Level.WARNING
    assert grouping.worst([Level.NORMAL, Level.FAULT]) == Level.FAULT
    assert grouping.worst([]) == Level.NORMAL
    assert not grouping.worse(Level.FAULT, Level.ALARM)


@pytest.mark.parametrize("level", [Level.NORMAL, Level.WARNING, Level.ALARM, Level.FAULT])
def test_every_alarm_has_a_state_of_isa_18_2(level: Level) -> None:
    flags = (
        {"acknowledged": a, "shelved": s, "latched": k, "retired": r}
        for a in B
        for s in B
        for k in B
        for r in B
    )
    assert {grouping.isa_state(level, **each) for each in flags} <= set(Alarm.Isa.values)


B = (False, True)


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [("21:59", False), ("22:00", True), ("03:07", True), ("06:59", True), ("07:00", False)],
)
def test_the_quiet_hours_go_over_midnight(clock: str, quiet: bool) -> None:
    assert escalation.is_quiet(load().quiet_hours, time.fromisoformat(clock)) is quiet


def test_a_step_is_due_once_and_a_step_may_spare_another() -> None:
    ladder = load().ladders["alarm"]
    facts = escalation.CaseFacts(announced_at=NOW, steps_taken=frozenset({"owner", "desk", "duty_sms"}))
    late = NOW.replace(hour=5)
    due = [step.id for step in escalation.due_steps(ladder, facts, late)]
    assert due == ["second", "duty_voice", "leader", "owner_again", "next_station", "owner_third"]
    assert escalation.due_steps(ladder, facts, NOW) == []
    taken = escalation.CaseFacts(announced_at=NOW, taken_at=NOW, steps_taken=facts.steps_taken)
    assert escalation.due_steps(ladder, taken, late) == []
