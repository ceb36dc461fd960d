"""What the case page says now: values with their limits, what contradicts "it is safe", the standard clock."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flameblue.cases import actions, evidence, kinds
from flameblue.cases.models import CaseEvent, State
from flameblue.domain.clock import to_ns
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.readings import Reading, readings_array
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
    assert "now 78.5 °C 03:07:00 , 0 s warning 60 °C alarm 70 °C" in bolat.sees(PAGE)


def test_the_load_at_the_alarm_is_named_with_its_phase(bench: Bench, bolat: Reader) -> None:
    assert "load then phase B 22 A" in bolat.sees(PAGE)
    assert "Load current, 203房暖气 phase B" in bolat.sees(PAGE)


def test_a_sum_of_phases_is_called_a_sum(bench: Bench, bolat: Reader) -> None:
    """And its phases stand in one chart, each with its own line."""
    Point.objects.create(
        device=bench.cast.device, circuit=bench.cast.ib.circuit, key="ia", quantity="current_a", phase="A"
    )
    page = bolat.sees(PAGE)
    assert "load then 22 A, the sum of phases A, B" in page
    assert "Load current, 203房暖气, each phase: A, B" in page


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
    assert "A reading says otherwise: 203房暖气 phase B Temperature 78.5 °C, limit 60 °C (03:07:00)" in page
    assert bench.case().state == State.TAKEN
    page = bolat.presses(SAFE, how="other", seen="1")
    assert bench.case().state == State.MADE_SAFE
    assert (
        "said though the reading said otherwise: 203房暖气 phase B Temperature 78.5 °C, limit 60 °C (03:07:00)"
        in page
    )


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
    verdicts = {
        "too_short": evidence.Verdict(False, "too_short", 600.0),
        "silent": evidence.Verdict(False, "silent"),
    }
    for reason, verdict in verdicts.items():
        proof = actions.Proof(alarm, verdict, 1_800.0)
        found = proof_facts.until(proof, to_ns(bench.now))
        assert found == (bench.now + timedelta(minutes=20) if reason == "too_short" else None)


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
