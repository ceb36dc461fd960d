"""The case page: what happened, who was told, what to do; whoever loses a race sees who has it."""

from datetime import timedelta

import pytest

from flameblue.cases import actions
from flameblue.cases.models import CaseEvent, State
from flameblue.domain.transitions import Level, Rule, Why
from flameblue.fleet.models import AuditEntry
from flameblue.notices.models import Attempt, InboundMessage, Notice, Part
from tests.cases.bench import Bench, Said, another_room
from tests.cast import Cast
from tests.web.readers import Reader

PAGE = "/cases/4001/"


@pytest.fixture(autouse=True)
def alarmed(bench: Bench) -> None:
    bench.alarm(bench.cast.tb, value=82.0)


def test_it_says_in_one_sentence_what_happened_and_names_the_switch(bolat: Reader) -> None:
    page = bolat.sees(PAGE)
    assert "203房暖气 phase B: Temperature reached 82 °C, the limit is 70 °C." in page
    assert "switch 3号开关" in page
    assert "opened 2026-01-15 03:07:00 , 0 s ago" in page


def test_it_says_what_is_odd_about_an_alarm(bench: Bench, bolat: Reader) -> None:
    bench.say(Said(bench.cast.ib, Level.ALARM, 44.0, why=int(Why.ONE_READING | Why.DEVICE_DISAGREES)))
    page = bolat.sees("/cases/4002/")
    assert "on one reading, since the device reports seldom; the device and our limit say" in page


@pytest.mark.parametrize(
    ("rule", "level", "said"),
    [
        (Rule.UNDER, Level.ALARM, "Temperature fell to"),
        (Rule.SENSOR, Level.FAULT, "the sensor for Temperature is broken"),
        (Rule.REPORTED, Level.ALARM, "the device itself reports an alarm"),
        (Rule.REPORTED_FAULT, Level.FAULT, "device D0217 reports a fault"),
        (Rule.SHIELDED, Level.FAULT, "the point is shielded at the device"),
        (Rule.CLOCK, Level.FAULT, "the clock of device D0217 is wrong"),
        (Rule.LATE, Level.ALARM, "late data says that Temperature had been"),
    ],
)
def test_every_rule_has_its_sentence(
    rule: Rule, level: Level, said: str, bench: Bench, bolat: Reader
) -> None:
    room, _ = another_room(bench.cast)
    actions.close(
        bench.case().pk, bench.cast.chen, bench.now, cause="test", action="x", without_proof_reason="y"
    )
    bench.wait(8 * 86_400)
    bench.say(Said(room, level, 44.0, rule=rule))
    assert said in bolat.sees("/cases/4002/")


def test_who_is_too_late_to_take_it_sees_who_has_it(bolat: Reader, chen: Reader) -> None:
    assert "You have case 4001." in bolat.presses(f"{PAGE}take/")
    page = chen.presses(f"{PAGE}take/")
    assert "Somebody was faster. Bolat has it." in page
    assert "taken by Bolat at 03:07" in page


def test_the_way_from_open_to_closed_goes_through_the_page(bench: Bench, bolat: Reader) -> None:
    bolat.presses(f"{PAGE}take/")
    assert "The circuit is switched off" in bolat.presses(f"{PAGE}made-safe/", how="switched_off")
    page = bolat.presses(f"{PAGE}repaired/", cause="loose_terminal", action="tightened")
    assert "Repaired. The readings under load will prove it." in page
    assert "Close the case" not in page
    finding = {"cause": "loose_terminal", "action": "tightened"}
    assert "have not proven the repair yet" in bolat.presses(f"{PAGE}close/", **finding)
    case = bench.case()
    case.state, case.proven_at = State.PROVEN, bench.now
    case.save()
    assert "Close the case" in bolat.sees(PAGE)
    page = bolat.presses(f"{PAGE}close/", **finding)
    assert "Case 4001 is closed." in page
    assert "Loose terminal; tightened" in page
    assert "4001" in bolat.sees("/cases/closed/")
    assert "No open case." in bolat.sees("/")


def test_only_a_leader_is_offered_to_close_without_proof(bolat: Reader, chen: Reader) -> None:
    finding = {"cause": "probe", "action": "a new probe", "without_proof_reason": "the old one is dead"}
    assert "Close without proof" not in bolat.sees(PAGE)
    assert "Only a leader on shift" in bolat.presses(f"{PAGE}close/", **finding)
    assert "Close without proof" in chen.sees(PAGE)
    assert "Closed without proof." in chen.presses(f"{PAGE}close/", **finding)


@pytest.mark.parametrize(
    ("path", "fields", "missing"),
    [
        ("made-safe", {"how": "by magic"}, "Made safe"),
        ("repaired", {"cause": "loose_terminal", "action": ""}, "What was done"),
        ("repaired", {"cause": "gremlins", "action": "x"}, "Cause"),
        ("close", {}, "Cause · What was done"),
        ("comment", {"text": "   "}, "What the next person should know"),
        ("assign", {"person": "0"}, "Assign to"),
        ("shelve", {"reason": "x", "hours": "9999"}, "for"),
        ("shelve", {"reason": "", "hours": "4"}, "Shelve: no messages, because"),
    ],
)
def test_a_form_that_is_not_filled_in_changes_nothing_and_says_so_in_its_own_words(
    path: str, fields: dict[str, str], missing: str, bench: Bench, bolat: Reader
) -> None:
    before = CaseEvent.objects.count()
    said = bolat.presses(f"{PAGE}{path}/", **fields)
    assert f"Not done: please fill in every field. ({missing})" in said
    assert CaseEvent.objects.count() == before


