"""What the case page says now: values with their limits, what contradicts "it is safe", the standard clock."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flameblue.cases import actions, evidence, kinds
from flameblue.cases.models import CaseEvent, State
from flameblue.domain.clock import to_ns
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.readings import Reading, readings_array
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Point
from flameblue.history.board import Board
from flameblue.notices.models import Attempt, Notice, Part
from flameblue.web import proof_facts
from tests.cases.bench import Bench, another_room, give_row
from tests.web.readers import Reader, text_of

PAGE = "/cases/4001/"
SAFE = f"{PAGE}made-safe/"


@pytest.fixture
def board(data: Path) -> Board:
    return Board(data / "board.bin", writable=True)


@pytest.fixture(autouse=True)
def alarmed(bench: Bench) -> None:
    for point in (bench.cast.tb, bench.cast.ib):
        give_row(point)
    bench.read(bench.cast.ib, 22.0)
    bench.alarm(bench.cast.tb, value=82.0)


def hear(board: Board, at: datetime, point: Point, value: float) -> None:
    rows = [Reading(point.pk, to_ns(at), QUANTITIES[point.quantity].steps(value), 0)]
    board.update(readings_array(rows), to_ns(at))


def test_each_alarming_point_says_its_value_now_when_it_was_read_and_its_limit(
    bench: Bench, board: Board, bolat: Reader
) -> None:
    assert "no reading yet warning 60 °C alarm 70 °C" in bolat.sees(PAGE)
    hear(board, bench.now, bench.cast.tb, 78.5)
    assert "now 78.5 °C 2026-01-15 03:07:00 , 0 s warning 60 °C alarm 70 °C" in bolat.sees(PAGE)


def test_the_load_at_the_alarm_is_named_with_its_phase(bench: Bench, bolat: Reader) -> None:
    assert "at the event 03:07:00: 82 °C with a load of phase B 22 A" in bolat.sees(PAGE)
    assert "Load current, 203房暖气 phase B" in bolat.sees(PAGE)


def test_a_value_of_now_stands_beside_the_load_of_now_and_that_of_the_event_beside_its_own(
    bench: Bench, board: Board, bolat: Reader
) -> None:
    """Back to normal with little load: the 22 A of the event are not said beside the 41 degrees of now."""
    bench.wait(120)
    bench.alarm(bench.cast.tb, level=Level.NORMAL, value=41.0)
    hear(board, bench.now, bench.cast.tb, 41.0)
    hear(board, bench.now, bench.cast.ib, 3.0)
    page = bolat.sees(PAGE)
    assert "now 41 °C 2026-01-15 03:09:00 , 0 s load now phase B 3 A" in page
    assert "at the event 03:07:00: 82 °C with a load of phase B 22 A" in page


def test_an_old_current_is_not_the_load_of_now(bench: Bench, board: Board, bolat: Reader) -> None:
    hear(board, bench.now - timedelta(hours=1), bench.cast.ib, 3.0)
    hear(board, bench.now, bench.cast.tb, 41.0)
    page = bolat.sees(PAGE)
    assert "now 41 °C 2026-01-15 03:07:00 , 0 s warning 60 °C" in page
    assert "load now" not in page


def phase(bench: Bench, name: str) -> Point:
    """Another phase's current of the circuit."""
    return give_row(
        Point.objects.create(
            device=bench.cast.device,
            circuit=bench.cast.ib.circuit,
            key=f"i{name.lower()}",
            quantity="current_a",
            phase=name,
        )
    )


