"""While a case is handled its words follow the readings: nothing that is over is said as if it were so."""

from pathlib import Path

import pytest

from flameblue.cases import evidence
from flameblue.cases.actions import Proof
from flameblue.cases.models import Alarm, State
from flameblue.domain.clock import to_ns
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.readings import Mark, Reading, readings_array
from flameblue.domain.transitions import Level, Rule
from flameblue.history.board import Board
from flameblue.web import case_facts, proof_facts
from flameblue.web.proof_facts import Line
from tests.cases.bench import Bench, another_room, give_row
from tests.web.readers import Reader

PAGE = "/cases/4001/"
COUNTING = "Nothing to do: the circuit is on"
BEYOND = "The value is still beyond its limit: the repair is not proven."


@pytest.fixture
def board(data: Path) -> Board:
    return Board(data / "board.bin", writable=True)


@pytest.fixture(autouse=True)
def alarmed(bench: Bench) -> None:
    give_row(bench.cast.tb)
    bench.alarm(bench.cast.tb, value=82.0)


def state(bench: Bench, to: State, level: Level = Level.ALARM) -> None:
    case = bench.case()
    case.state, case.level = to, level
    case.taken_by, case.taken_at = bench.cast.bolat, bench.now
    if to in {State.PROVEN, State.CLOSED}:
        case.proven_at = bench.now
    if to == State.CLOSED:
        case.closed_at = bench.now
    case.save()
    case.alarms.update(level=level)


def hear(bench: Bench, board: Board, value: float) -> None:
    rows = [Reading(bench.cast.tb.pk, to_ns(bench.now), QUANTITIES["temperature_c"].steps(value), 0)]
    board.update(readings_array(rows), to_ns(bench.now))


@pytest.mark.parametrize(
    ("value", "reason"),
    [(82.0, "still_beyond"), (60.0, "still_beyond"), (59.9, "returning"), (0.0, "returning")],
)
def test_a_value_that_has_returned_is_not_called_beyond_its_limit(
    value: float, reason: str, bench: Bench, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its alarm lasts for as long as detection waits before it ends it."""
    state(bench, State.MADE_SAFE)
    hear(bench, board, value)
    proof = Proof(bench.case().alarms.get(), evidence.Verdict(False, "still_beyond"), 1_800.0)
    monkeypatch.setattr(proof_facts.actions, "proofs", lambda *_: [proof])
    monkeypatch.setattr(proof_facts.readings, "memory", Known)
    present = case_facts.present_values(bench.case(), bench.now, bench.case().alarms.all())
    returned = {one.alarm.pk for one in present if one.has_returned}
    (line,) = proof_facts.of(bench.case(), to_ns(bench.now), returned)
    assert line.reason == reason


class Known:
    """An archive that is there; what it holds is not asked."""

    raw = None

    def __enter__(self) -> "Known":
        return self

    def __exit__(self, *_: object) -> None:
        return None


@pytest.mark.parametrize(
    ("of", "lines", "said"),
    [
        (State.REPAIRED, ["time"], COUNTING),
        (State.REPAIRED, ["proven", "time"], COUNTING),
        (State.REPAIRED, ["time", "not_under_load"], "Switch the circuit on"),
        (State.REPAIRED, ["time", "still_beyond"], BEYOND),
        (State.REPAIRED, ["returning"], "Switch the circuit on"),
        (State.REPAIRED, [], "Switch the circuit on"),
        (State.MADE_SAFE, ["time"], "The circuit is on and its readings are good."),
        (State.MADE_SAFE, ["not_under_load"], "then the circuit is switched on"),
    ],
)
def test_what_is_awaited_follows_the_proof(
    of: State, lines: list[str], said: str, bench: Bench, bolat: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {
        "time": Line("here", proven=False, why="", until=bench.now, reason="too_short"),
        "proven": Line("here", proven=True, why=""),
    }
    found = [known.get(one) or Line("here", proven=False, why=one, reason=one) for one in lines]
    monkeypatch.setattr(proof_facts, "of", lambda *_: found)
    state(bench, of)
    page = bolat.sees(PAGE)
    assert [one for one in (COUNTING, BEYOND, "Switch the circuit on") if one in page] == [
        one for one in (COUNTING, BEYOND, "Switch the circuit on") if one == said
    ]
    assert said in page


@pytest.mark.parametrize("to", [State.PROVEN, State.CLOSED])
def test_what_is_over_is_said_as_past(to: State, bench: Bench, bolat: Reader) -> None:
    assert "it was:" not in bolat.sees(PAGE)
    state(bench, to, Level.NORMAL)
    page = bolat.sees(PAGE)
    assert "Normal it was: Alarm" in page
    assert "above its limit" not in page


def test_a_closed_case_tells_the_worst_value_and_not_what_is_so_now(
    bench: Bench, board: Board, bolat: Reader
) -> None:
    state(bench, State.CLOSED, Level.NORMAL)
    bench.case().alarms.update(level=Level.ALARM)
    hear(bench, board, 90.0)
    page = bolat.sees(PAGE)
    assert "203房暖气 phase B: Temperature alarm value 82 °C warning 60 °C alarm 70 °C" in page
    assert "90 °C" not in page
    assert "is-beyond" not in bolat.html(PAGE)


def test_of_what_sends_states_only_no_value_is_told_and_no_curve_is_drawn(
    bench: Bench, board: Board, bolat: Reader
) -> None:
    room, _ = another_room(bench.cast)
    Alarm.objects.all().delete()
    bench.alarm(room, rule=Rule.REPORTED)
    Alarm.objects.update(value=NO_VALUE, worst_value=NO_VALUE)
    rows = [Reading(room.pk, to_ns(bench.now), NO_VALUE, int(Mark.REPORTED_ALARM))]
    board.update(readings_array(rows), to_ns(bench.now))
    for page in ("/", PAGE):
        assert "204房暖气 phase A: the device itself reports an alarm (Temperature)." in bolat.sees(page)
    whole = bolat.html(PAGE)
    chart = whole[whole.index('class="case-chart"') :].split("</figure>")[0]
    assert "Only states come from here, no values: there is no curve." in chart
    assert "<svg" not in chart