def test_a_text_that_is_too_long_is_told_so(bolat: Reader) -> None:
    said = bolat.presses(f"{PAGE}comment/", text="x" * 2_001)
    assert "Not done. Ensure this value has at most 2000 characters (it has 2001)." in said


def test_a_comment_stands_on_the_time_line_as_text(bolat: Reader) -> None:
    bolat.presses(f"{PAGE}comment/", text="<script>alert(1)</script> 门锁着")
    html = bolat.html(PAGE)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 门锁着" in html
    assert "<script>alert" not in html


def test_a_case_is_assigned_to_the_stations_people_only(cast: Cast, bench: Bench, bolat: Reader) -> None:
    assert "Assigned to Chen." in bolat.presses(f"{PAGE}assign/", person=cast.chen.pk)
    assert "Not done" in bolat.presses(f"{PAGE}assign/", person=cast.dana.pk)
    assert bench.case().assigned_to == cast.chen


def test_shelving_names_its_reason_and_end(bench: Bench, bolat: Reader) -> None:
    page = bolat.presses(f"{PAGE}shelve/", reason="electrician comes", hours=4)
    assert "Shelved until 01-15 07:07: electrician comes" in page
    assert bench.case().shelved_until == bench.now + timedelta(hours=4)


def test_the_time_line_says_in_words_why_a_shelving_ended(bench: Bench, bolat: Reader) -> None:
    bolat.presses(f"{PAGE}shelve/", reason="electrician comes", hours=4)
    bench.alarm(another_room(bench.cast)[0], Level.ALARM, 140.0)
    page = bolat.sees(PAGE)
    assert "an alarm of another point" in page
    assert "another_alarm" not in page


def test_another_station_can_neither_see_nor_act(bench: Bench, dana: Reader) -> None:
    dana.html(PAGE, status=404)
    dana.html(f"{PAGE}chart/", status=404)
    assert dana.client.post(f"{PAGE}take/").status_code == 404
    assert dana.client.get(f"/premises/{bench.cast.premises.pk}/").status_code == 404
    assert bench.case().taken_by is None


def test_a_notice_shows_every_attempt_part_and_receipt(bench: Bench, bolat: Reader) -> None:
    case, ailin = bench.case(), bench.cast.ailin
    notice = Notice.objects.create(
        case=case,
        person=ailin,
        to=ailin.phone,
        channel="smpp",
        template="owner_alarm",
        language="zh-hans",
        text="【禾木消防站】报警",
        reason="first_notice",
        state=Notice.State.DELIVERED,
        created_at=bench.now,
        due_at=bench.now,
    )
    Attempt.objects.create(notice=notice, at=bench.now, outcome="failed", detail="no route")
    second = Attempt.objects.create(notice=notice, at=bench.now, outcome="accepted")
    Part.objects.create(attempt=second, sequence=1, message_id="a", receipt="DELIVRD", receipt_at=bench.now)
    Part.objects.create(attempt=second, sequence=2, message_id="b")
    InboundMessage.objects.create(
        at=bench.now, channel="smpp", sender=ailin.phone, text="1", person=ailin, case=case, outcome="seen"
    )
    page = bolat.sees(PAGE)
    assert "Ailin SMS · delivered first notice" in page
    assert "Attempt 1, 03:07:00: failed (no route)" in page
    assert "accepted · part 1: DELIVRD 03:07:00 · part 2: no receipt yet" in page
    assert "Ailin: “1”" in page


def test_phones_are_masked_and_a_reveal_is_on_record(cast: Cast, bolat: Reader, dana: Reader) -> None:
    assert cast.ailin.phone not in bolat.html(PAGE)
    assert "+86138****0001" in bolat.sees(PAGE)
    assert not AuditEntry.objects.filter(verb="revealed phone").exists()
    reveal = f"/people/{cast.ailin.pk}/phone/"
    assert cast.ailin.phone in bolat.presses(reveal)
    assert AuditEntry.objects.get(verb="revealed phone").by == "bolat"
    fragment = bolat.client.post(reveal, headers={"HX-Request": "true"}).content.decode()
    assert fragment.startswith('<span class="phone">')
    assert dana.client.post(reveal).status_code == 404
    assert AuditEntry.objects.filter(verb="revealed phone").count() == 2


def test_a_viewer_sees_and_is_offered_nothing_to_do(cast: Cast, bolat: Reader) -> None:
    user = cast.bolat.user
    assert user is not None
    user.groups.set([user.groups.model.objects.get_or_create(name="viewer")[0]])
    page = bolat.sees(PAGE)
    assert "Temperature reached" in page
    assert "I take it" not in page
    assert "Show" not in page
    assert bolat.client.post(f"{PAGE}take/").status_code == 403