def test_of_several_phases_that_of_the_alarm_is_told_and_no_sum(
    bench: Bench, board: Board, bolat: Reader
) -> None:
    """And the phases stand in one chart, each with its own line."""
    for point, value in ((phase(bench, "A"), 58.0), (phase(bench, "C"), 61.0), (bench.cast.ib, 60.0)):
        bench.read(point, value)
        hear(board, bench.now, point, value)
    hear(board, bench.now, bench.cast.tb, 90.0)
    bench.alarm(bench.cast.tb, level=Level.NORMAL, value=41.0)
    bench.alarm(bench.cast.tb, value=90.0)
    page = bolat.sees(PAGE)
    assert "at the event 03:07:00: 90 °C with a load of phase B 60 A" in page
    assert "load now phase B 60 A" in page
    assert "179 A" not in page
    assert "Load current, 203房暖气, each phase: A, B, C" in page


def test_a_load_whose_phase_was_not_written_down_is_called_a_sum(bench: Bench, bolat: Reader) -> None:
    """An alarm of before the phases were kept apart, and a circuit that has more currents since."""
    phase(bench, "A")
    bench.case().alarms.update(load_at=None)
    assert "load at the event: 22 A, the sum of phases A, B" in bolat.sees(PAGE)


def test_a_value_that_nothing_newer_followed_is_called_old(
    bench: Bench, board: Board, bolat: Reader, page_clock: object
) -> None:
    hear(board, bench.now.replace(minute=5), bench.cast.tb, 78.5)
    assert "03:05:00 , 2 min old: nothing newer has come" in bolat.sees(PAGE)


def test_safe_is_not_taken_on_trust_while_a_reading_says_otherwise(
    bench: Bench, board: Board, bolat: Reader
) -> None:
    bolat.presses(f"{PAGE}take/")
    hear(board, bench.now, bench.cast.tb, 78.5)
    page = bolat.presses(SAFE, how="other")
    assert "Not done: a reading says otherwise." in page
    assert (
        "A reading says otherwise: 203房暖气 phase B Temperature 78.5 °C, alarm limit 70 °C (03:07:00)"
        in page
    )
    assert bench.case().state == State.TAKEN
    page = bolat.presses(SAFE, how="other", seen="1")
    assert bench.case().state == State.MADE_SAFE
    assert (
        "said though the reading said otherwise: "
        "203房暖气 phase B Temperature 78.5 °C, alarm limit 70 °C (03:07:00)" in page
    )


def test_a_repair_is_not_taken_on_trust_while_a_reading_says_otherwise(
    bench: Bench, board: Board, bolat: Reader
) -> None:
    bolat.presses(f"{PAGE}take/")
    hear(board, bench.now, bench.cast.tb, 78.5)
    typed = {"cause": "loose_terminal", "action": "tightened & sealed"}
    page = bolat.client.post(f"{PAGE}repaired/", typed, follow=True).content.decode()
    assert "Not done: a reading says otherwise." in page
    form = page[page.index('<details id="repaired-already" open>') :]
    form = form[: form.index("</details>")]
    assert 'name="seen"' in form
    assert "78.5 °C, alarm limit 70 °C" in form
    assert 'value="tightened &amp; sealed"' in form
    assert bench.case().state == State.TAKEN
    page = bolat.presses(f"{PAGE}repaired/", **typed, seen="1")
    assert bench.case().state == State.REPAIRED
    assert "said though the reading said otherwise: 203房暖气 phase B Temperature 78.5 °C" in page


def test_a_close_without_proof_keeps_what_the_reading_said(bench: Bench, board: Board, chen: Reader) -> None:
    hear(board, bench.now, bench.cast.tb, 78.5)
    finding = {"cause": "probe", "action": "a new probe", "without_proof_reason": "the old one is dead"}
    page = chen.presses(f"{PAGE}close/", **finding)
    assert "Closed without proof." in page
    assert "said though the reading said otherwise: 203房暖气 phase B Temperature 78.5 °C" in page


def test_each_limit_that_is_quoted_is_that_of_its_level(bench: Bench, board: Board, bolat: Reader) -> None:
    """The headline names the limit of the worst level, a reading between the two limits the warning's by its name."""
    bench.alarm(bench.cast.tb, level=Level.NORMAL, value=41.0)
    bench.alarm(bench.cast.tb, level=Level.WARNING, value=64.0)
    hear(board, bench.now, bench.cast.tb, 64.0)
    page = bolat.sees(PAGE)
    assert "Temperature reached 82 °C, the limit is 70 °C." in page
    bolat.presses(f"{PAGE}take/")
    page = bolat.presses(SAFE, how="other")
    assert "Temperature 64 °C, warning limit 60 °C (03:07:00)" in page


def test_a_current_that_still_flows_is_named_with_its_phase(
    bench: Bench, board: Board, bolat: Reader
) -> None:
    bolat.presses(f"{PAGE}take/")
    hear(board, bench.now, bench.cast.ib, 22.0)
    assert "I have seen that the reading says otherwise" not in bolat.sees(PAGE)
    page = bolat.presses(SAFE, how="switched_off")
    assert "A reading says otherwise: 203房暖气 phase B Load current 22 A (03:07:00)" in page
    assert "I have seen that the reading says otherwise" in page


def test_what_was_typed_outlives_a_refusal_once(bench: Bench, bolat: Reader) -> None:
    bolat.presses(f"{PAGE}take/")
    typed = {"cause": "loose_terminal", "action": "<b>tightened & sealed</b>"}
    page = bolat.client.post(f"{PAGE}close/", typed, follow=True).content.decode()
    assert 'value="&lt;b&gt;tightened &amp; sealed&lt;/b&gt;"' in page
    assert '<option value="loose_terminal" selected>' in page
    assert "tightened" not in bolat.html(PAGE)


def test_what_was_typed_for_one_case_is_not_shown_in_another(bench: Bench, bolat: Reader) -> None:
    bolat.client.post(f"{PAGE}comment/", {"text": "x" * 2_001})
    bench.alarm(bench.cast.ib, value=44.0)
    assert "xxx" not in bolat.html("/cases/4002/")
    assert "xxx" in bolat.html(PAGE)


def test_the_standard_clock_tells_what_is_known_and_what_is_not(bench: Bench, bolat: Reader) -> None:
    def clock() -> str:
        html = bolat.html(PAGE)
        return text_of(html[html.index("Standard clock") : html.index("The clauses are written")])

    assert "Beyond the limit before it counts 03:07:00 0.0 ≤ 40 s kept GB 50166-2019, 4.8.5" in clock()
    assert "The reading has arrived 03:07:00 0.0 ≤ 10 s kept GB 26875.1-2011, 4.1.2" in clock()
    assert "Receipt from the phone nobody was told yet" in clock()
    event = CaseEvent.objects.get(kind="opened")
    notice = Notice.objects.create(
        event=event,
        case=bench.case(),
        person=bench.cast.ailin,
        channel="smpp",
        state=Notice.State.SENT,
        created_at=bench.now,
        due_at=bench.now,
    )
    attempt = Attempt.objects.create(notice=notice, at=bench.now, ended_at=bench.now, outcome="accepted")
    first = Part.objects.create(attempt=attempt, sequence=1, message_id="a")
    Part.objects.create(attempt=attempt, sequence=2, message_id="b", receipt="DELIVRD", receipt_at=bench.now)
    assert "Handed over to the channel 03:07:00 0.0 no limit known" in clock()
    assert "Receipt from the phone no receipt yet" in clock(), "one part of two has arrived"
    bench.wait(4)
    first.receipt, first.receipt_at = "DELIVRD", bench.now
    first.save()
    assert "Receipt from the phone 03:07:04 4.0 no limit known" in clock()
    assert "From arrival to here: 4.0 s." in clock()


def test_a_message_that_was_given_up_is_said(bench: Bench, bolat: Reader) -> None:
    Notice.objects.create(
        case=bench.case(),
        person=bench.cast.ailin,
        channel="smpp",
        state=Notice.State.FAILED,
        created_at=bench.now,
        due_at=bench.now,
    )
    assert "Receipt from the phone given up" in bolat.sees(PAGE)


def test_a_case_that_no_limit_began_has_no_clock(bench: Bench, bolat: Reader) -> None:
    actions.close(
        bench.case().pk, bench.cast.chen, bench.now, cause="test", action="x", without_proof_reason="y"
    )
    bench.silent(bench.cast.tb)
    page = bolat.sees("/cases/4002/")
    assert "sends no data" in page
    assert "Standard clock" not in page


def test_each_state_says_what_is_awaited(bench: Bench, bolat: Reader) -> None:
    assert "What is awaited" not in bolat.sees(PAGE)
    assert "Have 3号开关 pulled." in bolat.presses(f"{PAGE}take/")
    assert "The repair. Say below what it was" in bolat.presses(SAFE, how="switched_off")
    page = bolat.presses(f"{PAGE}repaired/", cause="loose_terminal", action="tightened")
    assert "Switch the circuit on" in page
    assert "Go to the cabin" not in page


def test_a_running_proof_has_a_count_down(bench: Bench) -> None:
    """Ten good minutes of thirty: twenty are left; whatever else is missing has no end that could be told."""
    alarm = bench.case().alarms.get()
    begin_ns = to_ns(bench.now - timedelta(minutes=10))
    verdicts = {
        "too_short": evidence.Verdict(False, "too_short", 600.0, begin_ns=begin_ns),
        "silent": evidence.Verdict(False, "silent"),
    }
    for reason, verdict in verdicts.items():
        found = proof_facts.until(actions.Proof(alarm, verdict, 1_800.0), None)
        assert found == (bench.now + timedelta(minutes=20) if reason == "too_short" else None)


def test_a_clock_that_lags_is_waited_for_and_the_way_of_a_reading_moves_nothing(bench: Bench) -> None:
    alarm, begin_ns = bench.case().alarms.get(), to_ns(bench.now)
    proof = actions.Proof(alarm, evidence.Verdict(False, "too_short", 1.0, begin_ns=begin_ns), 60.0)
    ends = [
        proof_facts.until(proof, actions.Heard(begin_ns, begin_ns + round(lag_s * SECOND_NS)))
        for lag_s in (0.0, 0.4, 2.0, 300.3)
    ]
    assert ends == [bench.now + timedelta(seconds=seconds) for seconds in (60, 60, 60, 360)]


def test_the_count_down_never_rises_between_two_readings(bench: Bench) -> None:
    """The page is drawn each four seconds, a reading comes each ten; the proof begins anew for a reason only."""
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    bench.alarm(bench.cast.tb, level=Level.NORMAL, value=41.0)
    began = bench.now
    ends: list[datetime] = []
    anew = []
    for second in range(2, 400, 4):
        bench.wait(4)
        if second % 10 < 4:
            bench.read(bench.cast.tb, 65.0 if 200 < second < 230 else 41.0)
            bench.read(bench.cast.ib, 22.0)
        (proof,) = actions.proofs(bench.case(), bench.now, bench.past)
        end = proof_facts.until(proof, None)
        if end is not None and end not in ends:
            ends.append(end)
            anew.append(proof.verdict.anew)
    assert len(ends) == 2, "it moved once, when the value was beyond its limit again"
    assert anew[1] == "beyond"
    assert began < ends[0] < ends[1]


def test_a_count_down_says_from_when_it_counts_and_why(
    bench: Bench, bolat: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    bolat.presses(f"{PAGE}take/")
    bolat.presses(SAFE, how="switched_off")
    line = {"where": "203房", "proven": False, "why": "", "reason": "too_short"}
    counting = proof_facts.Line(
        **line, until=bench.now + timedelta(seconds=61), since=bench.now, anew="it was beyond"
    )
    full = proof_facts.Line(**line, until=bench.now, since=bench.now, anew="it was beyond")
    monkeypatch.setattr(proof_facts, "of", lambda *_: [counting, full])
    page = bolat.sees(PAGE)
    assert "203房: 01:01 more of good readings under load counted from 03:07:00 (it was beyond)" in page
    assert "203房: the time is full: the next reading decides" in page


def test_a_step_that_was_left_out_does_not_look_done(bench: Bench, bolat: Reader) -> None:
    """By shape and word: it has no tick, and is called so."""
    bolat.presses(f"{PAGE}take/")
    case = bench.case()
    case.state, case.proven_at, case.made_safe_at = State.PROVEN, bench.now, bench.now
    case.save()
    html = bolat.html(PAGE)
    steps = html[html.index('<ol class="steps">') :]
    steps = steps[: steps.index("</ol>")]
    assert '<li class="skipped">Repaired, unproven <span>(left out)</span></li>' in steps
    assert steps.count('<li class="passed"><svg') == 3
    assert "(left out)" not in steps.replace("Repaired, unproven <span>(left out)", "")


def test_paper_says_when_it_was_so_and_has_no_ages(bench: Bench, board: Board, bolat: Reader) -> None:
    hear(board, bench.now, bench.cast.tb, 78.5)
    html = bolat.html(PAGE)
    assert '<p class="paper-only">As it was at 2026-01-15 03:07:00</p>' in html
    assert '<span class="paper-only">2026-01-15 </span>03:07:00' in html
    on_paper = re.sub(r'<span class="screen-only">[^<]*</span>', "", html[html.index('id="summary"') :])
    assert "0 s" not in text_of(on_paper[: on_paper.index('<ol class="steps">')])


def test_more_alarms_ask_the_database_no_more_often(bench: Bench, bolat: Reader) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            bolat.html(PAGE)
        return len(asked)

    few = queries()
    for place in ("204房", "205房", "206房"):
        room, _ = another_room(bench.cast, place)
        bench.alarm(give_row(room))
    assert bench.case().alarms.count() == 4
    assert queries() <= few


def test_the_time_line_separates_what_happened_from_where(bench: Bench, bolat: Reader) -> None:
    """In the text itself: paper and screen readers join what the screen sets on lines."""
    html = bolat.html(PAGE)
    assert '<strong>The case was opened</strong>: <span class="timeline-detail">203房暖气' in html


@pytest.mark.parametrize(("step", "to"), [("owner_soon", "owner"), ("night_call", "duty")])
def test_no_raw_word_of_a_step_stands_on_the_time_line(
    step: str, to: str, bench: Bench, bolat: Reader
) -> None:
    """Neither of a step that no ladder has, nor of one that an installation's own policy names."""
    said = {"step": step, "steps": [{"id": step, "to": to, "channel": "sms"}]}
    CaseEvent.objects.create(case=bench.case(), number=99, kind="escalated", at=bench.now, data=said)
    page = bolat.sees(PAGE)
    assert step not in page
    assert (
        f"The next people were called : {'the owner, before' if to == 'owner' else 'the duty officer'}"
        in page
    )


def test_the_spans_are_words(bolat: Reader) -> None:
    assert "10 minutes 1 hour 6 hours 24 hours" in bolat.sees(PAGE)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            {"proof_s": 61.4, "proof_load": 0.986},
            "good readings for 61 s, with at least 98 % of the load at the alarm",
        ),
        ({"proof_s": 1_800.0}, "good readings for 1800 s"),
    ],
)
def test_the_time_line_says_what_proved_the_repair(
    data: dict[str, float], said: str, bench: Bench, bolat: Reader
) -> None:
    CaseEvent.objects.filter(case=bench.case()).update(kind=kinds.PROVEN, data=data)
    what = "<strong>Proven by the readings under load</strong>"
    assert f'{what}: <span class="timeline-detail">{said}</span>' in bolat.html(PAGE)
